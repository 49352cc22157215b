// How renditions share one decode: sizes are worked out first, then the smaller are made from the larger.
import { type Crop, type Instructions, maxSidePixels, type Resize } from '#server/instructions.ts'
import type { Limits } from './original.ts'

export interface Size {
  width: number
  height: number
}

/** Size of a rendition in pixels, and the share of the (cropped) picture's size, at most 1, that it can be made from. */
export interface Planned extends Size {
  share: number
}

/**
 * Up to this many pixels an intermediate picture is kept for several renditions (3 or 4 bytes each); above it a rendition
 * decodes for itself, row by row.
 */
const maxSharedPixels = 16e6

/** Measured bytes for each pixel that the encoders hold at once; 0: row by row. */
const encoderBytes = { webp: 7, avif: 21, jpeg: 0, png: 0 }

/** What the rendition of a picture will be, or the code why there is none. */
export function plan(
  picture: Size & { turned: boolean },
  { crop, resize, format }: Instructions,
  limits: Limits,
): Planned | 'bad_dimensions' | 'output_too_large' {
  if (crop && (crop.left + crop.width > picture.width || crop.top + crop.height > picture.height))
    return 'bad_dimensions'
  const from = crop ?? picture
  const planned = resize ? resized(from, resize) : { width: from.width, height: from.height, scale: 1 }
  // `cover` scales first and cuts then, so both sizes count.
  const pixels = Math.max(area(planned), area(from) * planned.scale ** 2)
  const bytes = area(planned) * encoderBytes[format] + (picture.turned ? 3 * (crop ? area(picture) : pixels) : 0)
  const tooLong = Math.max(planned.width, planned.height) > maxSidePixels
  if (pixels > limits.maxPixels || bytes > limits.maxMemoryBytes || tooLong) return 'output_too_large'
  return { width: planned.width, height: planned.height, share: Math.min(1, planned.scale) }
}

function resized(from: Size, { width, height, fit, withoutEnlargement }: Resize): Size & { scale: number } {
  const most = withoutEnlargement ? 1 : Number.POSITIVE_INFINITY
  const across = Math.min(most, (width ?? Number.POSITIVE_INFINITY) / from.width)
  const down = Math.min(most, (height ?? Number.POSITIVE_INFINITY) / from.height)
  const grows = fit === 'cover' || fit === 'outside' || fit === 'fill'
  const scale = grows ? Math.max(across, down) : Math.min(across, down)
  const scaled = { width: whole(from.width * scale), height: whole(from.height * scale), scale }
  if (!width || !height || fit === 'inside' || fit === 'outside') return scaled
  if (fit === 'contain') return { width, height, scale }
  if (fit === 'fill') return { width: whole(from.width * across), height: whole(from.height * down), scale }
  return { width: Math.min(width, scaled.width), height: Math.min(height, scaled.height), scale }
}

/** Renditions of the same part of a picture; `base` is the size that all of them are made from, null: each decodes. */
export interface Group<Item> {
  crop: Crop | undefined
  base: Size | null
  /** Largest first. */
  items: Item[]
}

/** Puts together what can share one decode; a rendition alone, or a very large one, has none to share. */
export function groups<Item extends { planned: Planned; instructions: Instructions }>(
  picture: Size,
  items: Item[],
): Group<Item>[] {
  const largestFirst = items.toSorted((a, b) => b.planned.share - a.planned.share)
  const together = Map.groupBy(largestFirst, ({ instructions: { crop }, planned: { share } }) =>
    area(crop ?? picture) * share ** 2 > maxSharedPixels ? Symbol('alone') : JSON.stringify(crop),
  )
  return [...together.values()].map((members) => {
    const crop = members[0]?.instructions.crop
    const share = members[0]?.planned.share ?? 1
    const { width, height } = crop ?? picture
    const base = { width: whole(width * share), height: whole(height * share) }
    return { crop, base: members.length > 1 ? base : null, items: members }
  })
}

function whole(length: number): number {
  return Math.max(1, Math.round(length))
}

function area(size: Size): number {
  return size.width * size.height
}
