// Choosing and repeating: which galleries of a plan are taken, and a run that looks an account through again.
import { sql } from 'drizzle-orm'
import { recordAudit } from './audit.ts'
import { type ComparedGallery, type Difference, reasonWords } from './differences.ts'
import { recordEvent } from './events.ts'
import type { Actor, House } from './house.ts'
import { jsonb } from './jsonb.ts'
import { announce } from './live.ts'
import { planTotals } from './plans.ts'
import { notFound, Refusal } from './refusal.ts'
import { lockRun, openMigration, openStates, wrongState } from './runs.ts'

/**
 * A new run over the account of an earlier one, with its renditions: its plan says what is new, changed, moved or gone
 * since. Of a source the run that moved it last counts. What was left out of that run stays out unless chosen.
 * Throws Refusal `not_found`, `no_account`, `nothing_moved`.
 */
export async function checkForChanges(
  house: House,
  actor: Actor,
  of: { runId: string } | { sourceId: string },
  options: { autoStart: boolean },
): Promise<{ id: string; existed: boolean }> {
  const { rows } = await house.pool.query<{ id: string; sourceId: string | null; renditions: Record<string, unknown> }>(
    `select id, source_id as "sourceId", renditions from runs where ${'runId' in of ? 'id = $1' : 'source_id = $1 and started_at is not null'}
     order by created_at desc limit 1`,
    ['runId' in of ? of.runId : of.sourceId],
  )
  const earlier = rows[0]
  if (!earlier && 'runId' in of) throw notFound('run')
  if (!earlier)
    throw new Refusal('nothing_moved', 409, 'Nothing of this account has been moved yet: start a migration first.')
  const { id, sourceId, renditions } = earlier
  if (!sourceId) throw new Refusal('no_account', 409, 'An upload has no account that could have changed.')
  const names = Object.keys(renditions)
  return openMigration(house, actor, { sourceId, renditions, deltaOf: id, autoStart: options.autoStart }, names)
}

/** The run to repeat by source: the one that was started last; none where one is open. */
export async function lastRuns(house: House, clientId: string): Promise<Record<string, string>> {
  const { rows } = await house.pool.query<{ sourceId: string; id: string }>(
    `select distinct on (source_id) source_id as "sourceId", id from runs
     where client_id = $1 and source_id is not null and started_at is not null
       and source_id not in (select source_id from runs where client_id = $1 and source_id is not null and state = any($2))
     order by source_id, created_at desc`,
    [clientId, openStates],
  )
  return Object.fromEntries(rows.map(({ sourceId, id }) => [sourceId, id]))
}

/**
 * Takes only these galleries of a plan, or all. The plan counts anew. Throws Refusal `wrong_state` once it is started,
 * `unknown_gallery`, `nothing_chosen`.
 */
export async function chooseGalleries(house: House, actor: Actor, runId: string, refs: string[] | null): Promise<void> {
  await house.db.transaction(async (tx) => {
    const run = await lockRun(tx, runId)
    if (run.state !== 'planned') throw wrongState(run.state, 'have its galleries chosen')
    const { rows } = await tx.execute<{ ref: string }>(
      sql`select ref from run_galleries where run_id = ${runId} and difference <> 'gone'`,
    )
    const there = new Set(rows.map(({ ref }) => ref))
    const chosen = refs && new Set(refs)
    if (chosen?.size === 0) throw new Refusal('nothing_chosen', 422, 'Choose at least one gallery.')
    const unknown = chosen && [...chosen].filter((ref) => !there.has(ref))
    if (unknown && unknown.length > 0)
      throw new Refusal('unknown_gallery', 422, `The account has no gallery ${unknown.slice(0, 10).join(', ')}.`)
    const some = chosen && chosen.size < there.size ? [...chosen] : null
    await tx.execute(sql`
      update run_galleries set chosen = c.chosen from (
        select ref as r, ${some ? sql`ref = any(${sql.param(some)}::text[])` : sql`true`} as chosen from run_galleries where run_id = ${runId}
      ) c where run_id = ${runId} and ref = c.r and run_galleries.chosen <> c.chosen and difference <> 'gone'`)
    const totals = await planTotals(tx, runId, run.account)
    await tx.execute(sql`
      update runs set only_refs = ${some && jsonb(some)}::jsonb, plan = plan || ${jsonb(totals)}::jsonb where id = ${runId}`)
    await recordEvent(tx, runId, actor, 'chosen', { galleries: totals.galleries, of: totals.accountGalleries })
    await recordAudit(tx, actor, 'run.choose', runId, { galleries: totals.galleries }, run.clientId)
  })
  announce(house, runId)
}

export interface PlannedGallery extends Omit<ComparedGallery, 'galleryId' | 'ordinal' | 'statedBytes' | 'reasons'> {
  /** Words; empty for what is new, the same or gone. */
  reason: string
  chosen: boolean
}

/** Every gallery of the account in its order, those that are gone last; a few thousand at most. */
export async function plannedGalleries(
  house: House,
  runId: string,
  filter: { differences?: Difference[] } = {},
): Promise<PlannedGallery[]> {
  const { rows } = await house.pool.query<Omit<PlannedGallery, 'reason'> & Pick<ComparedGallery, 'reasons'>>(
    `select ref, path, folder_refs as "folderRefs", title, date, "virtual", archived, stated_count as "statedCount", here, difference, reasons, chosen
     from run_galleries where run_id = $1 and ($2::difference[] is null or difference = any($2)) order by ordinal`,
    [runId, filter.differences ?? null],
  )
  return rows.map(({ reasons, ...row }) => ({ ...row, reason: reasonWords(reasons) }))
}
