// Renditions that were asked for of single photos.
import { type SQL, sql } from 'drizzle-orm'

/**
 * Puts down wishes: `asked` selects photo, name, instructions and hash. A name that was asked for before means these
 * instructions from now on; what is made already stays made.
 */
export const wanting = (asked: SQL) => sql`
  insert into wanted_renditions (photo_id, name, position, instructions, hash)
  select distinct on (w.photo, w.name) w.photo, w.name, (select count(*) from wanted_renditions o where o.photo_id = w.photo), w.instructions, w.hash
  from (${asked}) w order by w.photo, w.name
  on conflict (photo_id, name) do update set instructions = excluded.instructions, hash = excluded.hash, code = null`

/** Of photo `p`, in the order asked for. */
export const wishesOf = sql`
  (select coalesce(json_agg(json_build_object('name', w.name, 'instructions', w.instructions, 'hash', w.hash) order by w.position), '[]')
    from wanted_renditions w where w.photo_id = p.id)`

/**
 * Tells the wishes of photos that came to their end what became of them, and those of the image that a photo stands for.
 */
export const settlingWishes = (photoIds: number[]) => sql`
    with ended as (
      select p.id, coalesce((p.handle->>'photoId')::int8, p.id) as image, w.hash,
        case when m.hash is not null then 'ok' else coalesce(nullif(p.rendition, 'ok'), p.code, 'corrupt_image') end as code
      from photos p join wanted_renditions w on w.photo_id = p.id
        left join renditions m on m.client_id = p.client_id and m.sha256 = p.sha256 and m.hash = w.hash and p.state = 'published'
      where p.id = any(${sql.param(photoIds)}::int8[]) and p.state in ('published', 'skipped', 'failed')
    )
    update wanted_renditions w set code = e.code from ended e
    where w.photo_id in (e.id, e.image) and w.hash = e.hash and w.code is distinct from e.code`
