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
  const previous = rows[0]?.hash ?? beginning
  const at = new Date().toISOString()
  const hash = hashOf(previous, { at, actor, act, clientId, subject, data })
  await tx.execute(sql`
    insert into audit (at, actor, act, client_id, subject, data, previous, hash)
    values (${at}, ${actor}, ${act}, ${clientId}, ${subject}, ${jsonb(data)}::jsonb, ${previous}, ${hash})`)
}

/** Ids of rows that are not what was written, or do not follow the row before them. Empty: the chain is whole. */
export async function auditBreaks(tx: Tx): Promise<number[]> {
  const breaks: number[] = []
  let after = 0
  let previous: Buffer = beginning
  for (;;) {
    const { rows } = await tx.execute<Act & { id: number; at: string; previous: Buffer; hash: Buffer }>(sql`
      select id, at, actor, act, client_id as "clientId", subject, data, previous, hash from audit
      where id > ${after} order by id limit 5000`)
    for (const row of rows) {
      const hash = hashOf(row.previous, { ...row, at: new Date(row.at).toISOString() })
      if (!previous.equals(row.previous) || !hash.equals(row.hash)) breaks.push(Number(row.id))
      previous = row.hash
    }
    if (rows.length === 0) return breaks
    after = Number(rows.at(-1)!.id)
  }
}

interface Act extends Record<string, unknown> {
  at: string
  actor: Actor
  act: string
  clientId: string | null
  subject: string
  data: Record<string, unknown>
}

const beginning = Buffer.alloc(32)

function hashOf(previous: Buffer, { at, actor, act, clientId, subject, data }: Act): Buffer {
  return createHash('sha256')
    .update(previous)
    .update(JSON.stringify(sorted(JSON.parse(jsonb([at, actor, act, clientId, subject, data])))))
    .digest()
}

/** Postgres keeps the keys of jsonb in an order of its own. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, inner]) => [key, sorted(inner)] as const)
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}
