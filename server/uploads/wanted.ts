// Renditions that were asked for of single photos.
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { jsonb } from '../jsonb.ts'
import type { Wish } from '../presets.ts'

/** A name that was asked for before means these instructions from now on; what is made already stays made. */
export async function wantRenditions(tx: Tx, rows: (Wish & { photo: number })[]): Promise<void> {
  if (rows.length === 0) return
  await tx.execute(sql`
    insert into wanted_renditions (photo_id, name, position, instructions, hash)
    select distinct on (w.photo, w.name) w.photo, w.name, (select count(*) from wanted_renditions o where o.photo_id = w.photo), w.instructions, w.hash
    from jsonb_to_recordset(${jsonb(rows)}::jsonb) as w(photo int8, name text, instructions jsonb, hash text)
    order by w.photo, w.name
    on conflict (photo_id, name) do update set instructions = excluded.instructions, hash = excluded.hash, code = null`)
}

/** By photo; those that want nothing of their own are absent. */
export async function wantedOf(tx: Tx, photoIds: number[]): Promise<Map<number, Wish[]>> {
  const { rows } = await tx.execute<Wish & { photo: number } & Record<string, unknown>>(sql`
    select photo_id as photo, name, instructions, hash from wanted_renditions
    where photo_id = any(${sql.param(photoIds)}::int8[]) order by photo_id, position`)
  return Map.groupBy(rows, ({ photo }) => Number(photo))
}

/**
 * Tells the wishes of photos that came to their end what became of them, and those of the image that a photo stands for.
 */
export async function settleWishes(tx: Tx, photoIds: number[]): Promise<void> {
  await tx.execute(sql`
    with ended as (
      select p.id, coalesce((p.handle->>'photoId')::int8, p.id) as image, w.hash,
        case when m.hash is not null then 'ok' else coalesce(nullif(p.rendition, 'ok'), p.code, 'corrupt_image') end as code
      from photos p join wanted_renditions w on w.photo_id = p.id
        left join renditions m on m.client_id = p.client_id and m.sha256 = p.sha256 and m.hash = w.hash and p.state = 'published'
      where p.id = any(${sql.param(photoIds)}::int8[]) and p.state in ('published', 'skipped', 'failed')
    )
    update wanted_renditions w set code = e.code from ended e
    where w.photo_id in (e.id, e.image) and w.hash = e.hash and w.code is distinct from e.code`)
}
