// How well hosts answer: what became of every request, by the minute. Workers count in memory and add up in the table.
import type { House } from './house.ts'

/** The nth answer-time class reaches up to 10 × 1.5ⁿ ms; the last one holds all that is longer (22 s). */
const classes = 20
const reachOf = (n: number) => 10 * 1.5 ** n

export interface Answered {
  host: string
  lane: string
  provider: string | undefined
  /** null: none came. */
  status: number | null
  /** It asked for a rest: 429, or another status that says for how long. */
  isLimited: boolean
  milliseconds: number
}

export interface HostRecord {
  note(answered: Answered): void
  /** Adds what was noted since the last time; where the database is away it is kept for the next. */
  flush(): Promise<void>
}

interface Minute {
  host: string
  lane: string
  minute: string
  provider: string | null
  requests: number
  limited: number
  refused: number
  failed: number
  took: number[]
}

export function createHostRecord(house: Pick<House, 'pool'>): HostRecord {
  let counted = new Map<string, Minute>()
  return {
    note({ host, lane, provider, status, isLimited, milliseconds }) {
      const minute = new Date(Math.floor(Date.now() / 60_000) * 60_000).toISOString()
      const key = `${host} ${lane} ${minute}`
      const none = { requests: 0, limited: 0, refused: 0, failed: 0 }
      const of = counted.get(key) ?? { host, lane, minute, provider: provider ?? null, ...none, took: [] }
      counted.set(key, of)
      of.requests++
      if (isLimited) of.limited++
      else if (status === 403) of.refused++
      else if (status === null || status >= 500) of.failed++
      if (status === null) return
      const n = Math.min(classes - 1, Math.max(0, Math.ceil(Math.log(milliseconds / 10) / Math.log(1.5))))
      while (of.took.length < classes) of.took.push(0)
      of.took[n]!++
    },
    async flush() {
      if (counted.size === 0) return
      const minutes = counted
      counted = new Map()
      try {
        await house.pool.query(addSql, [JSON.stringify([...minutes.values()])])
      } catch (error) {
        for (const [key, minute] of minutes) {
          const later = counted.get(key)
          counted.set(key, later ? sumOf(later, minute) : minute)
        }
        throw error
      }
    },
  }
}

const keptDays = 7

/** Minutes of a week ago are forgotten. */
export async function sweepHostMinutes(house: Pick<House, 'pool'>): Promise<void> {
  await house.pool.query('delete from host_minutes where minute < now() - make_interval(days => $1)', [keptDays])
}

export interface Standing {
  provider: string
  requests: number
  limited: number
  refused: number
  failed: number
  /** Half of the answers began within so many milliseconds; null: there was none. */
  medianMilliseconds: number | null
}

/** How each provider answered within the last hour; one that was not asked is not there. */
export async function standings(house: Pick<House, 'pool'>): Promise<Standing[]> {
  const { rows } = await house.pool.query<Omit<Standing, 'medianMilliseconds'> & { took: number[] | null }>(`
    with lately as (select * from host_minutes where minute > now() - interval '1 hour' and provider is not null)
    select l.provider, sum(l.requests)::int as requests, sum(l.limited)::int as limited, sum(l.refused)::int as refused,
      sum(l.failed)::int as failed,
      (select array_agg(n order by i) from (
        select u.i, sum(u.n)::int as n from lately t, unnest(t.took) with ordinality u(n, i) where t.provider = l.provider group by u.i) by_class) as took
    from lately l group by l.provider`)
  return rows.map(({ took, ...row }) => ({ ...row, medianMilliseconds: medianOf(took ?? []) }))
}

export interface BudgetHistory {
  /** By five minutes, the oldest first: the lowest rate that was allowed, and how often it complained. */
  points: { at: Date; rate: number | null; requests: number; complaints: number }[]
  /** By hand, the newest first. */
  changes: { at: Date; actor: string; data: Record<string, unknown> }[]
}

/** Of one lane of one host, over the last day. */
export async function budgetHistory(house: Pick<House, 'pool'>, host: string, lane: string): Promise<BudgetHistory> {
  const [points, changes] = await Promise.all([
    house.pool.query<BudgetHistory['points'][number]>(
      `select date_bin('5 minutes', minute, 'epoch') as at, min(rate) as rate, sum(requests)::int as requests,
         sum(limited + refused)::int as complaints
       from host_minutes where host = $1 and lane = $2 and minute > now() - interval '1 day' group by 1 order by 1`,
      [host, lane],
    ),
    house.pool.query<BudgetHistory['changes'][number]>(
      `select at, actor, data from audit where subject = $1 and act = 'host.set' and coalesce(data->>'lane', $2) = $2
       order by at desc, id desc limit 10`,
      [host, lane],
    ),
  ])
  return { points: points.rows, changes: changes.rows }
}

/** Between the bounds of the class that holds the middle one. */
function medianOf(took: number[]): number | null {
  const all = took.reduce((sum, n) => sum + n, 0)
  if (all === 0) return null
  let before = 0
  for (const [n, count] of took.entries()) {
    if (before + count >= all / 2) {
      const from = n === 0 ? 0 : reachOf(n - 1)
      return Math.round(from + (reachOf(n) - from) * ((all / 2 - before) / count))
    }
    before += count
  }
  return Math.round(reachOf(classes - 1))
}

function sumOf(a: Minute, b: Minute): Minute {
  const took = Array.from(
    { length: Math.max(a.took.length, b.took.length) },
    (_, i) => (a.took[i] ?? 0) + (b.took[i] ?? 0),
  )
  return {
    ...a,
    requests: a.requests + b.requests,
    limited: a.limited + b.limited,
    refused: a.refused + b.refused,
    failed: a.failed + b.failed,
    took,
  }
}

/** Rows in one order, so that two workers never wait for each other. */
const addSql = `
  insert into host_minutes as t (host, lane, minute, provider, requests, limited, refused, failed, took, rate)
  select m.host, m.lane, m.minute, m.provider, m.requests, m.limited, m.refused, m.failed, m.took,
    (select b.rate from host_budgets b where b.host = m.host and b.lane = m.lane)
  from jsonb_to_recordset($1::jsonb) as m(host text, lane text, minute timestamptz, provider text, requests int, limited int, refused int, failed int, took int[])
  order by m.host, m.lane, m.minute
  on conflict (host, lane, minute) do update set provider = coalesce(t.provider, excluded.provider),
    requests = t.requests + excluded.requests, limited = t.limited + excluded.limited, refused = t.refused + excluded.refused,
    failed = t.failed + excluded.failed, rate = least(t.rate, excluded.rate),
    took = (select coalesce(array_agg(coalesce(a, 0) + coalesce(b, 0) order by i), '{}') from unnest(t.took, excluded.took) with ordinality u(a, b, i))`
