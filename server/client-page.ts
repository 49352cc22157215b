// A client's own page: what is safe, what is on its way, what is different. Every verb takes the client it is for and
// reaches nothing of another.
import { newestPictures, type Picture } from './client-albums.ts'
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
