// A person says of skipped photos that it is fine so. It is written into the run's timeline; new ones of the same cause
// ask again.
import { sql } from 'drizzle-orm'
import { recordAudit } from './audit.ts'
import { recordEvent } from './events.ts'
import type { Actor, House } from './house.ts'
import { announce } from './live.ts'
import { Refusal } from './refusal.ts'
import { runFacts } from './runs.ts'

/** Accepts what is skipped for this cause now. Throws Refusal `not_found`, `nothing_skipped`. */
export async function acceptSkipped(
  house: House,
  actor: Actor,
  runId: string,
  code: string,
): Promise<{ photos: number }> {
  const run = await runFacts(house, runId)
  const photos = await house.db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ photos: number }>(sql`
      select count(*)::int as photos from photos where run_id = ${runId} and code = ${code} and state = 'skipped'`)
    const { photos } = rows[0]!
    if (photos === 0) throw new Refusal('nothing_skipped', 409, 'Nothing is skipped for this cause any more.')
    await recordEvent(tx, runId, actor, 'accepted', { code, photos })
    await recordAudit(tx, actor, 'run.accept', runId, { code, photos }, run.clientId)
    return photos
  })
  announce(house, runId)
  return { photos }
}

/** By cause: how many were accepted, and by whom last. */
export async function acceptedCauses(
  house: House,
  runId: string,
): Promise<Record<string, { photos: number; by: Actor }>> {
  const { rows } = await house.pool.query<{ code: string; photos: number; by: Actor }>(
    `select distinct on (data->>'code') data->>'code' as code, (data->>'photos')::int as photos, actor as by
     from events where run_id = $1 and kind = 'accepted' order by data->>'code', id desc`,
    [runId],
  )
  return Object.fromEntries(rows.map(({ code, ...said }) => [code, said]))
}
