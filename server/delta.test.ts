import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { checkForChanges, chooseGalleries, lastRuns, plannedGalleries } from './delta.ts'
import { cancelRun, runFacts, startRun } from './runs.ts'
import { snapshot } from './snapshots.ts'
import { aSource, forgetJobs, jobsOf, type VerbHouse, verbHouse } from './testing.ts'
import {
  type Account,
  broughtThrough,
  differencesOf,
  folder,
  galleryOf,
  library,
  linesOf,
  list,
  migrated,
  migration,
  pair,
  refsIn,
  repeated,
} from './testing-delta.ts'
import { runDetail } from './views.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())
beforeEach(() => forgetJobs(house))

const everyKind: Account = {
  folders: [folder('f', 'Renamed')],
  galleries: [
    { ref: 'new' },
    { ref: 'moved', folderRef: 'f' },
    { ref: 'same' },
    { ref: 'changed', changeToken: 'two', title: 'Now called so' },
  ],
  favourites: ['other'],
}
const before: Account = {
  folders: [folder('f')],
  galleries: [{ ref: 'gone' }, { ref: 'moved' }, { ref: 'same' }, { ref: 'changed' }],
  favourites: ['list'],
}

test('a plan that nobody starts changes nothing in the library, and leaves nothing when it is cancelled', async () => {
  const { source, run } = await migrated(house, before)
  const was = await library(house, source)
  const totals = (await snapshot(house, run)).totals
  const second = await repeated(house, source, everyKind, run)
  expect(await differencesOf(house, second)).toEqual({
    ...{ new: 'new', moved: 'moved', same: 'same', changed: 'changed', gone: 'gone' },
  })
  expect(await library(house, source)).toEqual(was)
  expect((await snapshot(house, second)).totals).toMatchObject({ galleries: 4, found: 0 })
  await cancelRun(house, 'test', second)
  expect(await library(house, source)).toEqual(was)
  expect(await plannedGalleries(house, second)).toEqual([])
  expect((await snapshot(house, run)).totals).toEqual(totals)
})

test('the start enters what is new, changed or moved; what is the same is not listed, what is gone is kept and marked', async () => {
  const { source, run } = await migrated(house, before)
  const kept = await galleryOf(house, source, 'same')
  const second = await repeated(house, source, everyKind, run)
  await startRun(house, 'test', second)
  const listing = await jobsOf(house, 'list-gallery')
  const ids = await Promise.all(['new', 'changed'].map(async (ref) => (await galleryOf(house, source, ref)).id))
  expect(listing.map((job) => job.data.galleryId).toSorted()).toEqual(ids.toSorted())
  const { folder_id: inFolder, ...moved } = await galleryOf(house, source, 'moved')
  expect(moved).toMatchObject({ run_id: second, state: 'published', ordinal: 3 })
  const { rows } = await house.pool.query('select title from folders where id = $1', [inFolder])
  expect(rows).toEqual([{ title: 'Renamed' }])
  expect(await galleryOf(house, source, 'same')).toEqual({ ...kept, position: 2, ordinal: 1 })
  expect(await galleryOf(house, source, 'gone')).toMatchObject({
    ...{ run_id: run, state: 'published', published: 2, gone_at: expect.any(Date) },
  })
  expect(await galleryOf(house, source, 'changed')).toMatchObject({
    run_id: second,
    title: 'Now called so',
    listing: 2,
  })
})

test('of an account that did not change nothing is asked, the run is done at once and covers all of it', async () => {
  const { source, run } = await migrated(house, before)
  const second = await repeated(house, source, before, run)
  await startRun(house, 'test', second)
  expect((await runFacts(house, second)).state).toBe('done')
  for (const queue of ['list-gallery', 'build-gallery', 'fetch-photos'] as const)
    expect(await jobsOf(house, queue)).toEqual([])
  expect((await snapshot(house, second)).totals).toMatchObject({ galleries: 4, found: 8, published: 8, listing: 0 })
  const [first, again] = [await linesOf(house, run), await linesOf(house, second)]
  expect(again.slice(1)).toEqual(first.slice(1))
  expect(again[0].totals).toEqual(first[0].totals)
})

test('a report has no hole where a later run took galleries over, and that of the later run tells the account as it is', async () => {
  const { source, run } = await migrated(house, before)
  const second = await repeated(house, source, everyKind, run)
  await startRun(house, 'test', second)
  for (const ref of ['new', 'changed']) {
    await list(house, source, ref, pair(ref))
    expect(await broughtThrough(house, source, ref)).toBeNull()
  }
  expect((await runFacts(house, second)).state).toBe('done')
  const later = await linesOf(house, second)
  expect(refsIn(later, 'gallery')).toEqual(['new', 'same', 'changed', 'moved'])
  expect(refsIn(later, 'photo').length).toBe(8)
  expect(refsIn(later, 'favourites')).toEqual(['other'])
  expect(later[0].totals).toMatchObject({ galleries: 4, photos: 8, published: 8, gone: 2 })
  const first = await linesOf(house, run)
  expect(refsIn(first, 'gallery')).toEqual(['gone', 'moved', 'same', 'changed'])
  expect(refsIn(first, 'photo').length).toBe(8)
  expect(first[0].totals).toMatchObject({ galleries: 4, photos: 8, published: 8 })
  expect((await snapshot(house, run)).totals).toMatchObject({ galleries: 4, found: 8, published: 8 })
})

test('only chosen galleries are taken, the plan counts anew, and all of them again', async () => {
  const source = await aSource(house)
  const account = { galleries: ['a', 'b', 'c'].map((ref, i) => ({ ref, statedCount: 10 ** i })) }
  const run = await migration(house, source, account)
  expect((await runDetail(house, run)).plan).toMatchObject({ galleries: 3, photos: 111, photosToCopy: 111 })
  await chooseGalleries(house, 'test', run, ['a', 'c'])
  expect(await runDetail(house, run)).toMatchObject({
    only: ['a', 'c'],
    plan: { galleries: 2, photos: 101, accountGalleries: 3 },
  })
  expect((await snapshot(house, run)).statedPhotos).toBe(101)
  await chooseGalleries(house, 'test', run, null)
  expect(await runDetail(house, run)).toMatchObject({ only: null, plan: { galleries: 3, photos: 111 } })
  await chooseGalleries(house, 'test', run, ['b'])
  await startRun(house, 'test', run)
  expect(refsIn(await linesOf(house, run), 'gallery')).toEqual(['b'])
  expect(await galleryOf(house, source, 'a')).toBeUndefined()
})

test('a choice of nothing, of what is not there, or after the start is refused', async () => {
  const source = await aSource(house)
  const run = await migration(house, source, { galleries: [{ ref: 'a' }] })
  await expect(chooseGalleries(house, 'test', run, [])).rejects.toMatchObject({ code: 'nothing_chosen' })
  await expect(chooseGalleries(house, 'test', run, ['a', 'z'])).rejects.toMatchObject({ code: 'unknown_gallery' })
  await startRun(house, 'test', run)
  await expect(chooseGalleries(house, 'test', run, ['a'])).rejects.toMatchObject({ code: 'wrong_state' })
})

test('galleries that the account does not have cannot be asked for', async () => {
  const source = await aSource(house)
  await expect(migration(house, source, { galleries: [{ ref: 'a' }] }, ['a', 'z'])).rejects.toMatchObject({
    ...{ code: 'unknown_gallery', message: 'The account has no gallery z.' },
  })
})

test('what was left out of a run stays out when it is repeated, what came since does not', async () => {
  const source = await aSource(house)
  const run = await migration(house, source, { galleries: [{ ref: 'a' }, { ref: 'b' }] }, ['a'])
  await startRun(house, 'test', run)
  await list(house, source, 'a', pair('a'))
  await broughtThrough(house, source, 'a')
  const second = await repeated(house, source, { galleries: [{ ref: 'a' }, { ref: 'b' }, { ref: 'c' }] }, run)
  const chosen = (await plannedGalleries(house, second)).filter((gallery) => gallery.chosen)
  expect(chosen.map(({ ref, difference }) => `${ref} ${difference}`)).toEqual(['a same', 'c new'])
  expect((await runFacts(house, second)).only).toEqual(['a', 'c'])
})

test('a source is repeated by the run that moved it last; twenty times at once is one run', async () => {
  const { source, run } = await migrated(house, before)
  expect(await lastRuns(house, source.clientId)).toEqual({ [source.sourceId]: run })
  const made = await Promise.all(
    Array.from({ length: 20 }, () =>
      checkForChanges(house, 'test', { sourceId: source.sourceId }, { autoStart: false }),
    ),
  )
  expect(new Set(made.map(({ id }) => id)).size).toBe(1)
  expect(await lastRuns(house, source.clientId)).toEqual({})
  expect(await runFacts(house, made[0]!.id)).toMatchObject({ deltaOf: run, sourceId: source.sourceId })
  expect(Object.keys((await runFacts(house, made[0]!.id)).renditions)).toEqual(['thumb'])
})

test('what was never moved has no changes to look for', async () => {
  const source = await aSource(house)
  const of = { sourceId: source.sourceId }
  await expect(checkForChanges(house, 'test', of, { autoStart: true })).rejects.toMatchObject({ code: 'nothing_moved' })
  const nowhere = { runId: '00000000-0000-4000-8000-000000000000' }
  await expect(checkForChanges(house, 'test', nowhere, { autoStart: true })).rejects.toMatchObject({
    code: 'not_found',
  })
})
