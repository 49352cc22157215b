// The photos of one collection, set by set. A set answers at once; it is handed on in pages, each with a cursor that
// knows the sets still to come, so that no earlier one is asked for again.
import { z } from 'zod'
import type { Page, SourcePhoto } from '../connector.ts'
import { unexpected } from './answers.ts'
import type { Calls } from './calls.ts'
import type { Entry } from './photos.ts'
import type { ReadSet, Sets } from './sets.ts'

/** Photos on one page. */
const pageSize = 500

const place = z.object({
  /** Id, photos and videos stated, and whether it is private, of each set from the one in hand on. */
  sets: z.array(z.tuple([z.string(), z.number().nullable(), z.number().nullable(), z.boolean().nullable()])),
  /** How many of the first set were handed on, and the last of them. */
  from: z.number().int(),
  after: z.string().nullable(),
})
type Place = z.output<typeof place>

/** Throws UnexpectedPage where a set holds fewer photos or videos than its collection says. */
export async function* listPhotos(
  calls: Calls,
  sets: Sets,
  gallery: { ref: string; statedCount: number | null },
  cursor?: string,
): AsyncGenerator<Page> {
  let at = cursor === undefined ? await beginning(sets, gallery) : place.parse(JSON.parse(cursor))
  const kinds = new Map<string, SourcePhoto['kind']>()
  if (at.sets.length === 0) yield { photos: [], next: null }
  while (at.sets.length > 0) {
    const [[ref, photoCount, videoCount, isPrivate], ...rest] = at.sets as [Place['sets'][0], ...Place['sets']]
    const read = await sets.read(ref, gallery.ref, { private: isPrivate })
    if (read === null) await proveGone(calls, sets, gallery, ref)
    else judge(calls, ref, read, photoCount, videoCount)
    const entries = read?.entries ?? []
    const refOf = ownRefs(entries, kinds)
    const last = entries.findIndex(({ photo }) => refOf(photo) === at.after)
    for (let from = last === -1 ? at.from : last + 1, more = true; more; from += pageSize) {
      const photos = entries
        .slice(from, from + pageSize)
        .map(({ photo }, i) => ({ ...photo, ref: refOf(photo), placements: [{ setRef: ref, position: from + i }] }))
      more = from + pageSize < entries.length
      at = more
        ? { sets: at.sets, from: from + pageSize, after: photos.at(-1)?.ref ?? null }
        : { sets: rest, from: 0, after: null }
      yield { photos, next: at.sets.length === 0 ? null : JSON.stringify(at) }
    }
  }
}

/**
 * Whether photos and videos share one range of numbers is not known: of two in one collection that have the same, the
 * video, or the one that comes later, says what it is.
 */
function ownRefs(entries: readonly Entry[], kinds: Map<string, SourcePhoto['kind']>): (photo: SourcePhoto) => string {
  for (const kind of ['photo', 'video'] as const)
    for (const { photo } of entries) if (photo.kind === kind && !kinds.has(photo.ref)) kinds.set(photo.ref, kind)
  return ({ ref, kind }) => (kinds.get(ref) === kind ? ref : `${kind}-${ref}`)
}

async function beginning(sets: Sets, gallery: { ref: string; statedCount: number | null }): Promise<Place> {
  const found = await sets.of(gallery.ref, gallery.statedCount)
  return {
    sets: found.map((one) => [one.id, one.photo_count ?? null, one.video_count ?? null, one.private]),
    from: 0,
    after: null,
  }
}

function judge(calls: Calls, ref: string, read: ReadSet, photos: number | null, videos: number | null): void {
  const short = (what: string, got: number, stated: number | null) => {
    if (got >= (stated ?? 0)) return
    const shortage = got === 0 ? `an empty list where ${stated} are stated` : `${got} of ${stated} that are stated`
    throw odd(calls, `/galleries/${ref}`, `set: data.${what}: ${shortage}`)
  }
  short('photos', read.photos, photos)
  short('videos', read.videos, videos)
  if ((photos !== null && read.photos > photos) || (videos !== null && read.videos > videos))
    calls.note('a set with more photos than its collection states')
}

/** A set that is gone must be gone from its collection too. */
async function proveGone(calls: Calls, sets: Sets, gallery: { ref: string }, ref: string): Promise<void> {
  const still = await sets.of(gallery.ref, null)
  if (still.some(({ id }) => id === ref)) throw odd(calls, `/galleries/${ref}`, 'set: data, which its collection lists')
  calls.note('a set that was deleted meanwhile')
}

function odd(calls: Calls, path: string, expected: string) {
  const url = `${calls.galleries}/api/v1${path}`
  return unexpected(expected, { url, status: 200, header: () => 'application/json' }, null, [])
}
