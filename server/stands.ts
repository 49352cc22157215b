// What keeps a run that should move from moving, in one word: the same on its page, in every list and at its client.
import { coveredBy } from './coverage.ts'
import type { House } from './house.ts'
import { providerStops } from './provider-stops.ts'
import type { RunState } from './runs.ts'
import { type Waits, waitsOf } from './waits.ts'

/**
 * `stalled`: it has work and nobody who could do it is alive. `held`: a person has paused its queue or stopped its
 * provider. `limited`: the provider brings something back, or asked us to wait. `queued`: workers are busy with other runs.
 * `retrying`: all that is left is tried again later. `sender`: an upload whose files do not come.
 */
export type Stand = 'stalled' | 'held' | 'limited' | 'queued' | 'retrying' | 'sender'

export interface Standing {
  kind: 'migration' | 'upload'
  state: RunState
  waits: Pick<Waits, 'work' | 'stalledSince' | 'paused' | 'behindRuns'>
  /** Nothing is left of it but what the provider brings back. */
  thaws: boolean
  /** A host of its provider asked us to wait. */
  blocked: boolean
  /** Somebody has stopped its provider. */
  stopped: boolean
  /** Photos came within the last minute. */
  comes: boolean
  /** Galleries that are not fully listed. */
  listing: number
  /** Photos that are neither ready nor given up, and those of them that did not come at once. */
  unsettled: number
  retrying: number
}

/** null: it moves, or is not one that should. */
export function standOf(run: Standing): Stand | null {
  const { waits } = run
  if (!shouldMove(run.state)) return null
  if (waits.stalledSince) return 'stalled'
  if ((waits.paused.length > 0 && waits.work !== 'active') || (run.stopped && !run.comes)) return 'held'
  if (run.thaws || (run.blocked && !run.comes)) return 'limited'
  if (waits.behindRuns !== null) return 'queued'
  if (run.listing === 0 && run.retrying > 0 && run.retrying >= run.unsettled) return 'retrying'
  if (run.kind === 'upload' && waits.work === 'none' && !run.comes) return 'sender'
  return null
}

export const shouldMove = (state: RunState): boolean => state === 'running' || state === 'surveying'

/** Of a host's row `b` in `host_budgets` and a source `s`: a stand-in on this machine is one account's, never its provider's. */
export const hostsOfSource = `coalesce(b.provider, s.provider) = s.provider and (b.host !~ '^.?(127[.]|localhost|::1)' or s.endpoints <> '{}')`

/** More photos than these are not counted: a run that has so many left is not only retrying. */
export const mostRetrying = 10_000

interface Row extends Omit<Standing, 'waits' | 'stopped'> {
  id: string
  provider: string | null
}

/** Those of these runs that do not move though they should, in a few indexed reads each. */
export async function standsOf(house: Pick<House, 'pool'>, runIds: string[]): Promise<Map<string, Stand>> {
  if (runIds.length === 0) return new Map()
  const [{ rows }, stops] = await Promise.all([
    house.pool.query<Row>(
      `select r.id, r.kind, r.state, s.provider, r.waits_since is not null as thaws, t.listing, t.unsettled,
         exists (select from host_budgets b where b.blocked_until > now() and ${hostsOfSource}) as blocked,
         coalesce(l.at > now() - interval '30 seconds' and exists (
           select from samples f where f.run_id = r.id and f.at >= l.at - interval '65 seconds' and f.stored < l.stored), false) as comes,
         case when t.unsettled between 1 and ${mostRetrying} then (
           select count(*)::int from photos p where p.run_id = r.id and p.code is not null and p.state in ('listed', 'stored')) else 0 end as retrying
       from runs r left join sources s on s.id = r.source_id
       left join lateral (select at, stored from samples where run_id = r.id order by at desc limit 1) l on true
       cross join lateral (
         select count(*) filter (where listed_at is null and g.state <> 'attention')::int as listing,
           coalesce(sum(total - rendered - published - skipped - failed), 0)::int as unsettled
         from galleries g where g.id = ${coveredBy('r.id')}
       ) t where r.id = any($1::uuid[]) and r.state in ('running', 'surveying')`,
      [runIds],
    ),
    providerStops(house),
  ])
  const stands = await Promise.all(
    rows.map(async ({ id, provider, ...row }) => {
      const waits = await waitsOf(house, id)
      return [id, standOf({ ...row, waits, stopped: provider !== null && stops.has(provider) })] as const
    }),
  )
  return new Map(stands.flatMap(([id, stand]) => (stand ? [[id, stand] as const] : [])))
}
