// What the ledger tells of a run for its certificate: its galleries in their order, and page by page what is in them.
import type { GalleryEntry, Header, Row } from './certificates-format.ts'
import { type Kept, keptOf, versionOf } from './certificates-kept.ts'
import { coveredGalleries } from './covered-galleries.ts'
import type { House } from './house.ts'
import { notFound } from './refusal.ts'

export interface Run {
  id: string
  kind: Header['kind']
  provider: string | null
  clientId: string
  clientName: string
  state: string
  startedAt: Date | null
  finishedAt: Date | null
}

export async function runOf(house: Pick<House, 'pool'>, runId: string): Promise<Run> {
  const { rows } = await house.pool.query<Run>(
    `select r.id, r.kind, s.provider, r.client_id as "clientId", c.name as "clientName", r.state,
       r.started_at as "startedAt", r.finished_at as "finishedAt"
     from runs r join clients c on c.id = r.client_id left join sources s on s.id = r.source_id where r.id = $1`,
    [runId],
  )
  if (!rows[0]) throw notFound('run')
  return rows[0]
}

export interface Gallery {
  id: number
  version: string
  ref: string
  path: string[]
  title: string
  state: string
  code: string | null
  access: GalleryEntry['access']
  cover: string | null
  stated: number | null
  /** It may place photos of other galleries. */
  shared: boolean
  ordinal: number
  kept: Kept | null
}

const galleryColumns = `g.id, ${versionOf('g')} as version, g.ref, g.title, g.state, g.code, g.access, g.cover_ref as cover,
  coalesce(g.expected_count, g.stated_count) as stated,
  g."virtual" or exists (select from manifests t where t.target_id = g.id) as shared, ${keptOf('g')} as kept`

export const galleriesOf = (house: Pick<House, 'pool'>, runId: string): AsyncGenerator<Gallery> =>
  coveredGalleries(house, runId, galleryColumns)

export async function galleryOf(house: Pick<House, 'pool'>, galleryId: number): Promise<Gallery | undefined> {
  const { rows } = await house.pool.query<Gallery>(
    `select ${galleryColumns}, '{}'::text[] as path, g.ordinal from galleries g where g.id = $1`,
    [galleryId],
  )
  return rows[0]
}

export interface Found {
  id: number
  photo: string
  kind: Row['kind']
  owner: string
  filename: string | null
  state: string
  code: string | null
  bytes: number | null
  sha256: string | null
  set: string | null
  position: number | null
}

const photosAtOnce = 2000 // about 1 MB of rows

/** Pages of rows, photos in the order of the ledger as in the report, the places of one by the order of the sets. */
export async function* rowsOf(house: Pick<House, 'pool'>, { id, shared }: Gallery): AsyncGenerator<Found[]> {
  const here = "state not in ('gone', 'deleted')"
  // The sum keeps the planner from walking the primary key through everybody else's photos.
  const own = `(select id from photos where gallery_id = $1 and id > $2 and ${here} order by id + 0 limit $3)`
  const others = `union all (select distinct p.id from sets s join placements l on l.set_id = s.id join photos p on p.id = l.photo_id
    where s.gallery_id = $1 and l.photo_id > $2 and p.gallery_id <> $1 and p.${here} order by p.id limit $3)`
  for (let after = 0; ; ) {
    const { rows: ids } = await house.pool.query<{ id: number }>(
      `select id from (${own} ${shared ? others : ''}) here order by id limit $3`,
      [id, after, photosAtOnce],
    )
    const last = ids.at(-1)
    if (!last) return
    const { rows } = await house.pool.query<Found>(
      `select p.id, p.ref as photo, p.kind, o.ref as owner, p.filename, p.state, p.code, p.bytes, encode(p.sha256, 'hex') as sha256,
         l.ref as set, l.position
       from photos p join galleries o on o.id = p.gallery_id left join (
         select l.photo_id, l.position, s.ref, s.position as place, s.id as set_id from sets s join placements l on l.set_id = s.id
         where s.gallery_id = $1 and l.photo_id between $3 and $4
       ) l on l.photo_id = p.id
       where p.id = any($2::int8[]) order by p.id, l.place, l.set_id`,
      [id, ids.map((row) => row.id), ids[0]!.id, last.id],
    )
    yield rows
    if (ids.length < photosAtOnce) return
    after = last.id
  }
}
