// How each provider stands: whether we are signed in to its accounts, and what its runs wait for.
import { type Standing, standings } from './host-minutes.ts'
import type { House } from './house.ts'
import { type ProviderStop, providerStops } from './provider-stops.ts'
import { type ProviderId, providerIds, providers } from './providers.ts'
import type { Health } from './sources.ts'

export interface ProviderHealth {
  id: ProviderId
  title: string
  sources: number
  /** Sources by how their last sign-in went. */
  health: Partial<Record<Health, number>>
  /** Runs that move, and those that wait for a person. */
  running: number
  blocked: number
  /** Sessions that only a person can renew and that end within half an hour, or should have ended. */
  ending: number
  /** Galleries that it is bringing back from its archive. */
  thawing: number
  /** Of the last hour; null where it was asked for nothing. */
  answered: Omit<Standing, 'provider'> | null
  /** Who has stopped it; null: it is asked. */
  stopped: ProviderStop | null
}

export async function listProviders(house: Pick<House, 'pool'>): Promise<ProviderHealth[]> {
  const [lately, stops, { rows }] = await Promise.all([
    standings(house),
    providerStops(house),
    house.pool.query<Omit<ProviderHealth, 'title' | 'answered' | 'stopped'>>(standingSql),
  ])
  const known = new Map(rows.map((row) => [row.id, row]))
  const answers = new Map(lately.map(({ provider, ...answered }) => [provider, answered]))
  return providerIds.map((id) => ({
    ...{ sources: 0, health: {}, running: 0, blocked: 0, ending: 0, thawing: 0 },
    ...known.get(id),
    id,
    title: providers[id].title,
    answered: answers.get(id) ?? null,
    stopped: stops.get(id) ?? null,
  }))
}

const standingSql = `
    select s.provider as id, sum(s.n)::int as sources, json_object_agg(s.health, s.n) as health, sum(s.ending)::int as ending,
      (select count(*)::int from runs r join sources o on o.id = r.source_id where o.provider = s.provider and r.state = 'running') as running,
      (select count(*)::int from runs r join sources o on o.id = r.source_id where o.provider = s.provider and r.state = 'blocked') as blocked,
      (select count(*)::int from galleries g join runs r on r.id = g.run_id join sources o on o.id = r.source_id
       where g.state = 'waiting' and r.finished_at is null and o.provider = s.provider) as thawing
    from (
      select provider, health, count(*) as n, count(*) filter (where session_ends_at < now() + interval '30 minutes'
        and exists (select from runs r where r.source_id = sources.id and r.finished_at is null)) as ending
      from sources group by provider, health
    ) s group by s.provider`
