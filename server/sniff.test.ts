import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { completeness, looksLikeHtml, sniff, sniffBytes } from './sniff.ts'

const picture = (width = 320, height = 240) =>
  sharp({
    create: { width, height, channels: 3, background: '#345', noise: { type: 'gaussian', mean: 128, sigma: 40 } },
  })

/** `completeness` as the fetch step asks it: type, first and last bytes, length. */
async function end(file: Buffer, window = sniffBytes) {
  const { contentType } = await sniff(file.subarray(0, window))
  return completeness(contentType, file.subarray(0, window), file.subarray(-window), file.length)
}

/** A TIFF with one empty directory, little endian. */
const tiff = Buffer.from([0x49, 0x49, 42, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])

/** A box of ISO media. */
function box(type: string, payload: Buffer): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt32BE(8 + payload.length)
  header.write(type, 4, 'latin1')
  return Buffer.concat([header, payload])
}
const film = (brand: string) =>
  Buffer.concat([
    box('ftyp', Buffer.from(`${brand}\0\0\0\0${brand}`)),
    box('mdat', Buffer.alloc(5000, 7)),
    box('moov', Buffer.alloc(900)),
  ])

describe('sniff', () => {
  test.each([
    ['jpeg', 'image/jpeg', 'jpg'],
    ['png', 'image/png', 'png'],
    ['webp', 'image/webp', 'webp'],
    ['gif', 'image/gif', 'gif'],
    ['avif', 'image/avif', 'avif'],
    ['tiff', 'image/tiff', 'tif'],
  ] as const)('tells %s by its bytes, whatever its name says', async (format, contentType, extension) => {
    const file = await picture().toFormat(format).toBuffer()
    const whole = { contentType, extension, kind: 'photo', raster: true }
    expect(await sniff(file.subarray(0, sniffBytes), 'movie.mp4')).toEqual(whole)
    expect(await sniff(file.subarray(0, 4096))).toEqual(whole)
  })

  test('tells HEIC and films by their brand', async () => {
    expect(await sniff(film('heic'))).toMatchObject({ contentType: 'image/heic', kind: 'photo', raster: true })
    expect(await sniff(film('isom'))).toMatchObject({
      contentType: 'video/mp4',
      extension: 'mp4',
      kind: 'video',
      raster: false,
    })
    expect(await sniff(film('qt  '))).toMatchObject({ contentType: 'video/quicktime', kind: 'video' })
  })

  test('takes a RAW for a photo that is not decoded: by magic, or TIFF inside with a RAW name', async () => {
    const cr2 = Buffer.concat([Buffer.from('II*\0\x10\0\0\0CR\x02\0', 'latin1'), Buffer.alloc(64)])
    const raf = Buffer.from('FUJIFILMCCD-RAW 0201FF383501')
    expect(await sniff(cr2)).toEqual({
      contentType: 'image/x-canon-cr2',
      extension: 'cr2',
      kind: 'photo',
      raster: false,
    })
    expect(await sniff(raf, 'a.jpg')).toMatchObject({ extension: 'raf', kind: 'photo', raster: false })
    expect(await sniff(film('crx '))).toMatchObject({ extension: 'cr3', kind: 'photo', raster: false })
    expect(await sniff(tiff, 'IMGP0001.PEF')).toMatchObject({ extension: 'pef', kind: 'photo', raster: false })
    expect(await sniff(tiff, 'scan.tif')).toMatchObject({ extension: 'tif', raster: true })
  })

  test('does not take a JPEG for RAW because of its name', async () => {
    expect(await sniff(await picture().jpeg().toBuffer(), 'DSC1.NEF')).toMatchObject({ extension: 'jpg', raster: true })
  })

  test('knows a TIFF whose directory lies behind the bytes it was given', async () => {
    const late = Buffer.from(tiff)
    late.writeUInt32LE(9_000_000, 4)
    expect(await sniff(late)).toMatchObject({ contentType: 'image/tiff', raster: true })
  })

  test('gives drawings, documents and unknown bytes to no decoder', async () => {
    const drawing = Buffer.from('<?xml version="1.0"?>\n<!-- a --><svg xmlns="http://www.w3.org/2000/svg"/>')
    expect(await sniff(drawing, 'a.jpg')).toMatchObject({ contentType: 'image/svg+xml', kind: 'file', raster: false })
    expect(await sniff(Buffer.from('%PDF-1.7\n'))).toMatchObject({ contentType: 'application/pdf', raster: false })
    expect(await sniff(Buffer.from('hello'), 'a.jpg')).toEqual({
      contentType: 'application/octet-stream',
      extension: 'bin',
      kind: 'file',
      raster: false,
    })
    expect(await sniff(Buffer.alloc(0))).toMatchObject({ contentType: 'application/octet-stream' })
  })
})

describe('looksLikeHtml', () => {
  test.each([
    '<!DOCTYPE html><title>Sign in</title>',
    '\ufeff\r\n  <html lang="en">',
    '<!-- cached --><!-- 2 -->\n<head>',
    '<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN">',
    '<script>location="/login"</script>',
  ])('sees the page in %j', async (page) => {
    expect(looksLikeHtml(Buffer.from(page))).toBe(true)
    expect(await sniff(Buffer.from(page), 'a.jpg')).toMatchObject({ contentType: 'text/html', raster: false })
  })

  test('sees none in a picture, nor in text about HTML', async () => {
    expect(looksLikeHtml(await picture().jpeg().toBuffer())).toBe(false)
    expect(looksLikeHtml(Buffer.from('about <html>'))).toBe(false)
    expect(looksLikeHtml(Buffer.from('<headline>'))).toBe(false)
  })

  test('is not slowed down by comments without end', () => {
    const started = performance.now()
    expect(looksLikeHtml(Buffer.from('<!---->'.repeat(600)))).toBe(false)
    expect(performance.now() - started).toBeLessThan(100)
  })
})

describe('completeness', () => {
  test.each(['jpeg', 'png', 'webp', 'gif', 'avif'] as const)(
    'tells a whole %s from one cut at any place',
    async (format) => {
      const file = await picture().toFormat(format).toBuffer()
      for (const window of [4096, sniffBytes]) {
        expect(await end(file, window)).toBe('whole')
        for (const share of [0.3, 0.6, 0.9]) {
          expect(await end(file.subarray(0, file.length * share), window)).toBe('truncated')
        }
        expect(await end(file.subarray(0, -1), window)).toBe('truncated')
      }
    },
  )

  test('does not take the end of a thumbnail in the header for the end of the picture', async () => {
    const file = await picture(64, 48).jpeg().toBuffer()
    const thumbnail = Buffer.concat([
      Buffer.from([0xff, 0xe1, 0, 10]),
      Buffer.from('Exif\0\0'),
      Buffer.from([0xff, 0xd9]),
    ])
    const nested = Buffer.concat([file.subarray(0, 2), thumbnail, file.subarray(2)])
    expect(await end(nested)).toBe('whole')
    expect(await end(nested.subarray(0, -200))).toBe('truncated')
    expect(await end(nested.subarray(0, 40))).toBe('truncated')
  })

  test('lets phones and cameras append to a JPEG', async () => {
    const file = await picture().jpeg().toBuffer()
    expect(await end(Buffer.concat([file, file]))).toBe('whole')
    expect(await end(Buffer.concat([file, Buffer.alloc(300)]))).toBe('whole')
    expect(await end(Buffer.concat([file, Buffer.alloc(200_000)]))).toBe('unknown')
    const motion = Buffer.alloc(200_000, Buffer.from('....mdat\xff\x41', 'latin1'))
    expect(await end(Buffer.concat([file, motion]))).toBe('unknown')
  })

  test('walks the boxes of a film, where it can see them', async () => {
    const mp4 = film('isom')
    expect(await end(mp4, 256)).toBe('unknown')
    expect(await end(mp4)).toBe('whole')
    expect(await end(mp4.subarray(0, -10))).toBe('truncated')
    expect(await end(mp4.subarray(0, 4000))).toBe('truncated')
  })

  test('knows no end for TIFF, unless its directory is missing', async () => {
    const file = await picture().tiff({ compression: 'none' }).toBuffer()
    expect(await end(file)).toBe('unknown')
    expect(await end(file.subarray(0, -file.length / 2))).toBe('truncated')
  })

  test('calls no bytes truncated and unknown formats unknown', () => {
    const none = Buffer.alloc(0)
    expect(completeness('image/jpeg', none, none, 0)).toBe('truncated')
    expect(completeness('application/pdf', Buffer.from('%PDF'), Buffer.from('%PDF'), 4)).toBe('unknown')
  })
})
