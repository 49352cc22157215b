import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkForChanges, plannedGalleries } from '#server/delta.ts'
import { startRun } from '#server/runs.ts'
import { verifyRun } from '#server/verify.ts'
import { runDetail } from '#server/views.ts'
import { differences, migrateAll, reached, reportLines, type StandIn, type TestHouse } from './testing.ts'
import { type HouseWithAccount, houseWithAccount, sized } from './testing-house.ts'

let place: HouseWithAccount
let house: TestHouse
let standIn: StandIn
let first: string

beforeAll(async () => {
  place = await houseWithAccount('zenfolio', sized(10, 5))
  ;({ house, standIn } = place)
  await house.startWorker()
  first = await migrateAll(house, standIn)
  expect(await reached(house, first)).toMatchObject({ state: 'done', totals: { galleries: 10, published: 50 } })
})

afterAll(() => place?.dispose())

const again = async (autoStart: boolean) => {
  const { id } = await checkForChanges(house, 'test', { runId: first }, { autoStart })
  return id
}
const planOf = async (run: string) => (await runDetail(house, run)).plan
const asked = async () => {
  const { originals, byMethod } = await standIn.requests()
  return { originals, listings: byMethod.LoadPhotoSetPhotos ?? 0 }
}

test('an account that did not change is looked through: nothing is listed, nothing fetched, and the report tells all of it', async () => {
  const before = await asked()
  const run = await again(true)
  const end = await reached(house, run)
  expect(end).toMatchObject({ state: 'done', totals: { galleries: 10, published: 50, verified: 50, failed: 0 } })
  expect(await asked()).toEqual(before)
  expect(await planOf(run)).toMatchObject({ difference: { same: 10, new: 0, changed: 0 }, photosToCopy: 0 })
  expect(differences(await reportLines(house, run), await standIn.expected())).toEqual([])
})

test('what the photographer did since is shown before it is done, and then only that is done', async () => {
  await standIn.change()
  const before = await asked()
  const run = await again(false)
  await reached(house, run, (seen) => seen.state === 'planned')
  const said = (await plannedGalleries(house, run)).filter((gallery) => gallery.difference !== 'same')
  expect(said.map(({ difference, reason }) => `${difference}: ${reason}`).toSorted()).toEqual([
    'changed: 4 photos stated, 5 here',
    'changed: 7 photos stated, 5 here',
    'changed: another cover',
    'changed: something in it changed',
    'changed: something in it changed',
    expect.stringMatching(/^changed: was called “.*”$/),
    'gone: ',
    expect.stringMatching(/^moved: moved from “.*” to “.*”$/),
    'new: ',
  ])
  expect(await planOf(run)).toMatchObject({
    difference: { new: 1, changed: 6, moved: 1, same: 2, gone: 1 },
    photosToCopy: 5,
  })
  expect(await asked()).toEqual(before)
  expect(differences(await reportLines(house, first), await standIn.expected()).length).toBeGreaterThan(0)

  await startRun(house, 'test', run)
  const end = await reached(house, run)
  expect(end.todo).toBeNull()
  expect(end).toMatchObject({
    state: 'done',
    totals: { galleries: 10, found: 49, published: 49, gone: 1, failed: 0, skipped: 0 },
  })
  // Three of the new gallery, two added, one replaced.
  expect((await asked()).originals - before.originals).toBe(6)
  const report = await reportLines(house, run)
  expect(differences(report, await standIn.expected())).toEqual([])
  expect(report[0]).toMatchObject({ totals: { galleries: 10, photos: 49, published: 49, gone: 6 } })
  expect((await standIn.requests()).writes).toEqual([])
})

test('and after that nothing has changed; every original is still in the store, those that are gone included', async () => {
  const before = await asked()
  const run = await again(true)
  expect(await reached(house, run)).toMatchObject({ state: 'done', totals: { galleries: 10, published: 49 } })
  expect(await asked()).toEqual(before)
  const findings = verifyRun(house, first, { deep: true })
  const found = await Array.fromAsync(findings)
  expect(found).toEqual([])
  expect((await reportLines(house, first))[0]).toMatchObject({ totals: { galleries: 10 } })
})
