// What is written down beside the states of photos that were settled: originals, failed attempts, what was seen and wished.
import { sql } from 'drizzle-orm'
import { plannedOnce, type Tx } from '#db/client.ts'
import { jsonb } from './jsonb.ts'
import type { Outcome } from './ledger.ts'
import { describingOriginals, type Rendered } from './renditions.ts'
import { settlingWishes } from './uploads/wanted.ts'

/** What was seen of the originals, and what became of the wishes of these photos: one statement, in the order of whoever enters photos. */
export async function recordEnds(tx: Tx, rendered: Rendered[], photoIds: number[]): Promise<void> {
  const described = rendered.length > 0 ? describingOriginals(rendered) : null
  const granted = photoIds.length > 0 ? settlingWishes(photoIds) : null
  if (described && granted)
    await tx.execute(sql`${plannedOnce} with described as (${described}), granted as (${granted}) select`)
  else if (described ?? granted) await tx.execute((described ?? granted)!)
}

export async function recordAssets(tx: Tx, clientId: string, outcomes: Outcome[]): Promise<void> {
  const stored = outcomes
    .filter((o) => o.to === 'stored')
    .map(({ sha256, bytes, contentType }) => ({ sha256, bytes, contentType }))
  if (stored.length === 0) return
  await tx.execute(sql`
    insert into assets (client_id, sha256, bytes, content_type)
    select distinct on (a.sha256) ${clientId}::uuid, decode(a.sha256, 'hex'), a.bytes, a."contentType"
    from jsonb_to_recordset(${jsonb(stored)}::jsonb) as a(sha256 text, bytes int8, "contentType" text)
    order by a.sha256
    on conflict (client_id, sha256) do update set removed_at = null where assets.removed_at is not null`)
}

export async function recordAttempts(tx: Tx, step: string, outcomes: Outcome[]): Promise<void> {
  const failed = outcomes
    .filter(
      (o): o is Extract<Outcome, { code: string }> =>
        o.to === 'skipped' || o.to === 'failed' || (o.to === 'again' && o.counts),
    )
    .map((o) => ({ id: o.id, attempt: o.attempts + 1, code: o.code, detail: o.detail?.slice(0, 500) ?? null }))
  if (failed.length === 0) return
  await tx.execute(sql`
    insert into attempts (photo_id, attempt, step, code, detail)
    select a.id, a.attempt, ${step}, a.code, a.detail
    from jsonb_to_recordset(${jsonb(failed)}::jsonb) as a(id int8, attempt int2, code text, detail text)`)
}
