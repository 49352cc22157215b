// What a source was found to hold, entered into the ledger: folders and galleries by the survey, photos and their
// places page by page. Entering the same twice changes nothing.
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { jsonb, storable } from './jsonb.ts'
import { chunksOf } from './ledger.ts'
import type { NewJob, Queues } from './queues.ts'
import { leaveBehind, lookAgain, waitForPhotos } from './relisting.ts'

export type Access = 'public' | 'hidden' | 'private' | 'password'
export type PhotoKind = 'photo' | 'video' | 'file'

export interface FoundFolder {
  ref: string
  parentRef: string | null
  title: string
  description: string | null
  /** Place among its siblings (folders and galleries share one order), from 0. */
  position: number
  access: Access | null
}

export interface FoundGallery {
  ref: string
  /** null: at the top. */
  folderRef: string | null
  title: string
  /** Place among its siblings (folders and galleries share one order), from 0. */
  position: number
  /** True where it only places photos of other galleries. */
  virtual: boolean
  /** Photos, videos and files as the provider states them. */
  statedCount: number | null
  statedBytes: number | null
  access: Access | null
  /** The day as written, `YYYY-MM-DD`. */
  date: string | null
  coverRef: string | null
  /** True where it probably lies in the provider's archive: its thaw is asked for before anything else. */
  archived?: boolean
  /** Changes when the gallery does; equal tokens mean nothing to do. */
  changeToken: string | null
}

export interface FoundPhoto {
  ref: string
  kind: PhotoKind
  /** The gallery that owns it; differs from the listed one only in virtual galleries. */
  galleryRef: string
  filename: string | null
  caption: string | null
  keywords: string[]
  /** ISO 8601, an offset only where one is stated. */
  takenAt: string | null
  /** Bytes as stated; see `Abilities.sizes`. */
  bytes: number | null
  width: number | null
  height: number | null
  access: Access | null
  star: boolean | null
  placements: { setRef: string | null; position: number }[]
  /** Whatever `open` needs to find the bytes again; JSON, at most 2 kB, no secret, no address that expires. */
  handle: unknown
  /** Changes when the original's bytes do, and with nothing else where the provider allows; null: it does not tell. */
  changeToken: string | null
  extra: Record<string, unknown>
}

/** A list of photos that a visitor picked. */
export interface FoundFavourites {
  ref: string
  galleryRef: string | null
  name: string
  owner: string | null
  /** null: the provider does not tell which. */
  photoRefs: string[] | null
}

/** Parents stand before their children. */
export async function recordFolders(
  tx: Tx,
  source: { id: string; clientId: string },
  folders: FoundFolder[],
): Promise<void> {
  for (const folder of folders) {
    await tx.execute(sql`
      insert into folders (client_id, source_id, ref, parent_id, title, description, position, access)
      values (${source.clientId}, ${source.id}, ${folder.ref},
        (select id from folders where source_id = ${source.id} and ref = ${folder.parentRef}),
        ${storable(folder.title)}, ${folder.description && storable(folder.description)}, ${folder.position}, ${folder.access})
      on conflict (source_id, ref) do update set parent_id = excluded.parent_id, title = excluded.title,
        description = excluded.description, position = excluded.position, access = excluded.access`)
  }
}

/** Galleries in the order of the account; one that an earlier run moved is taken over by this run and listed again. */
export async function recordGalleries(
  tx: Tx,
  run: { id: string; clientId: string; sourceId: string },
  galleries: (FoundGallery & { ordinal: number })[],
): Promise<void> {
  if (galleries.length === 0) return
  const rows = galleries.map((gallery) => {
    const { title, date, access, coverRef, virtual, statedCount } = gallery
    return { ...gallery, surveyed: { title, date, access, coverRef, virtual, statedCount } }
  })
  const kept = (column: string) =>
    sql.raw(`${column} = case when galleries.run_id = excluded.run_id then galleries.${column} end`)
  await tx.execute(sql`
    insert into galleries (client_id, source_id, run_id, folder_id, ref, title, date, access, cover_ref, position, ordinal,
      "virtual", stated_count, stated_bytes, change_token, surveyed, archived)
    select distinct on (g.ref) ${run.clientId}::uuid, ${run.sourceId}::uuid, ${run.id}::uuid, f.id, g.ref, g.title, g.date, g.access,
      g."coverRef", g.position, g.ordinal, g."virtual", g."statedCount", g."statedBytes", g."changeToken", g.surveyed, coalesce(g.archived, false)
    from jsonb_to_recordset(${jsonb(rows)}::jsonb) as g(ref text, "folderRef" text, title text, position int4, ordinal int4,
      "virtual" bool, "statedCount" int4, "statedBytes" int8, access access, date text, "coverRef" text, "changeToken" text, surveyed jsonb, archived bool)
    left join folders f on f.source_id = ${run.sourceId}::uuid and f.ref = g."folderRef"
    order by g.ref, g.ordinal
    on conflict (client_id, source_id, ref) do update set
      run_id = excluded.run_id, folder_id = excluded.folder_id, title = excluded.title, date = excluded.date,
      access = excluded.access, cover_ref = excluded.cover_ref, position = excluded.position, ordinal = excluded.ordinal,
      "virtual" = excluded."virtual", stated_count = excluded.stated_count, stated_bytes = excluded.stated_bytes,
      change_token = excluded.change_token, surveyed = excluded.surveyed, gone_at = null,
      listing = galleries.listing + case when galleries.run_id = excluded.run_id then 0 else 1 end,
      archived = case when galleries.run_id = excluded.run_id then galleries.archived else excluded.archived end,
      state = case when galleries.run_id = excluded.run_id then galleries.state else 'found' end,
      tries = case when galleries.run_id = excluded.run_id then galleries.tries else 0 end,
      ${kept('code')}, ${kept('waiting_since')}, ${kept('ask_again_at')}, ${kept('cursor')}, ${kept('listed_at')}, ${kept('built_at')},
      ${kept('verified_at')}`)
  await takeOverPhotos(tx, run)
}

/** What an earlier run left undone in these galleries is now this run's to do; what had failed is tried anew. */
async function takeOverPhotos(tx: Tx, run: { id: string; sourceId: string }): Promise<void> {
  await tx.execute(sql`
    with taken as (
      select p.id, p.state from photos p join galleries g on g.id = p.gallery_id
      where g.run_id = ${run.id} and p.run_id in (select id from runs where source_id = ${run.sourceId} and id <> ${run.id})
        and (p.state in ('listed', 'stored') or (p.code is not null and p.state in ('failed', 'skipped')))
      order by p.id for update of p
    ), moved as (
      update photos p set run_id = ${run.id} from taken t where p.id = t.id and t.state <> 'failed'
    ), again as (
      update photos p set run_id = ${run.id}, attempts = 0, code = null, step = null, job_id = null, next_try_at = null,
        state = case when p.sha256 is null then 'listed' else 'stored' end::photo_state
      from taken t where p.id = t.id and t.state = 'failed' returning p.gallery_id, p.state
    )
    update galleries g set failed = g.failed - m.n, listed = g.listed + m.listed, stored = g.stored + m.n - m.listed
    from (select gallery_id, count(*)::int as n, count(*) filter (where state = 'listed')::int as listed from again group by gallery_id) m
    where g.id = m.gallery_id`)
}

export interface ListedGallery {
  id: number
  runId: string
  clientId: string
  sourceId: string
  ref: string
  virtual: boolean
}

/**
 * One page into the ledger: photos, places, counters, the jobs and the cursor, all or nothing. Of a gallery that was
 * listed before, what changed is taken over, and the last page leaves behind what the provider has no more. False
 * where another lister has moved the cursor on meanwhile: the caller stops.
 */
export async function recordPage(
  tx: Tx,
  queues: Queues,
  gallery: ListedGallery,
  page: { photos: FoundPhoto[]; next: string | null },
  cursor: string | null,
): Promise<boolean> {
  await waitForPhotos(tx, gallery, page, cursor)
  const moved = await tx.execute<{ listing: number }>(sql`
    update galleries set cursor = ${page.next}, tries = 0, listed_at = ${page.next === null ? sql`now()` : sql`null`}
    where id = ${gallery.id} and cursor is not distinct from ${cursor} and listed_at is null
    returning listing`)
  if (!moved.rows[0]) return false
  const { listing } = moved.rows[0]
  if (page.photos.length > 0) await enterPhotos(tx, queues, gallery, page.photos, listing)
  if (page.next === null && listing > 1) await leaveBehind(tx, gallery, listing)
  return true
}

async function enterPhotos(
  tx: Tx,
  queues: Queues,
  gallery: ListedGallery,
  photos: FoundPhoto[],
  listing: number,
): Promise<void> {
  const owners = await ownersOf(tx, gallery, photos)
  const rows = photos.map((photo, i) => ({
    ...photo,
    extra: Object.keys(photo.extra).length > 0 ? photo.extra : null,
    owner: owners[i] ?? gallery.id,
  }))
  const again = listing > 1 ? await lookAgain(tx, gallery, rows) : { fetch: [], render: [] }
  const inserted = await insertPhotos(tx, gallery, rows)
  await placePhotos(tx, gallery.id, rows, listing)
  const byOwner = Map.groupBy(inserted, (row) => row.galleryId)
  const chunks = [...byOwner.values()].map((ids) => ids.map((row) => row.id))
  for (const ids of [again.fetch, ...chunks])
    await queues.enqueue(tx, 'fetch-photos', await given(tx, chunksOf('fetch-photos', gallery.runId, ids)))
  await queues.enqueue(tx, 'render-photos', await given(tx, chunksOf('render-photos', gallery.runId, again.render)))
}

/** Every photo learns the job that works on it. */
async function given<N extends 'fetch-photos' | 'render-photos'>(tx: Tx, jobs: NewJob<N>[]): Promise<NewJob<N>[]> {
  if (jobs.length === 0) return jobs
  const of = jobs.flatMap((job) => job.payload.photoIds.map((photo) => ({ id: job.id, photo })))
  await tx.execute(sql`
    update photos p set job_id = j.id from jsonb_to_recordset(${jsonb(of)}::jsonb) as j(id uuid, photo int8) where p.id = j.photo`)
  return jobs
}

/**
 * The galleries that own the page's photos, in its order. A collection's photo belongs to its own gallery where that is
 * of this run or was moved before; otherwise, and where it did so before, to the collection.
 */
async function ownersOf(tx: Tx, gallery: ListedGallery, photos: FoundPhoto[]): Promise<number[]> {
  if (!gallery.virtual) return []
  const refs = jsonb(photos.map(({ ref, kind, galleryRef }, n) => ({ n, ref, file: kind === 'file', galleryRef })))
  // Locked in order, since their counters move.
  await tx.execute(sql`
    select id from galleries where client_id = ${gallery.clientId} and source_id = ${gallery.sourceId} and run_id = ${gallery.runId}
      and ref in (select f."galleryRef" from jsonb_to_recordset(${refs}::jsonb) as f("galleryRef" text)) and not "virtual"
    order by id for update`)
  const { rows } = await tx.execute<{ owner: number }>(sql`
    select coalesce(own.gallery_id, case when g.run_id = ${gallery.runId} then g.id end, moved.gallery_id, ${gallery.id})::int8 as owner
    from jsonb_to_recordset(${refs}::jsonb) as f(n int4, ref text, file bool, "galleryRef" text)
    left join galleries g on g.client_id = ${gallery.clientId} and g.source_id = ${gallery.sourceId} and g.ref = f."galleryRef" and not g."virtual"
    left join photos own on own.gallery_id = ${gallery.id} and own.ref = f.ref and (own.kind = 'file') = f.file
    left join photos moved on moved.gallery_id = g.id and moved.ref = f.ref and (moved.kind = 'file') = f.file and moved.state = 'published'
    order by f.n`)
  return rows.map((row) => Number(row.owner))
}

async function insertPhotos(
  tx: Tx,
  gallery: ListedGallery,
  rows: object[],
): Promise<{ id: number; galleryId: number }[]> {
  const { rows: inserted } = await tx.execute<{ id: number; galleryId: number }>(sql`
    with found as (
      select * from jsonb_to_recordset(${jsonb(rows)}::jsonb) as f(ref text, kind photo_kind, filename text, caption text,
        keywords text[], "takenAt" text, bytes int8, width int4, height int4, access access, star bool, handle jsonb,
        "changeToken" text, extra jsonb, owner int8)
    ), entered as (
      insert into photos (client_id, run_id, gallery_id, ref, kind, filename, caption, keywords, taken_at, stated_bytes, width,
        height, access, star, handle, change_token, extra)
      select ${gallery.clientId}::uuid, ${gallery.runId}::uuid, f.owner, f.ref, f.kind, f.filename, f.caption, f.keywords, f."takenAt",
        f.bytes, f.width, f.height, f.access, f.star, f.handle, f."changeToken", f.extra
      from found f
      on conflict (gallery_id, ref, (kind = 'file')) do nothing
      returning id, gallery_id, stated_bytes
    ), counted as (
      update galleries g set total = g.total + m.entered, listed = g.listed + m.entered, bytes_found = g.bytes_found + m.bytes
      from (select gallery_id, count(*)::int as entered, coalesce(sum(stated_bytes), 0)::int8 as bytes from entered group by gallery_id) m
      where g.id = m.gallery_id
    )
    select id, gallery_id as "galleryId" from entered order by id`)
  return inserted.map((row) => ({ id: Number(row.id), galleryId: Number(row.galleryId) }))
}

async function placePhotos(
  tx: Tx,
  galleryId: number,
  rows: { ref: string; kind: string; owner: number; placements: { setRef: string | null; position: number }[] }[],
  listing: number,
): Promise<void> {
  const places = rows.flatMap(({ ref, kind, owner, placements }) =>
    placements.map((place) => ({ ref, file: kind === 'file', owner, ...place })),
  )
  // Sets that the gallery's detail has not told yet: named when it does.
  await tx.execute(sql`
    insert into sets (gallery_id, ref, title, position, listing)
    select ${galleryId}, l.ref, '', 0, ${listing}::int2 from jsonb_array_elements_text(${jsonb([...new Set(places.map((place) => place.setRef))])}::jsonb) as l(ref)
    on conflict (gallery_id, ref) do update set listing = excluded.listing where sets.listing < excluded.listing`)
  await tx.execute(sql`
    insert into placements (set_id, photo_id, position, listing)
    select distinct on (s.id, p.id) s.id, p.id, l.position, ${listing}::int2
    from jsonb_to_recordset(${jsonb(places)}::jsonb) as l(ref text, file bool, owner int8, "setRef" text, position int4)
    join photos p on p.gallery_id = l.owner and p.ref = l.ref and (p.kind = 'file') = l.file
    join sets s on s.gallery_id = ${galleryId} and s.ref is not distinct from l."setRef"
    order by s.id, p.id, l.position
    on conflict (set_id, photo_id) do update set position = excluded.position, listing = excluded.listing
      where placements.position <> excluded.position or placements.listing < excluded.listing`)
}
