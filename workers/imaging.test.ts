import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { instructionsHash, parseInstructions } from '#server/instructions.ts'
import { heic, proPhoto } from './imaging/samples.ts'
import { createImager, type Wanted } from './imaging.ts'

const imager = createImager()
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imaging-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Four patches whose colours tell every orientation apart: red, green over blue, grey. */
async function patches(width = 480, height = 320): Promise<Buffer> {
  const patch = (background: string, left: number, top: number) => ({
    input: { create: { width: width / 2, height: height / 2, channels: 3 as const, background } },
    left: left * (width / 2),
    top: top * (height / 2),
  })
  return sharp({ create: { width, height, channels: 3, background: '#000' } })
    .composite([patch('#c83c28', 0, 0), patch('#3ca050', 1, 0), patch('#2850b4', 0, 1), patch('#a0a0a0', 1, 1)])
    .removeAlpha()
    .png()
    .toBuffer()
}

/** Detail everywhere, so that damage shows and nothing compresses away. */
const noise = (width = 800, height = 600) =>
  sharp({
    create: { width, height, channels: 3, background: '#888', noise: { type: 'gaussian', mean: 128, sigma: 50 } },
  })

const want = (name: string, instructions: object, watermarkPicture?: Buffer): Wanted => ({
  name,
  instructions: parseInstructions(instructions),
  ...(watermarkPicture && { watermarkPicture }),
})

/** Mean difference of two pictures over all channels, 0 to 255. */
async function distance(one: Buffer, other: Buffer): Promise<number> {
  const pixels = (picture: Buffer) =>
    sharp(picture).resize(60, 40, { fit: 'fill' }).removeAlpha().toColourspace('srgb').raw().toBuffer()
  const [a, b] = await Promise.all([pixels(one), pixels(other)])
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / a.length
}

/** The only rendition, which must be there. */
async function single(original: Buffer | string, instructions: object, watermarkPicture?: Buffer) {
  const result = await imager.render(original, [want('only', instructions, watermarkPicture)])
  expect(result).toMatchObject({ code: 'ok', level: 'strict' })
  return result.renditions[0]!
}

describe('a rendition', () => {
  test('has the size, format and hash that its instructions say', async () => {
    const original = await noise().jpeg().toBuffer()
    for (const [format, contentType, extension] of [
      ['webp', 'image/webp', 'webp'],
      ['jpeg', 'image/jpeg', 'jpg'],
      ['avif', 'image/avif', 'avif'],
      ['png', 'image/png', 'png'],
    ] as const) {
      const wanted = want('a', { resize: { width: 200 }, format })
      const result = await imager.render(original, [wanted])
      expect(result).toMatchObject({ code: 'ok', level: 'strict', contentType: 'image/jpeg', width: 800, height: 600 })
      const [made] = result.renditions
      expect(made).toMatchObject({ name: 'a', contentType, extension, width: 200, height: 150 })
      expect(made!.hash).toBe(instructionsHash(wanted.instructions))
      expect((await sharp(made!.bytes).metadata()).mediaType).toBe(contentType)
      expect(await distance(made!.bytes, original)).toBeLessThan(6)
    }
  })

  test.each([
    [{ width: 400, height: 400, fit: 'inside' }, 400, 300],
    [{ width: 400, height: 400, fit: 'outside' }, 533, 400],
    [{ width: 400, height: 400, fit: 'cover' }, 400, 400],
    [{ width: 400, height: 400, fit: 'contain' }, 400, 400],
    [{ width: 400, height: 400, fit: 'fill' }, 400, 400],
    [{ height: 150 }, 200, 150],
    [{ width: 1600 }, 800, 600],
    [{ width: 1600, height: 100, fit: 'cover' }, 800, 100],
    [{ width: 1600, height: 100, fit: 'fill' }, 800, 100],
    [{ width: 1600, withoutEnlargement: false }, 1600, 1200],
    [{ width: 3, height: 1, fit: 'inside' }, 1, 1],
  ])('of 800 × 600 with resize %j is %d × %d', async (resize, width, height) => {
    const original = await noise().jpeg().toBuffer()
    // Text as wide as the picture: a size that is off by a pixel would show as a failure.
    expect(await single(original, { resize, watermark: { text: 'W'.repeat(99) } })).toMatchObject({ width, height })
  })

  test('is cropped in pixels of the upright original, before it is resized', async () => {
    const turned = await sharp(await patches())
      .rotate(270)
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer()
    const green = { left: 240, top: 0, width: 240, height: 160 }
    const made = await single(turned, { crop: green, resize: { width: 120 } })
    expect(made).toMatchObject({ width: 120, height: 80 })
    expect(
      await distance(
        made.bytes,
        await sharp(await patches())
          .extract(green)
          .png()
          .toBuffer(),
      ),
    ).toBeLessThan(4)
  })

  test('that is cropped outside of the picture is answered with bad_dimensions, the others are made', async () => {
    const result = await imager.render(await noise().jpeg().toBuffer(), [
      want('outside', { crop: { left: 700, top: 0, width: 101, height: 10 } }),
      want('inside', { crop: { left: 700, top: 0, width: 100, height: 10 } }),
    ])
    expect(result).toMatchObject({ code: 'bad_dimensions', renditions: [{ name: 'inside', width: 100, height: 10 }] })
  })

  test('larger than the limit is answered with output_too_large', async () => {
    const flat = await patches()
    const huge = { resize: { width: 16_000, height: 16_000, fit: 'fill', withoutEnlargement: false } }
    expect(await imager.render(flat, [want('huge', huge)])).toMatchObject({ code: 'output_too_large', renditions: [] })
  })

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('of an original with orientation %d is upright', async (orientation) => {
    const upright = await patches()
    const undo = {
      1: [0, false],
      2: [0, true],
      3: [180, false],
      4: [180, true],
      5: [90, true],
      6: [270, false],
      7: [270, true],
      8: [90, false],
    }
    const [angle, mirrored] = undo[orientation as keyof typeof undo] as [number, boolean]
    const turned = await sharp(upright).rotate(angle).png().toBuffer()
    const stored = await sharp(turned).flop(mirrored).withMetadata({ orientation }).jpeg({ quality: 95 }).toBuffer()
    const result = await imager.render(stored, [
      want('a', { resize: { width: 240 } }),
      want('b', { resize: { width: 60 } }),
    ])
    expect(result).toMatchObject({ code: 'ok', width: 480, height: 320 })
    for (const made of result.renditions) {
      expect(made.width / made.height).toBeCloseTo(1.5)
      expect(await distance(made.bytes, upright)).toBeLessThan(5)
      expect((await sharp(made.bytes).metadata()).orientation).toBeUndefined()
    }
  })

  test('is in sRGB, whatever the original is in', async () => {
    const srgb = await patches()
    const profile = join(folder, 'prophoto.icc')
    await writeFile(profile, proPhoto())
    const muted = await sharp(srgb).modulate({ saturation: 0.4 }).png().toBuffer() // CMYK holds these colours
    const wide = () => sharp(srgb).toColourspace('rgb16')
    const originals = {
      'Display P3': await sharp(srgb).withIccProfile('p3').jpeg({ quality: 95 }).toBuffer(),
      'ProPhoto, 8 bit': await sharp(srgb).withIccProfile(profile).png().toBuffer(),
      'ProPhoto, 16 bit': await wide().withIccProfile(profile).png().toBuffer(),
      'Display P3, 16 bit TIFF': await wide().withIccProfile('p3').tiff().toBuffer(),
      'sRGB, 16 bit with a profile': await wide().withIccProfile('srgb').png().toBuffer(),
      '16 bit without a profile': await wide().png().toBuffer(),
      'CMYK with a profile': await sharp(muted).withIccProfile('cmyk').jpeg({ quality: 95 }).toBuffer(),
      'CMYK without a profile': await sharp(muted).toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer(),
    }
    for (const [name, original] of Object.entries(originals)) {
      const meant = name.startsWith('CMYK') ? muted : srgb
      const stored = await sharp(original, { ignoreIcc: true }).png().toBuffer()
      if (name.startsWith('ProPhoto'))
        expect(await distance(stored, meant), `${name}: other numbers`).toBeGreaterThan(8)
      const wanted = [want('one', { watermark: { text: '.', opacity: 0 } }), want('two', { resize: { width: 100 } })]
      for (const several of [wanted, wanted.slice(0, 1)]) {
        for (const made of (await imager.render(original, several)).renditions) {
          expect(await distance(made.bytes, meant), name).toBeLessThan(name.startsWith('CMYK') ? 12 : 4)
          expect((await sharp(made.bytes).metadata()).space, name).toBe('srgb')
        }
      }
    }
  })

  test('of a greyscale original stays grey', async () => {
    const grey = await sharp(await patches())
      .greyscale()
      .jpeg()
      .toBuffer()
    const made = await single(grey, { resize: { width: 100 } })
    expect(await distance(made.bytes, grey)).toBeLessThan(4)
  })

  test('carries nothing of the original’s metadata', async () => {
    const original = await noise()
      .jpeg()
      .withIccProfile('p3')
      .withExif({ IFD0: { Copyright: 'Anna' }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 0/1' } })
      .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"><secret/></x:xmpmeta>')
      .toBuffer()
    expect((await sharp(original).metadata()).exif).toBeDefined()
    for (const format of ['webp', 'jpeg', 'avif', 'png']) {
      const made = await single(original, { format, resize: { width: 64 } })
      const kept = await sharp(made.bytes).metadata()
      expect([kept.exif, kept.xmp, kept.iptc, kept.icc, kept.comments]).toEqual(Array(5).fill(undefined))
      expect(made.bytes.includes('Anna') || made.bytes.includes('GPS') || made.bytes.includes('secret')).toBe(false)
    }
  })

  test('of an animation is its first frame', async () => {
    const frames = ['#f00', '#00f'].map((background) => ({
      create: { width: 40, height: 30, channels: 3 as const, background },
    }))
    const files = await Promise.all(frames.map((frame) => sharp(frame).png().toBuffer()))
    for (const format of ['gif', 'webp'] as const) {
      const film = await sharp(files, { join: { animated: true } })
        .toFormat(format)
        .toBuffer()
      expect((await sharp(film).metadata()).pages).toBe(2)
      const made = await single(film, {})
      expect(made).toMatchObject({ width: 40, height: 30 })
      expect((await sharp(made.bytes).metadata()).pages).toBeUndefined()
      expect(await distance(made.bytes, files[0]!)).toBeLessThan(4)
    }
  })

  test('keeps transparency where the format can, and is on white where not', async () => {
    const clear = await sharp({ create: { width: 40, height: 30, channels: 4, background: '#f000' } })
      .png()
      .toBuffer()
    expect((await sharp((await single(clear, { format: 'webp' })).bytes).metadata()).hasAlpha).toBe(true)
    const jpeg = await single(clear, { format: 'jpeg' })
    expect((await sharp(jpeg.bytes).stats()).channels.map(({ mean }) => Math.round(mean))).toEqual([255, 255, 255])
  })
})

describe('several renditions', () => {
  test('come in the order wanted and look as if each were made alone', async () => {
    const original = await sharp(await patches(3000, 2000))
      .jpeg()
      .toBuffer()
    const half = await sharp(original).ensureAlpha(0.5).png().toBuffer()
    const wishes = [
      { resize: { width: 400, height: 400 } },
      { resize: { width: 2048, height: 2048 } },
      { resize: { width: 300, height: 900, fit: 'fill' } },
      { resize: { width: 500, height: 500, fit: 'cover' } },
      { resize: { width: 4000, withoutEnlargement: false } },
      { resize: { width: 100 }, crop: { left: 0, top: 0, width: 1000, height: 1500 } },
      { resize: { width: 200 }, crop: { left: 0, top: 0, width: 1000, height: 1500 } },
    ]
    for (const picture of [original, half]) {
      const { renditions } = await imager.render(
        picture,
        wishes.map((wish, i) => want(String(i), wish)),
      )
      expect(renditions.map(({ name }) => name)).toEqual(wishes.map((_, i) => String(i)))
      for (const [i, wish] of wishes.entries()) {
        const alone = await single(picture, wish)
        expect(renditions[i]).toMatchObject({ width: alone.width, height: alone.height })
        expect(await distance(renditions[i]!.bytes, alone.bytes)).toBeLessThan(2)
      }
    }
  })

  test('may be none: then only the header is read', async () => {
    const result = await imager.render(await noise().png().toBuffer(), [])
    expect(result).toMatchObject({
      code: 'ok',
      level: null,
      width: 800,
      height: 600,
      contentType: 'image/png',
      renditions: [],
    })
  })

  test('are made from a file as from a buffer', async () => {
    const path = join(folder, 'picture.jpg')
    await noise().jpeg().toFile(path)
    expect(await single(path, { resize: { width: 80 } })).toMatchObject({ width: 80, height: 60 })
  })
})

describe('takenAt', () => {
  const taken = async (exif: Record<string, string>) => {
    const original = await noise(16, 16).withExif({ IFD2: exif }).jpeg().toBuffer()
    return (await imager.render(original, [])).takenAt
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
    expect((await imager.render(await noise(16, 16).png().toBuffer(), [])).takenAt).toBeNull()
  })
})

describe('a text watermark', () => {
  const grey = () =>
    sharp({ create: { width: 800, height: 600, channels: 3, background: '#808080' } })
      .png()
      .toBuffer()
  /** Where the rendition differs from plain grey: how many pixels, and their bounds. */
  async function ink(watermark: object, picture?: Buffer) {
    const made = await single(await grey(), { watermark, format: 'png' }, picture)
    const { data, info } = await sharp(made.bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true })
    const found = { pixels: 0, left: info.width, right: 0, top: info.height, bottom: 0, reddish: 0, most: 0 }
    for (let i = 0; i < data.length; i += 3) {
      const [red, green] = [data[i]!, data[i + 1]!]
      if (Math.abs(red - 128) < 12 && Math.abs(green - 128) < 12) continue
      const [x, y] = [(i / 3) % info.width, Math.floor(i / 3 / info.width)]
      found.pixels++
      found.left = Math.min(found.left, x)
      found.right = Math.max(found.right, x)
      found.top = Math.min(found.top, y)
      found.bottom = Math.max(found.bottom, y)
      found.most = Math.max(found.most, Math.abs(red - 128))
      if (red > green + 20) found.reddish++
    }
    return found
  }

  test('stands where gravity says, clear of the edge', async () => {
    const southeast = await ink({ text: 'Anna' })
    expect(southeast.left).toBeGreaterThan(600)
    expect(southeast.top).toBeGreaterThan(500)
    expect(southeast.right).toBeLessThan(796)
    const northwest = await ink({ text: 'Anna', gravity: 'northwest' })
    expect(northwest.right).toBeLessThan(200)
    expect(northwest.bottom).toBeLessThan(100)
    const centre = await ink({ text: 'Anna', gravity: 'centre' })
    expect(Math.abs(centre.left + centre.right - 799)).toBeLessThan(12)
  })

  test('is fainter with less opacity and gone at zero', async () => {
    const [full, faint, none] = [
      await ink({ text: 'Anna', opacity: 1 }),
      await ink({ text: 'Anna', opacity: 0.3 }),
      await ink({ text: 'Anna', opacity: 0 }),
    ]
    expect(full.most).toBeGreaterThan(120)
    expect(faint.most).toBeLessThan(50)
    expect(none.pixels).toBe(0)
  })

  test('is plain text, never markup', async () => {
    const markup = await ink({ text: '<span foreground="red">&amp;</span>', opacity: 1 })
    const letter = await ink({ text: '&', opacity: 1 })
    expect(markup.right - markup.left).toBeGreaterThan(6 * (letter.right - letter.left))
    expect(markup.reddish).toBe(0)
    expect((await ink({ text: '<b' })).pixels).toBeGreaterThan(50)
    expect((await ink({ text: ']]>&#0;&bogus;' })).pixels).toBeGreaterThan(50)
  })

  test('grows with the picture and never past it', async () => {
    const original = await grey()
    const letters = async (width: number, text: string) => {
      const made = await single(original, { resize: { width }, watermark: { text, opacity: 1 }, format: 'png' })
      const { info } = await sharp(made.bytes)
        .trim({ background: '#808080', threshold: 30 })
        .toBuffer({ resolveWithObject: true })
      return info.width / width
    }
    expect(await letters(800, 'Anna')).toBeCloseTo(await letters(400, 'Anna'), 1)
    expect(await letters(800, 'Studio Anna '.repeat(16))).toBeLessThan(1)
    expect(await letters(800, 'Studio Anna '.repeat(16))).toBeGreaterThan(0.8)
  })

  test('is drawn with real letters on a machine without fonts', async () => {
    const script = `
      import { createImager } from '#workers/imaging.ts'
      import { parseInstructions } from '#server/instructions.ts'
      import sharp from 'sharp'
      const grey = await sharp({ create: { width: 800, height: 600, channels: 3, background: '#808080' } }).png().toBuffer()
      const inks = []
      for (const text of ['llll', 'WWWW', 'Жжжж']) {
        const instructions = parseInstructions({ watermark: { text, opacity: 1 }, format: 'png' })
        const { renditions } = await createImager().render(grey, [{ name: 'a', instructions }])
        const pixels = await sharp(renditions[0].bytes).greyscale().raw().toBuffer()
        inks.push(pixels.filter((value) => value > 200).length)
      }
      process.stdout.write(JSON.stringify(inks))`
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      cwd: join(import.meta.dirname, '..'),
      env: { ...process.env, FONTCONFIG_FILE: join(folder, 'absent.conf'), FONTCONFIG_PATH: folder },
    })
    const [narrow, wide, cyrillic] = JSON.parse(stdout) as [number, number, number]
    expect(narrow).toBeGreaterThan(50)
    expect(wide).toBeGreaterThan(2 * narrow)
    expect(cyrillic).toBeGreaterThan(1.5 * narrow)
  })

  test('that has no glyph to draw is answered with invalid_watermark, and no bare rendition is made', async () => {
    const wanted = want('a', { watermark: { text: 'x' } })
    wanted.instructions.watermark = { text: '\u200b', gravity: 'centre', opacity: 1 }
    expect(await imager.render(await grey(), [wanted])).toMatchObject({ code: 'invalid_watermark', renditions: [] })
  })

  test('of a picture takes a quarter of the width, its transparency, gravity and opacity', async () => {
    const disc = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400"/>')
    const logo = await sharp({ create: { width: 400, height: 200, channels: 4, background: '#f000' } })
      .composite([
        { input: { create: { width: 200, height: 200, channels: 4, background: '#ff0000' } }, left: 200, top: 0 },
      ])
      .png()
      .toBuffer()
    const found = await ink({ picture: 'logo.png', gravity: 'southwest' }, logo)
    expect(found.right - found.left).toBeGreaterThan(90)
    expect(found.right).toBeLessThan(230)
    expect(found.left).toBeGreaterThan(100) // the left half of the logo is transparent
    expect(found.reddish).toBe(found.pixels)
    expect((await ink({ picture: 'logo.png', opacity: 0.2 }, logo)).most).toBeLessThan(40)
    for (const bad of [undefined, Buffer.from('no picture'), disc]) {
      const wanted = want('a', { watermark: 'logo.png' }, bad)
      expect(await imager.render(await grey(), [wanted])).toMatchObject({ code: 'invalid_watermark', renditions: [] })
    }
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
    const modest = createImager({ maxDecodeBytes: 1e6 })
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

  test('while it is decoded is stopped at the timeout', async () => {
    const large = await sharp({ create: { width: 9000, height: 9000, channels: 3, background: '#468' } })
      .png()
      .toBuffer()
    const started = performance.now()
    const result = await createImager({ timeoutSeconds: 1 }).render(large, [want('a', {})])
    expect(result.code).toBe('processing_timeout')
    expect(performance.now() - started).toBeLessThan(5000)
  })

  test('because the file is not there rejects: that is not the picture’s fault', async () => {
    await expect(imager.render(join(folder, 'absent.jpg'), small)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('a damaged original', () => {
  const wanted = [want('a', { resize: { width: 400 } })]

  test('that was cut has a rendition of what is there, and is called truncated_image', async () => {
    const whole = await sharp(await patches(800, 600))
      .jpeg()
      .toBuffer()
    const result = await imager.render(whole.subarray(0, whole.length * 0.6), wanted)
    expect(result).toMatchObject({ code: 'truncated_image', level: 'none', width: 800, height: 600 })
    const top = (picture: Buffer) =>
      sharp(picture).resize(400, 300).extract({ left: 0, top: 0, width: 400, height: 100 }).png().toBuffer()
    expect(await distance(await top(result.renditions[0]!.bytes), await top(whole))).toBeLessThan(5)
  })

  test('with bytes altered inside has a rendition all the same, and is called corrupt_image', async () => {
    const altered = await noise().jpeg().toBuffer()
    altered.fill('ffd3', altered.length >> 1, (altered.length >> 1) + 300, 'hex')
    const result = await imager.render(altered, wanted)
    expect(result).toMatchObject({ code: 'corrupt_image', level: 'error' })
    expect(result.renditions).toHaveLength(1)
  })

  test.each(['png', 'webp', 'gif', 'tiff', 'avif'] as const)(
    'in %s never rejects, wherever it was cut',
    async (format) => {
      const whole = await noise(200, 150).toFormat(format).toBuffer()
      for (const share of [0.02, 0.1, 0.5, 0.97]) {
        const result = await imager.render(whole.subarray(0, Math.floor(whole.length * share)), wanted)
        expect(['truncated_image', 'corrupt_image']).toContain(result.code)
      }
    },
  )
})
