// The light look at a file as it arrives: what it is, how large it would be, whether its end is there. Only what passes
// is stored and goes to a decoder.
import { open } from 'node:fs/promises'
import { takenAt } from '../exif.ts'
import { completeness, type Sniffed, sniff } from '../sniff.ts'
import type { Spooled } from '../spool.ts'
import { type FileBytes, headerOf } from './header.ts'

/** Stable codes of faults.md §3, with the status of a request that brings nothing else. */
export const faults = {
  empty_file: { status: 422, title: 'The file has no bytes.' },
  not_an_image: { status: 415, title: 'The file is no picture.' },
  format_not_allowed: { status: 415, title: 'Pictures of this format are not taken.' },
  corrupt_image: { status: 422, title: 'The picture is damaged.' },
  truncated_image: { status: 422, title: 'The end of the picture is missing.' },
  bad_dimensions: { status: 422, title: 'The picture has no area, or the crop lies outside of it.' },
  too_many_pixels: { status: 422, title: 'The picture has more than 100 million pixels.' },
  too_many_frames: { status: 422, title: 'The picture has too many frames.' },
  file_too_large: { status: 413, title: 'A file has at most 200 MB.' },
  checksum_mismatch: { status: 422, title: 'The bytes that came are not those that Content-Digest states.' },
  processing_timeout: { status: 422, title: 'The picture takes too long to be decoded.' },
  resource_limit: { status: 422, title: 'The picture takes too much memory to be decoded.' },
  output_too_large: { status: 422, title: 'The rendition would be too large.' },
  invalid_watermark: { status: 422, title: 'The watermark cannot be drawn.' },
  url_not_allowed: { status: 422, title: 'This address cannot be used.' },
  source_error: { status: 424, title: 'The address did not give the file.' },
  source_timeout: { status: 504, title: 'The address did not answer in time.' },
} as const satisfies Record<string, { status: number; title: string }>

export type FaultCode = keyof typeof faults

/** The largest original that is decoded. */
export const maxPixels = 100e6
/** More than any picture that a person made on purpose for a gallery; only the first is rendered. */
export const maxFrames = 256

export type Checked = Passed | { code: FaultCode }

export interface Passed {
  contentType: string
  /** By the EXIF at the beginning of the file; what lies further inside, the decoder sees. */
  takenAt: string | null
}

/** `filename` is a hint for RAW formats, nothing more. */
export async function checkPicture(file: Spooled, filename: string | undefined): Promise<Checked> {
  if (file.bytes === 0) return { code: 'empty_file' }
  const type = await sniff(file.head, filename)
  if (!type.raster) return { code: refused(type) }
  const end = completeness(type.contentType, file.head, file.tail, file.bytes)
  const bytes = await bytesOf(file)
  try {
    const header = await headerOf(type.contentType, bytes)
    if (!header) return { code: end === 'truncated' ? 'truncated_image' : 'corrupt_image' }
    const { width, height, frames } = header
    if (width === 0 || height === 0) return { code: 'bad_dimensions' }
    if (width * height > maxPixels) return { code: 'too_many_pixels' }
    if (frames > maxFrames) return { code: 'too_many_frames' }
  } finally {
    await bytes.close()
  }
  if (end === 'truncated') return { code: 'truncated_image' }
  return { contentType: type.contentType, takenAt: takenAt(file.head) }
}

function refused({ kind, contentType }: Sniffed): FaultCode {
  const isPicture = kind === 'photo' || contentType.startsWith('image/') || contentType === 'application/pdf'
  return isPicture ? 'format_not_allowed' : 'not_an_image'
}

async function bytesOf({ body, bytes, head }: Spooled): Promise<FileBytes & { close(): Promise<void> }> {
  const inHead = (offset: number, length: number) =>
    offset + length <= head.length || head.length === bytes ? head.subarray(offset, offset + length) : null
  if (Array.isArray(body)) {
    let whole: Buffer | undefined
    return {
      bytes,
      async at(offset, length) {
        const first = inHead(offset, length)
        if (first) return first
        whole ??=
          body.length === 1 ? Buffer.from(body[0]!.buffer, body[0]!.byteOffset, bytes) : Buffer.concat(body, bytes)
        return whole.subarray(offset, offset + length)
      },
      async close() {},
    }
  }
  const file = await open(body.path, 'r')
  return {
    bytes,
    async at(offset, length) {
      const first = inHead(offset, length)
      if (first) return first
      const piece = Buffer.alloc(Math.min(length, bytes - offset))
      const { bytesRead } = await file.read(piece, 0, piece.length, offset)
      return piece.subarray(0, bytesRead)
    },
    close: () => file.close(),
  }
}
