import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Outcome, settle } from './ledger.ts'
import { type FoundPhoto, recordPage } from './listing.ts'
import { copyAgain, missingObjects, publishGallery, reconciliationOf } from './reconcile.ts'
import { originalKey } from './store/store.ts'
import { sweep } from './sweep.ts'
import {
  aMovingRun,
  countedAndRecounted,
  forgetJobs,
  foundPhoto,
  jobsOf,
  type MovingRun,
  type VerbHouse,
  verbHouse,
} from './testing.ts'
import { copied } from './testing-outcomes.ts'
import { leaveOthersAlone } from './testing-runs.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())
beforeEach(() => leaveOthersAlone(house))

interface Copied {
  id: number
  sha256: string
  key: string
}

/** Lists these photos in gallery `n` and copies all of the gallery's own but those in `failing`. */
async function copiedIn(run: MovingRun, n: number, photos: FoundPhoto[], failing: string[] = []): Promise<Copied[]> {
  const gallery = run.galleries[n]!
  await recordPage(house.db, house.queues, gallery, { photos, next: null }, null)
  const { rows } = await house.pool.query<{ id: number; ref: string }>(
    "select id, ref from photos where gallery_id = $1 and state = 'listed' order by id",
    [gallery.id],
  )
  const made: Copied[] = []
  const outcomes: Outcome[] = []
  for (const { id, ref } of rows) {
    if (failing.includes(ref)) {
      outcomes.push({ id, attempts: 0, to: 'failed', code: 'truncated' })
      continue
    }
    const outcome = await copied(house, run, { id, ref })
    made.push({ id, sha256: outcome.sha256, key: originalKey(run.clientId, outcome.sha256) })
    outcomes.push(outcome)
  }
  await settle(house.db, house.queues, run, 'fetch-photos', 'listed', outcomes)
  return made
}

async function reconciled(run: MovingRun, n: number) {
  const gallery = run.galleries[n]!
  const missing = await missingObjects(house, gallery)
  return house.db.transaction(async (tx) => {
    const verdict = await reconciliationOf(tx, gallery, missing)
    if (verdict !== 'moving') await publishGallery(tx, house.queues, gallery, verdict)
    return verdict
  })
}

async function galleryOf(run: MovingRun, n: number) {
  const { rows } = await house.pool.query(
    'select state, code, published, rendered, verified_at is not null as verified from galleries where id = $1',
    [run.galleries[n]!.id],
  )
  return rows[0]
}

const three = (ref = 'g0') => ['p0', 'p1', 'p2'].map((photo) => foundPhoto(ref, photo))

test('a gallery whose count, objects and order agree is verified and published', async () => {
  const run = await aMovingRun(house, [{ statedCount: 3 }])
  await copiedIn(run, 0, three())
  expect(await reconciled(run, 0)).toBeNull()
  expect(await galleryOf(run, 0)).toEqual({ state: 'published', code: null, published: 3, rendered: 0, verified: true })
})

test('a gallery with fewer photos than the provider states needs a look, and what came is published', async () => {
  const run = await aMovingRun(house, [{ statedCount: 4 }])
  await copiedIn(run, 0, three())
  expect(await reconciled(run, 0)).toBe('count_differs')
  expect(await galleryOf(run, 0)).toMatchObject({
    state: 'attention',
    code: 'count_differs',
    published: 3,
    verified: false,
  })
})

test('a gallery with a failed photo needs a look', async () => {
  const run = await aMovingRun(house, [{ statedCount: 3 }])
  await copiedIn(run, 0, three(), ['p1'])
  expect(await reconciled(run, 0)).toBe('photos_failed')
  expect(await galleryOf(run, 0)).toMatchObject({ state: 'attention', code: 'photos_failed', published: 2 })
})

test.each([
  ['is gone', async (photo: Copied) => house.store.remove([photo.key])],
  [
    'has another length',
    async (photo: Copied) => house.pool.query('update photos set bytes = bytes + 1 where id = $1', [photo.id]),
  ],
])('a gallery of which an object %s needs a look', async (_, harm) => {
  const run = await aMovingRun(house, [{ statedCount: 3 }])
  const photos = await copiedIn(run, 0, three())
  await harm(photos[1]!)
  expect(await missingObjects(house, run.galleries[0]!)).toEqual([photos[1]!.id])
  expect(await reconciled(run, 0)).toBe('object_missing')
  expect(await galleryOf(run, 0)).toMatchObject({ state: 'attention', code: 'object_missing' })
})

test('an original that the store has lost is copied again, twice at the most, and every counter follows', async () => {
  const run = await aMovingRun(house)
  const [gallery] = run.galleries
  const photos = await copiedIn(run, 0, three())
  await house.store.remove([originalKey(run.clientId, photos[1]!.sha256!)])
  const missing = await missingObjects(house, gallery!)
  const again = () => house.db.transaction((tx) => copyAgain(tx, house.queues, gallery!, missing))
  expect(await again()).toBe(true)
  const { counted, recounted } = await countedAndRecounted(house, run.id)
  expect(counted).toEqual(recounted)
  const { rows } = await house.pool.query('select state, sha256, bytes from photos where id = $1', [photos[1]!.id])
  expect(rows).toEqual([{ state: 'listed', sha256: null, bytes: null }])
  expect(await jobsOf(house, 'fetch-photos')).not.toEqual([])
  expect([await again(), await again()]).toEqual([true, false])
})

test('a gallery in which two photos claim one place needs a look', async () => {
  const run = await aMovingRun(house)
  const place = { placements: [{ setRef: null, position: 0 }] }
  await copiedIn(run, 0, [foundPhoto('g0', 'p0', place), foundPhoto('g0', 'p1', place)])
  expect(await reconciled(run, 0)).toBe('order_broken')
})

test.each([
  [
    'photos are on their way',
    "update photos set state = 'stored' where id = $1",
    'update galleries set stored = 1, rendered = 2 where id = $2',
  ],
  ['it is not listed to its end', 'select $1::int8', 'update galleries set listed_at = null where id = $2'],
  ['it is not built', 'select $1::int8', 'update galleries set built_at = null where id = $2'],
])('a gallery still moves while %s', async (_, photo, gallery) => {
  const run = await aMovingRun(house)
  const photos = await copiedIn(run, 0, three())
  await house.pool.query(photo, [photos[0]!.id])
  await house.pool.query(gallery.replace('$2', '$1'), [run.galleries[0]!.id])
  expect(await reconciled(run, 0)).toBe('moving')
  expect(await galleryOf(run, 0)).toMatchObject({ verified: false })
})

test.each([
  ['names a cover that is among its photos', { coverRef: 'p1' }, [], null],
  [
    'has a photo in none of its sets',
    {},
    ["delete from placements where photo_id = (select id from photos where gallery_id = $1 and ref = 'p1')"],
    'photos_unplaced',
  ],
  [
    'has photos in a set that it does not name',
    {},
    ["insert into sets (gallery_id, ref, title, position) values ($1, 'other', '', 0)"],
    'sets_differ',
  ],
  [
    'has a set below one that it does not have',
    {},
    ["insert into sets (gallery_id, ref, parent_ref, title, position) values ($1, 's', 'nowhere', 'S', 1)"],
    'sets_differ',
  ],
  [
    'was told more closed than it is built',
    { access: 'private' },
    ["update galleries set access = 'public' where id = $1"],
    'access_differs',
  ],
  [
    'is told more closed when it is built',
    { access: 'public' },
    ["update galleries set access = 'hidden' where id = $1"],
    null,
  ],
  ['has a password that is said to be known and is not here', { access: 'password' }, [], 'access_differs'],
  [
    'has a password that the provider does not tell',
    { access: 'password' },
    ['update galleries set password_known = false where id = $1'],
    null,
  ],
] as const)('of a gallery that %s, the last look says so', async (_, gallery, changes, verdict) => {
  const run = await aMovingRun(house, [gallery])
  await copiedIn(run, 0, three())
  for (const change of changes) await house.pool.query(change, [run.galleries[0]!.id])
  expect(await reconciled(run, 0)).toBe(verdict)
  expect(await galleryOf(run, 0)).toMatchObject({ code: verdict, verified: verdict === null, published: 3 })
})

test('a cover is looked for in the whole account, once no gallery moves any more', async () => {
  const run = await aMovingRun(house, [
    { ref: 'a', coverRef: 'p0' },
    { ref: 'b', coverRef: 'p7' },
    { ref: 'c', coverRef: 'p9' },
    { ref: 'd' },
  ])
  const settled = async (n: number, photo: string) => {
    await copiedIn(run, n, [foundPhoto('abcd'[n]!, photo)])
    expect(await reconciled(run, n)).toBeNull()
  }
  for (const [n, photo] of ['p0', 'p1', 'p2'].entries()) await settled(n, photo)
  for (const n of [0, 1, 2]) expect(await galleryOf(run, n)).toMatchObject({ state: 'published', verified: true })
  await settled(3, 'p7')
  for (const n of [0, 1, 3]) expect(await galleryOf(run, n)).toMatchObject({ state: 'published', verified: true })
  expect(await galleryOf(run, 2)).toMatchObject({ state: 'attention', code: 'cover_missing', verified: false })
  const { rows } = await house.pool.query('select state from runs where id = $1', [run.id])
  expect(rows).toEqual([{ state: 'done_with_problems' }])
})

test('a photo that only a collection shows has its place there', async () => {
  const run = await aMovingRun(house, [{ ref: 'collection', virtual: true }, { ref: 'a' }])
  await recordPage(house.db, house.queues, run.galleries[0]!, { photos: [foundPhoto('a', 'p7')], next: null }, null)
  await copiedIn(run, 1, three('a'))
  expect(await reconciled(run, 1)).toBeNull()
})

test('looking twice changes nothing more', async () => {
  const run = await aMovingRun(house)
  await copiedIn(run, 0, three())
  await reconciled(run, 0)
  const once = await galleryOf(run, 0)
  expect(await reconciled(run, 0)).toBeNull()
  expect(await galleryOf(run, 0)).toEqual(once)
  const { counted, recounted } = await countedAndRecounted(house, run.id)
  expect(counted).toEqual(recounted)
})

test('a collection waits for the photos it places and is looked at when the last other gallery has come to its end', async () => {
  const run = await aMovingRun(house, [
    { ref: 'collection', virtual: true, statedCount: 2 },
    { ref: 'a' },
    { ref: 'b' },
  ])
  await recordPage(
    house.db,
    house.queues,
    run.galleries[0]!,
    { photos: [foundPhoto('a', 'p0'), foundPhoto('b', 'p1')], next: null },
    null,
  )
  expect(await reconciled(run, 0)).toBe('moving')
  const asked = async () => {
    const jobs = await jobsOf(house, 'reconcile-gallery')
    return jobs.filter((job) => job.data.galleryId === run.galleries[0]!.id).length
  }
  await copiedIn(run, 1, [foundPhoto('a', 'p0')])
  await reconciled(run, 1)
  expect(await asked()).toBe(0)
  expect(await reconciled(run, 0)).toBe('moving')
  await copiedIn(run, 2, [foundPhoto('b', 'p1')])
  await reconciled(run, 2)
  expect(await asked()).toBe(1)
  expect(await reconciled(run, 0)).toBeNull()
  expect(await galleryOf(run, 0)).toMatchObject({ state: 'published', verified: true })
})

test('a collection that places a failed photo needs a look', async () => {
  const run = await aMovingRun(house, [{ ref: 'collection', virtual: true }, { ref: 'a' }])
  await recordPage(house.db, house.queues, run.galleries[0]!, { photos: [foundPhoto('a', 'p0')], next: null }, null)
  await copiedIn(run, 1, [foundPhoto('a', 'p0')], ['p0'])
  expect(await reconciled(run, 0)).toBe('photos_failed')
})

test('a collection is looked at by the sweep too, once its photos have settled', async () => {
  const run = await aMovingRun(house, [{ ref: 'collection', virtual: true }, { ref: 'a' }, { ref: 'b' }])
  await recordPage(house.db, house.queues, run.galleries[0]!, { photos: [foundPhoto('a', 'p0')], next: null }, null)
  const asked = async () => {
    await forgetJobs(house)
    await sweep(house)
    return (await jobsOf(house, 'reconcile-gallery')).map((job) => job.data.galleryId)
  }
  expect(await asked()).toEqual([])
  await copiedIn(run, 1, [foundPhoto('a', 'p0')])
  expect((await asked()).toSorted()).toEqual([run.galleries[0]!.id, run.galleries[1]!.id].toSorted())
})
