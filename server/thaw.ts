// Galleries that the provider is bringing back from its archive: they wait, off the clock, and are asked about gently.
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { recordEvent } from './events.ts'
import type { House } from './house.ts'
import { jsonb } from './jsonb.ts'
import { notFound } from './refusal.ts'

/** The next look comes after half of what it has waited: 5 s at the least, 15 min at the most. */
export async function waitForThaw(
  tx: Tx,
  runId: string,
  galleryId: number,
  usualHours: number | null,
  /** What an archive that is asked has answered; absent where trying an original is the only way to ask. */
  asked?: { ticket: unknown },
): Promise<void> {
  const { rows } = await tx.execute<{ fresh: boolean }>(sql`
    update galleries g set state = 'waiting', code = 'thawing', waiting_since = coalesce(g.waiting_since, now()),
      archived = g.archived or ${asked !== undefined}, thaw_ticket = ${asked?.ticket === undefined ? sql`g.thaw_ticket` : sql`${jsonb(asked.ticket)}::jsonb`},
      ask_again_at = now() + least(greatest((now() - coalesce(g.waiting_since, now())) / 2, interval '5 seconds'), interval '15 minutes')
    from (select id, state from galleries where id = ${galleryId} for update) old
    where g.id = old.id and (old.state <> 'waiting' or g.ask_again_at <= now()) returning old.state <> 'waiting' as fresh`)
  if (rows[0]?.fresh) await recordEvent(tx, runId, 'worker', 'waiting', { usualHours }, galleryId)
}

/** It is back: copying goes on. */
export async function endThaw(tx: Tx, runId: string, galleryId: number): Promise<void> {
  const { rows } = await tx.execute(sql`
    update galleries set state = 'copying', code = null, archived = false, waiting_since = null, ask_again_at = null
    where id = ${galleryId} and (state = 'waiting' or archived) returning id`)
  if (rows.length > 0) await recordEvent(tx, runId, 'worker', 'thawed', {}, galleryId)
}

/** Whether an archive has to be asked for this gallery, and what its last answer was. */
export async function thawTicket(
  house: Pick<House, 'pool'>,
  galleryId: number,
): Promise<{ archived: boolean; ticket: unknown }> {
  const { rows } = await house.pool.query<{ archived: boolean; ticket: unknown }>(
    'select archived, thaw_ticket as ticket from galleries where id = $1',
    [galleryId],
  )
  if (!rows[0]) throw notFound('gallery')
  return rows[0]
}

/** Whether the gallery of this photo waits for its thaw. */
export async function isThawing(tx: Tx, photoId: number): Promise<boolean> {
  const { rows } = await tx.execute<{ waiting: boolean }>(sql`
    select g.state = 'waiting' as waiting from photos p join galleries g on g.id = p.gallery_id where p.id = ${photoId}`)
  return rows[0]?.waiting ?? false
}
