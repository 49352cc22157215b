// Announced files enter the ledger: galleries and sets by their folders, a photo and a place for each.
import { createHash } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { jsonb, storable } from '../jsonb.ts'
import type { AnnouncedFile } from './announce.ts'
import type { Manifest } from './facts.ts'
import { placeOf } from './layout.ts'

export interface FilePlace {
  /** Of the file, in its gallery. */
  ref: string
  filename: string
  /** In the ledger; null where its gallery is not there. */
  galleryId: number | null
  setId: number | null
}

export interface EnteredFile extends AnnouncedFile, FilePlace {
  /** Place in the whole list. */
  n: number
  /** Why it is not taken; null where it is. */
  code: string | null
}

/** The id of a file or folder by its name: longer names than an index takes are told apart by their hash. */
export function refOf(name: string): string {
  const kept = storable(name)
  if (Buffer.byteLength(kept) <= longestRef) return kept
  return `${createHash('sha256').update(kept).digest('hex')} ${kept.slice(-100)}`
}

const longestRef = 1000 // an index row of Postgres has at most 2,704 bytes

/** Unique among all galleries of a client. */
export const galleryRef = (runId: string, title: string) => `${runId} ${refOf(title)}`

/** In the order of the files. `make`: galleries and sets that are not there are made, in the order they are met. */
export async function placesOf(
  tx: Tx,
  manifest: Manifest,
  files: AnnouncedFile[],
  make: boolean,
): Promise<FilePlace[]> {
  const placed = files.map(({ path }) => ({ ref: refOf(path), ...placeOf(path, manifest.layout) }))
  const titles = [...new Set(placed.map(({ gallery }) => gallery))]
  const galleries = await galleriesOf(tx, manifest, titles, make)
  const found = placed.map(({ ref, filename, gallery, set }) => {
    const galleryId = galleries.get(galleryRef(manifest.runId, gallery)) ?? null
    return { ref, filename: storable(filename), galleryId, set, setId: null as number | null }
  })
  if (!make) return found
  const wanted = Map.groupBy(found, ({ galleryId, set }) => `${galleryId} ${set === null ? '' : `/${set}`}`)
  const sets = await setsOf(
    tx,
    [...wanted.values()].map(([first]) => first!),
  )
  const ofSet = new Map([...wanted.keys()].map((key, i) => [key, sets[i]!]))
  for (const [key, members] of wanted) for (const one of members) one.setId = ofSet.get(key)!
  return found
}

async function galleriesOf(tx: Tx, manifest: Manifest, titles: string[], make: boolean): Promise<Map<string, number>> {
  const { runId, clientId } = manifest
  const rows = titles.map((title, n) => ({ n, ref: galleryRef(runId, title), title }))
  if (make)
    await tx.execute(sql`
      insert into galleries (client_id, run_id, ref, title, access, position, ordinal, state)
      select ${clientId}::uuid, ${runId}::uuid, g.ref, g.title, 'private', h.n + g.n, h.n + g.n, 'planned'
      from jsonb_to_recordset(${jsonb(rows)}::jsonb) as g(n int4, ref text, title text),
        (select count(*)::int4 as n from galleries where run_id = ${runId}) h
      order by g.n on conflict (client_id, source_id, ref) do nothing`)
  const { rows: found } = await tx.execute<{ id: number; ref: string }>(sql`
    select g.id, g.ref from galleries g where g.client_id = ${clientId} and g.source_id is null
      and g.ref = any(${sql.param(rows.map(({ ref }) => ref))}::text[])`)
  return new Map(found.map(({ id, ref }) => [ref, Number(id)]))
}

async function setsOf(tx: Tx, wanted: { galleryId: number | null; set: string | null }[]): Promise<number[]> {
  const rows = wanted.map(({ galleryId, set }, n) => {
    return { n, gallery: galleryId, ref: set === null ? null : refOf(set), title: set ?? '' }
  })
  const given = sql`jsonb_to_recordset(${jsonb(rows)}::jsonb) as g(n int4, gallery int8, ref text, title text)`
  await tx.execute(sql`
    insert into sets (gallery_id, ref, title, position)
    select g.gallery, g.ref, g.title, coalesce(h.last + 1, 0) + g.n from ${given}
    left join lateral (select max(position) as last from sets where gallery_id = g.gallery) h on true
    order by g.n on conflict (gallery_id, ref) do nothing`)
  const { rows: found } = await tx.execute<{ id: number }>(sql`
    select s.id from ${given} join sets s on s.gallery_id = g.gallery and s.ref is not distinct from g.ref order by g.n`)
  return found.map(({ id }) => Number(id))
}

/** Those that are not in the listing enter; `known` are the others. All learn the place that they have in the whole list. */
export async function enterFiles(
  tx: Tx,
  manifest: Manifest,
  files: EnteredFile[],
): Promise<{ entered: EnteredFile[]; known: EnteredFile[] }> {
  const fresh = await enter(tx, manifest, files)
  const known = files.filter(({ n }) => !fresh.has(n))
  if (known.length === 0) return { entered: files, known }
  await moveTo(tx, known)
  return { entered: files.filter(({ n }) => fresh.has(n)), known }
}

/** Returns the places of those that entered. */
async function enter(tx: Tx, { runId, clientId }: Manifest, files: EnteredFile[]): Promise<Set<number>> {
  const rows = files.map(({ n, ref, filename, galleryId, setId, bytes, modified, code }) => {
    return { n, ref, gallery: galleryId, set: setId, filename, bytes, modified: `${modified}`, code }
  })
  const { rows: fresh } = await tx.execute<{ n: number }>(sql`
    with given as materialized (
      select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as g(n int4, ref text, gallery int8, "set" int8, filename text,
        bytes int8, modified text, code text)
    ), entered as (
      insert into photos (client_id, run_id, gallery_id, ref, kind, filename, access, change_token, stated_bytes, state, step, code)
      select ${clientId}::uuid, ${runId}::uuid, gallery, ref, 'photo', filename, 'private', modified, bytes,
        case when code is null then 'listed' else 'skipped' end::photo_state, case when code is null then null else 'receive' end, code
      from given order by n
      on conflict do nothing returning id, gallery_id, ref, state, stated_bytes
    ), placed as (
      insert into placements (set_id, photo_id, position)
      select g."set", e.id, g.n from entered e join given g on g.gallery = e.gallery_id and g.ref = e.ref
      on conflict do nothing returning position
    ), counted as (
      update galleries g set total = g.total + m.n, listed = g.listed + m.listed, skipped = g.skipped + m.n - m.listed,
        bytes_found = g.bytes_found + m.bytes
      from (
        select gallery_id, count(*)::int as n, count(*) filter (where state = 'listed')::int as listed, sum(stated_bytes)::int8 as bytes
        from entered group by gallery_id
      ) m where g.id = m.gallery_id
    )
    select position as n from placed`)
  return new Set(fresh.map(({ n }) => n))
}

async function moveTo(tx: Tx, files: EnteredFile[]): Promise<void> {
  const rows = files.map(({ n, ref, galleryId, setId }) => ({ n, ref, gallery: galleryId, set: setId }))
  await tx.execute(sql`
    update placements l set position = g.n
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as g(n int4, ref text, gallery int8, "set" int8)
      join photos p on p.gallery_id = g.gallery and p.ref = g.ref and (p.kind = 'file') = false
    where l.set_id = g."set" and l.photo_id = p.id and l.position <> g.n`)
}
