import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { instructionsHash } from '#server/instructions.ts'
import { distance, noise, patches, proPhoto, single, turned, want } from './imaging/samples.ts'
import { createImager } from './imaging.ts'

const imager = createImager()
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imaging-'))
})
afterAll(() => rm(folder, { recursive: true }))

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
    expect(await single(imager, original, { resize, watermark: { text: 'W'.repeat(99) } })).toMatchObject({
      width,
      height,
    })
  })

  test('is cropped in pixels of the upright original, before it is resized', async () => {
    const turned = await sharp(await patches())
      .rotate(270)
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer()
    const green = { left: 240, top: 0, width: 240, height: 160 }
    const made = await single(imager, turned, { crop: green, resize: { width: 120 } })
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

  test('that its encoder cannot make row by row is answered with output_too_large where memory is short', async () => {
    const modest = createImager({ maxMemoryBytes: 4e6 })
    const original = await noise().jpeg().toBuffer()
    const wanted = ['webp', 'avif', 'jpeg', 'png'].map((format) => want(format, { format }))
    const { code, renditions } = await modest.render(original, wanted)
    expect([code, ...renditions.map(({ name }) => name)]).toEqual(['output_too_large', 'webp', 'jpeg', 'png'])
  })

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('of an original with orientation %d is upright', async (orientation) => {
    const upright = await patches()
    const stored = await turned(upright, orientation)
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
    const made = await single(imager, grey, { resize: { width: 100 } })
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
      const made = await single(imager, original, { format, resize: { width: 64 } })
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
      const made = await single(imager, film, {})
      expect(made).toMatchObject({ width: 40, height: 30 })
      expect((await sharp(made.bytes).metadata()).pages).toBeUndefined()
      expect(await distance(made.bytes, files[0]!)).toBeLessThan(4)
    }
  })

  test('keeps transparency where the format can, and is on white where not', async () => {
    const clear = await sharp({ create: { width: 40, height: 30, channels: 4, background: '#f000' } })
      .png()
      .toBuffer()
    expect((await sharp((await single(imager, clear, { format: 'webp' })).bytes).metadata()).hasAlpha).toBe(true)
    const jpeg = await single(imager, clear, { format: 'jpeg' })
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
        const alone = await single(imager, picture, wish)
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
    expect(await single(imager, path, { resize: { width: 80 } })).toMatchObject({ width: 80, height: 60 })
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
