// The last look at a gallery: does everything agree, and may it be called verified.
import { sql } from 'drizzle-orm'
import pLimit from 'p-limit'
import type { Tx } from '#db/client.ts'
import { recordEvent } from './events.ts'
import { finishIfSettled, holdRun } from './finish.ts'
import type { House } from './house.ts'
import type { Queues } from './queues.ts'
import { originalKey } from './store/store.ts'
import { enqueueMissing } from './sweep.ts'

interface Subject {
  id: number
  runId: string
  clientId: string
  sourceId: string | null
  virtual: boolean
}

/** null: everything agrees. Otherwise the stable code of what does not. */
export type Verdict = null | 'photos_failed' | 'count_differs' | 'object_missing' | 'order_broken'

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
      `select id, encode(sha256, 'hex') as sha256, bytes from photos
       where gallery_id = $1 and id > $2 and state in ('rendered', 'published') order by id limit $3`,
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
      where s.gallery_id = ${gallery.id}
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
  return null
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
