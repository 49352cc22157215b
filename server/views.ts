// What the console and the command line show, read in a few indexed queries whatever the size of the run.
import type { House } from './house.ts'
import { type Instructions, instructionsHash } from './instructions.ts'

import { notFound } from './refusal.ts'
import type { RunState } from './runs.ts'
import { signedImagePath } from './signing.ts'

export type GalleryState = 'found' | 'planned' | 'waiting' | 'copying' | 'verified' | 'published' | 'attention'
export type PhotoState = 'listed' | 'stored' | 'rendered' | 'published' | 'skipped' | 'failed'

export interface RunTotals {
  galleries: number
  found: number
  stored: number
  rendered: number
  published: number
  skipped: number
  failed: number
  degraded: number
  /** In the store. */
  bytes: number
}

export interface RunRow {
  id: string
  kind: 'migration' | 'upload'
  provider: string | null
  client: { id: string; name: string }
  state: RunState
  code: string | null
  todo: string | null
  createdAt: Date
  startedAt: Date | null
  finishedAt: Date | null
  totals: RunTotals
}

const runRows = `
  select r.id, r.kind, s.provider, json_build_object('id', c.id, 'name', c.name) as client, r.state, r.code, r.todo,
    r.created_at as "createdAt", r.started_at as "startedAt", r.finished_at as "finishedAt",
    coalesce(r.totals, (select json_build_object('galleries', count(*), 'found', coalesce(sum(g.total), 0), 'stored', coalesce(sum(g.stored), 0),
      'rendered', coalesce(sum(g.rendered), 0), 'published', coalesce(sum(g.published), 0), 'skipped', coalesce(sum(g.skipped), 0),
      'failed', coalesce(sum(g.failed), 0), 'degraded', coalesce(sum(g.degraded), 0), 'bytes', coalesce(sum(g.bytes_stored), 0))
      from galleries g where g.run_id = r.id)::jsonb) as totals
  from runs r join clients c on c.id = r.client_id left join sources s on s.id = r.source_id`

export interface RunFilter {
  clientId?: string
  states?: RunState[]
  /** `nextCursor` of the page before. */
  cursor?: string | null
  /** At most 200. */
  limit?: number
}

/** Newest first, by keyset. */
export async function listRuns(
  house: House,
  filter: RunFilter = {},
): Promise<{ runs: RunRow[]; nextCursor: string | null }> {
  const limit = Math.min(filter.limit ?? 50, 200)
  const [before, beforeId] = filter.cursor?.split(' ') ?? []
  const { rows } = await house.pool.query<RunRow & { microseconds: string }>(
    `select page.*, (extract(epoch from "createdAt") * 1000000)::int8::text as microseconds from (
       ${runRows} where ($1::uuid is null or r.client_id = $1) and ($2::run_state[] is null or r.state = any($2))
         and ($3::int8 is null or (r.created_at, r.id) < (timestamptz 'epoch' + $3 * interval '1 microsecond', $4::uuid))
       order by r.created_at desc, r.id desc limit $5) page order by "createdAt" desc, id desc`,
    [filter.clientId ?? null, filter.states ?? null, before ?? null, beforeId ?? null, limit],
  )
  const last = rows.at(-1)
  return {
    runs: rows.map(({ microseconds: _, ...row }) => row),
    nextCursor: rows.length === limit && last ? `${last.microseconds} ${last.id}` : null,
  }
}

export interface RunDetail extends RunRow {
  sourceId: string | null
  sourceTitle: string | null
  plan: Record<string, unknown> | null
  fields: Record<string, string>
  renditions: string[]
  only: string[] | null
  createdBy: string
  stateBy: string | null
  stateAt: Date
  events: RunEvent[]
}

export interface RunEvent {
  id: number
  at: Date
  kind: string
  actor: string
  gallery: { publicId: string; title: string } | null
  data: Record<string, unknown>
}

/** Without `verified`: one for every gallery says no more than the gallery's own row. */
const eventsShown = 100

export async function runDetail(house: House, runId: string): Promise<RunDetail> {
  const { rows } = await house.pool.query<RunRow>(`${runRows} where r.id = $1`, [runId])
  if (!rows[0]) throw notFound('run')
  const [facts, events] = await Promise.all([
    house.pool.query(
      `select r.source_id as "sourceId", s.title as "sourceTitle", r.plan, r.fields, array(select jsonb_object_keys(r.renditions)) as renditions,
         r.only_refs as only, r.created_by as "createdBy", r.state_by as "stateBy", r.state_at as "stateAt"
       from runs r left join sources s on s.id = r.source_id where r.id = $1`,
      [runId],
    ),
    house.pool.query<RunEvent>(
      `select e.id, e.at, e.kind, e.actor, e.data,
         case when g.id is not null then json_build_object('publicId', g.public_id, 'title', g.title) end as gallery
       from events e left join galleries g on g.id = e.gallery_id
       where e.run_id = $1 and e.kind <> 'verified' order by e.id desc limit $2`,
      [runId, eventsShown],
    ),
  ])
  return { ...rows[0], ...facts.rows[0], events: events.rows }
}

export interface GalleryRow {
  id: number
  publicId: string
  ref: string
  path: string[]
  title: string
  state: GalleryState
  code: string | null
  total: number
  copied: number
  rendered: number
  published: number
  skipped: number
  failed: number
  degraded: number
  sets: number
  bytesStored: number
  waitingSince: Date | null
  access: 'public' | 'hidden' | 'private' | 'password' | null
  statedCount: number | null
}

const folderPaths = `
  with recursive paths as (
    select f.id, array[f.title] as path from folders f where f.parent_id is null and f.source_id = (select source_id from runs where id = $1)
    union all
    select f.id, p.path || f.title from folders f join paths p on f.parent_id = p.id
  )`

export interface GalleryFilter {
  states?: GalleryState[]
  search?: string
  cursor?: string | null
  /** At most 500. */
  limit?: number
}

/** In the order of the account, by keyset on the ordinal; `counts` are of the whole run. */
export async function runGalleries(
  house: House,
  runId: string,
  filter: GalleryFilter = {},
): Promise<{ galleries: GalleryRow[]; nextCursor: string | null; counts: Partial<Record<GalleryState, number>> }> {
  const limit = Math.min(filter.limit ?? 200, 500)
  const search = filter.search?.trim() ? `%${filter.search.trim().replace(/[\\%_]/g, '\\$&')}%` : null
  const [galleries, counts] = await Promise.all([
    house.pool.query<GalleryRow & { ordinal: number }>(
      `${folderPaths}
       select g.id, g.public_id as "publicId", g.ref, coalesce(p.path, '{}') as path, g.title, g.state, g.code, g.total,
         g.stored + g.rendered + g.published as copied, g.rendered + g.published as rendered, g.published, g.skipped, g.failed, g.degraded,
         (select count(*)::int from sets s where s.gallery_id = g.id and s.ref is not null) as sets,
         g.bytes_stored as "bytesStored", g.waiting_since as "waitingSince", g.access, g.stated_count as "statedCount", g.ordinal
       from galleries g left join paths p on p.id = g.folder_id
       where g.run_id = $1 and ($2::gallery_state[] is null or g.state = any($2)) and ($3::int is null or g.ordinal > $3)
         and ($4::text is null or g.title ilike $4 or array_to_string(p.path, ' / ') ilike $4 or g.ref = $5)
       order by g.ordinal limit $6`,
      [
        runId,
        filter.states ?? null,
        filter.cursor ? Number(filter.cursor) : null,
        search,
        filter.search?.trim() ?? null,
        limit,
      ],
    ),
    house.pool.query<{ state: GalleryState; n: number }>(
      'select state, count(*)::int as n from galleries where run_id = $1 group by state',
      [runId],
    ),
  ])
  const last = galleries.rows.at(-1)
  return {
    galleries: galleries.rows.map(({ ordinal: _, ...row }) => row),
    nextCursor: galleries.rows.length === limit && last ? String(last.ordinal) : null,
    counts: Object.fromEntries(counts.rows.map((row) => [row.state, row.n])),
  }
}

export interface FailureGroup {
  code: string
  state: 'failed' | 'skipped'
  step: string | null
  count: number
  firstAt: Date | null
  lastAt: Date | null
  example: { publicId: string; filename: string | null; gallery: string; detail: string | null }
}

/** Failed and skipped photos by cause, most first. */
export async function runFailures(house: House, runId: string): Promise<FailureGroup[]> {
  const { rows } = await house.pool.query<FailureGroup>(
    `with causes as (
       select code, state, count(*)::int as count, min(id) as first, min(step) as step from photos
       where run_id = $1 and code is not null and state in ('failed', 'skipped') group by code, state
     )
     select c.code, c.state, c.step, c.count,
       (select min(a.at) from attempts a where a.photo_id = c.first) as "firstAt",
       (select max(a.at) from attempts a join photos p on p.id = a.photo_id
          where p.run_id = $1 and p.code = c.code and p.state = c.state) as "lastAt",
       json_build_object('publicId', p.public_id, 'filename', p.filename, 'gallery', g.title,
         'detail', (select a.detail from attempts a where a.photo_id = p.id order by a.at desc limit 1)) as example
     from causes c join photos p on p.id = c.first join galleries g on g.id = p.gallery_id
     order by c.state = 'skipped', c.count desc`,
    [runId],
  )
  return rows
}

export interface TroubledPhoto {
  publicId: string
  filename: string | null
  state: PhotoState
  code: string
  step: string | null
  attempts: number
  gallery: { publicId: string; title: string }
  detail: string | null
}

/** The photos of one cause, by keyset. `limit` at most 200. */
export async function runTroubledPhotos(
  house: House,
  runId: string,
  page: { code: string; state: 'failed' | 'skipped'; cursor?: string | null; limit?: number },
): Promise<{ photos: TroubledPhoto[]; nextCursor: string | null }> {
  const limit = Math.min(page.limit ?? 50, 200)
  const { rows } = await house.pool.query<TroubledPhoto & { id: number }>(
    `select p.id, p.public_id as "publicId", p.filename, p.state, p.code, p.step, p.attempts,
       json_build_object('publicId', g.public_id, 'title', g.title) as gallery,
       (select a.detail from attempts a where a.photo_id = p.id order by a.at desc limit 1) as detail
     from photos p join galleries g on g.id = p.gallery_id
     where p.run_id = $1 and p.code = $2 and p.state = $3::photo_state and p.id > $4 order by p.id limit $5`,
    [runId, page.code, page.state, Number(page.cursor ?? 0), limit],
  )
  return {
    photos: rows.map(({ id: _, ...row }) => row),
    nextCursor: rows.length === limit ? String(rows.at(-1)!.id) : null,
  }
}

export interface GalleryDetail {
  publicId: string
  runId: string
  clientId: string
  clientName: string
  ref: string
  path: string[]
  title: string
  description: string | null
  date: string | null
  access: GalleryRow['access']
  passwordKnown: boolean
  passwordHint: string | null
  expiresAt: string | null
  state: GalleryState
  code: string | null
  total: number
  published: number
  skipped: number
  failed: number
  degraded: number
  bytesStored: number
  statedCount: number | null
  verifiedAt: Date | null
  sets: { id: number; ref: string | null; parentRef: string | null; title: string; count: number }[]
}

export async function galleryDetail(house: House, publicId: string): Promise<GalleryDetail> {
  const { rows } = await house.pool.query<GalleryDetail>(
    `select g.public_id as "publicId", g.run_id as "runId", g.client_id as "clientId", c.name as "clientName", g.ref,
       coalesce((with recursive up as (
         select id, parent_id, title, 0 as depth from folders where id = g.folder_id
         union all select f.id, f.parent_id, f.title, up.depth + 1 from folders f join up on f.id = up.parent_id
       ) select array_agg(title order by depth desc) from up), '{}') as path,
       g.title, g.description, g.date, g.access, g.password_known as "passwordKnown", g.password_hint as "passwordHint",
       g.expires_at as "expiresAt", g.state, g.code, g.total, g.published, g.skipped, g.failed, g.degraded,
       g.bytes_stored as "bytesStored", g.stated_count as "statedCount", g.verified_at as "verifiedAt",
       (select coalesce(json_agg(json_build_object('id', s.id, 'ref', s.ref, 'parentRef', s.parent_ref, 'title', s.title,
          'count', (select count(*) from placements l where l.set_id = s.id)) order by s.position, s.id), '[]')
        from sets s where s.gallery_id = g.id) as sets
     from galleries g join clients c on c.id = g.client_id where g.public_id = $1`,
    [publicId],
  )
  if (!rows[0]) throw notFound('gallery')
  return rows[0]
}

export interface PhotoTile {
  publicId: string
  filename: string | null
  caption: string | null
  keywords: string[]
  takenAt: string | null
  kind: 'photo' | 'video' | 'file'
  state: PhotoState
  code: string | null
  rendition: string | null
  width: number | null
  height: number | null
  bytes: number | null
  /** Signed addresses on the media origin; null where there is no such rendition. */
  thumbUrl: string | null
  webUrl: string | null
}

/** Long enough that a page left open still shows its pictures. */
const pictureSeconds = 6 * 3600

/** Pictures of a set in order, by keyset on the position. `limit` at most 500. */
export async function galleryPhotos(
  house: House,
  publicId: string,
  setId: number,
  page: { cursor?: string | null; limit?: number } = {},
): Promise<{ photos: PhotoTile[]; nextCursor: string | null }> {
  const limit = Math.min(page.limit ?? 200, 500)
  const [position, id] = page.cursor?.split(' ').map(Number) ?? [-1, 0]
  const { rows } = await house.pool.query<
    Omit<PhotoTile, 'thumbUrl' | 'webUrl'> & {
      id: number
      position: number
      made: string[]
      renditions: Record<string, unknown>
    }
  >(
    `select p.id, l.position, p.public_id as "publicId", p.filename, p.caption, p.keywords, p.taken_at as "takenAt", p.kind, p.state, p.code,
       p.rendition, coalesce(a.width, p.width) as width, coalesce(a.height, p.height) as height, p.bytes, r.renditions,
       array(select n.hash from renditions n where n.client_id = p.client_id and n.sha256 = p.sha256) as made
     from galleries g join sets s on s.gallery_id = g.id join placements l on l.set_id = s.id join photos p on p.id = l.photo_id
       join runs r on r.id = p.run_id left join assets a on a.client_id = p.client_id and a.sha256 = p.sha256
     where g.public_id = $1 and s.id = $2 and (l.position, p.id) > ($3, $4) order by l.position, p.id limit $5`,
    [publicId, setId, position, id, limit],
  )
  const last = rows.at(-1)
  return {
    photos: rows.map(({ id: _, position: __, made, renditions, ...photo }) => ({
      ...photo,
      thumbUrl: pictureUrl(house, photo.publicId, 'thumb', renditions, made),
      webUrl: pictureUrl(house, photo.publicId, 'web', renditions, made),
    })),
    nextCursor: rows.length === limit && last ? `${last.position} ${last.id}` : null,
  }
}

function pictureUrl(
  house: House,
  publicId: string,
  name: string,
  renditions: Record<string, unknown>,
  made: string[],
): string | null {
  const instructions = renditions[name]
  if (!instructions || !made.includes(instructionsHash(instructions as Instructions))) return null
  return `${house.env.MEDIA_URL}${signedImagePath(house.secretKey, publicId, name, { seconds: pictureSeconds })}`
}

/** Workers that gave a sign of life lately, and what they take. */
export async function workersAlive(
  house: House,
): Promise<
  { id: string; group: string; host: string; pid: number; residentBytes: number; jobs: number; seenAt: Date }[]
> {
  const { rows } = await house.pool.query(
    `select id, "group", host, pid, resident_bytes as "residentBytes", jobs, seen_at as "seenAt" from workers
     where seen_at > now() - interval '20 seconds' order by started_at`,
  )
  return rows
}
