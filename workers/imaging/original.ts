// What an original is before a pixel of it is decoded: type, size as displayed, time, and why it may not be decoded.
import { open } from 'node:fs/promises'
import sharp, { type Metadata } from 'sharp'
import { takenAt } from '#server/exif.ts'
import { completeness, type Sniffed, sniff, sniffBytes } from '#server/sniff.ts'
import { headerOf } from '#server/uploads/header.ts'

export interface Limits {
  /** Above it `too_many_pixels`, told from the header. */
  maxPixels: number
  /**
   * What one decoder or encoder may hold at once, where it cannot go row by row (progressive JPEG, WebP, AVIF, turning).
   * Above it `resource_limit` for an original, `output_too_large` for a rendition.
   */
  maxMemoryBytes: number
}

/** A second at most, with what is made of it. */
export const lightPixels = 2e6

export type Refusal =
  | 'empty_file'
  | 'not_an_image'
  | 'format_not_allowed'
  | 'unsupported_codec'
  | 'truncated_image'
  | 'corrupt_image'
  | 'too_many_pixels'
  | 'resource_limit'

export interface Original {
  input: Buffer | string
  contentType: string
  /** Pixels as displayed, upright; null where no header could be read. */
  width: number | null
  height: number | null
  /** EXIF DateTimeOriginal as ISO 8601, with an offset only where one is stated. */
  takenAt(): string | null
  refusal: Refusal | null
  hasAlpha: boolean
  /** Stored on its side: orientation 5 to 8. */
  turned: boolean
  /** As it is stored: nobody need turn it. */
  isUpright: boolean
  /** Decoded in a moment, whatever is in it: few pixels, each looked at once. */
  isLight: boolean
  /** 16 bits a channel with a profile: sharp leaves those in Display P3 unless sRGB is asked for. */
  isWide: boolean
  /** What it is called if the decoder has to look over damage. */
  damage: 'truncated_image' | 'corrupt_image'
}

/** Reads the header of a buffer or of the file at a path. Never throws for what is in it, only if it cannot be read. */
export async function inspect(input: Buffer | string, filename: string | undefined, limits: Limits): Promise<Original> {
  const { head, tail, bytes } = typeof input === 'string' ? await ends(input) : endsOf(input)
  const type = await sniff(head, filename)
  const end = completeness(type.contentType, head, tail, bytes)
  const original: Original = {
    input,
    contentType: type.contentType,
    width: null,
    height: null,
    takenAt: () => null,
    refusal: refusalOfType(type, bytes),
    hasAlpha: false,
    turned: false,
    isUpright: false,
    isLight: false,
    isWide: false,
    damage: end === 'truncated' ? 'truncated_image' : 'corrupt_image',
  }
  if (original.refusal) return type.kind === 'photo' ? { ...original, takenAt: () => takenAt(head) } : original

  const plain = await plainOf(type, head)
  if (plain) {
    const pixels = plain.width * plain.height
    const refusal = pixels > limits.maxPixels ? 'too_many_pixels' : null
    const seen = { ...plain, takenAt: () => takenAt(head), refusal, isLight: pixels <= lightPixels } as const
    return { ...original, ...seen, isUpright: true }
  }

  // Without a pixel limit: sharp would throw at the header, and only text would tell why.
  const header = await sharp(input, { failOn: 'none', limitInputPixels: false })
    .metadata()
    .catch(() => null)
  if (!header) return { ...original, refusal: original.damage }
  return {
    ...original,
    ...header.autoOrient,
    takenAt: () => (header.exif ? takenAt(withoutPrefix(header.exif)) : null),
    refusal: refusalOfHeader(header, limits),
    hasAlpha: header.hasAlpha,
    turned: (header.orientation ?? 1) > 4,
    isLight: isLight(header),
    isWide: header.space === 'rgb16' && header.icc !== undefined,
  }
}

/**
 * The size of a JPEG of the usual kind that lies upright, as most do; null for any other. A decoder that is opened only
 * to be asked costs a fiftieth of what rendering a small picture does.
 */
async function plainOf(type: Sniffed, head: Buffer): Promise<{ width: number; height: number } | null> {
  if (type.contentType !== 'image/jpeg') return null
  const inHead = { bytes: head.length, at: async (from: number, length: number) => head.subarray(from, from + length) }
  const header = await headerOf(type.contentType, inHead)
  if (!header?.isPlain || header.width === 0 || header.height === 0) return null
  return { width: header.width, height: header.height }
}

function refusalOfType(type: Sniffed, bytes: number): Refusal | null {
  if (bytes === 0) return 'empty_file'
  if (type.raster) return null
  if (type.kind === 'photo') return 'unsupported_codec'
  return ['image/svg+xml', 'application/pdf'].includes(type.contentType) || type.contentType.startsWith('image/')
    ? 'format_not_allowed'
    : 'not_an_image'
}

function refusalOfHeader(header: Metadata, limits: Limits): Refusal | null {
  // HEVC has a readable header but no decoder in the prebuilt libheif.
  if (header.format === 'heif' && header.compression !== 'av1') return 'unsupported_codec'
  if (header.width * header.height > limits.maxPixels) return 'too_many_pixels'
  return decodeBytes(header) > limits.maxMemoryBytes ? 'resource_limit' : null
}

function isLight({ format, isProgressive, width, height }: Metadata): boolean {
  return ['jpeg', 'png', 'webp'].includes(format) && !isProgressive && width * height <= lightPixels
}

/** Memory that the decoder needs at once; 0 where it goes row by row. */
function decodeBytes(header: Metadata): number {
  const pixels = header.width * header.height
  // libjpeg keeps every coefficient of a progressive picture, two bytes each.
  if (header.format === 'jpeg') {
    return header.isProgressive ? pixels * 2 * (header.chromaSubsampling === '4:2:0' ? 1.5 : header.channels) : 0
  }
  const rowByRow = !header.isProgressive && (header.format === 'png' || header.format === 'tiff')
  return rowByRow ? 0 : pixels * header.channels * (header.depth === 'uchar' ? 1 : 2)
}

/** ExifReader takes the bare TIFF block; libvips hands it out behind "Exif\0\0". */
function withoutPrefix(exif: Buffer): Buffer {
  return exif.subarray(0, 6).toString('latin1') === 'Exif\0\0' ? exif.subarray(6) : exif
}

interface Ends {
  head: Buffer
  tail: Buffer
  bytes: number
}

function endsOf(buffer: Buffer): Ends {
  return { head: buffer.subarray(0, sniffBytes), tail: buffer.subarray(-sniffBytes), bytes: buffer.length }
}

async function ends(path: string): Promise<Ends> {
  await using file = await open(path)
  const bytes = (await file.stat()).size
  const length = Math.min(sniffBytes, bytes)
  const head = Buffer.alloc(length)
  const tail = Buffer.alloc(length)
  await file.read(head, 0, length, 0)
  await file.read(tail, 0, length, bytes - length)
  return { head, tail, bytes }
}
