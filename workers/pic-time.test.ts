import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '#db/testing.ts'
import {
  differences,
  handOverAnew,
  migrateAll,
  reached,
  reportLines,
  type StandIn,
  startStandIn,
  type TestHouse,
  testHouse,
  withoutPacing,
} from './testing.ts'

let database: TestDatabase
let house: TestHouse

beforeAll(async () => {
  database = await testDatabase()
  house = await testHouse(database.url)
  await withoutPacing(house)
  await house.startWorker()
})
afterAll(async () => {
  await house?.dispose()
  await database?.drop()
})

const unasked = async (standIn: StandIn) => {
  const { writes, unknown } = await standIn.requests()
  expect({ writes, unknown }).toEqual({ writes: [], unknown: [] })
}

test('a whole account of Pic-Time is moved, and its report says what the provider has', async () => {
  const standIn = await startStandIn('pic-time', [
    ...['--scenario', 'plain', '--galleries', '5', '--photos', '9', '--pictures', 'tiny'],
  ])
  try {
    const run = await migrateAll(house, standIn)
    const end = await reached(house, run)
    expect(end.todo).toBeNull()
    expect(end.state).toBe('done')
    expect(differences(await reportLines(house, run), await standIn.expected())).toEqual([])
    await unasked(standIn)
  } finally {
    await standIn.stop()
  }
}, 120_000)

test('every trap of Pic-Time is moved as it is; its archive is asked once for each project that needs it', async () => {
  const traps = await startStandIn('pic-time', [
    ...['--scenario', 'traps', '--galleries', '2', '--photos', '6', '--pictures', 'tiny', '--thaw-seconds', '6'],
  ])
  try {
    const run = await migrateAll(house, traps, { client: 'Traps' })
    const end = await reached(house, run)
    expect(end.todo).toBeNull()
    expect(end.state).toBe('done')
    expect(end.totals).toMatchObject({ failed: 0, skipped: 0, degraded: 1 })
    expect(differences(await reportLines(house, run), await traps.expected())).toEqual([])
    expect((await traps.requests()).byMethod.sendPhotos).toBe(5)
    await unasked(traps)
  } finally {
    await traps.stop()
  }
}, 240_000)

test('an account that is signed in to by its form is moved through faults of every kind and sessions that end', async () => {
  const standIn = await startStandIn('pic-time', [
    ...['--scenario', 'plain', '--galleries', '4', '--photos', '30', '--pictures', 'tiny', '--sign-in', 'password'],
  ])
  try {
    await standIn.faults({ rate429: 0.05, retryAfter: 0, rate5xx: 0.05, rateTruncated: 0.03, rateHtml: 0.02 })
    await standIn.faults({ expireTokenEvery: 100 })
    const run = await migrateAll(house, standIn, { client: 'Storm' })
    const end = await reached(house, run)
    expect(end.todo).toBeNull()
    expect(end.state).toBe('done')
    expect(differences(await reportLines(house, run), await standIn.expected())).toEqual([])
    expect((await standIn.requests()).signIns).toBeGreaterThan(1)
    await unasked(standIn)
  } finally {
    await standIn.stop()
  }
}, 400_000)

test('a session that was handed over and ends is handed over anew, and the run goes on with what it has', async () => {
  const standIn = await startStandIn('pic-time', [
    ...['--scenario', 'plain', '--galleries', '3', '--photos', '20', '--pictures', 'tiny'],
  ])
  try {
    await standIn.faults({ expireTokenEvery: 40 })
    const run = await migrateAll(house, standIn, { client: 'Handed over' })
    expect(await reached(house, run)).toMatchObject({ state: 'blocked', todo: expect.stringMatching(/Sign in/) })
    await standIn.faults({ expireTokenEvery: 0 })
    await handOverAnew(house, run, standIn)
    expect((await reached(house, run)).state).toBe('done')
    expect(differences(await reportLines(house, run), await standIn.expected())).toEqual([])
    expect((await standIn.requests()).originals).toBe(60)
    await unasked(standIn)
  } finally {
    await standIn.stop()
  }
}, 240_000)
