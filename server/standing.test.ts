import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { claim, type Outcome, settle } from './ledger.ts'
import { publishGallery, reconciliationOf } from './reconcile.ts'
import { blockRun, pauseRun, resumeRun, runFacts } from './runs.ts'
import { sampleRuns } from './samples.ts'
import { snapshot } from './snapshots.ts'
import { sweep } from './sweep.ts'
import { aMovingRun, forgetJobs, jobsOf, listedIn, type MovingRun, type VerbHouse, verbHouse } from './testing.ts'
import { storedOutcome } from './testing-outcomes.ts'
import { waitForThaw } from './thaw.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())
beforeEach(async () => {
  await house.pool.query("update runs set state = 'failed', finished_at = now() where finished_at is null")
  await forgetJobs(house)
})

/** Two photos of one gallery, both stored and none rendered; the second is only listed where `unfetched`. */
async function stored(unfetched = false): Promise<{ run: MovingRun; ids: number[] }> {
  const run = await aMovingRun(house)
  const ids = await listedIn(house, run.galleries[0]!, 2)
  const outcomes = ids.slice(0, unfetched ? 1 : 2).map((id) => storedOutcome({ id }, { render: true }))
  await settle(house.db, house.queues, run, 'fetch-photos', 'listed', outcomes)
  await forgetJobs(house)
  return { run, ids }
}

const rendered = (id: number): Outcome => ({
  ...{ id, attempts: 0, to: 'rendered', rendition: 'ok' },
  ...{ width: 1, height: 1, takenAt: null },
})

test.each(['challenge', 'sign_in_refused', 'credentials_missing'])(
  'a run blocked by %s renders and reconciles what is stored, and comes to its end where nothing else is left',
  async (code) => {
    const { run, ids } = await stored()
    await blockRun(house, run.id, code, 'Sign in again.')
    await sweep(house)
    expect((await jobsOf(house, 'render-photos')).flatMap(({ data }) => data.photoIds)).toEqual(ids)
    expect((await claim(house.db, ids, 'stored')).photos.length).toBe(2)
    await settle(house.db, house.queues, run, 'render-photos', 'stored', ids.map(rendered))
    expect((await jobsOf(house, 'reconcile-gallery')).map(({ data }) => data.galleryId)).toEqual([run.galleries[0]!.id])
    const verdict = await house.db.transaction((tx) => reconciliationOf(tx, run.galleries[0]!, []))
    expect(verdict).toBeNull()
    await house.db.transaction((tx) => publishGallery(tx, house.queues, run.galleries[0]!, null))
    expect(await snapshot(house, run.id)).toMatchObject({ state: 'done', code: null, todo: null })
  },
)

test('what needs a session waits for it: nothing is listed, built or fetched, and the run does not end', async () => {
  const { run, ids } = await stored(true)
  await house.pool.query('update galleries set listed_at = null, built_at = null where run_id = $1', [run.id])
  await blockRun(house, run.id, 'challenge', 'Sign in again.')
  await sweep(house)
  for (const queue of ['list-gallery', 'build-gallery', 'thaw-gallery', 'fetch-photos'] as const)
    expect(await jobsOf(house, queue)).toEqual([])
  expect((await claim(house.db, ids, 'listed')).run).toBeNull()
  await settle(house.db, house.queues, run, 'render-photos', 'stored', [rendered(ids[0]!)])
  await sweep(house)
  expect((await runFacts(house, run.id)).state).toBe('blocked')
  await resumeRun(house, 'test', run.id)
  expect((await jobsOf(house, 'fetch-photos')).flatMap(({ data }) => data.photoIds)).toEqual([ids[1]])
})

test.each([
  ['a full store', (run: string) => blockRun(house, run, 'insufficient_storage', 'Make room.')],
  ['a person who paused it', (run: string) => pauseRun(house, 'test', run)],
])('a run that stands still for %s renders nothing', async (_, stand) => {
  const { run, ids } = await stored()
  await stand(run.id)
  await sweep(house)
  expect(await jobsOf(house, 'render-photos')).toEqual([])
  expect((await claim(house.db, ids, 'stored')).run).toBeNull()
})

test('what stops the rendering meanwhile comes first, and the run goes on from there', async () => {
  const { run } = await stored()
  await blockRun(house, run.id, 'challenge', 'Sign in again.')
  await blockRun(house, run.id, 'sign_in_refused', 'Another sentence.')
  expect(await snapshot(house, run.id)).toMatchObject({ code: 'challenge' })
  await blockRun(house, run.id, 'insufficient_storage', 'Make room.')
  expect(await snapshot(house, run.id)).toMatchObject({ state: 'blocked', code: 'insufficient_storage' })
  await resumeRun(house, 'test', run.id)
  expect((await runFacts(house, run.id)).state).toBe('running')
})

/** As if everything had happened so much earlier. */
const later = (run: string, seconds: number) =>
  house.pool.query(
    `update runs set started_at = started_at - make_interval(secs => $2), waits_since = waits_since - make_interval(secs => $2) where id = $1`,
    [run, seconds],
  )
const clockOf = async (run: string) => (await snapshot(house, run)).clock

test('the clock of a run keeps the time it waited for a person apart', async () => {
  const { run } = await stored()
  expect(await clockOf(run.id)).toEqual({ waitedSeconds: 0, waitsSince: null })
  await pauseRun(house, 'test', run.id)
  await later(run.id, 600)
  expect((await clockOf(run.id)).waitsSince).not.toBeNull()
  await resumeRun(house, 'test', run.id)
  expect(await clockOf(run.id)).toEqual({ waitedSeconds: expect.closeTo(600, -1), waitsSince: null })
  await blockRun(house, run.id, 'challenge', 'Sign in again.')
  await pauseRun(house, 'test', run.id)
  await later(run.id, 300)
  await resumeRun(house, 'test', run.id)
  expect((await clockOf(run.id)).waitedSeconds).toBeCloseTo(900, -1)
})

test('a run of which only archived galleries are left waits, until the first of them comes', async () => {
  const run = await aMovingRun(house, [{}, {}])
  const [first, second] = run.galleries
  await waitForThaw(house.db, run.id, first!.id, 4)
  await sampleRuns(house)
  expect((await clockOf(run.id)).waitsSince).toBeNull()
  await waitForThaw(house.db, run.id, second!.id, null)
  await sampleRuns(house)
  expect((await clockOf(run.id)).waitsSince).not.toBeNull()
  expect((await snapshot(house, run.id)).thaw).toMatchObject({ galleries: 2, usualHours: 4 })
  await later(run.id, 7200)
  await house.pool.query("update galleries set state = 'copying' where id = $1", [first!.id])
  await sampleRuns(house)
  expect(await clockOf(run.id)).toEqual({ waitedSeconds: expect.closeTo(7200, -1), waitsSince: null })
})
