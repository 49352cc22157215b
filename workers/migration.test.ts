import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrateAll, type TestHouse } from './testing.ts'
import { expectMoved, ownHouse, sized, withStandIn } from './testing-house.ts'

let house: TestHouse

beforeAll(async () => {
  house = await ownHouse()
  await house.startWorker()
})

afterAll(() => house?.dispose())

test('a whole account is moved, verified and published, and its report says what the provider has', async () => {
  await withStandIn('zenfolio', sized(6, 20, 'plain', 'small'), async (standIn) => {
    await expectMoved(house, standIn, await migrateAll(house, standIn))
  })
})

test('every trap of the sheet is moved as it is, or says why not', async () => {
  await withStandIn('zenfolio', [...sized(4, 12, 'traps'), '--thaw-seconds', '4'], async (standIn) => {
    const run = await migrateAll(house, standIn, { client: 'Traps' })
    const end = await expectMoved(house, standIn, run)
    expect(end.totals).toMatchObject({ failed: 0, skipped: 0 })
    expect(end.totals.degraded).toBeGreaterThan(0)
  })
}, 240_000)
