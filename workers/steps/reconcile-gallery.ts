// When the last photo of a gallery has settled: our count, the provider's and the store agree, places and cover too;
// then it is verified and published, or says what is missing. Running twice looks twice.
import { keepProof } from '#server/certificates.ts'
import { galleryFacts } from '#server/galleries.ts'
import { announce } from '#server/live.ts'
import { log } from '#server/log.ts'
import { copyAgain, missingObjects, publishGallery, reconciliationOf } from '#server/reconcile.ts'
import type { Job } from '../run.ts'
import type { Tools } from '../tools.ts'
import { guarded } from '../trouble.ts'

export async function reconcileGallery(job: Job<'reconcile-gallery'>, { house }: Tools): Promise<void> {
  const gallery = await galleryFacts(house, job.payload.galleryId)
  if (!gallery.worksUnsigned || gallery.state === 'published') return
  let isThrough = false
  await guarded(job, house, { runId: gallery.runId, galleryId: gallery.id }, async () => {
    const missing = await missingObjects(house, gallery)
    await job.finish(async (tx) => {
      const verdict = await reconciliationOf(tx, gallery, missing)
      // Photos still move: whoever settles the last one asks again.
      if (verdict === 'moving') return
      // What was uploaded is not to be had again.
      const again = verdict === 'object_missing' && gallery.sourceId !== null
      if (again && (await copyAgain(tx, house.queues, gallery, missing))) return
      await publishGallery(tx, house.queues, gallery, verdict)
      isThrough = true
    })
    announce(house, gallery.runId)
  })
  // Who looks at the certificate first would do it otherwise.
  if (!isThrough) return
  await keepProof(house, gallery.id).catch((error: Error) =>
    log.warn({ galleryId: gallery.id, err: error.message }, 'proof is not kept'),
  )
}
