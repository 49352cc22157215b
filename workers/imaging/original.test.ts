import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { createImager } from '../imaging.ts'
import { distance, heic, noise, want } from './samples.ts'

const imager = createImager()

describe('takenAt', () => {
  const taken = async (exif: Record<string, string>) => {
    const original = await noise(16, 16).withExif({ IFD2: exif }).jpeg().toBuffer()
    return (await imager.render(original, [])).takenAt()
  }

  test('is the time that the EXIF states, with an offset only where one is stated', async () => {
    const DateTimeOriginal = '2024:05:06 07:08:09'
    expect(await taken({ DateTimeOriginal })).toBe('2024-05-06T07:08:09')
    expect(await taken({ DateTimeOriginal, OffsetTimeOriginal: '+02:00' })).toBe('2024-05-06T07:08:09+02:00')
    expect(await taken({ DateTimeOriginal, SubSecTimeOriginal: '25' })).toBe('2024-05-06T07:08:09.25')
  })

  test('is null where the EXIF states no real time', async () => {
    expect(await taken({ DateTimeOriginal: '0000:00:00 00:00:00' })).toBeNull()
    expect(await taken({ DateTimeOriginal: '2024:13:40 07:08:09' })).toBeNull()
    expect(await taken({ DateTimeOriginal: 'yesterday' })).toBeNull()
    expect((await imager.render(await noise(16, 16).png().toBuffer(), [])).takenAt()).toBeNull()
  })
})

describe('how it lies', () => {
  const lying = (orientation: number) => noise(40, 20).withMetadata({ orientation }).jpeg().toBuffer()
  /** With one more EXIF before its own, or further behind. */
  const withExif = (jpeg: Buffer, exif: Buffer, at = 2) => {
    const start = Buffer.from([0xff, 0xe1, 0, 0])
    start.writeUInt16BE(exif.length + 2, 2)
    return Buffer.concat([jpeg.subarray(0, at), start, exif, jpeg.subarray(at)])
  }
  const unreadable = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), Buffer.alloc(24, 7)])
  const behindFrame = (jpeg: Buffer, exif: Buffer) => withExif(jpeg, exif, jpeg.indexOf(Buffer.from([0xff, 0xda])))
  const exifOf = async (jpeg: Buffer) => (await sharp(jpeg).metadata()).exif!

  test.each<[string, () => Promise<Buffer>]>([
    ...[1, 2, 3, 4, 5, 6, 7, 8].map((n): [string, () => Promise<Buffer>] => [`orientation ${n}`, () => lying(n)]),
    ['no EXIF', () => noise(40, 20).jpeg().toBuffer()],
    ['grey', () => noise(40, 20).greyscale().jpeg().toBuffer()],
    ['two of them', async () => withExif(await lying(6), await exifOf(await lying(1)))],
    ['two, the other way round', async () => withExif(await lying(1), await exifOf(await lying(6)))],
    [
      'one behind its frame',
      async () => behindFrame(await noise(40, 20).jpeg().toBuffer(), await exifOf(await lying(6))),
    ],
    [
      'one that ends early',
      async () => withExif(await noise(40, 20).jpeg().toBuffer(), (await exifOf(await lying(6))).subarray(0, 18)),
    ],
    ['one that cannot be read', async () => withExif(await lying(8), unreadable)],
    ['only one that cannot be read', async () => withExif(await noise(40, 20).jpeg().toBuffer(), unreadable)],
  ])('is what its decoder says: %s', async (_, make) => {
    const jpeg = await make()
    const { width, height } = (await sharp(jpeg).metadata()).autoOrient
    const { renditions, ...seen } = await imager.render(jpeg, [want('a', { resize: { width: 10 } })])
    expect([seen.code, seen.width, seen.height]).toEqual(['ok', width, height])
    const upright = await sharp(jpeg, { autoOrient: true }).resize({ width: 10 }).webp({ quality: 80 }).toBuffer()
    expect(await distance(renditions[0]!.bytes, upright)).toBeLessThan(3)
  })
})

describe('an original that cannot be decoded', () => {
  const small = [want('a', { resize: { width: 100 } })]

  test.each([
    ['no bytes', Buffer.alloc(0), 'empty_file'],
    ['a sign-in page', Buffer.from('<!doctype html><title>Sign in</title>'), 'not_an_image'],
    ['text', Buffer.from('hello'), 'not_an_image'],
    ['a drawing', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'), 'format_not_allowed'],
    ['a document', Buffer.from('%PDF-1.7\n%%EOF'), 'format_not_allowed'],
    ['a RAW', Buffer.concat([Buffer.from('II*\0\x10\0\0\0CR\x02\0', 'latin1'), Buffer.alloc(64)]), 'unsupported_codec'],
    [
      'a JPEG that is only its first bytes',
      Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46]),
      'truncated_image',
    ],
  ])('because it is %s is answered by its code', async (_what, original, code) => {
    expect(await imager.render(original, small)).toMatchObject({ code, level: null, width: null, renditions: [] })
  })

  test('because it is HEVC still tells its size', async () => {
    expect(await imager.render(heic(4032, 3024), small)).toMatchObject({
      code: 'unsupported_codec',
      contentType: 'image/heic',
      width: 4032,
      height: 3024,
      renditions: [],
    })
  })

  test('because it is TIFF inside a RAW name is not taken for its thumbnail', async () => {
    const tiff = await noise(160, 120).tiff().toBuffer()
    expect(await imager.render(tiff, small, 'DSC_0001.NEF')).toMatchObject({ code: 'unsupported_codec' })
    expect(await imager.render(tiff, small, 'scan.tif')).toMatchObject({ code: 'ok' })
  })

  test('because its header claims more than 100 million pixels is refused before decoding', async () => {
    const lying = await noise(64, 64).jpeg().toBuffer()
    const frame = lying.indexOf(Buffer.from([0xff, 0xc0]))
    lying.writeUInt16BE(20_000, frame + 5)
    lying.writeUInt16BE(20_000, frame + 7)
    expect(await imager.render(lying, small)).toMatchObject({ code: 'too_many_pixels', width: 20_000, renditions: [] })
  })

  test('because it needs too much memory at once is refused before decoding', async () => {
    const modest = createImager({ maxMemoryBytes: 1e6 })
    const [progressive, baseline] = [
      await noise().jpeg({ progressive: true }).toBuffer(),
      await noise().jpeg().toBuffer(),
    ]
    expect(await modest.render(progressive, small)).toMatchObject({ code: 'resource_limit' })
    expect(await modest.render(baseline, small)).toMatchObject({ code: 'ok' })
  })

  test('in time is answered with processing_timeout', async () => {
    const two = [want('a', { resize: { width: 500 } }), want('b', { resize: { width: 90 } })]
    const hasty = createImager({ timeoutSeconds: 0.001 })
    expect(await hasty.render(await noise().jpeg().toBuffer(), two)).toMatchObject({
      code: 'processing_timeout',
      renditions: [],
    })
  })

  test('in time is stopped in the middle of the work', async () => {
    const slow = want('a', { resize: { width: 8000, withoutEnlargement: false }, format: 'png' })
    const original = await noise().jpeg().toBuffer()
    const started = performance.now()
    const result = await createImager({ timeoutSeconds: 1 }).render(original, [slow])
    expect(result.code).toBe('processing_timeout')
    expect(performance.now() - started).toBeLessThan(10_000)
  })

  test('because the file is not there rejects: that is not the picture’s fault', async () => {
    await expect(imager.render(join(import.meta.dirname, 'absent.jpg'), small)).rejects.toMatchObject({
      code: 'ENOENT',
    })
  })
})
