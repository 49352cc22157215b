import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Snapshot } from '#server/snapshots.ts'
import { verifyRun } from '#server/verify.ts'
import { differences, handOverAnew, migrateAll, reached, reportLines, type StandIn, type TestHouse } from './testing.ts'
import { expectMoved, hurryingHouse, sized, storm, withStandIn } from './testing-house.ts'

let house: TestHouse

beforeAll(async () => {
  house = await hurryingHouse()
})
afterAll(() => house?.dispose())

/** A person hands over a new session each time that the run asks for one. */
async function reachedWithPerson(run: string, standIn: StandIn): Promise<{ end: Snapshot; sentences: string[] }> {
  const sentences: string[] = []
  for (;;) {
    const end = await reached(house, run)
    if (end.state !== 'blocked') return { end, sentences }
    sentences.push(end.todo ?? '')
    await handOverAnew(house, run, standIn)
  }
}

test('a whole account is moved, verified and published, and its report says what Pixieset has', async () => {
  await withStandIn('pixieset', sized(8, 20), async (standIn) => {
    const run = await migrateAll(house, standIn, { client: 'Plain' })
    await expectMoved(house, standIn, run)
    // Each set is read for its listing, and at most once more for a cover.
    const { byMethod } = await standIn.requests()
    expect(byMethod.set).toBeLessThanOrEqual(2 * 12)
  })
}, 120_000)

test('every trap of the sheet is moved as it is, or says why not', async () => {
  await withStandIn('pixieset', sized(4, 12, 'traps'), async (standIn) => {
    // Five thousand photos of one collection; what is rendered of odd pictures is the other tests' affair.
    const run = await migrateAll(house, standIn, { client: 'Traps', renditions: ['none'] })
    const end = await reached(house, run)
    expect(end.todo).toBeNull()
    // Two cannot be had: a photo that was deleted meanwhile, and a video of which nothing was made.
    expect(end.totals).toMatchObject({ failed: 0, skipped: 2 })
    expect(differences(await reportLines(house, run), await standIn.expected())).toEqual([])
  })
}, 400_000)

test('with everything failing now and then and the session ending again and again, the run waits for a new one each time and the report is the same', async () => {
  await withStandIn('pixieset', sized(8, 30), async (standIn) => {
    await standIn.faults({ ...storm, expireTokenEvery: 150 })
    const run = await migrateAll(house, standIn, { client: 'Storm' })
    const { end, sentences } = await reachedWithPerson(run, standIn)
    expect(end.todo).toBeNull()
    expect(end.state).toBe('done')
    expect(sentences.length).toBeGreaterThan(0)
    for (const sentence of sentences) expect(sentence).toMatch(/session .*(is over|has ended)/)
    expect(differences(await reportLines(house, run), await standIn.expected())).toEqual([])
    expect(await Array.fromAsync(verifyRun(house, run, { deep: true }))).toEqual([])
  })
}, 400_000)
