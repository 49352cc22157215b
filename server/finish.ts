// How a run comes to its end by itself.
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { tellClient } from './client-mails.ts'
import { coveredBy } from './coverage.ts'
import { recordEvent } from './events.ts'
import { clock, worksUnsigned } from './standing.ts'

/**
 * Taken by workers before they bring a gallery of the run to its end, as the verbs do: of two that finish the last
 * galleries at once, the second sees what the first one did.
 */
export async function holdRun(tx: Tx, runId: string): Promise<void> {
  await tx.execute(sql`select from runs where id = ${runId} for no key update`)
}

/** Done when every gallery has come to its end; with problems where something failed, was skipped or needs a look. */
export async function finishIfSettled(tx: Tx, runId: string): Promise<boolean> {
  await holdRun(tx, runId)
  const { rows } = await tx.execute<{ open: boolean; troubled: boolean }>(sql`
    select coalesce(bool_or(state not in ('published', 'attention') or listed > 0 or stored > 0), false) as open,
      coalesce(bool_or(state = 'attention' or failed > 0 or skipped > 0), false) as troubled
    from galleries where run_id = ${runId}`)
  const { open, troubled } = rows[0]!
  if (open) return false
  const done = await tx.execute(sql`
    update runs set state = ${troubled ? 'done_with_problems' : 'done'}::run_state, state_by = 'worker', state_at = now(), code = null,
      todo = null, resume_to = null, finished_at = now(), ${clock.works}
    where id = ${runId} and ${sql.raw(worksUnsigned('runs'))} returning id`)
  if (done.rows.length === 0) return false
  await publishRest(tx, runId)
  await freeze(tx, runId)
  await recordEvent(tx, runId, 'worker', 'finished', { troubled })
  await tellClient(tx, runId, 'done')
  return true
}

/** Photos of galleries that came to no reconciliation: they are safe and ready, whatever else their gallery lacks. */
async function publishRest(tx: Tx, runId: string): Promise<void> {
  await tx.execute(sql`
    with changed as (
      update photos p set state = 'published', job_id = null from galleries g
      where g.run_id = ${runId} and g.rendered > 0 and p.gallery_id = g.id and p.state = 'rendered' returning p.gallery_id
    )
    update galleries g set rendered = g.rendered - m.n, published = g.published + m.n
    from (select gallery_id, count(*)::int as n from changed group by gallery_id) m where g.id = m.gallery_id`)
}

/** A run's totals as they stand at its end: a later run may take its galleries over. */
export async function freeze(tx: Tx, runId: string): Promise<void> {
  await tx.execute(sql`
    update runs set totals = (
      select jsonb_build_object('galleries', count(*), 'found', coalesce(sum(total), 0), 'stored', coalesce(sum(stored), 0),
        'rendered', coalesce(sum(rendered), 0), 'published', coalesce(sum(published), 0), 'skipped', coalesce(sum(skipped), 0),
        'failed', coalesce(sum(failed), 0), 'degraded', coalesce(sum(degraded), 0), 'bytes', coalesce(sum(bytes_stored), 0))
      from galleries where id = ${sql.raw(coveredBy('runs.id'))}), finished_at = coalesce(finished_at, now())
    where id = ${runId}`)
}
