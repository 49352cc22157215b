import { createHash } from 'node:crypto'
import { captureTime } from './capture-time.ts'
import type { Served } from './originals.ts'

/** The report's line of a photo of which its provider tells no more than a name. */
export function bareLine(
  { id, fileName }: { id: string; fileName: string },
  gallery: string,
  { bytes, contentType }: Served,
): Record<string, unknown> {
  return {
    type: 'photo',
    ref: id,
    gallery,
    filename: fileName,
    caption: null,
    keywords: [],
    takenAt: captureTime(bytes),
    kind: 'photo',
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    contentType,
    isOriginal: true,
  }
}
