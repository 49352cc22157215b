// How long what is kept, per client: rules that staff set. The bucket's own follow from them in `bucket-rules.ts`.
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { recordAudit } from './audit.ts'
import type { Actor, House } from './house.ts'
import { notFound, Refusal } from './refusal.ts'

/** Days. */
export interface Retention {
  /** Since an original was stored, until it moves to infrequent access; null: it does not. */
  infrequentAfter: number | null
  /** … and until it moves to the archive. */
  archiveAfter: number | null
  /** Since a migration ended, until its originals that have renditions are removed; null: never. */
  originalsAfter: number | null
  /** Without a sign of their sender, until announced files are given up. */
  unfinishedAfter: number
  /** Between a deletion and the removal. */
  grace: number
}

/** Of clients that nobody has set rules for. */
export const houseRetention: Retention = {
  infrequentAfter: null,
  archiveAfter: null,
  originalsAfter: null,
  unfinishedAfter: 7,
  grace: 30,
}

/** S3 takes an object into infrequent access no sooner, and lets it go no sooner. */
export const infrequentLeast = 30
/** An Idempotency-Key, and the answer that names its pictures, lives for a day. */
export const graceLeast = 1
export const mostDays = 3650

export async function retentionOf(
  { db }: { db: Tx },
  clientId: string,
): Promise<Retention & { updatedBy: string | null; updatedAt: Date | null }> {
  const { rows } = await db.execute<Retention & { updatedBy: string; updatedAt: string } & Record<string, unknown>>(sql`
    select infrequent_after as "infrequentAfter", archive_after as "archiveAfter", originals_after as "originalsAfter",
      unfinished_after as "unfinishedAfter", grace, updated_by as "updatedBy", updated_at as "updatedAt"
    from retention where client_id = ${clientId}`)
  const set = rows[0]
  return set ? { ...set, updatedAt: new Date(set.updatedAt) } : { ...houseRetention, updatedBy: null, updatedAt: null }
}

/** Throws Refusal `not_found`, `invalid_retention`. Deletions that wait already keep their day. */
export async function setRetention(house: House, actor: Actor, clientId: string, rules: Retention): Promise<void> {
  const wrong = wrongIn(rules)
  if (wrong) throw new Refusal('invalid_retention', 422, wrong)
  const { infrequentAfter, archiveAfter, originalsAfter, unfinishedAfter, grace } = rules
  await house.db.transaction(async (tx) => {
    const client = await tx.execute(
      sql`select from clients where id = ${clientId} and deletion_id is null for no key update`,
    )
    if (client.rows.length === 0) throw notFound('client')
    const { updatedBy: _, updatedAt: __, ...before } = await retentionOf({ db: tx }, clientId)
    await tx.execute(sql`
      insert into retention (client_id, infrequent_after, archive_after, originals_after, unfinished_after, grace, updated_by)
      values (${clientId}, ${infrequentAfter}, ${archiveAfter}, ${originalsAfter}, ${unfinishedAfter}, ${grace}, ${actor})
      on conflict (client_id) do update set infrequent_after = excluded.infrequent_after, archive_after = excluded.archive_after,
        originals_after = excluded.originals_after, unfinished_after = excluded.unfinished_after, grace = excluded.grace,
        updated_by = excluded.updated_by, updated_at = now()`)
    await recordAudit(tx, actor, 'retention.set', clientId, { before, after: rules }, clientId)
  })
}

function wrongIn({ infrequentAfter, archiveAfter, originalsAfter, unfinishedAfter, grace }: Retention): string | null {
  const days = (value: number, least: number) => Number.isInteger(value) && value >= least && value <= mostDays
  const may = (value: number | null, least: number) => value === null || days(value, least)
  if (!may(infrequentAfter, infrequentLeast))
    return `Infrequent access begins after ${infrequentLeast} to ${mostDays} days.`
  if (!may(archiveAfter, 1)) return `The archive begins after 1 to ${mostDays} days.`
  if (infrequentAfter !== null && archiveAfter !== null && archiveAfter < infrequentAfter + infrequentLeast)
    return `The archive begins at least ${infrequentLeast} days after infrequent access: an object stays there so long.`
  if (!may(originalsAfter, 1)) return `Originals are kept for 1 to ${mostDays} days, or for ever.`
  if (!days(unfinishedAfter, 1)) return `Unfinished uploads are dropped after 1 to ${mostDays} days.`
  if (!days(grace, graceLeast)) return `The grace of a deletion is ${graceLeast} to ${mostDays} days.`
  return null
}
