import { afterAll, beforeAll, expect, test } from 'vitest'
import { resumeRun } from '#server/runs.ts'
import { replaceCredentials } from '#server/sources.ts'
import { verifyRun } from '#server/verify.ts'
import { differences, migrateAll, reached, reportLines, sourceOf, type TestHouse } from './testing.ts'
import { expectMoved, hurryingHouse, sized, storm, withStandIn } from './testing-house.ts'

let house: TestHouse

beforeAll(async () => {
  house = await hurryingHouse()
})
afterAll(() => house?.dispose())

test('a whole studio is moved, verified and published, and its report says what ShootProof has', async () => {
  await withStandIn('shootproof', sized(8, 20), async (standIn) => {
    const run = await migrateAll(house, standIn, { client: 'Plain' })
    await expectMoved(house, standIn, run)
  })
}, 300_000)

test('every trap of the sheet is moved as it is', async () => {
  await withStandIn('shootproof', sized(4, 12, 'traps'), async (standIn) => {
    const run = await migrateAll(house, standIn, { client: 'Traps' })
    const end = await expectMoved(house, standIn, run)
    expect(end.totals).toMatchObject({ failed: 0, skipped: 0 })
    expect(end.totals.degraded).toBeGreaterThan(0)
  })
}, 300_000)

test('with everything failing now and then and the session ending again and again, the report is the same', async () => {
  await withStandIn('shootproof', sized(8, 30), async (standIn) => {
    await standIn.faults({ ...storm, expireTokenEvery: 150 })
    const run = await migrateAll(house, standIn, { client: 'Storm' })
    await expectMoved(house, standIn, run)
    expect(await Array.fromAsync(verifyRun(house, run, { deep: true }))).toEqual([])
    expect((await standIn.requests()).signIns).toBeGreaterThan(1)
  })
}, 300_000)

test.each([
  ['the code of a redirect', 'code'],
  ['an access token', 'accessToken'],
  ['the studio’s own form, in a browser', 'password'],
])(
  'a studio is moved by %s',
  async (_, way) => {
    await withStandIn('shootproof', [...sized(3, 6), '--sign-in', way], async (standIn) => {
      const run = await migrateAll(house, standIn, { client: way })
      await expectMoved(house, standIn, run)
    })
  },
  180_000,
)

test('a refresh whose answer was lost waits for the owner with a sentence, and goes on once connected again', async () => {
  await withStandIn('shootproof', sized(3, 10), async (standIn) => {
    await standIn.faults({ lostTokens: true })
    const run = await migrateAll(house, standIn, { client: 'Lost' })
    const blocked = await reached(house, run, ({ state }) => state === 'blocked')
    expect(blocked.todo).toContain('connect the account again')
    await standIn.faults({ lostTokens: false })
    const handedOver = await fetch(`${standIn.origin}/_sandbox/hand-over`, { method: 'POST' })
    await replaceCredentials(house, 'test', await sourceOf(house, run), await handedOver.json())
    await resumeRun(house, 'test', run)
    expect((await reached(house, run)).state).toBe('done')
    expect(differences(await reportLines(house, run), await standIn.expected())).toEqual([])
  })
}, 300_000)
