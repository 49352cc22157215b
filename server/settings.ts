// What administrators set for the whole house.
import { sql } from 'drizzle-orm'
import { recordAudit } from './audit.ts'
import type { Actor, House } from './house.ts'
import { jsonb } from './jsonb.ts'

/** Whether everybody but photographers needs a second factor before they may do anything. */
export async function secondFactorRequired(house: Pick<House, 'pool'>): Promise<boolean> {
  const { rows } = await house.pool.query<{ value: unknown }>('select value from settings where name = $1', [required])
  return rows[0]?.value === true
}

export async function requireSecondFactor(house: Pick<House, 'db'>, actor: Actor, value: boolean): Promise<void> {
  await house.db.transaction(async (tx) => {
    await tx.execute(sql`
      insert into settings (name, value, set_by) values (${required}, ${jsonb(value)}::jsonb, ${actor})
      on conflict (name) do update set value = excluded.value, set_by = excluded.set_by, set_at = now()`)
    await recordAudit(tx, actor, 'settings.change', required, { value })
  })
}

const required = 'second_factor_required'
