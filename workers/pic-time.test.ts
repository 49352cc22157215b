import { afterAll, beforeAll, expect, test } from 'vitest'
import { differences, handOverAnew, migrateAll, reached, reportLines, type TestHouse } from './testing.ts'
import { expectMoved, hurryingHouse, sized, storm, withStandIn } from './testing-house.ts'

let house: TestHouse

beforeAll(async () => {
  house = await hurryingHouse()
})
afterAll(() => house?.dispose())

test('a whole account of Pic-Time is moved, and its report says what the provider has', async () => {
  await withStandIn('pic-time', sized(5, 9), async (standIn) => {
    const run = await migrateAll(house, standIn)
    await expectMoved(house, standIn, run)
  })
}, 120_000)

test('every trap of Pic-Time is moved as it is; its archive is asked once for each project that needs it', async () => {
  await withStandIn('pic-time', [...sized(2, 6, 'traps'), '--thaw-seconds', '6'], async (standIn) => {
    const run = await migrateAll(house, standIn, { client: 'Traps' })
    const end = await expectMoved(house, standIn, run)
    expect(end.totals).toMatchObject({ failed: 0, skipped: 0, degraded: 1 })
    expect((await standIn.requests()).byMethod.sendPhotos).toBe(5)
  })
}, 240_000)

test('an account that is signed in to by its form is moved through faults of every kind and sessions that end', async () => {
  await withStandIn('pic-time', [...sized(4, 30), '--sign-in', 'password'], async (standIn) => {
    await standIn.faults({ ...storm, expireTokenEvery: 100 })
    const run = await migrateAll(house, standIn, { client: 'Storm' })
    await expectMoved(house, standIn, run)
    expect((await standIn.requests()).signIns).toBeGreaterThan(1)
  })
}, 400_000)

test('a session that was handed over and ends is handed over anew, and the run goes on with what it has', async () => {
  await withStandIn('pic-time', sized(3, 20), async (standIn) => {
    await standIn.faults({ expireTokenEvery: 40 })
    const run = await migrateAll(house, standIn, { client: 'Handed over' })
    expect(await reached(house, run)).toMatchObject({ state: 'blocked', todo: expect.stringMatching(/Sign in/) })
    await standIn.faults({ expireTokenEvery: 0 })
    await handOverAnew(house, run, standIn)
    expect((await reached(house, run)).state).toBe('done')
    expect(differences(await reportLines(house, run), await standIn.expected())).toEqual([])
    expect((await standIn.requests()).originals).toBe(60)
  })
}, 240_000)
