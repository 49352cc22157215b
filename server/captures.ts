// Evidence of what fails: for an hour, the requests that led there are kept, without what signs in.
import { sql } from 'drizzle-orm'
import { recordAudit } from './audit.ts'
import { recordEvent } from './events.ts'
import type { Actor, House } from './house.ts'
import { announce } from './live.ts'
import { lockRun } from './runs.ts'

/** From now on, whatever the run does: surveying, listing, building, copying, rendering. Throws Refusal `not_found`. */
export async function captureFailures(house: House, actor: Actor, runId: string): Promise<void> {
  await house.db.transaction(async (tx) => {
    const run = await lockRun(tx, runId)
    await tx.execute(sql`update runs set capture_until = now() + interval '1 hour' where id = ${runId}`)
    await recordEvent(tx, runId, actor, 'capture_asked')
    await recordAudit(tx, actor, 'run.capture', runId, {}, run.clientId)
  })
  announce(house, runId)
}

/** Whether somebody has asked for it, and the hour is not over. */
export async function isCapturing(house: Pick<House, 'pool'>, runId: string): Promise<boolean> {
  const { rowCount } = await house.pool.query('select from runs where id = $1 and capture_until > now()', [runId])
  return rowCount === 1
}
