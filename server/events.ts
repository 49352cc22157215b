import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import type { Actor } from './house.ts'
import { jsonb } from './jsonb.ts'

/** One line in the timeline of a run. `data` holds no secret. */
export async function recordEvent(
  tx: Tx,
  runId: string,
  actor: Actor,
  kind: string,
  data: Record<string, unknown> = {},
  galleryId: number | null = null,
): Promise<void> {
  await tx.execute(sql`
    insert into events (run_id, gallery_id, kind, actor, data) values (${runId}, ${galleryId}, ${kind}, ${actor}, ${jsonb(data)}::jsonb)`)
}
