// Whole migrations from the new Zenfolio by worker processes, held against the truth of its stand-in.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Snapshot } from '#server/snapshots.ts'
import { handOverAnew, migrateAll, reached, reportLines, type StandIn, type TestHouse } from './testing.ts'
import { expectMoved, hurryingHouse, sized, storm, withStandIn } from './testing-house.ts'

let house: TestHouse

beforeAll(async () => {
  house = await hurryingHouse()
})
afterAll(() => house?.dispose())

async function isMovedAsItIs(standIn: StandIn, run: string): Promise<Snapshot> {
  const end = await expectMoved(house, standIn, run)
  expect(end.totals).toMatchObject({ failed: 0, skipped: 0 })
  return end
}

test(
  'a whole account is moved, verified and published, and its report says what the provider has',
  () =>
    withStandIn('nextzen', sized(6, 12), async (standIn) => {
      const run = await migrateAll(house, standIn)
      await isMovedAsItIs(standIn, run)
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
    withStandIn('nextzen', sized(4, 6, 'traps'), async (standIn) => {
      const run = await migrateAll(house, standIn, { client: 'Traps' })
      const end = await isMovedAsItIs(standIn, run)
      expect(end.totals.degraded).toBeGreaterThan(0)
    }),
  300_000,
)

test(
  'with a provider that fails in every way and sessions that end, the report is the same',
  () =>
    withStandIn('nextzen', sized(6, 40), async (standIn) => {
      await standIn.faults({ ...storm, expireTokenEvery: 150 })
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
      await isMovedAsItIs(standIn, run)
    }),
  400_000,
)

test(
  'where the form is the way in, a browser signs in, and again whenever the session ends',
  () =>
    withStandIn('nextzen', [...sized(4, 15), '--sign-in', 'browser'], async (standIn) => {
      await standIn.faults({ expireTokenEvery: 60 })
      const run = await migrateAll(house, standIn, { client: 'Browser', renditions: ['none'] })
      await isMovedAsItIs(standIn, run)
      expect((await standIn.requests()).signIns).toBeGreaterThan(1)
    }),
  300_000,
)
