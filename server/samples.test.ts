import { afterAll, beforeAll, expect, test } from 'vitest'
import { sampleRuns } from './samples.ts'
import { snapshot } from './snapshots.ts'
import { aMovingRun, type VerbHouse, verbHouse } from './testing.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

/** A run of 100 photos that ended two days ago, after ten minutes of a sample every five seconds. */
async function anOldRun() {
  const run = await aMovingRun(house)
  await house.pool.query(
    `update galleries set total = 100, published = 100, state = 'published', listed_at = now() - interval '2 days', published_at = now() - interval '2 days'
     where run_id = $1`,
    [run.id],
  )
  await house.pool.query(
    `update runs set state = 'done', started_at = now() - interval '2 days 11 minutes', finished_at = now() - interval '2 days',
       totals = '{"stored": 0, "rendered": 0, "published": 100}' where id = $1`,
    [run.id],
  )
  await addSamples(run.id, '2 days')
  return run.id
}

const addSamples = (run: string, ago: string) =>
  house.pool.query(
    `insert into samples (run_id, at, found, stored, rendered, settled, bytes)
     select $1, now() - $2::interval - make_interval(secs => 600 - n), 100, least(100, n / 5), greatest(0, least(100, n / 5 - 10)), 0, 0
     from generate_series(0, 600, 5) n`,
    [run, ago],
  )

const stagesOf = async (run: string) => (await snapshot(house, run)).stages
const kept = async (run: string) =>
  (await house.pool.query('select from samples where run_id = $1', [run])).rowCount ?? 0

test('when copying and rendering began and ended is known long after the samples are gone', async () => {
  const run = await anOldRun()
  const before = await stagesOf(run)
  for (const name of ['copy', 'render'])
    expect(before.find((stage) => stage.name === name)).toMatchObject({
      state: 'done',
      begunAt: expect.any(String),
      endedAt: expect.any(String),
      waitedSeconds: expect.any(Number),
    })
  await sampleRuns(house)
  expect(await kept(run)).toBe(0)
  expect(await stagesOf(run)).toEqual(before)
  await sampleRuns(house)
  expect(await stagesOf(run)).toEqual(before)
})

test('a run that is tried again later keeps its first beginning and gets a later end', async () => {
  const run = await anOldRun()
  const copying = async () => (await stagesOf(run)).find(({ name }) => name === 'copy')!
  const { begunAt, endedAt } = await copying()
  await sampleRuns(house)
  await addSamples(run, '0 days')
  await house.pool.query('update runs set finished_at = now() where id = $1', [run])
  const again = await copying()
  expect(again.begunAt).toBe(begunAt)
  expect(Date.parse(again.endedAt!)).toBeGreaterThan(Date.parse(endedAt!))
})

test('what a run that ended today tells stays as it is', async () => {
  const run = await anOldRun()
  await house.pool.query("update runs set finished_at = now() - interval '23 hours' where id = $1", [run])
  await sampleRuns(house)
  expect(await kept(run)).toBe(121)
})
