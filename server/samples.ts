import { sql } from 'drizzle-orm'
import type { House } from './house.ts'
import { clock } from './standing.ts'

/**
 * One sample per running run and five seconds, whoever comes first: the source of its rate, sparkline and remaining
 * time. Kept for a day after the run's end; the times of its stages are kept for good.
 */
export async function sampleRuns(house: House): Promise<void> {
  await house.db.execute(sql`
    insert into samples (run_id, at, found, stored, rendered, settled, bytes)
    select r.id, date_bin('5 seconds', now(), 'epoch'), coalesce(sum(g.total), 0), coalesce(sum(g.stored + g.rendered + g.published), 0),
      coalesce(sum(g.rendered + g.published), 0), coalesce(sum(g.rendered + g.published + g.skipped + g.failed), 0), coalesce(sum(g.bytes_stored), 0)
    from runs r join galleries g on g.run_id = r.id where r.state = 'running' group by r.id
    on conflict (run_id, at) do nothing`)
  await keepClocks(house)
  await forgetSamples(house)
}

/** What they told of the stages stays with the run (`server/snapshots-stages.ts`). */
async function forgetSamples(house: House): Promise<void> {
  await house.db.execute(sql`
    with gone as (
      delete from samples s using runs r where r.id = s.run_id and r.finished_at < now() - interval '1 day' returning s.*
    ), told as (
      select g.run_id, min(g.at) filter (where g.found > 0) as found, min(g.at) filter (where g.stored > 0) as stored,
        min(g.at) filter (where g.rendered > 0) as rendered,
        max(g.at) filter (where g.stored < t.stored + t.rendered) as storing, max(g.at) filter (where g.rendered < t.rendered) as rendering
      from gone g join runs r on r.id = g.run_id cross join lateral (
        select (r.totals->>'stored')::int as stored, (r.totals->>'rendered')::int + (r.totals->>'published')::int as rendered) t
      group by g.run_id
    )
    update runs r set marks = jsonb_strip_nulls(jsonb_build_object(
      'found', least(told.found, (r.marks->>'found')::timestamptz), 'stored', least(told.stored, (r.marks->>'stored')::timestamptz),
      'rendered', least(told.rendered, (r.marks->>'rendered')::timestamptz),
      'storing', greatest(told.storing, (r.marks->>'storing')::timestamptz),
      'rendering', greatest(told.rendering, (r.marks->>'rendering')::timestamptz)))
    from told where r.id = told.run_id`)
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
