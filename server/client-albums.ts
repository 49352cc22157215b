// The albums of a client's own page and what is to be seen in them. Every verb takes the client it is for and reaches
// nothing of another.
import { pictureUrl } from './galleries.ts'
import type { House } from './house.ts'
import { notFound } from './refusal.ts'

export interface Album {
  publicId: string
  /** Folders from the top down. */
  path: string[]
  title: string
  /** Photos at the host, as it states them; null where it does not. */
  there: number | null
  /** Safe here. */
  here: number
  look: number
  state: 'here' | 'moving' | 'waiting' | 'look'
}

/** In the order of the account, by keyset. `limit` at most 200. */
export async function clientAlbums(
  house: House,
  clientId: string,
  page: { cursor?: string | null; limit?: number } = {},
): Promise<{ albums: Album[]; nextCursor: string | null }> {
  const limit = Math.min(page.limit ?? 100, 200)
  const [ordinal, id] = page.cursor?.split(' ').map(Number) ?? [null, 0]
  const { rows } = await house.pool.query<Omit<Album, 'state'> & { id: number; ordinal: number; was: string }>(
    `select g.id, g.ordinal, g.public_id as "publicId", g.title, g.stated_count as there, g.failed + g.skipped as look, g.state as was,
       case when g.virtual then (select count(*)::int from sets s join placements l on l.set_id = s.id
           join photos p on p.id = l.photo_id and p.state = 'published' where s.gallery_id = g.id) else g.published end as here,
       coalesce((with recursive up as (
         select id, parent_id, title, 0 as depth from folders where id = g.folder_id
         union all select f.id, f.parent_id, f.title, up.depth + 1 from folders f join up on f.id = up.parent_id
       ) select array_agg(title order by depth desc) from up), '{}') as path
     from galleries g
     where g.client_id = $1 and g.deletion_id is null and ($2::int is null or (g.ordinal, g.id) > ($2, $3::int8))
     order by g.ordinal, g.id limit $4`,
    [clientId, ordinal, id, limit],
  )
  const last = rows.at(-1)
  return {
    albums: rows.map(({ id: _, ordinal: __, was, ...album }) => ({ ...album, state: albumState(was, album.look) })),
    nextCursor: rows.length === limit && last ? `${last.ordinal} ${last.id}` : null,
  }
}

function albumState(state: string, look: number): Album['state'] {
  if (state === 'attention' || (state === 'published' && look > 0)) return 'look'
  if (state === 'published') return 'here'
  return state === 'waiting' ? 'waiting' : 'moving'
}

export interface Picture {
  publicId: string
  /** Of the set and the photo together: one photo may be shown twice. */
  key: string
  filename: string | null
  caption: string | null
  kind: 'photo' | 'video' | 'file'
  safe: boolean
  width: number | null
  height: number | null
  /** Signed addresses on the media origin; null where there is no such picture. */
  thumbUrl: string | null
  webUrl: string | null
}

const pictures = `
  select p.id, p.public_id as "publicId", p.filename, p.caption, p.kind, p.state = 'published' as safe,
    coalesce(a.width, p.width) as width, coalesce(a.height, p.height) as height, r.renditions,
    array(select n.hash from renditions n where n.client_id = p.client_id and n.sha256 = p.sha256) as made`
const besides = `
  join runs r on r.id = p.run_id left join assets a on a.client_id = p.client_id and a.sha256 = p.sha256`

type PictureRow = Omit<Picture, 'thumbUrl' | 'webUrl'> & {
  id: number
  renditions: Record<string, unknown>
  made: string[]
}

function pictureOf(house: House, { id: _, renditions, made, ...picture }: PictureRow): Picture {
  return {
    ...picture,
    thumbUrl: pictureUrl(house, picture.publicId, 'thumb', renditions, made),
    webUrl: pictureUrl(house, picture.publicId, 'web', renditions, made),
  }
}

/** The pictures of one album in order, by keyset. Throws Refusal `not_found`, also for another client's. */
export async function albumPictures(
  house: House,
  clientId: string,
  publicId: string,
  page: { cursor?: string | null; limit?: number } = {},
): Promise<{ pictures: Picture[]; nextCursor: string | null }> {
  const limit = Math.min(page.limit ?? 60, 200)
  const after = page.cursor?.split(' ').map(Number) ?? [-1, 0, -1, 0]
  const album = await house.pool.query<{ id: number }>(
    'select id from galleries where public_id = $1 and client_id = $2 and deletion_id is null',
    [publicId, clientId],
  )
  if (!album.rows[0]) throw notFound('album')
  const { rows } = await house.pool.query<PictureRow & { place: string }>(
    `${pictures}, s.id || '-' || p.id as key, concat_ws(' ', s.position, s.id, l.position, p.id) as place
     from sets s join placements l on l.set_id = s.id join photos p on p.id = l.photo_id and p.state <> 'deleted' ${besides}
     where s.gallery_id = $1 and p.client_id = $2 and (s.position, s.id, l.position, p.id) > ($3::int, $4::int8, $5::int, $6::int8)
     order by s.position, s.id, l.position, p.id limit $7`,
    [album.rows[0].id, clientId, ...after, limit],
  )
  const last = rows.at(-1)
  return {
    pictures: rows.map(({ place: _, ...row }) => pictureOf(house, row)),
    nextCursor: rows.length === limit && last ? last.place : null,
  }
}

const newestShown = 12

/** Of the galleries that came last. */
export async function newestPictures(house: House, clientId: string): Promise<Picture[]> {
  const { rows } = await house.pool.query<PictureRow>(
    `with latest as (
       select id from galleries where client_id = $1 and deletion_id is null and published > 0
       order by coalesce(published_at, verified_at) desc nulls last, id desc limit 4
     ), chosen as (
       select p.* from latest g cross join lateral (
         select * from photos where gallery_id = g.id and state = 'published' and kind = 'photo' and rendition = 'ok' order by id limit 3
       ) p
     )
     ${pictures}, p.id::text as key from chosen p ${besides} order by p.gallery_id desc, p.id limit ${newestShown}`,
    [clientId],
  )
  return rows.map((row) => pictureOf(house, row)).filter(({ thumbUrl }) => thumbUrl !== null)
}
