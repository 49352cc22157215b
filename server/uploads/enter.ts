// Photos that their sender brought, entered into the ledger: rows, counters, places, wanted renditions and jobs, all or
// nothing. Entering the same ids twice changes nothing.
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { jsonb, storable } from '../jsonb.ts'
import { chunksOf } from '../ledger.ts'
import type { Wish } from '../presets.ts'
import type { Queues } from '../queues.ts'
import { entered } from './loose.ts'
import { wantRenditions } from './wanted.ts'

export interface UploadGallery {
  id: number
  runId: string
  clientId: string
}

/** What a photo of an upload is when it enters. */
export type Entry = {
  publicId: string
  /** Unique in the run's gallery. */
  ref: string
  filename: string | null
  access: 'public' | 'private'
  wanted: Wish[]
  /** What the step that makes it ready is given back: an address, or the image that this one stands for. */
  handle?: UrlHandle | StandInHandle
} & (
  | { state: 'stored'; sha256: string; bytes: number; contentType: string; loose: number | null }
  /** Its bytes are to be had yet. */
  | { state: 'listed' }
  | { state: 'skipped'; code: string }
)

export interface UrlHandle {
  url: string
}

/** A photo that is here already and is to have further renditions: its entry in another run has its bytes, not its places. */
export interface StandInHandle {
  /** null: there is no such image. */
  photoId: number | null
  imageId: string
}

/** The set that the entries go to, behind what is there. */
export interface Places {
  setId: number
  /** Of the run's own gallery: the position of the first. */
  first?: number
}

/**
 * Places in a gallery of another run are of a listing that no provider's comes after: one that is listed again keeps
 * them, and what is told or counted of what the provider has leaves them out.
 */
export const addedListing = 32_767

/** Jobs whose photo somebody waits for go before those of whole runs. */
export const awaitedPriority = 10

/** The gallery's row is locked by the caller or new. Returns the ledger ids of those that were not there before. */
export async function enterPhotos(
  tx: Tx,
  queues: Queues,
  gallery: UploadGallery,
  entries: Entry[],
  options: { places?: Places; priority?: number } = {},
): Promise<Map<string, number>> {
  if (entries.length === 0) return new Map()
  const ids = await insertPhotos(tx, gallery, entries)
  const fresh = entries.filter(({ publicId }) => ids.has(publicId))
  if (options.places) await place(tx, options.places, entries, ids)
  await want(tx, fresh, ids)
  await entered(
    tx,
    entries.flatMap((entry) => (entry.state === 'stored' && entry.loose !== null ? [entry.loose] : [])),
  )
  for (const [state, queue] of [
    ['listed', 'fetch-photos'],
    ['stored', 'render-photos'],
  ] as const) {
    const waiting = fresh.filter((entry) => entry.state === state).map(({ publicId }) => ids.get(publicId)!)
    const jobs = chunksOf(queue, gallery.runId, waiting).map((job) => ({ ...job, priority: options.priority ?? 0 }))
    if (jobs.length === 0) continue
    const rows = jobs.flatMap(({ id, payload }) => payload.photoIds.map((photo) => ({ id, photo })))
    await tx.execute(sql`
      update photos p set job_id = j.id from jsonb_to_recordset(${jsonb(rows)}::jsonb) as j(id uuid, photo int8) where p.id = j.photo`)
    await queues.enqueue(tx, queue, jobs)
  }
  return ids
}

async function insertPhotos(tx: Tx, gallery: UploadGallery, entries: Entry[]): Promise<Map<string, number>> {
  const rows = entries.map(({ wanted: _, filename, ...entry }, n) => ({
    n,
    ...entry,
    filename: filename && storable(filename),
  }))
  const { rows: inserted } = await tx.execute<{ id: number; publicId: string }>(sql`
    with given as (
      select * from jsonb_to_recordset(${jsonb(rows)}::jsonb) as g(n int4, "publicId" uuid, ref text, filename text, access access,
        handle jsonb, state photo_state, sha256 text, bytes int8, "contentType" text, code text)
    ), kept as (
      insert into assets (client_id, sha256, bytes, content_type)
      select distinct on (sha256) ${gallery.clientId}::uuid, decode(sha256, 'hex'), bytes, "contentType" from given
      where sha256 is not null order by sha256
      on conflict (client_id, sha256) do update set removed_at = null where assets.removed_at is not null
    ), entered as (
      insert into photos (public_id, client_id, run_id, gallery_id, ref, kind, filename, access, handle, state, step, code, sha256,
        stated_bytes, bytes, content_type)
      select "publicId", ${gallery.clientId}::uuid, ${gallery.runId}::uuid, ${gallery.id}, ref, 'photo', filename, access, handle, state,
        case when state = 'skipped' then 'receive' end, code, decode(sha256, 'hex'), bytes, bytes, "contentType"
      from given order by n
      on conflict do nothing
      returning id, public_id, state, bytes
    ), counted as (
      update galleries g set total = g.total + m.n, listed = g.listed + m.listed, stored = g.stored + m.stored,
        skipped = g.skipped + m.skipped, bytes_found = g.bytes_found + m.bytes, bytes_stored = g.bytes_stored + m.bytes
      from (
        select count(*)::int as n, count(*) filter (where state = 'listed')::int as listed,
          count(*) filter (where state = 'stored')::int as stored, count(*) filter (where state = 'skipped')::int as skipped,
          coalesce(sum(bytes), 0)::int8 as bytes
        from entered
      ) m where g.id = ${gallery.id} and m.n > 0
    )
    select id, public_id as "publicId" from entered`)
  return new Map(inserted.map(({ id, publicId }) => [publicId, Number(id)]))
}

/** Refused files have no place: there is nothing to show. */
async function place(tx: Tx, { setId, first }: Places, entries: Entry[], ids: Map<string, number>): Promise<void> {
  const rows = entries.flatMap(({ publicId, state }, n) => {
    const photo = ids.get(publicId)
    return photo === undefined || state === 'skipped' ? [] : [{ n, photo }]
  })
  if (rows.length === 0) return
  if (first === undefined) await tx.execute(sql`select from sets where id = ${setId} for update`)
  const from = first ?? sql`(select coalesce(max(position) + 1, 0) from placements where set_id = ${setId})`
  await tx.execute(sql`
    insert into placements (set_id, photo_id, position, listing)
    select ${setId}, r.photo, ${from} + r.n, ${first === undefined ? addedListing : 1} from jsonb_to_recordset(${jsonb(rows)}::jsonb) as r(n int4, photo int8)`)
}

async function want(tx: Tx, entries: Entry[], ids: Map<string, number>): Promise<void> {
  const rows = entries.flatMap(({ publicId, wanted, state, handle }) => {
    if (state === 'skipped') return []
    const photo = ids.get(publicId)!
    const image = (handle && 'photoId' in handle && handle.photoId) || photo
    return [...new Set([photo, image])].flatMap((of) => wanted.map((one) => ({ photo: of, ...one })))
  })
  await wantRenditions(tx, rows)
}
