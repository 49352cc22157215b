import { createHash } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import type { Actor } from './house.ts'
import { jsonb } from './jsonb.ts'

/**
 * A privileged act, appended in the transaction that does it. Each row's hash covers its content and the hash before
 * it, so that a changed or missing row shows. One writer at a time: the chain has one end.
 */
export async function recordAudit(
  tx: Tx,
  actor: Actor,
  act: string,
  subject: string,
  data: Record<string, unknown> = {},
  clientId: string | null = null,
): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtext('audit'))`)
  const { rows } = await tx.execute<{ hash: Buffer }>(sql`select hash from audit order by id desc limit 1`)
  const previous = rows[0]?.hash ?? Buffer.alloc(32)
  const at = new Date().toISOString()
  const hash = createHash('sha256')
    .update(previous)
    .update(jsonb([at, actor, act, clientId, subject, data]))
    .digest()
  await tx.execute(sql`
    insert into audit (at, actor, act, client_id, subject, data, previous, hash)
    values (${at}, ${actor}, ${act}, ${clientId}, ${subject}, ${jsonb(data)}::jsonb, ${previous}, ${hash})`)
}
