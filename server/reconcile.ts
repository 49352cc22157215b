// The last look at a gallery: does everything agree, and may it be called verified.
import { sql } from 'drizzle-orm'
import pLimit from 'p-limit'
import type { Tx } from '#db/client.ts'
import { recordEvent } from './events.ts'
import { finishIfSettled, holdRun } from './finish.ts'
import type { House } from './house.ts'
import type { Queues } from './queues.ts'
import { forgetSets } from './relisting.ts'
import { originalKey } from './store/store.ts'
import { enqueueMissing } from './sweep.ts'
import { addedListing } from './uploads/enter.ts'

interface Subject {
  id: number
  runId: string
  clientId: string
  sourceId: string | null
  virtual: boolean
}

/** null: everything agrees. Otherwise the stable code of what does not (`app/words.ts` has the words). */
export type Verdict =
  | null
  | 'object_missing'
  | 'photos_failed'
  | 'count_differs'
  | 'order_broken'
  | 'photos_unplaced'
  | 'sets_differ'
  | 'access_differs'

/** Objects looked at together; a HEAD costs S3 some milliseconds. */
const headsAtOnce = 16
const rowsAtOnce = 1000

/** Photos of the gallery whose original is not in the store with its length: their ledger ids. */
export async function missingObjects(house: House, gallery: Subject): Promise<number[]> {
  const limit = pLimit(headsAtOnce)
  const missing: number[] = []
  let after = 0
  for (;;) {
    const { rows } = await house.pool.query<{ id: number; sha256: string; bytes: number }>(
      `select p.id, encode(p.sha256, 'hex') as sha256, p.bytes from photos p
         left join assets a on a.client_id = p.client_id and a.sha256 = p.sha256
       where p.gallery_id = $1 and p.id > $2 and p.state in ('rendered', 'published') and a.removed_at is null order by p.id limit $3`,
      [gallery.id, after, rowsAtOnce],
    )
    if (rows.length === 0) return missing
    await Promise.all(
      rows.map((row) =>
        limit(async () => {
          const object = await house.store.head(originalKey(gallery.clientId, row.sha256))
          if (object?.bytes !== row.bytes) missing.push(row.id)
        }),
      ),
    )
    after = rows.at(-1)!.id
  }
}

/** `moving` while photos of it are still on their way. */
export async function reconciliationOf(tx: Tx, gallery: Subject, missing: number[]): Promise<Verdict | 'moving'> {
  await holdRun(tx, gallery.runId)
  const { rows } = await tx.execute<{
    moving: boolean
    failed: number
    stated: number | null
    placed: number
    unsettled: number
    disorder: number
  }>(sql`
    with places as (
      select l.set_id, l.photo_id, l.position, p.state from sets s join placements l on l.set_id = s.id join photos p on p.id = l.photo_id
      where s.gallery_id = ${gallery.id} and l.listing < ${addedListing}
    )
    select g.listed + g.stored > 0 or g.listed_at is null or g.built_at is null as moving,
      g.failed + (select count(distinct photo_id) filter (where state = 'failed' and g."virtual") from places)::int as failed,
      g.expected_count as stated,
      (select count(distinct photo_id)::int from places) as placed,
      (select count(*)::int from places where state in ('listed', 'stored')) as unsettled,
      (select count(*)::int from (select set_id, position from places group by 1, 2 having count(*) > 1) twice) as disorder
    from galleries g where g.id = ${gallery.id} for update of g`)
  const seen = rows[0]!
  if (seen.moving || seen.unsettled > 0) return 'moving'
  if (missing.length > 0) return 'object_missing'
  if (seen.failed > 0) return 'photos_failed'
  if (seen.stated !== null && seen.placed !== seen.stated) return 'count_differs'
  if (seen.disorder > 0) return 'order_broken'
  // What is uploaded may lie in a gallery of another run.
  if (gallery.sourceId !== null && (await somePhotoUnplaced(tx, gallery))) return 'photos_unplaced'
  if (gallery.sourceId !== null && (await setsDiffer(tx, gallery.id))) return 'sets_differ'
  return (await accessDiffers(tx, gallery.id)) ? 'access_differs' : null
}

/** One that only a collection shows is in its place there. */
async function somePhotoUnplaced(tx: Tx, gallery: Subject): Promise<boolean> {
  const { rows } = await tx.execute<{ unplaced: boolean }>(sql`
    with strays as materialized (
      select p.id from photos p where p.gallery_id = ${gallery.id} and p.state not in ('gone', 'deleted')
        and not exists (select from placements l where l.photo_id = p.id and l.set_id in (select id from sets where gallery_id = ${gallery.id}))
    )
    select exists (select from strays t where not exists (
      select from placements l where l.photo_id = t.id and l.set_id in (
        select s.id from sets s join galleries g on g.id = s.gallery_id where g.source_id = ${gallery.sourceId} and g."virtual"
      )
    )) as unplaced`)
  return rows[0]!.unplaced
}

/** A set below one that was not told, or two at one place: photos name a set that the gallery itself does not. */
async function setsDiffer(tx: Tx, galleryId: number): Promise<boolean> {
  const { rows } = await tx.execute<{ differ: boolean }>(sql`
    with told as (select s.* from sets s join galleries g on g.id = s.gallery_id where g.id = ${galleryId} and s.listing = g.listing)
    select exists (select from told s where s.parent_ref is not null and not exists (select from told o where o.ref = s.parent_ref))
      or exists (select from told group by position having count(*) > 1) as differ`)
  return rows[0]!.differ
}

/** More open than the survey was told, or a password that is said to be known and is not here. */
async function accessDiffers(tx: Tx, galleryId: number): Promise<boolean> {
  const openness = sql.raw("array['private', 'password', 'hidden', 'public']")
  const { rows } = await tx.execute<{ differ: boolean }>(sql`
    select coalesce(array_position(${openness}, access::text) > array_position(${openness}, surveyed->>'access'), false)
      or (access is not distinct from 'password' and password_known and password is null) as differ
    from galleries where id = ${galleryId}`)
  return rows[0]!.differ
}

/** Twice for one gallery; a store that loses objects again needs a person. */
const copiesAgain = 2

/**
 * Photos whose original is not in the store any more go back to `listed` and are copied again. False where that was
 * tried often enough: the gallery needs a look.
 */
export async function copyAgain(tx: Tx, queues: Queues, gallery: Subject, missing: number[]): Promise<boolean> {
  const tried = await tx.execute(sql`
    update galleries set tries = tries + 1 where id = ${gallery.id} and tries < ${copiesAgain} returning id`)
  if (tried.rows.length === 0) return false
  await tx.execute(sql`
    with locked as (
      select id, state, bytes, rendition from photos
      where id = any(${sql.param(missing)}::int8[]) and state in ('rendered', 'published') order by id for update
    ), changed as (
      update photos p set state = 'listed', attempts = 0, job_id = null, sha256 = null, bytes = null, rendition = null
      from locked l where p.id = l.id returning p.id
    ), moved as (
      select count(*)::int as n, count(*) filter (where state = 'rendered')::int as rendered,
        count(*) filter (where rendition <> 'ok')::int as degraded, coalesce(sum(bytes), 0)::int8 as bytes
      from locked where id in (select id from changed)
    )
    update galleries g set listed = g.listed + m.n, rendered = g.rendered - m.rendered, published = g.published - (m.n - m.rendered),
      degraded = g.degraded - m.degraded, bytes_stored = g.bytes_stored - m.bytes
    from moved m where g.id = ${gallery.id}`)
  await recordEvent(tx, gallery.runId, 'worker', 'copied_again', { photos: missing.length }, gallery.id)
  await enqueueMissing(tx, queues, gallery.runId)
  return true
}

/** Photos become published; the gallery too where it is verified, else it needs attention and says why. */
export async function publishGallery(tx: Tx, queues: Queues, gallery: Subject, verdict: Verdict): Promise<void> {
  await holdRun(tx, gallery.runId)
  await forgetSets(tx, gallery.id)
  await tx.execute(sql`
    with changed as (
      update photos set state = 'published', job_id = null where gallery_id = ${gallery.id} and state = 'rendered' returning id
    )
    update galleries g set rendered = g.rendered - m.n, published = g.published + m.n,
      state = ${verdict === null ? 'published' : 'attention'}::gallery_state, code = ${verdict}, waiting_since = null, ask_again_at = null,
      verified_at = ${verdict === null ? sql`now()` : sql`null`}, published_at = now()
    from (select count(*)::int as n from changed) m where g.id = ${gallery.id}`)
  await recordEvent(
    tx,
    gallery.runId,
    'worker',
    verdict === null ? 'verified' : 'attention',
    verdict === null ? {} : { code: verdict },
    gallery.id,
  )
  if (!gallery.virtual) await collectionsToo(tx, queues, gallery)
  await coversToo(tx, gallery.runId)
  await finishIfSettled(tx, gallery.runId)
}

/** Collections place photos of other galleries: once no other gallery moves, they are looked at. */
async function collectionsToo(tx: Tx, queues: Queues, gallery: Subject): Promise<void> {
  const { rows } = await tx.execute<{ id: number }>(sql`
    select id from galleries where run_id = ${gallery.runId} and "virtual" and listed_at is not null and built_at is not null
      and state not in ('published', 'attention')
      and not exists (select 1 from galleries o where o.run_id = ${gallery.runId} and not o."virtual" and o.state not in ('published', 'attention'))`)
  await queues.enqueue(
    tx,
    'reconcile-gallery',
    rows.map(({ id }) => ({ runId: gallery.runId, payload: { galleryId: id } })),
  )
}

/**
 * A cover may be a photo of any gallery of the account: once none of the run moves any more, it is in the ledger or was
 * not told by anything we hold.
 */
async function coversToo(tx: Tx, runId: string): Promise<void> {
  const { rows } = await tx.execute<{ id: number }>(sql`
    update galleries g set state = 'attention', code = 'cover_missing', verified_at = null
    where g.run_id = ${runId} and g.state = 'published' and g.cover_ref is not null
      and not exists (select from galleries o where o.run_id = ${runId} and o.state not in ('published', 'attention'))
      and not exists (select from photos p where p.gallery_id = g.id and p.ref = g.cover_ref)
      and not exists (select from galleries o join photos p on p.gallery_id = o.id where o.source_id = g.source_id and p.ref = g.cover_ref)
    returning g.id`)
  for (const { id } of rows) await recordEvent(tx, runId, 'worker', 'attention', { code: 'cover_missing' }, Number(id))
}
