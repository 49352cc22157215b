// Asks the provider's archive to bring a gallery back, or how far it is. The ticket of the first answer is kept, so that
// asking twice looks twice and requests once.
import { galleryFacts } from '#server/galleries.ts'
import { blockRun } from '#server/runs.ts'
import { enqueueMissing } from '#server/sweep.ts'
import { endThaw, isToldByHand, thawByHand, thawTicket, waitForThaw } from '#server/thaw.ts'
import type { Job } from '../run.ts'
import type { Tools } from '../tools.ts'
import { guarded } from '../trouble.ts'

export async function thawGallery(job: Job<'thaw-gallery'>, { house, sessions }: Tools): Promise<void> {
  const gallery = await galleryFacts(house, job.payload.galleryId)
  if (gallery.runState !== 'running' || !gallery.sourceId) return
  const kept = await thawTicket(house, gallery.id)
  if (!kept.archived) return
  const { runId, sourceId, ref, id } = gallery
  await guarded(job, house, { runId, galleryId: id }, async () => {
    const state = await sessions.with(sourceId, async (session) =>
      session.thaw ? session.thaw({ ref }, kept.ticket ?? undefined, kept.missing ?? undefined) : null,
    )
    await job.finish(async (tx) => {
      if (!state || state.ready) {
        await endThaw(tx, runId, id)
        await enqueueMissing(tx, house.queues, runId)
      } else await waitForThaw(tx, runId, id, state.usualHours, { ticket: state.ticket })
    })
    if (state?.todo && !(await isToldByHand(house.db, runId))) await blockRun(house, runId, thawByHand, state.todo)
  })
}
