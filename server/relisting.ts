// A gallery that was listed before and is listed again: what the provider changed is taken over, what it has no more is
// kept and marked. Nothing that is safe is fetched twice.
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { recordEvent } from './events.ts'
import { jsonb } from './jsonb.ts'
import type { FoundPhoto, ListedGallery } from './listing.ts'

/**
 * Takes the photos that this page may move before the gallery is taken, as workers that settle them do: so the two wait
 * for each other and never lock each other out. Nothing is taken in a gallery that is listed for the first time.
 */
export async function waitForPhotos(
  tx: Tx,
  gallery: ListedGallery,
  page: { photos: FoundPhoto[]; next: string | null },
  cursor: string | null,
): Promise<void> {
  const { rows } = await tx.execute(sql`
    select 1 from galleries where id = ${gallery.id} and listing > 1 and cursor is not distinct from ${cursor} and listed_at is null`)
  if (rows.length === 0) return
  const last = page.next === null
  await tx.execute(sql`
    select p.id from photos p where p.id in (
      select id from photos where gallery_id = ${gallery.id} and ref = any(${sql.param(page.photos.map(({ ref }) => ref))}::text[])
      union all select id from photos where ${last} and gallery_id = ${gallery.id} and state in ('listed', 'stored'))
    order by p.id for update of p`)
}

/**
 * The page's photos that are in the ledger: what the provider tells of them is taken over. An original that it has
 * replaced is fetched anew: its change token differs, or its stated bytes; where no token is told, its file name. What
 * was skipped or gone is had again. Returns the ids that need a job now.
 */
export async function lookAgain(
  tx: Tx,
  gallery: ListedGallery,
  rows: (Omit<FoundPhoto, 'extra'> & { extra: object | null; owner: number })[],
): Promise<{ fetch: number[]; render: number[] }> {
  const own = rows.filter((row) => row.owner === gallery.id)
  const { rows: moved } = await tx.execute<{ id: number; state: string }>(sql`
    with found as (
      select distinct on (ref, kind = 'file') * from jsonb_to_recordset(${jsonb(own)}::jsonb) as f(ref text, kind photo_kind, filename text,
        caption text, keywords text[], "takenAt" text, bytes int8, width int4, height int4, access access, star bool, handle jsonb,
        "changeToken" text, extra jsonb)
    ), held as (
      select p.id, p.state as was, p.bytes as had, p.stated_bytes as stated, p.rendition as looked, p.sha256, f.*,
        coalesce(case when p.change_token is not null and f."changeToken" is not null then p.change_token <> f."changeToken"
          else p.filename <> f.filename end, false) or coalesce(p.stated_bytes <> f.bytes, false) as replaced, p.code
      from found f join photos p on p.gallery_id = ${gallery.id} and p.ref = f.ref and (p.kind = 'file') = (f.kind = 'file')
      where p.state <> 'deleted'
    ), known as (
      select h.*, case
        when h.was in ('stored', 'rendered', 'published') and h.replaced then 'listed'
        when h.was = 'skipped' and h.code is distinct from 'excluded' then 'listed'
        when h.was = 'gone' and (h.sha256 is null or h.replaced) then 'listed'
        when h.was = 'gone' and h.kind = 'photo' and (select renditions <> '{}' from runs where id = ${gallery.runId}) then 'stored'
        when h.was = 'gone' then 'rendered'
        else h.was end::photo_state as becomes
      from held h
    ), changed as (
      update photos p set filename = k.filename, caption = k.caption, keywords = k.keywords, taken_at = coalesce(k."takenAt", p.taken_at),
        stated_bytes = k.bytes, access = k.access, star = k.star, handle = k.handle, change_token = k."changeToken", extra = k.extra,
        state = k.becomes,
        width = case when k.becomes = 'listed' then k.width else p.width end,
        height = case when k.becomes = 'listed' then k.height else p.height end,
        replaced_sha256 = case when k.becomes = 'listed' then coalesce(p.sha256, p.replaced_sha256) else p.replaced_sha256 end,
        sha256 = case when k.becomes <> 'listed' then p.sha256 end,
        bytes = case when k.becomes <> 'listed' then p.bytes end,
        rendition = case when k.becomes = 'rendered' then coalesce(p.rendition, 'ok') when k.becomes <> 'listed' then p.rendition end,
        run_id = case when k.becomes <> k.was then ${gallery.runId}::uuid else p.run_id end,
        attempts = case when k.becomes <> k.was then 0 else p.attempts end,
        code = case when k.becomes = k.was then p.code end,
        step = case when k.becomes = k.was then p.step end,
        job_id = case when k.becomes = k.was then p.job_id end,
        next_try_at = case when k.becomes = k.was then p.next_try_at end
      from known k where p.id = k.id and (k.becomes <> k.was or
        (p.filename, p.caption, p.keywords, p.taken_at, p.stated_bytes, p.access, p.star, p.handle, p.change_token, p.extra)
        is distinct from (k.filename, k.caption, k.keywords, coalesce(k."takenAt", p.taken_at), k.bytes, k.access, k.star, k.handle, k."changeToken", k.extra))
      returning p.id, k.was, k.becomes, k.had, k.stated, k.bytes as states, k.looked
    ), moved as (
      select id, becomes from changed where becomes <> was
    ), counted as (
      update galleries g set total = g.total + m.back, gone = g.gone - m.back, listed = g.listed + m.listed, stored = g.stored + m.stored,
        rendered = g.rendered + m.rendered, published = g.published - m.published, skipped = g.skipped - m.skipped,
        degraded = g.degraded + m.degraded, bytes_found = g.bytes_found + m.found, bytes_stored = g.bytes_stored + m.kept
      from (
        select count(*) filter (where was = 'gone')::int as back,
          (count(*) filter (where becomes = 'listed') - count(*) filter (where was = 'listed'))::int as listed,
          (count(*) filter (where becomes = 'stored') - count(*) filter (where was = 'stored'))::int as stored,
          (count(*) filter (where becomes = 'rendered') - count(*) filter (where was = 'rendered'))::int as rendered,
          count(*) filter (where was = 'published' and becomes <> was)::int as published,
          count(*) filter (where was = 'skipped' and becomes <> was)::int as skipped,
          (count(*) filter (where becomes = 'rendered' and was = 'gone' and looked <> 'ok')
            - count(*) filter (where was in ('rendered', 'published') and becomes <> was and looked <> 'ok'))::int as degraded,
          sum(coalesce(states, 0) - case when was = 'gone' then 0 else coalesce(stated, 0) end)::int8 as found,
          sum(case when becomes = 'listed' then 0 else coalesce(had, 0) end - case when was = 'gone' then 0 else coalesce(had, 0) end)::int8 as kept
        from changed
      ) m where g.id = ${gallery.id} and exists (select from changed)
    )
    select id, becomes as state from moved order by id`)
  const idsOf = (state: string) => moved.filter((row) => row.state === state).map((row) => Number(row.id))
  return { fetch: idsOf('listed'), render: idsOf('stored') }
}

/**
 * After the last page: places that this listing did not tell are removed; photos that are in no place any more are kept
 * as they are, marked `gone`, and counted apart.
 */
export async function leaveBehind(tx: Tx, gallery: ListedGallery, listing: number): Promise<void> {
  const { rows: left } = await tx.execute<{ photo: number }>(sql`
    delete from placements l using sets s
    where s.gallery_id = ${gallery.id} and l.set_id = s.id and l.listing < ${listing} returning l.photo_id as photo`)
  if (left.length === 0) return
  const photos = sql.param([...new Set(left.map((row) => Number(row.photo)))])
  const collections = await tx.execute<{ id: number }>(sql`
    select s.id from sets s join galleries g on g.id = s.gallery_id where g.source_id = ${gallery.sourceId} and g."virtual"`)
  const { rows } = await tx.execute<{ gone: number }>(sql`
    with locked as (
      select p.id, p.state, p.rendition, p.bytes, p.stated_bytes from photos p
      where p.id = any(${photos}::int8[]) and p.state not in ('gone', 'deleted')
        and not exists (select from placements l where l.photo_id = p.id and l.set_id in (select id from sets where gallery_id = p.gallery_id))
        and not exists (select from placements l where l.photo_id = p.id and l.set_id = any(${sql.param(collections.rows.map((row) => Number(row.id)))}::int8[]))
      order by p.id for update of p
    ), changed as (
      update photos p set state = 'gone', run_id = ${gallery.runId}, code = 'gone_at_source', step = 'list-gallery', job_id = null, next_try_at = null
      from locked l where p.id = l.id returning p.gallery_id, l.*
    ), counted as (
      update galleries g set total = g.total - m.n, gone = g.gone + m.n, listed = g.listed - m.listed, stored = g.stored - m.stored,
        rendered = g.rendered - m.rendered, published = g.published - m.published, skipped = g.skipped - m.skipped, failed = g.failed - m.failed,
        degraded = g.degraded - m.degraded, bytes_found = g.bytes_found - m.found, bytes_stored = g.bytes_stored - m.kept
      from (
        select gallery_id, count(*)::int as n, ${counts(['listed', 'stored', 'rendered', 'published', 'skipped', 'failed'])},
          count(*) filter (where state in ('rendered', 'published') and rendition <> 'ok')::int as degraded,
          coalesce(sum(stated_bytes), 0)::int8 as found, coalesce(sum(bytes), 0)::int8 as kept
        from changed group by gallery_id
      ) m where g.id = m.gallery_id returning m.n
    ) select coalesce(sum(n), 0)::int as gone from counted`)
  const { gone } = rows[0]!
  if (gone > 0) await recordEvent(tx, gallery.runId, 'worker', 'gone_at_source', { photos: gone }, gallery.id)
}

const counts = (states: string[]) =>
  sql.raw(states.map((state) => `count(*) filter (where state = '${state}')::int as ${state}`).join(', '))

/** Sets that neither the gallery's detail nor its listing told of any more, and that hold nothing. */
export async function forgetSets(tx: Tx, galleryId: number): Promise<void> {
  await tx.execute(sql`
    delete from sets s using galleries g where g.id = ${galleryId} and s.gallery_id = g.id and s.listing < g.listing
      and not exists (select from placements l where l.set_id = s.id)`)
}
