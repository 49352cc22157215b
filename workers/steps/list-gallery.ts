// Lists a gallery page by page into the ledger; copying starts with the first page. A page and the cursor behind it are
// one transaction, so a second lister goes on from there and a finished gallery is not listed again.
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { galleryFacts } from '#server/galleries.ts'
import { recordPage } from '#server/listing.ts'
import { announce } from '#server/live.ts'
import { runFacts } from '#server/runs.ts'
import { type Job, StaleAttempt } from '../run.ts'
import type { Tools } from '../tools.ts'
import { guarded } from '../trouble.ts'

export async function listGallery(job: Job<'list-gallery'>, { house, sessions }: Tools): Promise<void> {
  const gallery = await galleryFacts(house, job.payload.galleryId)
  if (gallery.runState !== 'running' || gallery.listedAt || !gallery.sourceId) return
  const { sourceId } = gallery
  let { cursor } = gallery
  await guarded(job, house, { runId: gallery.runId, galleryId: gallery.id }, () =>
    // A session renewed in the middle goes on behind what is recorded.
    sessions.with(sourceId, async (session) => {
      for await (const page of session.photos(gallery, cursor ?? undefined)) {
        const record = page.next === null ? job.finish : job.checkpoint
        const moved = await record(async (tx) => {
          const recorded = await recordPage(tx, house.queues, { ...gallery, sourceId }, page, cursor)
          if (recorded) await enterCopying(tx, house, gallery, page.next === null)
          return recorded
        })
        if (!moved) throw new StaleAttempt()
        cursor = page.next
        announce(house, gallery.runId)
        if (job.signal.aborted && cursor !== null) throw job.signal.reason
        if (cursor !== null && (await runFacts(house, gallery.runId)).state !== 'running') return
      }
    }),
  )
}

async function enterCopying(
  tx: Tx,
  house: Tools['house'],
  gallery: { id: number; runId: string },
  last: boolean,
): Promise<void> {
  const { rows } = await tx.execute<{ complete: boolean }>(sql`
    update galleries set state = case when state in ('found', 'planned') or (state = 'waiting' and not archived) then 'copying' else state end,
      code = case when archived then code end,
      waiting_since = case when state = 'waiting' and not archived then null else waiting_since end
    where id = ${gallery.id} returning listed = 0 and stored = 0 and built_at is not null as complete`)
  if (last && rows[0]?.complete)
    await house.queues.enqueue(tx, 'reconcile-gallery', [{ runId: gallery.runId, payload: { galleryId: gallery.id } }])
}
