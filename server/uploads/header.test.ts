import fc from 'fast-check'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { heic, noise } from '#workers/imaging/samples.ts'
import { sniff } from '../sniff.ts'
import { type Header, headerOf } from './header.ts'

async function headerIn(bytes: Buffer): Promise<Header | null> {
  const { contentType } = await sniff(bytes.subarray(0, 65_536))
  return headerOf(contentType, {
    bytes: bytes.length,
    at: async (offset, length) => bytes.subarray(offset, offset + length),
  })
}

const still = (width: number, height: number) => sharp({ create: { width, height, channels: 3, background: '#246' } })
const frames = async (count: number, format: 'gif' | 'webp') => {
  const pages = await Promise.all(
    Array.from({ length: count }, (_, i) =>
      sharp({ create: { width: 20, height: 10, channels: 3, background: { r: i * 20, g: 0, b: 0 } } })
        .png()
        .toBuffer(),
    ),
  )
  return sharp(pages, { join: { animated: true } })
    .toFormat(format)
    .toBuffer()
}

test.each<[string, () => Promise<Buffer> | Buffer, Header]>([
  ['JPEG', () => still(301, 202).jpeg().toBuffer(), { width: 301, height: 202, frames: 1, isPlain: true }],
  [
    'progressive JPEG',
    () => still(301, 202).jpeg({ progressive: true }).toBuffer(),
    { width: 301, height: 202, frames: 1, isPlain: false },
  ],
  [
    'JPEG in four colours',
    () => still(301, 202).toColourspace('cmyk').jpeg().toBuffer(),
    { width: 301, height: 202, frames: 1, isPlain: false },
  ],
  [
    'JPEG with long metadata before its frame',
    () =>
      still(301, 202)
        .withXmp(`<x>${'x'.repeat(60_000)}</x>`)
        .withExif({ IFD0: { Copyright: 'y'.repeat(30_000) } })
        .jpeg()
        .toBuffer(),
    { width: 301, height: 202, frames: 1, isPlain: true },
  ],
  ['PNG', () => still(301, 202).png().toBuffer(), { width: 301, height: 202, frames: 1 }],
  ['GIF', () => still(301, 202).gif().toBuffer(), { width: 301, height: 202, frames: 1 }],
  ['animated GIF', () => frames(7, 'gif'), { width: 20, height: 10, frames: 7 }],
  ['WebP', () => still(301, 202).webp().toBuffer(), { width: 301, height: 202, frames: 1 }],
  ['lossless WebP', () => still(301, 202).webp({ lossless: true }).toBuffer(), { width: 301, height: 202, frames: 1 }],
  [
    'extended WebP',
    () =>
      still(301, 202)
        .withExif({ IFD0: { Copyright: 'x' } })
        .webp()
        .toBuffer(),
    { width: 301, height: 202, frames: 1 },
  ],
  ['animated WebP', () => frames(5, 'webp'), { width: 20, height: 10, frames: 5 }],
  ['TIFF', () => still(301, 202).tiff().toBuffer(), { width: 301, height: 202, frames: 1 }],
  ['BigTIFF', () => still(301, 202).tiff({ bigtiff: true }).toBuffer(), { width: 301, height: 202, frames: 1 }],
  ['AVIF', () => still(301, 202).avif({ effort: 0 }).toBuffer(), { width: 301, height: 202, frames: 1 }],
  ['HEIC', () => heic(4032, 3024), { width: 4032, height: 3024, frames: 1 }],
])('the header of a %s', async (_, make, expected) => {
  expect(await headerIn(await make())).toEqual(expected)
})

test('a TIFF of several pages tells how many', async () => {
  const pages = await Promise.all([1, 2, 3].map(() => still(40, 30).png().toBuffer()))
  expect(
    await headerIn(
      await sharp(pages, { join: { animated: true } })
        .tiff()
        .toBuffer(),
    ),
  ).toMatchObject({ frames: 3 })
})

test('whatever stands in a file, reading its header ends and throws nothing', async () => {
  const originals = await Promise.all(
    (['jpeg', 'png', 'gif', 'webp', 'tiff', 'avif'] as const).map((format) =>
      noise(60, 40).toFormat(format).toBuffer(),
    ),
  )
  const damage = fc.record({
    of: fc.nat(originals.length - 1),
    at: fc.nat(3000),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
    cut: fc.nat(4000),
  })
  await fc.assert(
    fc.asyncProperty(damage, async ({ of, at, bytes, cut }) => {
      const file = Buffer.from(originals[of]!)
      file.set(bytes.subarray(0, Math.max(0, file.length - at)), Math.min(at, file.length))
      const header = await headerIn(file.subarray(0, Math.max(16, file.length - cut)))
      expect(header === null || header.width >= 0).toBe(true)
    }),
    { numRuns: 400 },
  )
})
