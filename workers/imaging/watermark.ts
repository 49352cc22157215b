// Watermarks as transparent pixels, made once for every text or picture and size of rendition, then kept.
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import sharp, { type OverlayOptions } from 'sharp'
import type { Watermark } from '#server/instructions.ts'

/** Comes with npm: a bare machine has no fonts, and text drawn without one is empty. */
const fontFile = createRequire(import.meta.url).resolve('@expo-google-fonts/open-sans/700Bold/OpenSans_700Bold.ttf')

const letterShare = 0.035 // height of letters, of the rendition's width
const pictureShare = 0.25 // width of a picture, of the rendition's width
const marginShare = 0.02
const maxPicturePixels = 25e6
const keptBytes = 32 * 1024 * 1024

/** The watermark's picture is missing, does not decode, or its text has no glyph to draw. */
export class InvalidWatermark extends Error {
  override name = 'InvalidWatermark'
}

interface Mark {
  data: Buffer
  width: number
  height: number
}

/** Keeps marks across pictures, 32 MiB of them, the least used leave first. */
export function createWatermarks() {
  const kept = new Map<string, Mark>()
  let bytes = 0

  /**
   * What sharp is to lay over a rendition of this size in pixels. `picture` is the file that the watermark names.
   * Throws InvalidWatermark.
   */
  return async (
    watermark: Watermark,
    picture: Buffer | undefined,
    width: number,
    height: number,
  ): Promise<OverlayOptions> => {
    const what =
      'text' in watermark
        ? watermark.text
        : createHash('sha256')
            .update(picture ?? '')
            .digest('hex')
    const key = JSON.stringify(['text' in watermark, what, watermark.opacity, width, height])
    const mark = kept.get(key) ?? (await draw(watermark, picture, width, height))
    if (!kept.delete(key)) bytes += mark.data.length
    kept.set(key, mark)
    for (const [oldest, { data }] of kept) {
      if (bytes <= keptBytes || oldest === key) break
      kept.delete(oldest)
      bytes -= data.length
    }
    const raw = { width: mark.width, height: mark.height, channels: 4 as const }
    return { input: mark.data, raw, gravity: watermark.gravity }
  }
}

async function draw(watermark: Watermark, picture: Buffer | undefined, width: number, height: number): Promise<Mark> {
  const margin = Math.round(Math.min(width, height) * marginShare)
  const room = { width: Math.max(1, width - 2 * margin), height: Math.max(1, height - 2 * margin) }
  try {
    const mark =
      'text' in watermark
        ? await drawText(watermark.text, width * letterShare, room, margin)
        : await drawPicture(
            picture,
            { width: Math.ceil(width * pictureShare), height: Math.ceil(height * pictureShare) },
            margin,
          )
    for (let i = 3; i < mark.data.length; i += 4) mark.data[i] = Math.round(mark.data[i]! * watermark.opacity)
    return mark
  } catch (cause) {
    throw new InvalidWatermark('the watermark cannot be drawn', { cause })
  }
}

/** White letters over a soft black shadow, so that they are read on any ground. */
async function drawText(
  text: string,
  letterPixels: number,
  room: { width: number; height: number },
  margin: number,
): Promise<Mark> {
  let letters = await glyphs(text, letterPixels)
  const tooLarge = Math.max(letters.width / room.width, letters.height / room.height)
  if (tooLarge > 1) letters = await glyphs(text, letterPixels / tooLarge, room)
  const { width, height } = { width: letters.width + 2 * margin, height: letters.height + 2 * margin }
  const padded = await sharp(letters.data, { raw: { width: letters.width, height: letters.height, channels: 1 } })
    .extend({ top: margin, bottom: margin, left: margin, right: margin, background: '#000' })
    .toColourspace('b-w')
    .raw()
    .toBuffer()
  const shadow = await sharp(padded, { raw: { width, height, channels: 1 } })
    .blur(Math.max(0.6, letterPixels / 16))
    .toColourspace('b-w')
    .raw()
    .toBuffer()
  const data = Buffer.alloc(width * height * 4)
  for (let i = 0; i < padded.length; i++) {
    const letter = padded[i]! / 255
    const alpha = letter + (1 - letter) * Math.min(1, (shadow[i]! / 255) * 1.2)
    data.fill(alpha ? Math.round((letter / alpha) * 255) : 0, i * 4, i * 4 + 3)
    data[i * 4 + 3] = Math.round(alpha * 255)
  }
  return { data, width, height }
}

/** Coverage of the letters, one byte a pixel. */
async function glyphs(text: string, pixels: number, within?: { width: number; height: number }): Promise<Mark> {
  const font = `Open Sans Bold ${Math.max(4, Math.floor(pixels))}px`
  const drawn = sharp({ text: { text: escaped(text), font, fontfile: fontFile, dpi: 72, wrap: 'none' } })
  if (within) drawn.resize({ ...within, fit: 'inside', withoutEnlargement: true })
  const { data, info } = await drawn.toColourspace('b-w').raw().toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height }
}

/** Pango reads markup; a watermark is plain text. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

async function drawPicture(
  picture: Buffer | undefined,
  room: { width: number; height: number },
  margin: number,
): Promise<Mark> {
  if (!picture) throw new InvalidWatermark('the picture is missing')
  const { data, info } = await sharp(picture, { failOn: 'error', limitInputPixels: maxPicturePixels, autoOrient: true })
    .resize({ ...room, fit: 'inside', withoutEnlargement: true })
    .ensureAlpha()
    .extend({ top: margin, bottom: margin, left: margin, right: margin, background: { r: 0, g: 0, b: 0, alpha: 0 } })
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height }
}
