// Galleries and their pictures, as steps need them and as the console shows them.
import { coveredBy } from './coverage.ts'
import { coveredAfter, selectCovered } from './covered-galleries.ts'
import type { House } from './house.ts'
import { type Instructions, instructionsHash } from './instructions.ts'
import { notFound } from './refusal.ts'
import type { RunState } from './runs.ts'
import { signedImagePath } from './signing.ts'
import { worksUnsigned } from './standing.ts'

export type GalleryState = 'found' | 'planned' | 'waiting' | 'copying' | 'verified' | 'published' | 'attention'
export type PhotoState = 'listed' | 'stored' | 'rendered' | 'published' | 'skipped' | 'failed' | 'gone' | 'deleted'

/** What steps need of a gallery. */
export interface GalleryFacts {
  id: number
  runId: string
  runState: RunState
  /** Whether what is stored of it is rendered, reconciled and published; see `server/standing.ts`. */
  worksUnsigned: boolean
  clientId: string
  sourceId: string | null
  ref: string
  virtual: boolean
  state: string
  cursor: string | null
  listedAt: Date | null
  builtAt: Date | null
  statedCount: number | null
}

export async function galleryFacts(house: House, galleryId: number): Promise<GalleryFacts> {
  const { rows } = await house.pool.query<GalleryFacts>(
    `select g.id, g.run_id as "runId", r.state as "runState", ${worksUnsigned('r')} as "worksUnsigned", g.client_id as "clientId", g.source_id as "sourceId", g.ref, g."virtual",
       g.state, g.cursor, g.listed_at as "listedAt", g.built_at as "builtAt", g.stated_count as "statedCount"
     from galleries g join runs r on r.id = g.run_id where g.id = $1`,
    [galleryId],
  )
  if (!rows[0]) throw notFound('gallery')
  return rows[0]
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
  /** Who may see it here: never more than at the provider. */
  publishedAs: PublishedAccess
  /** How long its thaw usually takes, where the provider's help says so. */
  thawUsualHours: number | null
  statedCount: number | null
  /** Since when the account has it no more; it is kept as it was. */
  goneAt: Date | null
  /** Photos kept though the provider has them no more; in none of the other numbers. */
  gone: number
}

export type PublishedAccess = 'public' | 'hidden' | 'private' | 'password'

/** Of a gallery `g`: private where the provider does not tell its access, or its password is not known (yet). */
const publishedAs = `case when g.access is null or (g.access = 'password' and g.password is null) then 'private' else g.access::text end as "publishedAs"`

const rowColumns = `g.id, g.public_id as "publicId", g.ref, g.title, g.state, g.code, g.total,
  g.stored + g.rendered + g.published as copied, g.rendered + g.published as rendered, g.published, g.skipped, g.failed, g.degraded,
  (select count(*)::int from sets s where s.gallery_id = g.id and s.ref is not null) as sets,
  g.bytes_stored as "bytesStored", g.waiting_since as "waitingSince", g.thaw_usual_hours as "thawUsualHours",
  g.access, ${publishedAs}, g.stated_count as "statedCount", g.gone_at as "goneAt", g.gone`

export interface GalleryFilter {
  states?: GalleryState[]
  search?: string
  cursor?: string | null
  /** At most 500. */
  limit?: number
}

/** In the order of the account, by keyset; `counts` are of the whole run. */
export async function runGalleries(
  house: House,
  runId: string,
  filter: GalleryFilter = {},
): Promise<{ galleries: GalleryRow[]; nextCursor: string | null; counts: Partial<Record<GalleryState, number>> }> {
  const limit = Math.min(filter.limit ?? 200, 500)
  const [ordinal, id] = filter.cursor?.split(' ') ?? []
  const search = filter.search?.trim() ? `%${filter.search.trim().replace(/[\\%_]/g, '\\$&')}%` : null
  const [galleries, counts] = await Promise.all([
    house.pool.query<GalleryRow & { ordinal: number }>(
      `${selectCovered(rowColumns)} and ($2::gallery_state[] is null or g.state = any($2))
         and ($4::text is null or g.title ilike $4 or array_to_string(p.path, ' / ') ilike $4 or g.ref = $5)
         ${coveredAfter('$3', '$7', '$6')}`,
      [
        runId,
        filter.states ?? null,
        ordinal === undefined ? null : Number(ordinal),
        search,
        filter.search?.trim() ?? null,
        limit,
        Number(id ?? 0),
      ],
    ),
    house.pool.query<{ state: GalleryState; n: number }>(
      `select state, count(*)::int as n from galleries where id = ${coveredBy('$1')} group by state`,
      [runId],
    ),
  ])
  const last = galleries.rows.at(-1)
  return {
    galleries: galleries.rows.map(({ ordinal: _, ...row }) => row),
    nextCursor: galleries.rows.length === limit && last ? `${last.ordinal} ${last.id}` : null,
    counts: Object.fromEntries(counts.rows.map((row) => [row.state, row.n])),
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
  publishedAs: PublishedAccess
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
  goneAt: Date | null
  gone: number
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
       g.title, g.description, g.date, g.access, ${publishedAs}, g.password_known as "passwordKnown", g.password_hint as "passwordHint",
       g.expires_at as "expiresAt", g.state, g.code, g.total, g.published, g.skipped, g.failed, g.degraded,
       g.bytes_stored as "bytesStored", g.stated_count as "statedCount", g.gone_at as "goneAt", g.gone, g.verified_at as "verifiedAt",
       (select coalesce(json_agg(json_build_object('id', s.id, 'ref', s.ref, 'parentRef', s.parent_ref, 'title', s.title,
          'count', (select count(*) from placements l join photos p on p.id = l.photo_id and p.state <> 'deleted' where l.set_id = s.id)) order by s.position, s.id), '[]')
        from sets s where s.gallery_id = g.id) as sets
     from galleries g join clients c on c.id = g.client_id where g.public_id = $1 and g.deletion_id is null`,
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
     from galleries g join sets s on s.gallery_id = g.id join placements l on l.set_id = s.id join photos p on p.id = l.photo_id and p.state <> 'deleted'
       join runs r on r.id = p.run_id left join assets a on a.client_id = p.client_id and a.sha256 = p.sha256
     where g.public_id = $1 and g.deletion_id is null and s.id = $2 and (l.position, p.id) > ($3, $4) order by l.position, p.id limit $5`,
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

/** null where there is no such rendition; `made` are the hashes of those there are. */
export function pictureUrl(
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
