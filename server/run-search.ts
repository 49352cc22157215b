// Runs found by what they are: state, kind, provider, client, staff, day, any text; counted by state, paged by keyset.
import { type FailingStep, runsFailedAt } from './failed-work.ts'
import type { House } from './house.ts'
import type { RunState } from './runs.ts'
import { runsAbout } from './search.ts'
import { type Stand, shouldMove, standsOf } from './stands.ts'
import { type RunRow, runRows } from './views.ts'
import { stalledNow } from './waits.ts'

type Searching = Pick<House, 'pool'>

export const runTabs = [
  'all',
  'attention',
  'planned',
  'moving',
  'paused',
  'done',
  'problems',
  'failed',
  'cancelled',
] as const
export type RunTab = (typeof runTabs)[number]

/** What each tab of the list holds, as SQL over `runs r`. A run among `stalled`, an array of ids, does not move. */
export function tabsWith(stalled: string): Record<RunTab, string> {
  const isStalled = `(r.state in ('surveying', 'running') and r.id = any(${stalled}::uuid[]))`
  return {
    all: 'true',
    attention: `(${needsYou('r')} or ${isStalled})`,
    planned: "r.state = 'planned'",
    moving: `(r.state in ('surveying', 'running') and not ${isStalled})`,
    paused: "r.state = 'paused'",
    done: "r.state = 'done'",
    problems: "r.state = 'done_with_problems'",
    failed: "r.state = 'failed'",
    cancelled: "r.state = 'cancelled'",
  }
}

/** How a list is ordered: each by a time and, among equal ones, by id. */
const orders = {
  newest: { column: 'created_at', direction: 'desc', beyond: '<', before: '>' },
  oldest: { column: 'created_at', direction: 'asc', beyond: '>', before: '<' },
  changed: { column: 'state_at', direction: 'desc', beyond: '<', before: '>' },
} as const

export type RunOrder = keyof typeof orders
export const runOrders = Object.keys(orders) as [RunOrder, ...RunOrder[]]

export interface RunQuery {
  tab?: RunTab
  kind?: 'migration' | 'upload'
  providers?: string[]
  clientId?: string
  /** E-mails of those who look after them. */
  staff?: string[]
  /** First and last day on which they were created, `YYYY-MM-DD`, in `zone` (IANA; UTC where absent). */
  from?: string
  to?: string
  zone?: string
  /** Where something of theirs failed and lies before a person. */
  failedAt?: FailingStep
  /** Anything: a name, an e-mail, an id, a gallery, a file name, an address at the provider. */
  text?: string
  order?: RunOrder
}

export interface FoundRun extends RunRow {
  stateBy: string | null
  stateAt: Date
  createdBy: string
  /** E-mail of who looks after it. */
  staff: string
  /** Galleries that need a look. */
  attention: number
  /** What keeps it from moving though it should. */
  stand: Stand | null
}

export interface RunPage {
  runs: FoundRun[]
  nextCursor: string | null
  /** Of the first row: what is new since is found by it. */
  top: string | null
}

/** A page of at most 200. */
export async function searchRuns(
  house: Searching,
  query: RunQuery,
  { cursor = null, limit = 100 }: { cursor?: string | null; limit?: number } = {},
): Promise<RunPage> {
  const { column, direction, beyond } = orders[query.order ?? 'newest']
  const found = await conditions(house, query)
  const after = cursor === null ? 'true' : `(r.${column}, r.id) ${beyond} ${found.place(cursor)}`
  const { rows } = await house.pool.query<{ id: string; cursor: string }>(
    `select r.id, ${microseconds(`r.${column}`)} || ' ' || r.id as cursor from ${runsOfSomebody}
     where ${found.tabs[query.tab ?? 'all']} and ${found.where} and ${after}
     order by r.${column} ${direction}, r.id ${direction} limit ${found.value(Math.min(limit, 200))}`,
    found.values,
  )
  const ids = rows.map((row) => row.id)
  const full = rows.length === Math.min(limit, 200)
  return {
    runs: await runsById(house, ids),
    nextCursor: full ? (rows.at(-1)?.cursor ?? null) : null,
    top: rows[0]?.cursor ?? null,
  }
}

export type RunCounts = Record<RunTab, number>

/** How many match, whatever the query's own tab: one number a tab. */
export async function countRuns(house: Searching, query: RunQuery): Promise<RunCounts> {
  const { tabs, where, values } = await conditions(house, query)
  const columns = runTabs.map((tab) => `count(*) filter (where ${tabs[tab]})::int as "${tab}"`)
  const { rows } = await house.pool.query<RunCounts>(
    `select ${columns.join(', ')} from ${runsOfSomebody} where ${where}`,
    values,
  )
  return rows[0]!
}

/** How many stand before `top` (of a page in the same order) by now. */
export async function freshRuns(house: Searching, query: RunQuery, top: string): Promise<number> {
  const { column, before } = orders[query.order ?? 'newest']
  const found = await conditions(house, query)
  const { rows } = await house.pool.query<{ fresh: number }>(
    `select count(*)::int as fresh from ${runsOfSomebody}
     where ${found.tabs[query.tab ?? 'all']} and ${found.where} and (r.${column}, r.id) ${before} ${found.place(top)}`,
    found.values,
  )
  return rows[0]!.fresh
}

/** Every run that matches, in the order of the list; at most `limit`. */
export async function matchingRuns(
  house: Searching,
  query: RunQuery,
  limit: number,
): Promise<{ id: string; state: RunState }[]> {
  const { column, direction } = orders[query.order ?? 'newest']
  const { tabs, where, values, value } = await conditions(house, query)
  const { rows } = await house.pool.query<{ id: string; state: RunState }>(
    `select r.id, r.state from ${runsOfSomebody} where ${tabs[query.tab ?? 'all']} and ${where}
     order by r.${column} ${direction}, r.id ${direction} limit ${value(limit)}`,
    values,
  )
  return rows
}

/** In the order of `ids`; those that are gone are left out. */
export async function runsById(house: Searching, ids: string[]): Promise<FoundRun[]> {
  if (ids.length === 0) return []
  const { rows } = await house.pool.query<FoundRun>(
    `select row.*, r.state_by as "stateBy", r.state_at as "stateAt", r.created_by as "createdBy",
       coalesce(r.assigned_to, r.created_by) as staff,
       (select count(*)::int from galleries g where g.run_id = r.id and g.state = 'attention' and g.deletion_id is null) as attention
     from (${runRows} where r.id = any($1) and c.deletion_id is null) row join runs r on r.id = row.id
     order by array_position($1, r.id)`,
    [ids],
  )
  const stands = await standsOf(
    house,
    rows.flatMap(({ id, state }) => (shouldMove(state) ? [id] : [])),
  )
  return rows.map((row) => ({ ...row, stand: stands.get(row.id) ?? null }))
}

export interface HomeView {
  attention: { runs: FoundRun[]; count: number }
  moving: { runs: FoundRun[]; count: number }
  /** Ended since then, without those that need a look. */
  finished: { runs: FoundRun[]; count: number }
}

const homeRows = 20

/** What needs a person, what moves, and what has ended since `since`: the newest of each. */
export async function home(house: Searching, since: Date): Promise<HomeView> {
  const stalled = await stalledNow(house)
  const { attention: waits, moving: moves } = tabsWith('$1')
  const [attention, moving, finished] = await Promise.all([
    // Who stands still comes first, then what may be started.
    homeGroup(
      house,
      waits,
      "not (r.state = 'blocked' or r.id = any($1::uuid[])), r.state = 'planned', r.state_at desc, r.id desc",
      [stalled],
    ),
    homeGroup(house, `${moves} and not ${waits}`, 'r.state_at desc, r.id desc', [stalled]),
    homeGroup(
      house,
      `r.state_at >= $2 and r.finished_at >= $2 and r.state in ('done', 'done_with_problems', 'failed', 'cancelled') and not ${waits}`,
      'r.state_at desc, r.id desc',
      [stalled, since],
    ),
  ])
  return { attention, moving, finished }
}

async function homeGroup(house: Searching, where: string, order: string, values: unknown[]) {
  const { rows } = await house.pool.query<{ id: string; count: number }>(
    `select r.id, (count(*) over ())::int as count from ${runsOfSomebody} where ${where} order by ${order} limit ${homeRows}`,
    values,
  )
  return {
    runs: await runsById(
      house,
      rows.map((row) => row.id),
    ),
    count: rows[0]?.count ?? 0,
  }
}

/**
 * SQL: somebody has to start it, answer it or look at it. What ended with failures stays so until it is tried again or a
 * later run of the same account has taken its place.
 */
function needsYou(run: string): string {
  const ended = `${run}.state = 'failed' or (${run}.state = 'done_with_problems' and coalesce((${run}.totals->>'failed')::int, 1) > 0)`
  return `(${run}.state in ('blocked', 'planned')
    or (${run}.state = 'running' and exists (
      select from galleries a where a.run_id = ${run}.id and a.state = 'attention' and a.deletion_id is null))
    or ((${ended}) and not exists (
      select from runs later where later.source_id = ${run}.source_id and later.created_at > ${run}.created_at)))`
}

const runsOfSomebody =
  'runs r join clients c on c.id = r.client_id and c.deletion_id is null left join sources s on s.id = r.source_id'

const microseconds = (column: string) => `(extract(epoch from ${column}) * 1000000)::int8`

interface Conditions {
  tabs: Record<RunTab, string>
  where: string
  values: unknown[]
  /** Adds one more; returns its placeholder. */
  value(one: unknown): string
  /** A cursor as the row `(time, id)`. */
  place(cursor: string): string
}

async function conditions(house: Searching, query: RunQuery): Promise<Conditions> {
  const values: unknown[] = []
  const value = (one: unknown) => `$${values.push(one)}`
  const stalled = value(await stalledNow(house))
  // Named whatever the tab is: each value has its place in the statement.
  const all = [`${stalled}::uuid[] is not null`]
  if (query.kind) all.push(`r.kind = ${value(query.kind)}`)
  if (query.providers) all.push(`s.provider = any(${value(query.providers)}::text[])`)
  if (query.clientId) all.push(`r.client_id = ${value(query.clientId)}`)
  if (query.staff) all.push(`coalesce(r.assigned_to, r.created_by) = any(${value(query.staff)}::text[])`)
  const day = (written: string, plus: number) =>
    `(${value(written)}::date + ${plus})::timestamp at time zone ${value(query.zone ?? 'UTC')}`
  if (query.from) all.push(`r.created_at >= ${day(query.from, 0)}`)
  if (query.to) all.push(`r.created_at < ${day(query.to, 1)}`)
  if (query.failedAt) all.push(`r.id in (${runsFailedAt(query.failedAt)})`)
  if (query.text?.trim()) {
    const { clientIds, runIds } = await runsAbout(house, query.text)
    all.push(`(r.client_id = any(${value(clientIds)}::uuid[]) or r.id = any(${value(runIds)}::uuid[]))`)
  }
  const place = (cursor: string) => {
    const [time, id] = cursor.split(' ')
    return `(timestamptz 'epoch' + ${value(time)}::int8 * interval '1 microsecond', ${value(id)}::uuid)`
  }
  return { tabs: tabsWith(stalled), where: all.join(' and '), values, value, place }
}
