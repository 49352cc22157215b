import { sql } from 'drizzle-orm'
import type { House } from './house.ts'
import { clock } from './standing.ts'

/**
 * One sample per running run and five seconds, whoever comes first: the source of its rate, sparkline and remaining
 * time. Kept for a day after the run's end.
 */
export async function sampleRuns(house: House): Promise<void> {
  await house.db.execute(sql`
    insert into samples (run_id, at, found, stored, rendered, settled, bytes)
    select r.id, date_bin('5 seconds', now(), 'epoch'), coalesce(sum(g.total), 0), coalesce(sum(g.stored + g.rendered + g.published), 0),
      coalesce(sum(g.rendered + g.published), 0), coalesce(sum(g.rendered + g.published + g.skipped + g.failed), 0), coalesce(sum(g.bytes_stored), 0)
    from runs r join galleries g on g.run_id = r.id where r.state = 'running' group by r.id
    on conflict (run_id, at) do nothing`)
  await keepClocks(house)
  await house.db.execute(sql`
    delete from samples s using runs r where r.id = s.run_id and r.finished_at < now() - interval '1 day'`)
}

/** A run of which nothing is left but what the provider is bringing back waits; it works again with the first that comes. */
async function keepClocks(house: House): Promise<void> {
  const changed = (stands: boolean) => sql`
    where state = 'running' and waits_since is ${sql.raw(stands ? 'null' : 'not null')} and ${sql.raw(stands ? '' : 'not')} (
      exists (select from galleries g where g.run_id = runs.id and g.state = 'waiting')
      and not exists (select from galleries g where g.run_id = runs.id and g.state in ('found', 'planned', 'copying', 'verified')))`
  await house.db.execute(sql`update runs set ${clock.waits} ${changed(true)}`)
  await house.db.execute(sql`update runs set ${clock.works} ${changed(false)}`)
}
