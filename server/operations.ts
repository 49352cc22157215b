// What ops look at: how deep the queues are, who works them, and how many should. Looked at once a second for all
// viewers of a process together.
import { stepOfGallery } from './failed-work.ts'
import type { House } from './house.ts'
import { type QueuePause, queuePauses } from './queue-control.ts'
import {
  chunkSize,
  isSwept,
  type QueueDepth,
  type QueueName,
  queueDepths,
  queueNames,
  queues,
  type WorkerGroup,
} from './queues.ts'
import { scaling, type Wanted, wantedWorkers } from './scaling.ts'
import type { WorkerState } from './worker-control.ts'

export interface QueueView extends Omit<QueueDepth, 'oldestSeconds'> {
  /** Work of this queue that came to a bad end and lies before a person, and what is counted. */
  failed: number
  failedOf: 'photo' | 'gallery' | 'run' | 'message' | 'mail' | 'client' | 'list'
  /** Jobs that came to their end within the last minute. */
  perMinute: number
  /** Until what is ready is done, at the rate of the last minute; null where nothing moves. */
  drainSeconds: number | null
  /** Workers that take its jobs now, and how many jobs these do at once. */
  workers: number
  slots: number
  /** Jobs at once in one worker. */
  concurrency: number
  paused: QueuePause | null
  isClearable: boolean
  /** Photos in a job; null where a job is about one other thing. */
  photosPerJob: number | null
}

export interface WorkerView {
  id: string
  group: WorkerGroup | 'all'
  host: string
  pid: number
  version: string
  startedAt: Date
  seenAt: Date
  /** It has shown no sign for 20 s: gone, unless it comes back. */
  isSilent: boolean
  residentBytes: number
  state: WorkerState
  /** Who told it to drain, and when. */
  drainBy: string | null
  drainAt: Date | null
  work: { queue: string; run: { id: string; client: string } | null; since: string }[]
  /** Jobs that came to their end within the last minute. */
  perMinute: number
}

export interface GroupView {
  group: WorkerGroup
  queues: QueueName[]
  /** Workers that take its jobs now: its own, and those of every group. */
  working: number
  wanted: Wanted
}

export interface Operations {
  queues: QueueView[]
  workers: WorkerView[]
  groups: GroupView[]
  rule: Record<keyof typeof scaling, number>
  /** Every worker takes every queue: one machine, nothing scales it. */
  oneMachine: boolean
}

/** As `presence.ts` has it. */
const silentSeconds = 20
const believedMilliseconds = 900

const lastLook = new WeakMap<House['pool'], { at: number; seen: Promise<Operations> }>()

export function operations(house: Pick<House, 'pool'>): Promise<Operations> {
  const last = lastLook.get(house.pool)
  if (last && Date.now() - last.at < believedMilliseconds) return last.seen
  const seen = look(house)
  lastLook.set(house.pool, { at: Date.now(), seen })
  // A failed look is not believed at all.
  seen.catch(() => lastLook.delete(house.pool))
  return seen
}

/** After something was changed by hand. */
export function lookAtOperationsAnew(house: Pick<House, 'pool'>): void {
  lastLook.delete(house.pool)
}

type WorkerRow = Omit<WorkerView, 'work' | 'perMinute'> & {
  work: { queue: string; runId: string | null; since: string }[]
  ended: Record<string, number>
}

async function look({ pool }: Pick<House, 'pool'>): Promise<Operations> {
  const [depths, failed, pauses, workers, owners] = await Promise.all([
    queueDepths(pool),
    pool.query<{ name: QueueName; n: number }>(failedSql),
    queuePauses({ pool }),
    pool.query<WorkerRow>(
      `select id, "group", host, pid, version, started_at as "startedAt", seen_at as "seenAt",
         seen_at < now() - make_interval(secs => $1) as "isSilent", resident_bytes as "residentBytes", state,
         drain_by as "drainBy", drain_at as "drainAt", work, ended
       from workers order by "group", host, started_at, id`,
      [silentSeconds],
    ),
    pool.query<{ id: string; client: string }>(
      `select r.id, c.name as client from runs r join clients c on c.id = r.client_id
       where r.id::text in (select w->>'runId' from workers, jsonb_array_elements(work) w)`,
    ),
  ])
  const living = workers.rows.filter(({ isSilent }) => !isSilent)
  const taking = (group: WorkerGroup) =>
    living.filter((each) => each.state === 'working' && (each.group === 'all' || each.group === group))
  const failedOf = new Map(failed.rows.map(({ name, n }) => [name, n]))
  const views = depths.map(({ oldestSeconds: _, ...depth }): QueueView => {
    const perMinute = living.reduce((sum, { ended }) => sum + (ended[depth.name] ?? 0), 0)
    const takers = taking(depth.group).length
    return {
      ...depth,
      failed: failedOf.get(depth.name) ?? 0,
      failedOf: whatFails[depth.name],
      perMinute,
      drainSeconds: depth.ready > 0 && perMinute > 0 ? Math.ceil((depth.ready / perMinute) * 60) : null,
      workers: takers,
      slots: takers * queues[depth.name].concurrency,
      concurrency: queues[depth.name].concurrency,
      paused: pauses.get(depth.name) ?? null,
      isClearable: isSwept(depth.name),
      photosPerJob: chunks[depth.name] ?? null,
    }
  })
  const oneMachine = living.every(({ group }) => group === 'all')
  const least = oneMachine ? 1 : scaling.least
  const clients = new Map(owners.rows.map((owner) => [owner.id, owner]))
  return {
    queues: views.toSorted((a, b) => queueNames.indexOf(a.name) - queueNames.indexOf(b.name)),
    workers: workers.rows.map(({ work, ended, ...worker }) => ({
      ...worker,
      work: work.map(({ queue, runId, since }) => ({ queue, since, run: clients.get(runId ?? '') ?? null })),
      perMinute: Object.values(ended).reduce((sum, n) => sum + n, 0),
    })),
    groups: groups.map((group) => {
      const working = taking(group).length
      const demands = depths.map((depth) => ({ ...depth, paused: pauses.has(depth.name) }))
      return {
        group,
        queues: queueNames.filter((name) => queues[name].group === group),
        working,
        wanted: wantedWorkers(group, demands, working, least),
      }
    }),
    rule: { ...scaling, least },
    oneMachine,
  }
}

const chunks: Partial<Record<QueueName, number>> = chunkSize
const groups: WorkerGroup[] = ['scrape', 'transfer', 'render']

const whatFails = {
  'test-source': 'client',
  'survey-source': 'run',
  'thaw-gallery': 'gallery',
  'list-gallery': 'gallery',
  'build-gallery': 'gallery',
  'fetch-photos': 'photo',
  'render-photos': 'photo',
  'reconcile-gallery': 'gallery',
  'deliver-webhook': 'message',
  'export-runs': 'list',
  'send-mail': 'mail',
  'delete-expired': 'client',
} satisfies Record<QueueName, QueueView['failedOf']>

/** Each part by a partial index: what is well costs nothing. */
const failedSql = `
  select step as name, count(*)::int as n from photos where state = 'failed' and step in ('fetch-photos', 'render-photos') group by step
  union all
  select ${stepOfGallery}, count(*)::int
    from galleries where state = 'attention' group by 1
  union all select 'survey-source', count(*)::int from runs where state = 'blocked' and started_at is null
  union all select 'deliver-webhook', count(*)::int from webhook_deliveries where state = 'failed'
  union all select 'export-runs', count(*)::int from run_exports where state = 'failed'
  union all select 'send-mail', count(*)::int from mails where state = 'failed'`
