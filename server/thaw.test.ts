import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { claim, settle } from './ledger.ts'
import type { ListedGallery } from './listing.ts'
import { enqueueMissing, sweep } from './sweep.ts'
import { aMovingRun, forgetJobs, jobsOf, listedIn, type MovingRun, type VerbHouse, verbHouse } from './testing.ts'
import { endThaw, isThawing, thawTicket, waitForThaw } from './thaw.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())
beforeEach(async () => {
  await house.pool.query("update runs set state = 'failed' where state = 'running'")
  await forgetJobs(house)
})

async function anArchive(archived = true): Promise<{ run: MovingRun; gallery: ListedGallery; photos: number[] }> {
  const run = await aMovingRun(house, [{ archived }])
  const gallery = run.galleries[0]!
  const photos = await listedIn(house, gallery, 3)
  await forgetJobs(house)
  return { run, gallery, photos }
}

const stateOf = async ({ id }: { id: number }) => {
  const { rows } = await house.pool.query(
    'select state, code, archived, tries, extract(epoch from ask_again_at - now())::float8 as wait from galleries where id = $1',
    [id],
  )
  return rows[0]
}
const eventsOf = async ({ id }: { id: number }) => {
  const { rows } = await house.pool.query<{ kind: string }>(
    "select kind from events where gallery_id = $1 and kind in ('waiting', 'thawed') order by id",
    [id],
  )
  return rows.map(({ kind }) => kind)
}
const subjects = async (queue: 'thaw-gallery' | 'fetch-photos' | 'render-photos') =>
  (await jobsOf(house, queue)).flatMap(({ data }) => data.photoIds ?? [data.galleryId])
const due = ({ id }: { id: number }) =>
  house.pool.query("update galleries set ask_again_at = now() - interval '1 second' where id = $1", [id])

test('what lies in an archive is asked for, and its originals are left alone until the archive has answered', async () => {
  const { gallery, photos } = await anArchive()
  await sweep(house)
  expect(await subjects('thaw-gallery')).toEqual([gallery.id])
  expect(await subjects('fetch-photos')).toEqual([])
  expect((await claim(house.db, photos, 'listed')).photos).toEqual([])
})

test('what the archive answered is kept, and it is looked after no sooner than the answer says', async () => {
  const { run, gallery, photos } = await anArchive()
  expect(await waitForThaw(house.db, run.id, gallery.id, 15, { ticket: { job: 7 } })).toBe(true)
  expect(await thawTicket(house, gallery.id)).toEqual({ archived: true, ticket: { job: 7 }, missing: null })
  expect(await stateOf(gallery)).toMatchObject({ state: 'waiting', code: 'thawing', archived: true })
  expect(await isThawing(house.db, photos[0]!)).toBe(true)
  expect(await sweep(house)).toBe(0)
  await due(gallery)
  await sweep(house)
  expect(await subjects('thaw-gallery')).toEqual([gallery.id])
  expect(await subjects('fetch-photos')).toEqual([])
})

test('a ticket is kept also where an original has made the gallery wait just before, and that one is told', async () => {
  const { run, gallery, photos } = await anArchive(false)
  const missing = { ref: 'p1', kind: 'photo', galleryRef: gallery.ref, handle: null }
  await waitForThaw(house.db, run.id, gallery.id, 15, { missing: photos[1]! })
  expect(await thawTicket(house, gallery.id)).toEqual({ archived: true, ticket: null, missing })
  await waitForThaw(house.db, run.id, gallery.id, 15, { ticket: { job: 8 } })
  expect(await thawTicket(house, gallery.id)).toEqual({ archived: true, ticket: { job: 8 }, missing })
  expect(await eventsOf(gallery)).toEqual(['waiting'])
})

test('a gallery found archived by its originals is asked for at once', async () => {
  const { run, gallery, photos } = await anArchive(false)
  await waitForThaw(house.db, run.id, gallery.id, 15, { missing: photos[0]! })
  await sweep(house)
  expect(await subjects('thaw-gallery')).toEqual([gallery.id])
})

test('looks become rarer, five seconds apart at the least and fifteen minutes at the most', async () => {
  const { run, gallery } = await anArchive()
  const after = async (hours: number) => {
    await house.pool.query('update galleries set waiting_since = now() - make_interval(secs => $2) where id = $1', [
      gallery.id,
      hours * 3600,
    ])
    await waitForThaw(house.db, run.id, gallery.id, null, { ticket: { job: 1 } })
    return (await stateOf(gallery)).wait
  }
  expect(await after(0)).toBeCloseTo(5, 0)
  expect(await after(0.1)).toBeCloseTo(180, 0)
  expect(await after(9)).toBeCloseTo(900, 0)
})

test('once it is back its originals are copied, and it is not asked for again', async () => {
  const { run, gallery, photos } = await anArchive()
  await waitForThaw(house.db, run.id, gallery.id, 15, { ticket: { job: 7 } })
  await house.db.transaction(async (tx) => {
    await endThaw(tx, run.id, gallery.id)
    await enqueueMissing(tx, house.queues, run.id)
  })
  expect(await stateOf(gallery)).toMatchObject({ state: 'copying', code: null, archived: false })
  expect(await subjects('fetch-photos')).toEqual(photos)
  expect(await subjects('thaw-gallery')).toEqual([])
  expect((await claim(house.db, photos, 'listed')).photos).toHaveLength(3)
  expect(await eventsOf(gallery)).toEqual(['waiting', 'thawed'])
})

test('what was at hand all the time has not been brought back', async () => {
  const { run, gallery } = await anArchive()
  await endThaw(house.db, run.id, gallery.id)
  expect(await stateOf(gallery)).toMatchObject({ archived: false })
  expect(await eventsOf(gallery)).toEqual([])
})

test('what is copied already is rendered while the rest waits', async () => {
  const { run, gallery, photos } = await anArchive(false)
  const id = photos[0]!
  const copied = { sha256: '0'.repeat(64), bytes: 1, contentType: 'image/jpeg', isOriginal: true, render: true }
  await settle(house.db, house.queues, run, 'fetch-photos', 'listed', [{ id, attempts: 0, to: 'stored', ...copied }])
  await forgetJobs(house)
  await waitForThaw(house.db, run.id, gallery.id, 15, { missing: photos[2]! })
  await sweep(house)
  expect(await subjects('render-photos')).toEqual([id])
  expect((await claim(house.db, [id], 'stored')).photos).toHaveLength(1)
})

test('a published gallery, and one that needs a look, stay what they are', async () => {
  for (const state of ['published', 'attention']) {
    const { run, gallery } = await anArchive()
    await house.pool.query('update galleries set state = $2::gallery_state where id = $1', [gallery.id, state])
    await sweep(house)
    expect(await subjects('thaw-gallery')).toEqual([])
    expect(await waitForThaw(house.db, run.id, gallery.id, 15, { ticket: { job: 7 } })).toBe(false)
    await endThaw(house.db, run.id, gallery.id)
    expect(await stateOf(gallery)).toMatchObject({ state, archived: false })
    await forgetJobs(house)
  }
})

test('where asking the archive has come to an end, originals are tried by themselves', async () => {
  const { gallery, photos } = await anArchive()
  await house.pool.query("update galleries set state = 'attention' where id = $1", [gallery.id])
  await sweep(house)
  expect(await subjects('fetch-photos')).toEqual(photos)
  expect((await claim(house.db, photos, 'listed')).photos).toHaveLength(3)
})
