// The clients of the house: found by name and e-mail, counted by what they need, by name and keyset.
import type { House } from './house.ts'
import { tabsWith as runTabsWith } from './run-search.ts'
import type { RunState } from './runs.ts'
import { type Stand, standsOf } from './stands.ts'
import { stalledNow } from './waits.ts'

export const clientTabs = ['all', 'attention', 'moving', 'none'] as const
export type ClientTab = (typeof clientTabs)[number]

/** What each tab of the list holds, as SQL over `clients c`; `stalled` is an array of ids of runs. */
function tabsWith(stalled: string): Record<ClientTab, string> {
  const runs = runTabsWith(stalled)
  const aRun = (which: string) => `exists (select from runs r where r.client_id = c.id and ${which})`
  return {
    all: 'true',
    attention: `(${aRun(runs.attention)}
      or exists (select from sources s where s.client_id = c.id and s.health in ('refused', 'challenge')))`,
    moving: aRun(runs.moving),
    none: `not ${aRun('true')}`,
  }
}

export interface ClientQuery {
  tab?: ClientTab
  /** In the name or the e-mail. */
  text?: string
}

export interface FoundClient {
  id: string
  name: string
  email: string | null
  createdAt: Date
  sources: number
  runs: number
  lastRun: { id: string; state: RunState; at: Date; stand: Stand | null } | null
  needsYou: boolean
}

export interface ClientPageOf {
  clients: FoundClient[]
  nextCursor: string | null
  /** Of the text alone, by tab; on the first page. */
  counts: Record<ClientTab, number> | null
}

/** By name. A page of at most 200. */
export async function searchClients(
  house: Pick<House, 'pool'>,
  query: ClientQuery,
  { cursor = null, limit = 100 }: { cursor?: string | null; limit?: number } = {},
): Promise<ClientPageOf> {
  const text = query.text?.trim() ? `%${query.text.trim().replace(/[\\%_]/g, '\\$&')}%` : null
  const matching = 'c.deletion_id is null and ($1::text is null or c.name ilike $1 or c.email ilike $1)'
  const stalled = await stalledNow(house)
  const tabs = tabsWith('$2')
  const page = house.pool.query<FoundClient>(
    `select c.id, c.name, c.email, c.created_at as "createdAt",
       (select count(*)::int from sources s where s.client_id = c.id) as sources,
       (select count(*)::int from runs r where r.client_id = c.id) as runs,
       (select json_build_object('id', r.id, 'state', r.state, 'at', r.state_at) from runs r
          where r.client_id = c.id order by r.created_at desc limit 1) as "lastRun",
       ${tabs.attention} as "needsYou"
     from (select * from clients c where ${matching} and ${tabs[query.tab ?? 'all']}
       and ($3::uuid is null or (lower(c.name), c.id) > (select lower(name), id from clients where id = $3))
       order by lower(c.name), c.id limit $4) c order by lower(c.name), c.id`,
    [text, stalled, cursor, Math.min(limit, 200)],
  )
  const columns = clientTabs.map((tab) => `count(*) filter (where ${tabs[tab]})::int as "${tab}"`)
  const counts =
    cursor === null
      ? house.pool.query<Record<ClientTab, number>>(`select ${columns.join(', ')} from clients c where ${matching}`, [
          text,
          stalled,
        ])
      : null
  const { rows } = await page
  const stands = await standsOf(
    house,
    rows.flatMap(({ lastRun }) => lastRun?.id ?? []),
  )
  const withStand = (last: NonNullable<FoundClient['lastRun']>) => ({
    ...last,
    at: new Date(last.at),
    stand: stands.get(last.id) ?? null,
  })
  return {
    clients: rows.map((row) => ({ ...row, lastRun: row.lastRun && withStand(row.lastRun) })),
    nextCursor: rows.length === Math.min(limit, 200) ? (rows.at(-1)?.id ?? null) : null,
    counts: (await counts)?.rows[0] ?? null,
  }
}
