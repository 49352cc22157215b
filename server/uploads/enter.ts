// Photos that their sender brought, entered into the ledger: rows, counters, places, wanted renditions and jobs, all or
// nothing. Entering the same ids twice changes nothing.
import { randomUUID } from 'node:crypto'
import { type SQL, sql } from 'drizzle-orm'
import { plannedOnce, type Tx } from '#db/client.ts'
import { jsonb, storable } from '../jsonb.ts'
import type { Wish } from '../presets.ts'
import { chunkSize, type Queues } from '../queues.ts'
import { freeing, HoldLost } from './loose.ts'
import { wanting } from './wanted.ts'

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
  | {
      state: 'stored'
      sha256: string
      bytes: number
      contentType: string
      /** ISO 8601; null where it is not known yet. */
      takenAt: string | null
      loose: number | null
    }
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
  /** It is the only one of the run's own gallery. */
  isOwn?: boolean
}

/** The gallery does not take entries any more: its day is over, or its run was stopped. */
export class GalleryClosed extends Error {
  override name = 'GalleryClosed'
}

/** Of gallery `g` and its run `r`. */
export const takesEntries = sql`g.listed_at is null and r.state in ('running', 'paused', 'blocked')`

/**
 * Places in a gallery of another run are of a listing that no provider's comes after: one that is listed again keeps
 * them, and what is told or counted of what the provider has leaves them out.
 */
export const addedListing = 32_767

/** Jobs whose photo somebody waits for go before those of whole runs. */
export const awaitedPriority = 10

/** Locks the gallery. Returns the ledger ids of those that were not there before. Throws GalleryClosed, HoldLost. */
export async function enterPhotos(
  tx: Tx,
  queues: Queues,
  gallery: UploadGallery,
  entries: Entry[],
  options: { places?: Places; priority?: number } = {},
): Promise<Map<string, number>> {
  if (entries.length === 0) return new Map()
  const jobs = jobsOf(entries)
  const ids = await insertPhotos(tx, gallery, entries, jobs, options.places)
  for (const [state, queue] of Object.entries(queueOf)) {
    const fresh = entries.filter((entry) => entry.state === state && ids.has(entry.publicId))
    const chunks = Map.groupBy(fresh, ({ publicId }) => jobs.get(publicId)!)
    const rows = [...chunks].map(([id, chunk]) => {
      const photoIds = chunk.map(({ publicId }) => ids.get(publicId)!)
      return { id, runId: gallery.runId, payload: { photoIds }, priority: options.priority ?? 0 }
    })
    await queues.enqueue(tx, queue, rows)
  }
  return ids
}

const queueOf = { listed: 'fetch-photos', stored: 'render-photos' } as const

/** By public id: the job of each that waits for one, in chunks as they come. */
function jobsOf(entries: Entry[]): Map<string, string> {
  const jobs = new Map<string, string>()
  for (const [state, queue] of Object.entries(queueOf)) {
    const waiting = entries.filter((entry) => entry.state === state)
    for (let from = 0; from < waiting.length; from += chunkSize[queue]) {
      const id = randomUUID()
      for (const { publicId } of waiting.slice(from, from + chunkSize[queue])) jobs.set(publicId, id)
    }
  }
  return jobs
}

/** One statement: somebody waits for each of these at once. Refused files have no place: there is nothing to show. */
async function insertPhotos(
  tx: Tx,
  gallery: UploadGallery,
  entries: Entry[],
  jobs: Map<string, string>,
  places: Places | undefined,
): Promise<Map<string, number>> {
  const rows = entries.map(({ wanted: _, filename, ...entry }, n) => ({
    n,
    ...entry,
    filename: filename && storable(filename),
    job: jobs.get(entry.publicId),
  }))
  const wishes = entries.flatMap(({ wanted }, n) => wanted.map((one) => ({ n, ...one })))
  const holds = entries.flatMap((entry) => (entry.state === 'stored' && entry.loose !== null ? [entry.loose] : []))
  if (places && !places.isOwn) await tx.execute(sql`select from sets where id = ${places.setId} for update`)
  const { rows: answers } = await tx.execute<{
    open: boolean
    entered: [string, number][]
    freed: number
  }>(sql`${plannedOnce}
    with locked as materialized (
      select g.total, ${takesEntries} as open from galleries g join runs r on r.id = g.run_id where g.id = ${gallery.id} for no key update of g
    ), given as (
      select * from jsonb_to_recordset(${jsonb(rows)}::jsonb) as g(n int4, "publicId" uuid, ref text, filename text, access access,
        handle jsonb, state photo_state, sha256 text, bytes int8, "contentType" text, "takenAt" text, code text, job uuid)
      where (select open from locked)
    ), kept as (
      insert into assets (client_id, sha256, bytes, content_type)
      select distinct on (sha256) ${gallery.clientId}::uuid, decode(sha256, 'hex'), bytes, "contentType" from given
      where sha256 is not null order by sha256
      on conflict (client_id, sha256) do update set removed_at = null where assets.removed_at is not null
    ), entered as (
      insert into photos (public_id, client_id, run_id, gallery_id, ref, kind, filename, access, handle, state, step, code, sha256,
        stated_bytes, bytes, content_type, taken_at, job_id)
      select "publicId", ${gallery.clientId}::uuid, ${gallery.runId}::uuid, ${gallery.id}, ref, 'photo', filename, access, handle, state,
        case when state = 'skipped' then 'receive' end, code, decode(sha256, 'hex'), bytes, bytes, "contentType", "takenAt", job
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
    ), shown as (
      select e.id, g.n, g.handle from entered e join given g on g."publicId" = e.public_id where e.state <> 'skipped'
    ), ${places ? sql`placed as (${placing(places)}),` : sql``} wanted as (
      ${wanting(sql`
        select o.photo, w.name, w.instructions, w.hash
        from jsonb_to_recordset(${jsonb(wishes)}::jsonb) as w(n int4, name text, instructions jsonb, hash text) join shown s on s.n = w.n,
          lateral (select s.id as photo union select (s.handle->>'photoId')::int8 where s.handle->>'photoId' is not null) o`)}
    ), freed as (${freeing(holds)})
    select (select open from locked) as open, (select count(*)::int from freed) as freed,
      coalesce((select json_agg(json_build_array(public_id, id)) from entered), '[]') as entered`)
  const { open, entered, freed } = answers[0]!
  if (!open) throw new GalleryClosed()
  if (freed !== holds.length) throw new HoldLost()
  return new Map(entered)
}

/** In the run's own gallery by how many there are, the refused ones too. */
function placing({ setId, isOwn }: Places): SQL {
  const from = isOwn
    ? sql`(select total from locked)`
    : sql`(select coalesce(max(position) + 1, 0) from placements where set_id = ${setId})`
  return sql`
    insert into placements (set_id, photo_id, position, listing)
    select ${setId}::int8, s.id, ${from} + s.n, ${isOwn ? 1 : addedListing}::int2 from shown s`
}
