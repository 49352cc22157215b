// Who of the staff looks after a run: whoever created it, until it is given to somebody.
import { sql } from 'drizzle-orm'
import { recordAudit } from './audit.ts'
import { recordEvent } from './events.ts'
import type { Actor, House } from './house.ts'
import { announce } from './live.ts'
import { Refusal } from './refusal.ts'
import { lockRun } from './runs.ts'

export interface StaffMember {
  email: string
  name: string
}

/** Who can be given a run, by name. */
export async function staffMembers(house: Pick<House, 'pool'>): Promise<StaffMember[]> {
  const { rows } = await house.pool.query<StaffMember>(
    `select email, name from users where role <> 'photographer' and disabled_at is null order by lower(name), email`,
  )
  return rows
}

/** Throws Refusal `not_found`, `unknown_person`. */
export async function assignRun(house: House, actor: Actor, runId: string, email: string): Promise<void> {
  const members = await staffMembers(house)
  if (!members.some((member) => member.email === email))
    throw new Refusal('unknown_person', 422, `Nobody of the staff signs in as “${email}”.`)
  await house.db.transaction(async (tx) => {
    const run = await lockRun(tx, runId)
    const changed = await tx.execute(sql`
      update runs set assigned_to = ${email} where id = ${runId} and coalesce(assigned_to, created_by) <> ${email}`)
    if (!changed.rowCount) return
    await recordEvent(tx, runId, actor, 'assigned', { note: email })
    await recordAudit(tx, actor, 'run.assign', runId, { to: email }, run.clientId)
  })
  announce(house, runId)
}
