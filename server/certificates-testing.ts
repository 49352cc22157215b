// For tests of certificates and redirects: runs whose galleries are copied, reconciled and published by the verbs.
import type { House } from './house.ts'
import { type Outcome, settle } from './ledger.ts'
import { type FoundGallery, type FoundPhoto, recordPage } from './listing.ts'
import { missingObjects, publishGallery, reconciliationOf } from './reconcile.ts'
import { aMovingRun, type MovingRun } from './testing.ts'
import { copied } from './testing-outcomes.ts'

/** Photos named in `failing` fail; the others have originals of their own in the store. */
export async function aPublishedRun(
  house: House,
  galleries: { gallery?: Partial<FoundGallery>; photos: FoundPhoto[]; failing?: string[] }[],
): Promise<MovingRun> {
  const run = await aMovingRun(
    house,
    galleries.map(({ gallery = {} }) => gallery),
  )
  for (const [n, { photos, failing = [] }] of galleries.entries()) {
    const gallery = run.galleries[n]!
    await recordPage(house.db, house.queues, gallery, { photos, next: null }, null)
    const { rows } = await house.pool.query<{ id: number; ref: string }>(
      "select id, ref from photos where gallery_id = $1 and state = 'listed' order by id",
      [gallery.id],
    )
    const outcomes = rows.map(({ id, ref }) =>
      failing.includes(ref)
        ? Promise.resolve<Outcome>({ id, attempts: 0, to: 'failed', code: 'truncated' })
        : copied(house, run, { id, ref }),
    )
    await settle(house.db, house.queues, run, 'fetch-photos', 'listed', await Promise.all(outcomes))
  }
  for (const gallery of run.galleries) {
    const missing = await missingObjects(house, gallery)
    await house.db.transaction(async (tx) => {
      const verdict = await reconciliationOf(tx, gallery, missing)
      if (verdict !== 'moving') await publishGallery(tx, house.queues, gallery, verdict)
    })
  }
  return run
}
