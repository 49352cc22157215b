// Galleries that the provider is bringing back from its archive: they wait, off the clock, and are asked about gently.
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { recordEvent } from './events.ts'
import type { House } from './house.ts'
import { jsonb } from './jsonb.ts'
import type { PhotoKind } from './listing.ts'
import { notFound } from './refusal.ts'

/**
 * The next look comes after half of what it has waited: 5 s at the least, 15 min at the most. False where it does not
 * wait: asking its archive has come to an end that needs a person's look.
 */
export async function waitForThaw(
  tx: Tx,
  runId: string,
  galleryId: number,
  usualHours: number | null,
  /**
   * Of an archive that is asked: what it has answered, or which original was not at hand. Absent where trying an
   * original is the only way to ask.
   */
  asked?: { ticket: unknown } | { missing: number },
): Promise<boolean> {
  const told = asked !== undefined && 'ticket' in asked
  const over = asked ? sql`old.state in ('published', 'attention')` : sql`false`
  // A ticket is kept whoever else has made the gallery wait meanwhile: without it the archive would be asked again.
  const { rows } = await tx.execute<{ waits: boolean; fresh: boolean }>(sql`
    with old as (
      select id, state from galleries where id = ${galleryId} for update
    ), changed as (
      update galleries g set state = 'waiting', code = 'thawing', thaw_usual_hours = coalesce(${usualHours}::float8, g.thaw_usual_hours), waiting_since = coalesce(g.waiting_since, now()),
      archived = g.archived or ${asked !== undefined}, thaw_ticket = ${asked ? sql`coalesce(g.thaw_ticket, '{}') || ${jsonb(asked)}::jsonb` : sql`g.thaw_ticket`},
      tries = case when ${told} then 0 else g.tries end,
      ask_again_at = now() + least(greatest((now() - coalesce(g.waiting_since, now())) / 2, interval '5 seconds'), interval '15 minutes')
      from old where g.id = old.id and not (${over}) and (old.state <> 'waiting' or g.ask_again_at <= now() or ${told})
      returning old.state <> 'waiting' as fresh
    )
    select not (${over}) as waits, coalesce((select fresh from changed), false) as fresh from old`)
  if (rows[0]?.fresh) await recordEvent(tx, runId, 'worker', 'waiting', { usualHours }, galleryId)
  return rows[0]?.waits ?? false
}

/** It is back, or was at hand all the time: copying goes on. */
export async function endThaw(tx: Tx, runId: string, galleryId: number): Promise<void> {
  const { rows } = await tx.execute<{ waited: boolean }>(sql`
    update galleries g set state = case when old.state = 'waiting' then 'copying' else old.state end,
      code = case when old.state = 'waiting' then null else g.code end, archived = false, waiting_since = null, ask_again_at = null
    from (select id, state from galleries where id = ${galleryId} for update) old
    where g.id = old.id and (old.state = 'waiting' or g.archived) returning old.state = 'waiting' as waited`)
  if (rows[0]?.waited) await recordEvent(tx, runId, 'worker', 'thawed', {}, galleryId)
}

export interface Asked {
  /** Whether an archive has to be asked for this gallery. */
  archived: boolean
  /** What its last answer was; null: it was never asked. */
  ticket: unknown
  /** The original that was not at hand, where one was tried and is not copied yet. */
  missing: { ref: string; kind: PhotoKind; galleryRef: string; handle: unknown } | null
}

export async function thawTicket(house: Pick<House, 'pool'>, galleryId: number): Promise<Asked> {
  const { rows } = await house.pool.query<Asked>(
    `select g.archived, g.thaw_ticket->'ticket' as ticket,
       case when p.id is not null then json_build_object('ref', p.ref, 'kind', p.kind, 'galleryRef', g.ref, 'handle', p.handle) end as missing
     from galleries g left join photos p on p.gallery_id = g.id and p.id = (g.thaw_ticket->>'missing')::int8 and p.state = 'listed'
     where g.id = $1`,
    [galleryId],
  )
  if (!rows[0]) throw notFound('gallery')
  return rows[0]
}

/** The archive does not take our request, and a person has to make it: told once a run, not for every gallery. */
export async function isToldByHand(tx: Tx, runId: string): Promise<boolean> {
  const { rows } = await tx.execute(
    sql`select from events where run_id = ${runId} and kind = 'blocked' and data->>'code' = ${thawByHand} limit 1`,
  )
  return rows.length > 0
}

export const thawByHand = 'thaw_by_hand'

/** Whether the gallery of this photo waits for its thaw. */
export async function isThawing(tx: Tx, photoId: number): Promise<boolean> {
  const { rows } = await tx.execute<{ waiting: boolean }>(sql`
    select g.state = 'waiting' as waiting from photos p join galleries g on g.id = p.gallery_id where p.id = ${photoId}`)
  return rows[0]?.waiting ?? false
}
