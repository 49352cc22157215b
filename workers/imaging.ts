// Renditions of an original: one decode for all of them, upright, in sRGB, without a word of its metadata. A picture
// that cannot be decoded is an answer with a code, never an exception.
import sharp, { type OutputInfo, type Sharp } from 'sharp'
import { formats, type Instructions } from '#server/instructions.ts'
import type { Wish } from '#server/presets.ts'
import { inspect, type Limits, lightPixels, type Original, type Refusal } from './imaging/original.ts'
import { type Group, groups, type Planned, plan } from './imaging/plan.ts'
import { createWatermarks, InvalidWatermark } from './imaging/watermark.ts'

export interface Wanted extends Wish {
  /** The file that `instructions.watermark.picture` names. */
  watermarkPicture?: Buffer
}

export interface Rendition {
  name: string
  /** Of its instructions. */
  hash: string
  bytes: Buffer
  contentType: string
  extension: string
  width: number
  height: number
}

/**
 * 'ok', or why a rendition is missing. With `truncated_image` and `corrupt_image` there may be renditions all the same:
 * of what the decoder could make out, at the level recorded.
 */
type RenderCode = 'ok' | Refusal | 'processing_timeout' | 'bad_dimensions' | 'output_too_large' | 'invalid_watermark'

/** How forgiving the decoder had to be: stops at warnings, at errors, at nothing. */
const ladder = [
  ['strict', 'warning'],
  ['error', 'error'],
  ['none', 'none'],
] as const
type RenderLevel = (typeof ladder)[number][0]

export interface RenderResult {
  code: RenderCode
  /** null where nothing was decoded. */
  level: RenderLevel | null
  contentType: string
  /** Pixels of the original as displayed, upright; null where no header could be read. */
  width: number | null
  height: number | null
  /** EXIF DateTimeOriginal as ISO 8601, with an offset only where one is stated; read when asked for. */
  takenAt(): string | null
  /** In the order wanted; those that could not be made are absent. */
  renditions: Rendition[]
}

export interface ImagerOptions extends Partial<Limits> {
  /** Threads that libvips uses for one picture; several pictures at once use the cores better. */
  concurrency?: number
  /** For one original with all its renditions. Decoders that work in one piece (AVIF) may pass it. */
  timeoutSeconds?: number
}

export interface Imager {
  /**
   * Makes the wanted renditions of a buffer or of the file at a path; without any wanted it only reads the header.
   * `filename` is a hint for RAW formats. Rejects only if the file cannot be read at all.
   */
  render(original: Buffer | string, wanted: Wanted[], filename?: string): Promise<RenderResult>
}

/** Sets libvips up for the whole process: no cache, the loader allow-list, `concurrency` threads a picture. */
export function createImager({
  concurrency = 1,
  timeoutSeconds = 60,
  maxPixels = 100e6,
  maxMemoryBytes = 400e6,
}: ImagerOptions = {}): Imager {
  sharp.cache(false)
  sharp.concurrency(concurrency)
  sharp.block({ operation: ['VipsForeignLoad'] })
  sharp.unblock({ operation: ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Tiff', 'Heif'].map((type) => `VipsForeignLoad${type}`) })
  const overlay = createWatermarks()
  const limits = { maxPixels, maxMemoryBytes }

  return {
    async render(input, wanted, filename) {
      const original = await inspect(input, filename, limits)
      const { contentType, width, height, takenAt, refusal } = original
      const seen = { contentType, width, height, takenAt }
      if (refusal || width === null || height === null) {
        return { ...seen, code: refusal ?? 'corrupt_image', level: null, renditions: [] }
      }

      const deadline = performance.now() + timeoutSeconds * 1000
      const jobs: Job[] = []
      let code: RenderCode = 'ok'
      for (const each of wanted) {
        const planned = plan({ width, height, turned: original.turned }, each.instructions, limits)
        if (typeof planned === 'string') code = planned
        else jobs.push({ ...each, planned })
      }
      if (jobs.length === 0) return { ...seen, code, level: null, renditions: [] }

      for (const [level, failOn] of ladder) {
        try {
          const made = new Map<Job, Rendition>()
          for (const group of groups({ width, height }, jobs)) {
            for await (const [job, rendition] of renderGroup(original, group, failOn, deadline, overlay)) {
              made.set(job, rendition)
            }
          }
          const renditions = jobs.flatMap((job) => made.get(job) ?? [])
          if (renditions.length < jobs.length) code = 'invalid_watermark'
          return { ...seen, code: level === 'strict' ? code : original.damage, level, renditions }
        } catch (error) {
          if (error instanceof OutOfTime) return { ...seen, code: 'processing_timeout', level, renditions: [] }
          if (!(error instanceof Undecodable)) throw error
        }
      }
      return { ...seen, code: original.damage, level: 'none', renditions: [] }
    },
  }
}

interface Job extends Wanted {
  planned: Planned
}
type FailOn = (typeof ladder)[number][1]
type Overlay = ReturnType<typeof createWatermarks>

class Undecodable extends Error {}
class OutOfTime extends Error {}

/** Yields what could be made; a rendition whose watermark cannot be drawn is left out, never made without. */
async function* renderGroup(
  original: Original,
  group: Group<Job>,
  failOn: FailOn,
  deadline: number,
  overlay: Overlay,
): AsyncGenerator<[Job, Rendition]> {
  const open = () => decoded(original, group, failOn)
  const base =
    group.base &&
    (await run(
      open()
        .resize({ ...group.base, fit: 'fill' })
        .raw(),
      deadline,
    ))
  try {
    for (const job of group.items) {
      const { name, instructions, hash, planned } = job
      const from = base ? sharp(base.data, { raw: rawOf(base.info) }) : open()
      if (instructions.resize) {
        // The exact size, so that the watermark fits; sharp cuts and pads by itself.
        const fit = ['cover', 'contain'].includes(instructions.resize.fit) ? instructions.resize.fit : 'fill'
        from.resize({ ...instructions.resize, width: planned.width, height: planned.height, fit, background: '#fff' })
      }
      if (instructions.watermark) {
        const drawn = overlay(instructions.watermark, job.watermarkPicture, planned.width, planned.height)
        const mark = await drawn.catch((error) => {
          if (error instanceof InvalidWatermark) return null
          throw error
        })
        if (!mark) continue
        from.composite([mark])
        // Compositing adds an alpha channel; an opaque picture stays opaque.
        if (!original.hasAlpha) from.removeAlpha()
      }
      const isLight =
        original.isLight && instructions.format !== 'avif' && planned.width * planned.height <= lightPixels
      const { data: bytes, info } = await run(encoded(from, instructions, planned), deadline, isLight)
      const { extension, contentType } = formats[instructions.format]
      const { width, height } = info
      yield [job, { name, hash, bytes, contentType, extension, width, height }]
    }
  } finally {
    if (base) letGo(base.data)
  }
}

/** The collector sees a small object and takes its time: 200 MB of pixels would lie there by then. */
function letGo({ buffer, byteLength }: Buffer): void {
  if (buffer.byteLength === byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0)
}

/** Without `premultiplied`, which says how sharp worked, not how the bytes are. */
function rawOf({ width, height, channels }: OutputInfo) {
  return { width, height, channels }
}

/** The upright, cropped picture in sRGB. */
function decoded(original: Original, { crop }: Group<Job>, failOn: FailOn): Sharp {
  const from = sharp(original.input, {
    failOn,
    limitInputPixels: false,
    sequentialRead: true,
    autoOrient: !original.isUpright,
  })
  if (crop) from.extract(crop)
  if (original.isWide) from.withIccProfile('srgb', { attach: false })
  return from
}

function encoded(from: Sharp, { format, quality: wanted }: Instructions, planned: Planned): Sharp {
  const quality = wanted ?? undefined
  const large = planned.width * planned.height > 5e6
  switch (format) {
    case 'webp':
      return from.webp({ quality })
    case 'jpeg':
      // Optimal Huffman tables need every coefficient in memory.
      return from.flatten({ background: '#fff' }).jpeg({ quality, optimiseCoding: !large })
    case 'avif':
      // sharp's own effort 4 takes four times as long for 5 % of bytes, and libaom cannot be stopped at a timeout.
      return from.avif({ quality, effort: large ? 0 : 3, chromaSubsampling: '4:2:0' })
    case 'png':
      return from.png()
  }
}

/**
 * sharp tells by text alone why it stopped; the clock tells whether it was out of time. Being asked after each few rows
 * costs a small picture a hundredth of its time, so what is light is only looked at before it begins.
 */
async function run(pipeline: Sharp, deadline: number, isLight = false): Promise<{ data: Buffer; info: OutputInfo }> {
  const seconds = Math.ceil((deadline - performance.now()) / 1000)
  if (seconds <= 0) throw new OutOfTime()
  try {
    const timed = isLight ? pipeline : pipeline.timeout({ seconds })
    return await timed.toBuffer({ resolveWithObject: true })
  } catch (cause) {
    throw performance.now() >= deadline ? new OutOfTime() : new Undecodable('the decoder gave up', { cause })
  }
}
