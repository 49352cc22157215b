// A client's own page: what is safe, what is on its way, what is different. Every verb takes the client it is for and
// reaches nothing of another.
import { pictureUrl } from './galleries.ts'
import type { House } from './house.ts'
import { entryOf, type ProviderId, providers } from './providers.ts'
import { notFound } from './refusal.ts'
import { type Reply, repliesOf } from './replies.ts'
import { sessionCodes } from './standing.ts'

/** `held`: it stands still, and `needed` says whether for something of the photographer's. */
export type Stage = 'nothing' | 'preparing' | 'moving' | 'held' | 'done'

export interface ClientPage {
  name: string
  /** Where the photos come from, as people call it. */
  from: string[]
  stage: Stage
  needed: 'sign_in' | 'passwords' | null
  photos: {
    /** All that there are, as far as has been counted; of galleries not listed yet what their host states. */
    total: number
    /** Kept, checked, published. */
    safe: number
    look: number
  }
  galleries: { total: number; safe: number }
  differences: Difference[]
  /** Kinds of things that do not come along, besides photos. */
  lost: string[]
  newest: Picture[]
  approval: Reply | null
  problems: Reply[]
  /** Runs that have ended, newest first: what a certificate is made of. */
  ended: { id: string; at: Date }[]
}

export interface Difference {
  /** Photos that did not come, galleries that do not agree, originals that are kept and cannot be shown. */
  of: 'photos' | 'galleries' | 'pictures'
  /** Why; stable. */
  code: string
  count: number
  /** Some of them: file names, or titles of galleries. */
  examples: string[]
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

/** Throws Refusal `not_found` for a client that is none any more. `newestRun` is what to follow for changes. */
export async function clientPage(
  house: House,
  clientId: string,
): Promise<{ page: ClientPage; newestRun: string | null }> {
  const [facts, runs, differences, newest, replies] = await Promise.all([
    countedOf(house, clientId),
    runsOf(house, clientId),
    differencesOf(house, clientId),
    newestPictures(house, clientId),
    repliesOf(house, clientId),
  ])
  const page: ClientPage = {
    name: facts.name,
    from: [...new Set(runs.flatMap(({ provider }) => (provider ? [titleOf(provider)] : [])))],
    stage: stageOf(runs, facts.total),
    needed: neededOf(runs, facts.locked),
    photos: { total: facts.total, safe: facts.safe, look: facts.look },
    galleries: { total: facts.galleries, safe: facts.safeGalleries },
    differences,
    lost: [...new Set(runs.flatMap((run) => kindsLost(run.fields)))],
    newest,
    approval: replies.find(({ kind }) => kind === 'approved') ?? null,
    problems: replies.filter(({ kind }) => kind === 'problem'),
    ended: runs.flatMap(({ id, finishedAt }) => (finishedAt ? [{ id, at: finishedAt }] : [])),
  }
  return { page, newestRun: runs[0]?.id ?? null }
}

interface Counted {
  name: string
  galleries: number
  safeGalleries: number
  total: number
  safe: number
  look: number
  /** Galleries that wait for their password. */
  locked: number
}

async function countedOf(house: House, clientId: string): Promise<Counted> {
  const { rows } = await house.pool.query<Counted>(
    `select c.name, count(g.id)::int as galleries, (count(g.id) filter (where g.state = 'published' and g.failed = 0))::int as "safeGalleries",
       coalesce(sum(case when g.listed_at is null and not g.virtual then greatest(g.total, coalesce(g.stated_count, 0)) else g.total end), 0)::int as total,
       coalesce(sum(g.published), 0)::int as safe, coalesce(sum(g.failed + g.skipped), 0)::int as look,
       (count(g.id) filter (where g.state = 'attention' and g.code = 'password_needed'))::int as locked
     from clients c left join galleries g on g.client_id = c.id and g.deletion_id is null
     where c.id = $1 and c.deletion_id is null group by c.id`,
    [clientId],
  )
  if (!rows[0]) throw notFound('page')
  return rows[0]
}

interface RunOfClient {
  id: string
  state: string
  code: string | null
  provider: string | null
  fields: Record<string, string>
  startedAt: Date | null
  finishedAt: Date | null
}

async function runsOf(house: House, clientId: string): Promise<RunOfClient[]> {
  const { rows } = await house.pool.query<RunOfClient>(
    `select r.id, r.state, r.code, s.provider, r.fields, r.started_at as "startedAt",
       case when r.state in ('done', 'done_with_problems') then r.finished_at end as "finishedAt"
     from runs r left join sources s on s.id = r.source_id
     where r.client_id = $1 and r.state <> 'cancelled' order by r.created_at desc, r.id desc limit 50`,
    [clientId],
  )
  return rows
}

function stageOf(runs: RunOfClient[], total: number): Stage {
  const states = new Set(runs.map(({ state }) => state))
  if (states.has('running')) return 'moving'
  if (states.has('blocked') || states.has('paused')) return 'held'
  if (states.has('surveying') || states.has('planned')) return total > 0 ? 'done' : 'preparing'
  return runs.length === 0 ? 'nothing' : 'done'
}

function neededOf(runs: RunOfClient[], locked: number): ClientPage['needed'] {
  const codes: readonly (string | null)[] = sessionCodes
  if (runs.some(({ state, code }) => state === 'blocked' && codes.includes(code))) return 'sign_in'
  return locked > 0 ? 'passwords' : null
}

const kindsLost = (fields: Record<string, string>) => Object.keys(fields).filter((kind) => fields[kind] === 'lost')

function titleOf(provider: string): string {
  return Object.hasOwn(providers, provider) ? entryOf(provider as ProviderId).title : provider
}

const examplesShown = 20

async function differencesOf(house: House, clientId: string): Promise<Difference[]> {
  const [photos, galleries, pictures] = await Promise.all([
    house.pool.query<Omit<Difference, 'of'>>(
      `select p.code, count(*)::int as count,
         (array_agg(coalesce(p.filename, g.title) order by p.id))[1:${examplesShown}] as examples
       from runs r join photos p on p.run_id = r.id and p.code is not null and p.state in ('failed', 'skipped')
         join galleries g on g.id = p.gallery_id and g.deletion_id is null
       where r.client_id = $1 group by p.code order by count(*) desc, p.code`,
      [clientId],
    ),
    house.pool.query<Omit<Difference, 'of'>>(
      `select code, count(*)::int as count, (array_agg(title order by ordinal))[1:${examplesShown}] as examples from galleries
       where client_id = $1 and deletion_id is null and state = 'attention' and code is not null and code <> 'photos_failed'
       group by code order by count(*) desc, code`,
      [clientId],
    ),
    house.pool.query<{ count: number; examples: string[] | null }>(
      `select coalesce(sum(degraded), 0)::int as count, (array_agg(title order by ordinal))[1:${examplesShown}] as examples
       from galleries where client_id = $1 and deletion_id is null and degraded > 0`,
      [clientId],
    ),
  ])
  const { count, examples } = pictures.rows[0]!
  return [
    ...photos.rows.map((row) => ({ of: 'photos' as const, ...row })),
    ...galleries.rows.map((row) => ({ of: 'galleries' as const, ...row })),
    ...(count > 0 ? [{ of: 'pictures' as const, code: 'not_shown', count, examples: examples ?? [] }] : []),
  ]
}

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
async function newestPictures(house: House, clientId: string): Promise<Picture[]> {
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
