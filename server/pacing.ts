// How fast all workers together may ask a host: one token bucket per host and lane in `host_budgets`, leased in slices
// so that thousands of requests a second cost a few queries. All times are the database's.
import { DatabaseError, type Pool, type QueryConfig, type QueryResultRow } from 'pg'
import { Away, type Lease, sliceSeconds, Turns } from './turns.ts'

/** Requests a second. */
export interface RateBounds {
  start: number
  least: number
  most: number
  /** Whose host it is, for people to see. */
  provider?: string
}

export interface Budget {
  /**
   * Resolves when one more request may go to the host; waits while the host is blocked or paused, and while Postgres is
   * away. `bounds` count where the host is new; later the row does. Rejects with the signal's reason, or HostResting.
   */
  take(host: string, lane: string, bounds: RateBounds, signal?: AbortSignal): Promise<void>
  /**
   * The host asked for fewer requests: halves the rate of all its lanes for every worker and blocks it. `seconds: null`
   * (it did not say how long) is 1, and twice the last block, up to 240, where `fruitless`: nothing was served since.
   * Gives the seconds that hold.
   */
  limited(host: string, seconds: number | null, status: number, fruitless?: boolean): Promise<number>
  /** The host refused (403): halves the rate of all its lanes. Several within a second count once. */
  refused(host: string): Promise<void>
}

/** The host is blocked or paused for longer than `patienceSeconds`: the work had better wait elsewhere. */
export class HostResting extends Error {
  override name = 'HostResting'
  readonly host: string
  readonly seconds: number
  constructor(host: string, seconds: number) {
    super(`${host} rests for ${seconds} s`)
    this.host = host
    this.seconds = seconds
  }
}

export interface BudgetOptions {
  /** How long a block may last that `take` waits out; beyond it throws HostResting. Default: any length. */
  patienceSeconds?: number
}

/** What HostResting says of a host that somebody paused: nobody knows for how long. */
const pausedSeconds = 60

export function createBudget(pool: Pool, options: BudgetOptions = {}): Budget {
  const patience = options.patienceSeconds ?? Number.POSITIVE_INFINITY
  const lanes = new Map<string, Map<string, Turns>>()

  function laneOf(host: string, name: string, bounds: RateBounds): Turns {
    const ofHost = lanes.get(host) ?? new Map<string, Turns>()
    const known = ofHost.get(name)
    if (known) return known
    const lane = new Turns(async (wanted) => {
      const given = await lease(pool, host, name, bounds, wanted)
      const rests = given.paused ? pausedSeconds : given.blocked
      if (rests > patience) throw new HostResting(host, Math.ceil(rests))
      return given
    })
    lanes.set(host, ofHost.set(name, lane))
    return lane
  }

  function stop(host: string, seconds: number): void {
    for (const lane of lanes.get(host)?.values() ?? []) lane.stop(seconds)
  }

  return {
    take(host, lane, bounds, signal) {
      return laneOf(host, lane, bounds).take(signal)
    },
    async limited(host, seconds, status, fruitless = false) {
      const first = seconds ?? 1
      stop(host, first)
      const row = await complain<{ seconds: number | null }>(pool, limitedSql, [
        host,
        seconds,
        String(status),
        fruitless,
      ])
      const holds = Math.max(0.1, Math.ceil((row?.seconds ?? first) * 10) / 10)
      stop(host, holds)
      return holds
    },
    async refused(host) {
      await complain(pool, refusedSql, [host])
    },
  }
}

async function lease(pool: Pool, host: string, lane: string, bounds: RateBounds, wanted: number): Promise<Lease> {
  for (;;) {
    const [lease] = await query<Lease>(pool, leaseSql, [host, lane, wanted])
    if (lease) return lease
    await query(pool, firstSql, [host, lane, bounds.start, bounds.least, bounds.most, bounds.provider])
  }
}

/** Told again until Postgres has it, but holds up its request for ten seconds at most. */
async function complain<Row extends object>(pool: Pool, text: string, values: unknown[]): Promise<Row | undefined> {
  for (let waited = 0, pause = 0.25; ; waited += pause, pause *= 2) {
    try {
      return (await query<Row>(pool, text, values))[0]
    } catch (error) {
      if (!(error instanceof Away)) throw error
      if (waited + pause > 10) return undefined
      await new Promise((resolve) => setTimeout(resolve, pause * 1000))
    }
  }
}

async function query<Row extends object>(pool: Pool, text: string, values: unknown[]): Promise<Row[]> {
  // A connection whose other end vanished is given up after this long, and closed.
  const config: QueryConfig & { query_timeout: number } = { text, values, query_timeout: 5000 }
  try {
    return (await pool.query<Row & QueryResultRow>(config)).rows
  } catch (error) {
    throw isPassing(error, pool) ? new Away('Postgres is away', { cause: error }) : error
  }
}

/** Connections lost or refused, shutdown, start-up, failover, deadlock, too many clients; not mistakes in a statement. */
function isPassing(error: unknown, pool: Pool): boolean {
  if (error instanceof DatabaseError) return /^(08|25006|40|53|55P03|57|58)/.test(error.code ?? '')
  return !pool.ending
}

const firstSql = `
  insert into host_budgets (host, lane, rate, "least", most, tokens, refilled_at, updated_at, provider)
  values ($1, $2, greatest($4::float8, least($3::float8, $5::float8)), $4, $5, 1, now(), now(), $6)
  on conflict do nothing`

// The bucket holds half a second's tokens and one. A grant that empties it shows that all of the rate is in use: the
// rate grows by 5 % of `most` for each second since the last grant, but idle time does not count.
const leaseSql = `
  with seen as (
    select rate, tokens, paused or exists (select from provider_stops s where s.provider = host_budgets.provider) as paused,
      greatest(0, extract(epoch from now() - refilled_at)::float8) as elapsed,
      greatest(0, extract(epoch from blocked_until - now())::float8) as blocked
    from host_budgets where host = $1 and lane = $2 for update
  ), offer as (
    select *, least(tokens + rate * elapsed, 1 + rate * 0.5) as available from seen
  ), given as (
    select *, case when paused or blocked > 0 then 0
      else greatest(0, least($3::float8, floor(available), ceil(rate * ${sliceSeconds}))) end as granted
    from offer
  ), spent as (
    update host_budgets b set
      tokens = given.available - given.granted,
      refilled_at = greatest(b.refilled_at, now()),
      rate = case when given.available - given.granted >= 1 then b.rate
        else greatest(b.rate, least(b.most, b.rate + b.most * 0.05 * least(given.elapsed, greatest(1, 2 / b.rate)))) end
    from given where b.host = $1 and b.lane = $2 and given.granted > 0
  )
  select granted, available, rate, blocked, paused from given`

// Answers to requests that were under way when the block began are one complaint, not many: only the first halves.
const limitedSql = `
  with seen as (
    select host, lane,
      coalesce(blocked_until > now(), false) as blocked,
      extract(epoch from blocked_until - updated_at)::float8 as lasted
    from host_budgets where host = $1 order by lane for update
  ), verdict as (
    select host, lane, blocked, now() + make_interval(secs => case
      when $2::float8 is not null then $2::float8
      when blocked then 0
      when $4::boolean then least(240, greatest(1, 2 * lasted))
      else 1 end) as until
    from seen
  ), told as (
    update host_budgets b set
      rate = case when v.blocked then b.rate else greatest(b."least", b.rate / 2) end,
      tokens = 0,
      blocked_until = greatest(b.blocked_until, v.until),
      refilled_at = greatest(b.blocked_until, v.until),
      reason = $3,
      updated_at = case when v.blocked then b.updated_at else now() end
    from verdict v where b.host = v.host and b.lane = v.lane
    returning b.blocked_until
  )
  select max(extract(epoch from blocked_until - now()))::float8 as seconds from told`

const refusedSql = `
  update host_budgets set rate = greatest("least", rate / 2), reason = '403', updated_at = now()
  where host = $1 and (blocked_until is null or blocked_until <= now())
    and (reason is null or updated_at < now() - interval '1 second')`
