// The counted state of a run, as the console and the command line show it: one query over its galleries, never over
// its photos.

import type { GalleryState } from './galleries.ts'
import type { House } from './house.ts'
import { type ProviderStop, providerStops } from './provider-stops.ts'
import { type Counted, countedOf } from './snapshots-counted.ts'
import { ratesOf, secondsLeft } from './snapshots-rates.ts'
import { type Stage, stagesOf } from './snapshots-stages.ts'
import { hostsOfSource, mostRetrying, type Stand, shouldMove, standOf } from './stands.ts'
import type { RunRow, RunTotals } from './views.ts'
import { waitsOf } from './waits.ts'

export interface Snapshot
  extends Pick<RunRow, 'kind' | 'provider' | 'client' | 'state' | 'priority' | 'code' | 'todo'> {
  run: string
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
  /** Photos stored a second since copying began, without the time in which it stood still; null before there are any. */
  averagePerSecond: number | null
  bytesPerSecond: number
  /** Photos come to their end a second, over the last minute. */
  settledPerSecond: number
  /** A range, once there is enough to say. */
  secondsLeft: [number, number] | null
  /** Photos a second over the last 15 minutes, one value per 15 s, oldest first; a standstill is zeros. */
  spark: number[]
  /** When the last photo was stored, as far as these 15 minutes know. */
  lastStoredAt: string | null
  stages: Stage[]
  /** Photos that did not come at once: their attempts so far, and of how many. */
  retrying: { photos: number; nextAt: string | null; attempts: [number, number] | null; of: number }
  /** `usualHours`: how long the provider usually takes, where its help says so. */
  thaw: { galleries: number; since: string; askAgainAt: string; usualHours: number | null } | null
  /** Hosts of its provider that asked us to wait, or that a person has paused (then until when is not known). */
  hosts: { host: string; blockedUntil: string | null; reason: string | null; pausedBy: string | null }[]
  /** Seconds since the start in which it stood still for a person or the provider, and since when it does now. */
  clock: { waitedSeconds: number; waitsSince: string | null }
  /** How we are signed in; null for uploads. */
  session: Counted['source']
  /** Galleries that are private here until their password is filled in. */
  passwordsMissing: number
  /** Why work waits though the run moves: no worker serves the queue. */
  unserved: string[]
  /** Queues with work of it that somebody has paused. */
  pausedQueues: { queue: string; by: string }[]
  /** Who has stopped its provider; null: it is asked, or the run does not ask it. */
  stopped: { by: string; note: string | null } | null
  /** It has work and nobody who could do it is alive: since their last sign. */
  stalledSince: string | null
  /** All its work is queued: workers are busy with so many other runs. */
  behindRuns: number | null
  /** What keeps it from moving though it should. */
  stand: Stand | null
  /** Until then what fails is kept with the requests that led there. */
  captureUntil: string | null
  at: string
}

/** Throws Refusal `not_found`. */
export async function snapshot(house: House, runId: string): Promise<Snapshot> {
  const [row, retrying, hosts] = await Promise.all([
    countedOf(house, runId),
    house.pool.query<{ photos: number; nextAt: Date | null; least: number | null; most: number | null }>(
      `select count(*)::int as photos, min(next_try_at) filter (where next_try_at > now()) as "nextAt", min(attempts) as least, max(attempts) as most
       from (select next_try_at, attempts from photos where run_id = $1 and code is not null and state in ('listed', 'stored') limit ${mostRetrying}) waiting`,
      [runId],
    ),
    house.pool.query<{ host: string; blockedUntil: Date | null; reason: string | null; pausedBy: string | null }>(
      `select b.host, max(b.blocked_until) filter (where b.blocked_until > now()) as "blockedUntil",
         max(b.reason) filter (where b.blocked_until > now()) as reason, max(b.set_by) filter (where b.paused) as "pausedBy"
       from host_budgets b join runs r on r.id = $1 join sources s on s.id = r.source_id
       where (b.blocked_until > now() or b.paused) and ${hostsOfSource} group by b.host order by b.host`,
      [runId],
    ),
  ])
  const copied = row.stored + row.rendered + row.published
  const moving = row.state === 'running'
  const [rates, stages, waits, stop] = await Promise.all([
    ratesOf(house, runId, moving),
    stagesOf(house, runId, row),
    shouldMove(row.state) ? waitsOf(house, runId) : null,
    stopOf(house, row),
  ])
  const whole = Math.max(row.statedPhotos ?? 0, row.found)
  const toCopy = whole - copied - row.skipped - row.failed
  const toSettle = whole - row.rendered - row.published - row.skipped - row.failed
  // While the number of photos is not known, what is left of them is guesswork.
  const isStanding = Boolean(waits?.stalledSince || row.waitsSince) || (toCopy > 0 && rates.perSecond === 0)
  const isKnown = row.statedPhotos !== null || row.listed >= row.galleries
  return {
    run: runId,
    kind: row.kind,
    provider: row.provider,
    client: row.client,
    state: row.state,
    priority: row.priority,
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
    perSecond: rates.perSecond,
    averagePerSecond: averageOf(row, stages, copied),
    bytesPerSecond: rates.bytesPerSecond,
    settledPerSecond: rates.settledPerSecond,
    secondsLeft: isKnown && !isStanding ? secondsLeft({ toCopy, toSettle }, rates) : null,
    spark: rates.spark,
    lastStoredAt: rates.lastStoredAt,
    stages,
    retrying: retryingOf(retrying.rows[0]!),
    thaw:
      row.waitingSince && row.askAgainAt
        ? {
            galleries: row.states?.waiting ?? 0,
            since: row.waitingSince.toISOString(),
            askAgainAt: row.askAgainAt.toISOString(),
            usualHours: row.usualHours,
          }
        : null,
    hosts: shouldMove(row.state)
      ? hosts.rows.map((host) => ({ ...host, blockedUntil: host.blockedUntil?.toISOString() ?? null }))
      : [],
    clock: { waitedSeconds: row.waitedSeconds, waitsSince: row.waitsSince?.toISOString() ?? null },
    session: row.source && {
      ...row.source,
      endsAt: row.source.endsAt === null ? null : new Date(row.source.endsAt).toISOString(),
    },
    passwordsMissing: row.passwordsMissing,
    unserved: waits?.unserved ?? [],
    pausedQueues: waits?.paused ?? [],
    stopped: stop && { by: stop.by, note: stop.note },
    stalledSince: waits?.stalledSince ?? null,
    behindRuns: waits?.behindRuns ?? null,
    stand:
      waits &&
      standOf({
        ...{ kind: row.kind, state: row.state, waits, thaws: row.waitsSince !== null, stopped: stop !== null },
        blocked: hosts.rows.some(({ blockedUntil }) => blockedUntil),
        comes: rates.perSecond > 0,
        listing: row.galleries - row.listed,
        unsettled: row.found - row.rendered - row.published - row.skipped - row.failed,
        retrying: retrying.rows[0]!.photos,
      }),
    captureUntil: row.captureUntil?.toISOString() ?? null,
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

/** Of what this run copied itself, where it is known when that began. */
function averageOf(row: Counted, stages: Stage[], copied: number): number | null {
  const copying = stages.find(({ name }) => name === 'copy' || name === 'received')
  if (!copying?.begunAt || copied === 0) return null
  const end = copying.endedAt ? Date.parse(copying.endedAt) : (row.finishedAt?.getTime() ?? Date.now())
  const standing = row.waitsSince ? Math.max(0, (Date.now() - row.waitsSince.getTime()) / 1000) : 0
  const seconds = (end - Date.parse(copying.begunAt)) / 1000 - row.waitedSeconds - standing
  return seconds >= leastSeconds ? copied / seconds : null
}

const leastSeconds = 5 // samples are no finer

/** The first try and the ones that `nextTrySeconds` of `workers/policy.ts` waits for. */
const mostAttempts = 8

function retryingOf(row: { photos: number; nextAt: Date | null; least: number | null; most: number | null }) {
  return {
    photos: row.photos,
    nextAt: row.nextAt?.toISOString() ?? null,
    attempts: row.least === null || row.most === null ? null : ([row.least, row.most] as [number, number]),
    of: mostAttempts,
  }
}

async function stopOf(house: House, { provider, state }: Counted): Promise<ProviderStop | null> {
  if (!provider || !shouldMove(state)) return null
  return (await providerStops(house)).get(provider) ?? null
}
