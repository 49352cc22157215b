import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Outcome, settle } from './ledger.ts'
import type { ListedGallery } from './listing.ts'
import { type QueueName, queueNames } from './queues.ts'
import { createMigration, type RunState } from './runs.ts'
import { sweep } from './sweep.ts'
import {
  aMovingRun,
  aSource,
  forgetJobs,
  jobsOf,
  listedIn,
  type MovingRun,
  type VerbHouse,
  verbHouse,
} from './testing.ts'
import { storedOutcome } from './testing-outcomes.ts'
import { leaveOthersAlone } from './testing-runs.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())
beforeEach(() => leaveOthersAlone(house))

/** Lists `count` photos; the first `stored` of them wait for their renditions, the last `later` for another try. */
async function listed(run: MovingRun, gallery: ListedGallery, count: number, stored = 0, later = 0) {
  const ids = await listedIn(house, gallery, count)
  const outcomes = ids.flatMap((id, i): Outcome[] => {
    if (i < stored) return [storedOutcome({ id }, { render: true })]
    if (i >= count - later)
      return [{ id, attempts: 0, to: 'again', code: 'source_error', afterSeconds: i % 2 ? 100 : 1000, counts: true }]
    return []
  })
  await settle(house.db, house.queues, run, 'fetch-photos', 'listed', outcomes)
  return ids
}

async function work() {
  const found: Record<string, (string | number)[]> = {}
  for (const queue of queueNames) {
    const jobs = await jobsOf(house, queue)
    const subjects = jobs.flatMap(({ data }) => data.photoIds ?? [data.galleryId ?? data.runId!])
    if (subjects.length > 0) found[queue] = subjects.toSorted()
  }
  return found
}

const made = async (queue: QueueName) => (await jobsOf(house, queue)).length

test('with every job gone all work is enqueued again, each piece once, and a second sweep makes nothing', async () => {
  const { sourceId } = await aSource(house)
  const survey = await createMigration(house, 'test', { sourceId, renditions: [], autoStart: false })
  const run = await aMovingRun(house, [{}, {}, {}, {}])
  const [unlisted, unbuilt, copying, complete] = run.galleries as [
    ListedGallery,
    ListedGallery,
    ListedGallery,
    ListedGallery,
  ]
  await house.pool.query('update galleries set built_at = null where id = $1', [unbuilt.id])
  await house.pool.query('update galleries set listed_at = now() where id = any($1)', [[unbuilt.id, complete.id]])
  const ids = await listed(run, copying, 60, 20, 10)
  await forgetJobs(house)
  const jobs = await sweep(house)
  const expected = {
    'survey-source': [survey.id],
    'list-gallery': [unlisted.id],
    'build-gallery': [unbuilt.id],
    'reconcile-gallery': [complete.id],
    'render-photos': ids.slice(0, 20).toSorted(),
    'fetch-photos': ids.slice(20).toSorted(),
  }
  expect(await work()).toEqual(expected)
  expect(jobs).toBe((await Promise.all(queueNames.map(made))).reduce((sum, n) => sum + n))
  expect(await sweep(house)).toBe(0)
  expect(await work()).toEqual(expected)
})

test('what waits for its next try keeps its time', async () => {
  const run = await aMovingRun(house)
  const ids = await listed(run, run.galleries[0]!, 8, 0, 4)
  const before = new Map(
    (await jobsOf(house, 'fetch-photos')).flatMap((job) => job.data.photoIds!.map((id) => [id, job.wait])),
  )
  await forgetJobs(house)
  await sweep(house)
  const after = new Map(
    (await jobsOf(house, 'fetch-photos')).flatMap((job) => job.data.photoIds!.map((id) => [id, job.wait])),
  )
  expect([...after.keys()].toSorted()).toEqual(ids.toSorted())
  for (const id of ids.slice(4)) expect(Math.abs(after.get(id)! - before.get(id)!)).toBeLessThan(5)
  for (const id of ids.slice(0, 4)) expect(after.get(id)).toBeLessThanOrEqual(0)
})

test('a photo whose job ended without it gets a new one; one whose job is in hand is left alone', async () => {
  const run = await aMovingRun(house)
  const ids = await listed(run, run.galleries[0]!, 50)
  const [ended, held] = await house.queues.boss.fetch<{ photoIds: number[] }>('fetch-photos', { batchSize: 2 })
  await house.queues.boss.complete('fetch-photos', ended!.id)
  expect(await sweep(house)).toBe(1)
  const jobs = await jobsOf(house, 'fetch-photos')
  expect(jobs.find((job) => job.id === held!.id)).toMatchObject({ state: 'active' })
  expect(jobs.flatMap((job) => job.data.photoIds!).toSorted()).toEqual(ids.toSorted())
  expect(await sweep(house)).toBe(0)
})

test.each(['planned', 'paused', 'blocked', 'cancelled', 'done', 'done_with_problems', 'failed'] satisfies RunState[])(
  'a run that is %s gets no jobs',
  async (state) => {
    const run = await aMovingRun(house)
    await listed(run, run.galleries[0]!, 30, 10)
    await house.pool.query('update runs set state = $2 where id = $1', [run.id, state])
    await forgetJobs(house)
    expect(await sweep(house)).toBe(0)
    expect(await work()).toEqual({})
  },
)

test('a gallery that waits for its thaw is asked about when that is due, and its photos with it', async () => {
  const run = await aMovingRun(house, [{}, {}])
  const ids = await listed(run, run.galleries[1]!, 3)
  await house.pool.query(
    "update galleries set state = 'waiting', waiting_since = now(), ask_again_at = now() + interval '1 minute' where run_id = $1",
    [run.id],
  )
  await forgetJobs(house)
  expect(await sweep(house)).toBe(0)
  await house.pool.query('update galleries set ask_again_at = now() where run_id = $1', [run.id])
  await sweep(house)
  expect(await work()).toEqual({ 'list-gallery': [run.galleries[0]!.id], 'fetch-photos': ids.toSorted() })
})

test('a gallery that needs a look is left as it is; its photos go on', async () => {
  const run = await aMovingRun(house, [{}, {}])
  await house.pool.query("update galleries set state = 'attention', built_at = null where id = $1", [
    run.galleries[0]!.id,
  ])
  const ids = await listed(run, run.galleries[1]!, 3)
  await house.pool.query("update galleries set state = 'attention' where id = $1", [run.galleries[1]!.id])
  await forgetJobs(house)
  await sweep(house)
  expect(await work()).toEqual({ 'fetch-photos': ids.toSorted() })
})

test('two sweeps at once make each job once', async () => {
  const run = await aMovingRun(house, [{}, {}])
  const ids = await listed(run, run.galleries[0]!, 200)
  await forgetJobs(house)
  await Promise.all([sweep(house), sweep(house), sweep(house)])
  expect(await work()).toEqual({ 'fetch-photos': ids.toSorted(), 'list-gallery': [run.galleries[1]!.id] })
})

test('chunks never mix galleries', async () => {
  const run = await aMovingRun(house, [{}, {}])
  await listed(run, run.galleries[0]!, 10)
  await listed(run, run.galleries[1]!, 10)
  await forgetJobs(house)
  await sweep(house)
  const { rows } = await house.pool.query<{ galleries: number }>(
    'select count(distinct gallery_id)::int as galleries from photos where run_id = $1 group by job_id',
    [run.id],
  )
  expect(rows).toEqual([{ galleries: 1 }, { galleries: 1 }])
})
