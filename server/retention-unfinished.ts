// Uploads that nobody goes on with: after the client's days without a sign of their sender, what was announced and never
// came is left out, and the run ends with what is here. Whoever announces the files again goes on with them.
import type { House } from './house.ts'
import { log } from './log.ts'
import { finishWithout } from './manifests/announce.ts'
import { houseRetention } from './retention.ts'
import { cancelRun } from './runs.ts'

/** Returns how many runs were ended. Paused ones wait for whoever paused them. */
export async function endUnfinished(house: House): Promise<number> {
  const { rows } = await house.pool.query<{ id: string; complete: boolean }>(
    // A run that moves is sampled every few seconds: the newest sample that differs from the last is its last sign.
    `select r.id, m.complete_at is not null as complete
     from runs r join manifests m on m.run_id = r.id left join retention t on t.client_id = r.client_id
     where r.state in ('planned', 'running')
       and r.state_at < now() - coalesce(t.unfinished_after, $1) * interval '1 day'
       and (m.complete_at is null or exists (select from galleries g where g.run_id = r.id and g.listed > 0))
       and not exists (
         select from samples s cross join lateral (
           select l.found, l.settled, l.stored from samples l where l.run_id = r.id order by l.at desc limit 1
         ) l where s.run_id = r.id and (s.found, s.settled, s.stored) is distinct from (l.found, l.settled, l.stored)
           and s.at > now() - coalesce(t.unfinished_after, $1) * interval '1 day')
     order by r.state_at limit 100`,
    [houseRetention.unfinishedAfter],
  )
  let ended = 0
  for (const { id, complete } of rows) {
    try {
      if (complete) await finishWithout(house, 'worker', id)
      else await cancelRun(house, 'worker', id, 'Its list of files was never finished.')
      ended += 1
    } catch (error) {
      log.warn({ run: id, err: (error as Error).message }, 'unfinished upload')
    }
  }
  return ended
}
