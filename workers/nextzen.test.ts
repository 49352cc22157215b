// Whole migrations from the new Zenfolio by worker processes, held against the truth of its stand-in.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '#db/testing.ts'
import type { Snapshot } from '#server/snapshots.ts'
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

async function withStandIn<T>(flags: string, work: (standIn: StandIn) => Promise<T>): Promise<T> {
  const standIn = await startStandIn('nextzen', ['--pictures', 'tiny', ...flags.split(' ')])
  try {
    return await work(standIn)
  } finally {
    await standIn.stop()
  }
}

async function isMovedAsItIs(standIn: StandIn, run: string, end: Snapshot): Promise<void> {
  expect(end.todo).toBeNull()
  expect(end.state).toBe('done')
  expect(end.totals).toMatchObject({ failed: 0, skipped: 0 })
  expect(differences(await reportLines(house, run), await standIn.expected())).toEqual([])
  const { writes, unknown } = await standIn.requests()
  expect({ writes, unknown }).toEqual({ writes: [], unknown: [] })
}

test(
  'a whole account is moved, verified and published, and its report says what the provider has',
  () =>
    withStandIn('--scenario plain --galleries 6 --photos 12', async (standIn) => {
      const run = await migrateAll(house, standIn)
      await isMovedAsItIs(standIn, run, await reached(house, run))
      const [line] = await reportLines(house, run)
      expect(line?.fields).toMatchObject({
        folders: 'kept',
        sets: 'kept',
        access: 'not_offered',
        captions: 'not_offered',
      })
      // The bearer that was handed over is all there is of a sign-in, and each original costs one address.
      const { signIns, byMethod } = await standIn.requests()
      expect(signIns).toBe(0)
      expect(byMethod.download).toBe(72)
    }),
  180_000,
)

test(
  'every trap of the sheet is moved as it is',
  () =>
    withStandIn('--scenario traps --galleries 4 --photos 6', async (standIn) => {
      const run = await migrateAll(house, standIn, { client: 'Traps' })
      const end = await reached(house, run)
      expect(end.totals.degraded).toBeGreaterThan(0)
      await isMovedAsItIs(standIn, run, end)
    }),
  300_000,
)

test(
  'with a provider that fails in every way and sessions that end, the report is the same',
  () =>
    withStandIn('--scenario plain --galleries 6 --photos 40', async (standIn) => {
      await standIn.faults({
        rate429: 0.05,
        retryAfter: 0,
        rate5xx: 0.05,
        rateTruncated: 0.03,
        rateHtml: 0.02,
        expireTokenEvery: 150,
      })
      const run = await migrateAll(house, standIn, { client: 'Storm', renditions: ['none'] })
      const stopped = (seen: Snapshot) => !['surveying', 'planned', 'running'].includes(seen.state)
      let end = await reached(house, run, stopped)
      let handedOver = 0
      while (end.state === 'blocked' && handedOver < 10) {
        expect(end.todo).toMatch(/hand over/)
        await handOverAnew(house, run, standIn)
        handedOver++
        end = await reached(house, run, stopped)
      }
      expect(handedOver).toBeGreaterThan(0)
      await isMovedAsItIs(standIn, run, end)
    }),
  400_000,
)

test(
  'where the form is the way in, a browser signs in, and again whenever the session ends',
  () =>
    withStandIn('--scenario plain --galleries 4 --photos 15 --sign-in browser', async (standIn) => {
      await standIn.faults({ expireTokenEvery: 60 })
      const run = await migrateAll(house, standIn, { client: 'Browser', renditions: ['none'] })
      await isMovedAsItIs(standIn, run, await reached(house, run))
      expect((await standIn.requests()).signIns).toBeGreaterThan(1)
    }),
  300_000,
)
