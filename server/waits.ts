// Why a run that should move does not: nobody takes its work, whoever had it is gone, or others come first. Looked at
// every few seconds for all runs together, never once a viewer.
import type { House } from './house.ts'
import { queuePauses } from './queue-control.ts'
import { type QueueName, queues } from './queues.ts'

export interface Waits {
  /** Whether any job of it is there, and whether one is worked on. */
  work: 'none' | 'queued' | 'active'
  /** Queues in which the run has work and that no living worker takes. */
  unserved: QueueName[]
  /** Nothing of it is worked on, and nobody is there who could: since the last sign of whoever was. */
  stalledSince: string | null
  /** All its work is queued, and workers are busy with that of so many other runs. */
  behindRuns: number | null
  /** Queues in which the run has work and that a person has paused. */
  paused: { queue: QueueName; by: string }[]
}

/** A worker, or the heart of a job, that has shown no sign for this long is gone. They beat every 5 and 10 seconds. */
const silentSeconds = 20
const believedMilliseconds = 3000

const none: Waits = { work: 'none', unserved: [], stalledSince: null, behindRuns: null, paused: [] }

/** Of a run that moves; one that has no work in any queue waits for nothing here. */
export async function waitsOf(house: Pick<House, 'pool'>, runId: string): Promise<Waits> {
  return (await everybody(house)).get(runId) ?? none
}

/** Runs that have work and nobody who does it. */
export async function stalledNow(house: Pick<House, 'pool'>): Promise<string[]> {
  return [...(await everybody(house))].flatMap(([id, { stalledSince }]) => (stalledSince ? [id] : []))
}

const lastLook = new WeakMap<House['pool'], { at: number; all: Promise<Map<string, Waits>> }>()

function everybody(house: Pick<House, 'pool'>): Promise<Map<string, Waits>> {
  const last = lastLook.get(house.pool)
  if (last && Date.now() - last.at < believedMilliseconds) return last.all
  const all = look(house)
  lastLook.set(house.pool, { at: Date.now(), all })
  // A failed look is not believed at all.
  all.catch(() => lastLook.delete(house.pool))
  return all
}

interface Work {
  runId: string
  name: QueueName
  ready: number
  alive: number
  lost: number
  /** The newest heartbeat among the lost, seconds since 1970. */
  lostAt: number | null
  readyAt: number | null
}

async function look({ pool }: Pick<House, 'pool'>): Promise<Map<string, Waits>> {
  const [work, workers, pauses] = await Promise.all([
    pool.query<Work>(
      `select group_id as "runId", name, count(*) filter (where state < 'active' and start_after <= now())::int as ready,
         count(*) filter (where state = 'active' and sign > now() - make_interval(secs => $1))::int as alive,
         count(*) filter (where state = 'active' and sign <= now() - make_interval(secs => $1))::int as lost,
         extract(epoch from max(sign) filter (where state = 'active' and sign <= now() - make_interval(secs => $1)))::float8 as "lostAt",
         extract(epoch from min(start_after) filter (where state < 'active' and start_after <= now()))::float8 as "readyAt"
       from (select group_id, name, state, start_after, coalesce(heartbeat_on, started_on) as sign from pgboss.job
         where state < 'completed' and group_id is not null) job
       group by group_id, name`,
      [silentSeconds],
    ),
    pool.query<{ group: string; state: string; silent: boolean; seenAt: number }>(
      `select "group", state, seen_at < now() - make_interval(secs => $1) as silent, extract(epoch from seen_at)::float8 as "seenAt" from workers`,
      [silentSeconds],
    ),
    queuePauses({ pool }),
  ])
  const living = workers.rows.filter(({ silent, state }) => !silent && state === 'working')
  const isServed = (name: QueueName) => living.some(({ group }) => group === 'all' || group === queues[name].group)
  // Those that live and do not take it (drained, or of another group) say nothing of when it was worked on.
  const gone = workers.rows.filter(({ silent }) => silent)
  const lastSeen = gone.length > 0 ? Math.max(...gone.map(({ seenAt }) => seenAt)) : null
  const known = work.rows.filter(({ name }) => name in queues)
  const busy = new Set(known.filter(({ alive }) => alive > 0).map(({ runId }) => runId))
  const byRun = Map.groupBy(known, ({ runId }) => runId)
  const around = { isServed, pausedBy: (name: QueueName) => pauses.get(name)?.by, lastSeen, busy }
  return new Map([...byRun].map(([runId, of]) => [runId, waitsFor(runId, of, around)]))
}

interface Around {
  isServed(name: QueueName): boolean
  pausedBy(name: QueueName): string | undefined
  lastSeen: number | null
  busy: Set<string>
}

function waitsFor(runId: string, of: Work[], { isServed, pausedBy, lastSeen, busy }: Around): Waits {
  const paused = of.flatMap(({ name, ready, lost }) => {
    const by = pausedBy(name)
    return by !== undefined && ready + lost > 0 ? [{ queue: name, by }] : []
  })
  const unserved = of
    .filter(({ name, ready, lost }) => ready + lost > 0 && !isServed(name) && pausedBy(name) === undefined)
    .map(({ name }) => name)
  const atWork = of.some(({ alive }) => alive > 0)
  // What lies ready where somebody takes it is only queued; what was lost is taken over, if by anybody, within seconds.
  const queued = of.some(({ name, ready }) => ready > 0 && isServed(name)) || paused.length > 0
  const held = of.some(({ ready, lost }) => ready + lost > 0)
  if (held && !atWork && !queued) {
    const signs = of.flatMap(({ lostAt }) => lostAt ?? [])
    const since =
      signs.length > 0 ? Math.max(...signs) : (lastSeen ?? Math.max(...of.map(({ readyAt }) => readyAt ?? 0)))
    return { work: 'queued', unserved, stalledSince: new Date(since * 1000).toISOString(), behindRuns: null, paused }
  }
  const others = [...busy].filter((other) => other !== runId).length
  const behindRuns = queued && !atWork && paused.length === 0 && others > 0 ? others : null
  return { work: atWork ? 'active' : 'queued', unserved, stalledSince: null, behindRuns, paused }
}
