// A run is taken up again: what failed in it is tried once more, what is finished is not repeated.
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { recordAudit } from './audit.ts'
import { recordEvent } from './events.ts'
import type { Actor, House } from './house.ts'
import { announce } from './live.ts'
import { notFound, Refusal } from './refusal.ts'
import { enterState, goOn, lockRun, type RunFacts, wrongState } from './runs.ts'

export interface RetryFilter {
  code?: string
  galleryId?: number
  photoPublicIds?: string[]
  /**
   * Absent: each goes on where it stopped. `copy` fetches anew also what is here; `render` takes only what is here; `verify`
   * touches no photo and holds galleries against the provider once more.
   */
  from?: 'copy' | 'render' | 'verify'
  /** For the next hour what fails is kept with the requests that led there. */
  capture?: boolean
}

/** Failed photos (all, of one cause, of one gallery, or named ones) are tried again; finished ones are not repeated. */
export async function retryRun(
  house: House,
  actor: Actor,
  runId: string,
  filter: RetryFilter = {},
): Promise<{ retried: number; galleries: number }> {
  const result = await house.db.transaction(async (tx) => {
    const run = await lockRun(tx, runId)
    if (run.hidden) throw notFound('run')
    if (run.state === 'cancelled' || run.state === 'planned') throw wrongState(run.state, 'be retried')
    const anew = filter.from === 'copy'
    const which = { copy: sql`true`, render: sql`sha256 is not null`, verify: sql`false` }[filter.from ?? 'copy']
    const { rows } = await tx.execute<{ retried: number; galleries: number }>(sql`
      with locked as (
        select id, case when ${anew} then null else sha256 end as sha256, case when ${anew} then coalesce(bytes, 0) else 0 end as dropped
        from photos where run_id = ${runId} and code is not null and state = 'failed' and ${which}
          and (${filter.code ?? null}::text is null or code = ${filter.code ?? null})
          and (${filter.galleryId ?? null}::int8 is null or gallery_id = ${filter.galleryId ?? null})
          and (${filter.photoPublicIds ? sql.param(filter.photoPublicIds) : null}::uuid[] is null
            or public_id = any(${filter.photoPublicIds ? sql.param(filter.photoPublicIds) : null}::uuid[]))
        order by id for update
      ), changed as (
        update photos p set attempts = 0, code = null, step = null, job_id = null, next_try_at = null,
          state = case when l.sha256 is null then 'listed' else 'stored' end::photo_state,
          replaced_sha256 = case when l.sha256 is null then coalesce(p.sha256, p.replaced_sha256) else p.replaced_sha256 end,
          sha256 = l.sha256, bytes = case when l.sha256 is null then null else p.bytes end
        from locked l where p.id = l.id returning p.gallery_id, p.state, l.dropped
      ), counted as (
        update galleries g set failed = g.failed - m.n, listed = g.listed + m.listed, stored = g.stored + m.n - m.listed,
          bytes_stored = g.bytes_stored - m.dropped, state = 'copying', code = null, verified_at = null, tries = 0
        from (select gallery_id, count(*)::int as n, count(*) filter (where state = 'listed')::int as listed,
            sum(dropped)::int8 as dropped from changed group by gallery_id) m
        where g.id = m.gallery_id returning m.n
      ) select coalesce(sum(n), 0)::int as retried, count(*)::int as galleries from counted`)
    // Galleries that could not be listed, or did not agree at the end, are looked at again.
    const again = filter.photoPublicIds
      ? { rows: [] }
      : await tx.execute(sql`
          update galleries set state = 'copying', code = null, tries = 0
          where run_id = ${runId} and state = 'attention' and (${filter.galleryId ?? null}::int8 is null or id = ${filter.galleryId ?? null})
            and (${filter.code ?? null}::text is null or code = ${filter.code ?? null}) and failed = 0 and deletion_id is null
          returning id`)
    const { retried } = rows[0]!
    const galleries = rows[0]!.galleries + again.rows.length
    if (galleries > 0 && (run.state === 'done' || run.state === 'done_with_problems' || run.state === 'failed'))
      await reopenRun(tx, run, actor)
    if (filter.capture)
      await tx.execute(sql`update runs set capture_until = now() + interval '1 hour' where id = ${runId}`)
    await recordEvent(tx, runId, actor, 'retried', { ...filter, retried, kept: await finishedPhotos(tx, runId) })
    await goOn(tx, house, runId)
    await recordAudit(tx, actor, 'run.retry', runId, { ...filter, retried }, run.clientId)
    return { retried, galleries }
  })
  announce(house, runId)
  return result
}

/** What is not repeated. */
async function finishedPhotos(tx: Tx, runId: string): Promise<number> {
  const { rows } = await tx.execute<{ n: number }>(
    sql`select coalesce(sum(rendered + published), 0)::int as n from galleries where run_id = ${runId}`,
  )
  return rows[0]!.n
}

/** A run that had come to its end moves again. Throws Refusal `other_run_open`. */
export async function reopenRun(tx: Tx, run: RunFacts, actor: Actor): Promise<void> {
  await refuseSecond(tx, run)
  await enterState(tx, run.id, 'running', actor)
  await tx.execute(sql`
    update runs set waited_seconds = waited_seconds + coalesce(extract(epoch from now() - finished_at), 0),
      finished_at = null, totals = null where id = ${run.id}`)
}

/** A source has one open run. */
async function refuseSecond(tx: Tx, run: RunFacts): Promise<void> {
  if (!run.sourceId) return
  await tx.execute(sql`select from sources where id = ${run.sourceId} for update`)
  const { rows } = await tx.execute(sql`
    select from runs where source_id = ${run.sourceId} and id <> ${run.id} and state in ('surveying', 'planned', 'running', 'paused', 'blocked')`)
  if (rows.length > 0)
    throw new Refusal('other_run_open', 409, 'Another run of this account is open: retry when it has ended.')
}
