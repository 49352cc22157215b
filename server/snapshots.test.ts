import { afterAll, beforeAll, expect, test } from 'vitest'
import { sampleRuns } from './samples.ts'
import { snapshot } from './snapshots.ts'
import { aMovingRun, type MovingRun, type VerbHouse, verbHouse } from './testing.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

const galleries = 2000
/** Of each gallery, in the order of the columns below. */
const each = { total: 100, listed: 10, stored: 20, rendered: 5, published: 60, skipped: 3, failed: 2, degraded: 1 }

/** A run of 2,000 galleries with counts and no photos: what a snapshot reads of a large one. */
async function largeRun(): Promise<MovingRun> {
  const run = await aMovingRun(house, [])
  await house.pool.query("update runs set state = 'running', finished_at = null, totals = null where id = $1", [run.id])
  await house.pool.query(
    `insert into galleries (client_id, source_id, run_id, ref, title, position, ordinal, state, code, stated_count, stated_bytes,
       listed_at, built_at, verified_at, waiting_since, ask_again_at, total, listed, stored, rendered, published, skipped, failed, degraded,
       bytes_found, bytes_stored)
     select $2, $3, $1, 'g' || n, 'Gallery', n, n,
       (case when n <= 1000 then 'copying' when n <= 1500 then 'published' when n <= 1900 then 'planned' when n <= 1950 then 'waiting' else 'attention' end)::gallery_state,
       case when n > 1950 then 'count_differs' end, 110, 1000, case when n <= 1500 then now() end, case when n <= 1800 then now() end,
       case when n between 1001 and 1500 then now() end,
       case when n between 1901 and 1950 then now() - interval '1 hour' end, case when n between 1901 and 1950 then now() + interval '5 minutes' end,
       $4, $5, $6, $7, $8, $9, $10, $11, 900, 500
     from generate_series(1, ${galleries}) n`,
    [run.id, run.clientId, run.sourceId, ...Object.values(each)],
  )
  return run
}

/** One every 5 s: `perSecond` photos of 10 bytes, the newest `ago` seconds old. */
const samples = (run: MovingRun, seconds: number, perSecond: number, ago = 0) =>
  house.pool.query(
    `insert into samples (run_id, at, found, stored, rendered, settled, bytes)
     select $1, now() - make_interval(secs => $2 - n + $4::int), 1000, n * $3::int, n * $3::int / 2, n * $3::int / 2, n * $3::int * 10 from generate_series(0, $2::int, 5) n`,
    [run.id, seconds, perSecond, ago],
  )

test('every total is the sum over the galleries', async () => {
  const run = await largeRun()
  const seen = await snapshot(house, run.id)
  const times = (n: number) => n * galleries
  expect(seen).toMatchObject({
    run: run.id,
    kind: 'migration',
    provider: 'zenfolio',
    state: 'running',
    client: { id: run.clientId },
  })
  expect(seen.totals).toEqual({
    galleries,
    found: times(each.total),
    stored: times(each.stored),
    rendered: times(each.rendered),
    published: times(each.published),
    skipped: times(each.skipped),
    failed: times(each.failed),
    degraded: times(each.degraded),
    bytes: times(500),
    bytesFound: times(900),
    copied: times(each.stored + each.rendered + each.published),
    verified: 500 * each.published,
    waiting: 50,
    attention: 50,
    listing: 450,
    gone: 0,
  })
  expect(seen.galleryStates).toEqual({ copying: 1000, published: 500, planned: 400, waiting: 50, attention: 50 })
  expect(Object.values(seen.galleryStates).reduce((sum, n) => sum + n)).toBe(seen.totals.galleries)
  expect({ photos: seen.statedPhotos, bytes: seen.statedBytes }).toEqual({ photos: times(110), bytes: times(1000) })
  expect(seen.thaw).toMatchObject({ galleries: 50 })
  expect(seen.stages.map(({ name, state, done, of }) => [name, state, done, of])).toEqual([
    ['sign in', 'done', 1, 1],
    ['list', 'moving', 1550, galleries],
    ['build', 'moving', 1850, galleries],
    ['copy', 'moving', times(90), null],
    ['render', 'moving', times(70), null],
    ['verify', 'moving', 550, galleries],
  ])
})

test('rates are of the last minute, the spark of fifteen, and the rest is told as a range once there is enough to say', async () => {
  const run = await largeRun()
  await samples(run, 840, 20)
  const seen = await snapshot(house, run.id)
  expect(seen.perSecond).toBeCloseTo(20, 0)
  expect(seen.bytesPerSecond).toBeCloseTo(200, 0)
  expect(seen.settledPerSecond).toBeCloseTo(10, 0)
  expect(seen.spark.length).toBe(840 / 15)
  expect(seen.spark.every((bar) => Math.abs(bar - 20) < 0.1)).toBe(true)
  const left = (110 - each.rendered - each.published - each.skipped - each.failed) * galleries
  const [low, high] = seen.secondsLeft!
  expect(low).toBeLessThan(left / 10)
  expect(high).toBeGreaterThan(left / 10)
})

test('nothing is said of the remaining time before half a minute of work', async () => {
  const run = await largeRun()
  await samples(run, 25, 20)
  expect(await snapshot(house, run.id)).toMatchObject({ secondsLeft: null, perSecond: 20 })
})

test('nothing moves and nothing is promised where nobody works, or the run is paused', async () => {
  const still = { perSecond: 0, bytesPerSecond: 0, settledPerSecond: 0, secondsLeft: null }
  const left = await largeRun()
  await samples(left, 300, 20, 120)
  expect(await snapshot(house, left.id)).toMatchObject(still)
  const paused = await largeRun()
  await samples(paused, 300, 20)
  await house.pool.query("update runs set state = 'paused' where id = $1", [paused.id])
  const seen = await snapshot(house, paused.id)
  expect(seen).toMatchObject(still)
  expect(seen.spark.length).toBeGreaterThan(0)
})

test('a standstill is a flat line of zeros, and says since when', async () => {
  const run = await largeRun()
  await samples(run, 600, 20, 240)
  const { spark, lastStoredAt } = await snapshot(house, run.id)
  expect(spark.slice(-15)).toEqual(Array(15).fill(0))
  expect(spark.slice(0, 30).every((bar) => bar > 15)).toBe(true)
  expect(Date.now() - Date.parse(lastStoredAt!)).toBeGreaterThan(235_000)
})

test('each stage says when it began, how long it took and what it waited before', async () => {
  const run = await largeRun()
  await house.pool.query("update runs set started_at = now() - interval '10 minutes' where id = $1", [run.id])
  await samples(run, 300, 20)
  const { stages, averagePerSecond } = await snapshot(house, run.id)
  const copy = stages.find(({ name }) => name === 'copy')!
  expect(Date.now() - Date.parse(copy.begunAt!)).toBeGreaterThan(290_000)
  expect(Date.now() - Date.parse(copy.begunAt!)).toBeLessThan(303_000)
  expect(copy.endedAt).toBeNull()
  const list = stages.find(({ name }) => name === 'list')!
  expect(list.waitedSeconds).toBeCloseTo(300, -1)
  expect(averagePerSecond).toBeGreaterThan(0)
})

test('a sample is the sum over the galleries of a run that moves, once in five seconds', async () => {
  const run = await largeRun()
  const paused = await largeRun()
  await house.pool.query("update runs set state = 'paused' where id = $1", [paused.id])
  await Promise.all([sampleRuns(house), sampleRuns(house), sampleRuns(house)])
  const { rows } = await house.pool.query(
    'select run_id, found, stored, rendered, settled, bytes from samples where run_id = any($1)',
    [[run.id, paused.id]],
  )
  const sum = { found: 100, stored: 85, rendered: 65, settled: 70, bytes: 500 }
  for (const row of rows)
    expect(row).toEqual({
      run_id: run.id,
      ...Object.fromEntries(Object.entries(sum).map(([key, n]) => [key, n * galleries])),
    })
  expect([1, 2]).toContain(rows.length) // two where five seconds ended in between
})

test('photos that wait for another try are counted, with when the next one comes', async () => {
  const run = await aMovingRun(house)
  await house.pool.query(
    `insert into photos (client_id, run_id, gallery_id, ref, kind, state, code, next_try_at)
     select $1, $2, $3, 'p' || n, 'photo', 'listed', case when n > 2 then 'rate_limited' end, now() + n * interval '1 minute' from generate_series(1, 5) n`,
    [run.clientId, run.id, run.galleries[0]!.id],
  )
  const { retrying } = await snapshot(house, run.id)
  expect(retrying.photos).toBe(3)
  expect(Date.parse(retrying.nextAt!) - Date.now()).toBeGreaterThan(120_000)
})

test('a run that is not there is not found', async () => {
  const nowhere = snapshot(house, '00000000-0000-4000-8000-000000000000')
  await expect(nowhere).rejects.toMatchObject({ name: 'Refusal', code: 'not_found' })
})
