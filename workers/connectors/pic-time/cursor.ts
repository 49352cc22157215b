// Lists come whole, so a cursor says how many entries were handed on, and by which they can be known again.
import { z } from 'zod'

const place = z.object({
  at: z.number().int().nonnegative(),
  /** Digest of the entries before it. */
  seen: z.string(),
  /** Of a gallery: its virtual path, which need not be asked for again. */
  path: z.string().optional(),
})
type Place = z.output<typeof place>

export function readCursor(cursor: string | undefined): Place | null {
  return cursor === undefined ? null : place.parse(JSON.parse(cursor))
}

export function writeCursor(of: Place): string {
  return JSON.stringify(of)
}
