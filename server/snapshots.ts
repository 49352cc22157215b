// The counted state of a run, as the console and the command line show it: one query over its galleries, never over
// its photos.

import { coveredBy } from './coverage.ts'
import type { GalleryState } from './galleries.ts'
import type { House } from './house.ts'
import { queueDepths } from './queues.ts'
import { notFound } from './refusal.ts'
import type { RunState } from './runs.ts'
import type { Health } from './sources.ts'
import type { RunTotals } from './views.ts'

export interface Stage {
  /** The first six are a migration's, the others an upload's. */
  name: 'sign in' | 'list' | 'build' | 'copy' | 'render' | 'verify' | 'found' | 'received' | 'rendered' | 'published'
  state: 'waiting' | 'moving' | 'done'
  done: number
  of: number | null
}

export interface Snapshot {
  run: string
  kind: 'migration' | 'upload'
  provider: string | null
  client: { id: string; name: string }
  state: RunState
  code: string | null
  todo: string | null
  stateBy: string | null
  stateAt: string
  createdAt: string
  startedAt: string | null
  finishedAt: string | null
  totals: RunTotals & {
    /** stored + rendered + published: safe with us. */
    copied: number
    /** Published photos of verified galleries. */
    verified: number
    /** As the provider states them, for what is listed. */
    bytesFound: number
    /** Galleries: the provider brings them back · need a look · not fully listed. */
    waiting: number
    attention: number
    listing: number
    /** Photos kept though the provider has them no more; in none of the other numbers. */
    gone: number
  }
  galleryStates: Partial<Record<GalleryState, number>>
  /** What the provider states for the galleries of this run; null where it does not. */
  statedPhotos: number | null
  statedBytes: number | null
  /** Photos and bytes stored a second, over the last minute. */
  perSecond: number
  bytesPerSecond: number
  /** Photos come to their end a second, over the last minute. */
  settledPerSecond: number
  /** A range, once there is enough to say. */
  secondsLeft: [number, number] | null
  /** Photos a second over the last 15 minutes, one value per 15 s, oldest first. */
  spark: number[]
  stages: Stage[]
  retrying: { photos: number; nextAt: string | null }
  /** `usualHours`: how long the provider usually takes, where its help says so. */
  thaw: { galleries: number; since: string; askAgainAt: string; usualHours: number | null } | null
  /** Hosts of its provider that asked us to wait, or that a person has paused (then until when is not known). */
  hosts: { host: string; blockedUntil: string | null; reason: string | null; pausedBy: string | null }[]
  /** Seconds since the start in which it stood still for a person or the provider, and since when it does now. */
  clock: { waitedSeconds: number; waitsSince: string | null }
  /** How we are signed in; null for uploads. */
  session: {
    sourceId: string
    health: Health
    todo: string | null
    /** It was just handed over and is being tried. */
    trying: boolean
    /** When it ends, where only a person can renew it. */
    endsAt: string | null
  } | null
  /** Galleries that are private here until their password is filled in. */
  passwordsMissing: number
  /** Why work waits though the run moves: no worker serves the queue. */
  unserved: string[]
  at: string
}

interface Counted {
  kind: Snapshot['kind']
  provider: string | null
  client: { id: string; name: string }
  state: RunState
  code: string | null
  todo: string | null
  stateBy: string | null
  stateAt: Date
  createdAt: Date
  startedAt: Date | null
  finishedAt: Date | null
  frozen: RunTotals | null
  superseded: boolean
  /** Before the start: galleries read or chosen so far, and their stated photos. */
  ahead: { galleries: number; photos: number | null } | null
  galleries: number
  found: number
  stored: number
  rendered: number
  published: number
  skipped: number
  failed: number
  degraded: number
  bytes: number
  bytesFound: number
  gone: number
  verified: number
  listed: number
  built: number
  settled: number
  statedPhotos: number | null
  statedBytes: number | null
  states: Partial<Record<GalleryState, number>> | null
  waitingSince: Date | null
  askAgainAt: Date | null
  usualHours: number | null
  passwordsMissing: number
  waitedSeconds: number
  waitsSince: Date | null
  source: {
    sourceId: string
    health: Health
    todo: string | null
    trying: boolean
    endsAt: string | null
  } | null
}

const counted = `
  select r.kind, s.provider, json_build_object('id', c.id, 'name', c.name) as client, r.state, r.code, r.todo, r.state_by as "stateBy",
    r.state_at as "stateAt", r.created_at as "createdAt", r.started_at as "startedAt", r.finished_at as "finishedAt", r.totals as frozen,
    exists (select from runs l where l.source_id = r.source_id and l.created_at > r.created_at and l.started_at is not null) as superseded,
    case when r.started_at is not null then null when r.plan is not null then (
      select json_build_object('galleries', count(*), 'photos', sum(stated_count) filter (where not "virtual"))
      from run_galleries where run_id = r.id and chosen and difference <> 'gone')
    else (select json_build_object('galleries', coalesce(sum(jsonb_array_length(galleries)), 0)) from survey_pages where run_id = r.id) end as ahead,
    r.waited_seconds as "waitedSeconds", r.waits_since as "waitsSince",
    case when s.id is not null then json_build_object('sourceId', s.id, 'health', s.health, 'todo', s.todo, 'endsAt', s.session_ends_at,
      'trying', s.checked_at is null and s.credentials is not null and (s.offered is not null or s.health = 'untested')) end as source, t.*
  from runs r join clients c on c.id = r.client_id left join sources s on s.id = r.source_id
  cross join lateral (
    select count(*)::int as galleries, coalesce(sum(total), 0)::int as found, coalesce(sum(stored), 0)::int as stored,
      coalesce(sum(rendered), 0)::int as rendered, coalesce(sum(published), 0)::int as published,
      coalesce(sum(skipped), 0)::int as skipped, coalesce(sum(failed), 0)::int as failed, coalesce(sum(degraded), 0)::int as degraded,
      coalesce(sum(bytes_stored), 0)::int8 as bytes, coalesce(sum(bytes_found), 0)::int8 as "bytesFound", coalesce(sum(gone), 0)::int as gone,
      coalesce(sum(published) filter (where verified_at is not null), 0)::int as verified,
      count(*) filter (where listed_at is not null or state = 'attention')::int as listed,
      count(*) filter (where built_at is not null or state = 'attention')::int as built,
      count(*) filter (where state in ('published', 'attention'))::int as settled,
      sum(stated_count) filter (where not "virtual")::int as "statedPhotos", sum(stated_bytes) filter (where not "virtual")::int8 as "statedBytes",
      min(waiting_since) filter (where state = 'waiting') as "waitingSince", min(ask_again_at) filter (where state = 'waiting') as "askAgainAt",
      max(thaw_usual_hours) filter (where state = 'waiting') as "usualHours",
      count(*) filter (where access = 'password' and password is null and built_at is not null)::int as "passwordsMissing",
      (select json_object_agg(state, n) from (select state, count(*) as n from galleries where id = ${coveredBy('r.id')} group by state) by_state) as states
    from galleries g where g.id = ${coveredBy('r.id')}
  ) t where r.id = $1 and c.deletion_id is null`

/** Throws Refusal `not_found`. */
export async function snapshot(house: House, runId: string): Promise<Snapshot> {
  const [run, samples, retrying, hosts, unserved] = await Promise.all([
    house.pool.query<Counted>(counted, [runId]),
    house.pool.query<Sample>(
      `select extract(epoch from at)::float8 as at, extract(epoch from now() - at)::float8 as ago, stored, settled, bytes from samples
       where run_id = $1 and at > now() - interval '15 minutes' order by at`,
      [runId],
    ),
    house.pool.query<{ photos: number; nextAt: Date | null }>(
      `select count(*)::int as photos, min(next_try_at) filter (where next_try_at > now()) as "nextAt" from (
         select next_try_at from photos where run_id = $1 and code is not null and state in ('listed', 'stored') limit 10000) waiting`,
      [runId],
    ),
    house.pool.query<{ host: string; blockedUntil: Date | null; reason: string | null; pausedBy: string | null }>(
      `select b.host, max(b.blocked_until) filter (where b.blocked_until > now()) as "blockedUntil",
         max(b.reason) filter (where b.blocked_until > now()) as reason, max(b.set_by) filter (where b.paused) as "pausedBy"
       from host_budgets b join runs r on r.id = $1 join sources s on s.id = r.source_id
       where (b.blocked_until > now() or b.paused) and coalesce(b.provider, s.provider) = s.provider group by b.host order by b.host`,
      [runId],
    ),
    unservedQueues(house),
  ])
  const row = run.rows[0]
  if (!row) throw notFound('run')
  const copied = row.stored + row.rendered + row.published
  const rates = ratesOf(samples.rows)
  const moving = row.state === 'running'
  const known = moving && (samples.rows.at(-1)?.ago ?? Number.POSITIVE_INFINITY) < staleSeconds
  const whole = Math.max(row.statedPhotos ?? 0, row.found)
  const toCopy = whole - copied - row.skipped - row.failed
  const toSettle = whole - row.rendered - row.published - row.skipped - row.failed
  return {
    run: runId,
    kind: row.kind,
    provider: row.provider,
    client: row.client,
    state: row.state,
    code: row.code,
    todo: row.todo,
    stateBy: row.stateBy,
    stateAt: row.stateAt.toISOString(),
    createdAt: row.createdAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
    totals: totalsOf(row, copied),
    galleryStates: row.states ?? {},
    statedPhotos: row.statedPhotos ?? row.ahead?.photos ?? null,
    statedBytes: row.statedBytes,
    perSecond: known ? rates.perSecond : 0,
    bytesPerSecond: known ? rates.bytesPerSecond : 0,
    settledPerSecond: known ? rates.settledPerSecond : 0,
    secondsLeft: known ? secondsLeft({ toCopy, toSettle }, rates) : null,
    spark: rates.spark,
    stages: stagesOf(row, copied),
    retrying: { photos: retrying.rows[0]!.photos, nextAt: retrying.rows[0]!.nextAt?.toISOString() ?? null },
    thaw:
      row.waitingSince && row.askAgainAt
        ? {
            galleries: row.states?.waiting ?? 0,
            since: row.waitingSince.toISOString(),
            askAgainAt: row.askAgainAt.toISOString(),
            usualHours: row.usualHours,
          }
        : null,
    hosts:
      moving || row.state === 'surveying'
        ? hosts.rows.map((host) => ({ ...host, blockedUntil: host.blockedUntil?.toISOString() ?? null }))
        : [],
    clock: { waitedSeconds: row.waitedSeconds, waitsSince: row.waitsSince?.toISOString() ?? null },
    session: row.source && {
      ...row.source,
      endsAt: row.source.endsAt === null ? null : new Date(row.source.endsAt).toISOString(),
    },
    passwordsMissing: row.passwordsMissing,
    unserved: moving || row.state === 'surveying' ? unserved : [],
    at: new Date().toISOString(),
  }
}

/** Once a later run of its account has started, its totals are as they stood at its end; before its start, as planned. */
function totalsOf(row: Counted, copied: number): Snapshot['totals'] {
  const taken = row.frozen && row.superseded
  const { galleries, found, stored, rendered, published, skipped, failed, degraded, bytes } = taken ? row.frozen! : row
  return {
    galleries: galleries || (row.ahead?.galleries ?? 0),
    found,
    stored,
    rendered,
    published,
    skipped,
    failed,
    degraded,
    bytes,
    copied: taken ? stored + rendered + published : copied,
    verified: taken ? published : row.verified,
    bytesFound: taken ? bytes : row.bytesFound,
    waiting: row.states?.waiting ?? 0,
    attention: row.states?.attention ?? 0,
    listing: row.galleries - row.listed,
    gone: row.gone,
  }
}

function stagesOf(row: Counted, copied: number): Stage[] {
  const surveyed = row.state !== 'surveying' && !(row.state === 'blocked' && row.galleries === 0)
  const gone = row.skipped + row.failed
  const stage = (name: Stage['name'], done: number, of: number | null, begun: boolean): Stage => ({
    name,
    done,
    of,
    state: begun && of !== null && done >= of ? 'done' : begun && done > 0 ? 'moving' : begun ? 'moving' : 'waiting',
  })
  const listed = row.galleries > 0 && row.listed >= row.galleries
  const started = row.startedAt !== null
  if (row.kind === 'upload') {
    const found = listed ? row.found : null
    return [
      stage('found', row.found, found, row.found > 0),
      stage('received', copied + gone, found, started && row.found > 0),
      stage('rendered', row.rendered + row.published + gone, found, started && copied > 0),
      stage('published', row.published + gone, found, started && copied > 0),
    ]
  }
  return [
    stage('sign in', surveyed ? 1 : 0, 1, true),
    stage('list', row.listed, surveyed ? row.galleries : null, started),
    stage('build', row.built, surveyed ? row.galleries : null, started),
    stage('copy', copied + gone, listed ? row.found : null, started && row.found > 0),
    stage('render', row.rendered + row.published + gone, listed ? row.found : null, started && copied > 0),
    stage('verify', row.settled, surveyed ? row.galleries : null, started && row.settled > 0),
  ]
}

/** Without a sample for so long nobody works, and there is no rate to tell. */
const staleSeconds = 30

interface Sample {
  at: number
  ago: number
  stored: number
  settled: number
  bytes: number
}

const sparkSeconds = 15
const sparkBars = 60

interface Rates {
  perSecond: number
  bytesPerSecond: number
  settledPerSecond: number
  spark: number[]
  /** Seconds that the rates were taken over. */
  spread: number
}

function ratesOf(samples: Sample[]): Rates {
  const last = samples.at(-1)
  if (!last || samples.length < 2) return { perSecond: 0, bytesPerSecond: 0, settledPerSecond: 0, spark: [], spread: 0 }
  const minuteAgo = samples.findLast((sample) => sample.at <= last.at - 60) ?? samples[0]!
  const seconds = Math.max(last.at - minuteAgo.at, 1)
  const spark: number[] = []
  for (let bar = sparkBars; bar > 0; bar--) {
    const to = samples.findLast((sample) => sample.at <= last.at - (bar - 1) * sparkSeconds)
    const from = samples.findLast((sample) => sample.at <= last.at - bar * sparkSeconds)
    if (to && from) spark.push(Math.max(0, (to.stored - from.stored) / sparkSeconds))
  }
  return {
    perSecond: Math.max(0, (last.stored - minuteAgo.stored) / seconds),
    bytesPerSecond: Math.max(0, (last.bytes - minuteAgo.bytes) / seconds),
    settledPerSecond: Math.max(0, (last.settled - minuteAgo.settled) / seconds),
    spark,
    spread: seconds,
  }
}

/** The slower of copying and finishing decides. Nothing before half a minute of work: an early guess would only be noise. */
function secondsLeft(left: { toCopy: number; toSettle: number }, rates: Rates): [number, number] | null {
  if (rates.spread < 30 || left.toSettle <= 0) return null
  const copying = left.toCopy > 0 ? left.toCopy / rates.perSecond : 0
  const finishing = left.toSettle / rates.settledPerSecond
  const seconds = Math.max(copying, finishing)
  if (!Number.isFinite(seconds)) return null
  return [Math.ceil(seconds * 0.85), Math.ceil(seconds * 1.3 + 5)]
}

let served: { at: number; names: Promise<string[]> } | undefined

/** Queues that hold ready work while no worker takes it; looked at every five seconds for the whole process. */
function unservedQueues(house: House): Promise<string[]> {
  if (served && Date.now() - served.at < 5000) return served.names
  served = { at: Date.now(), names: lookForUnserved(house) }
  return served.names
}

async function lookForUnserved(house: House): Promise<string[]> {
  const [depths, workers] = await Promise.all([
    queueDepths(house.pool),
    house.pool.query<{ group: string }>(
      `select distinct "group" from workers where seen_at > now() - interval '20 seconds'`,
    ),
  ])
  const groups = new Set(workers.rows.map((row) => row.group))
  return depths
    .filter((queue) => queue.ready > 0 && !groups.has('all') && !groups.has(queue.group))
    .map((queue) => queue.name)
}
