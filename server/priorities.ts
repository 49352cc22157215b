// Whose work comes first: said of a run, heeded by the workers when they take a job, so that what is queued already
// need not be written anew.
import { sql } from 'drizzle-orm'
import { recordAudit } from './audit.ts'
import { type Believed, believed } from './believed.ts'
import { recordEvent } from './events.ts'
import type { Actor, House } from './house.ts'
import { announce } from './live.ts'
import { Refusal } from './refusal.ts'
import { misfit, type RunPriority } from './run-acts.ts'
import { lockRun } from './runs.ts'

/** Heeded by every worker within two seconds. Throws Refusal `not_found`, `does_not_fit`. */
export async function prioritiseRun(house: House, actor: Actor, runId: string, priority: RunPriority): Promise<void> {
  await house.db.transaction(async (tx) => {
    const run = await lockRun(tx, runId)
    const unfit = misfit('prioritise', { state: run.state, failed: null })
    if (unfit) throw new Refusal('does_not_fit', 409, unfit)
    const changed = await tx.execute(sql`
      update runs set priority = ${priority} where id = ${runId} and priority <> ${priority}`)
    if (!changed.rowCount) return
    await recordEvent(tx, runId, actor, 'prioritised', { priority })
    await recordAudit(tx, actor, 'run.prioritise', runId, { priority }, run.clientId)
  })
  announce(house, runId)
}

/** Open runs by priority; none at all while none of them is first or last. */
export type Ranks = Record<RunPriority, string[]>

export const unranked: Ranks = { first: [], normal: [], last: [] }

const believedMilliseconds = 1000

/** For a worker: one question a second for all of its queues together. */
export function watchRanks(house: Pick<House, 'pool'>): Believed<Ranks> {
  return believed(unranked, believedMilliseconds, async () => {
    const { rows } = await house.pool.query<{ id: string; priority: RunPriority }>(
      `select id, priority from runs where state in ${open} and exists (select from runs where state in ${open} and priority <> 'normal')`,
    )
    const of = (priority: RunPriority) => rows.filter((run) => run.priority === priority).map(({ id }) => id)
    return { first: of('first'), normal: of('normal'), last: of('last') }
  })
}

const open = "('surveying', 'planned', 'running', 'paused', 'blocked')"
