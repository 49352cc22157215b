import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { type TestDatabase, testDatabase } from '#db/testing.ts'
import { prioritiseRun } from '#server/priorities.ts'
import { queueNames } from '#server/queues.ts'
import { aMovingRun, forgetJobs } from '#server/testing.ts'
import { type Job, type RunningWorker, type Steps, startWorker, suspectPriority } from './run.ts'
import { migrateAll, reached, type StandIn, startStandIn, type TestHouse, testHouse, withoutPacing } from './testing.ts'

let database: TestDatabase
let standIn: StandIn
let house: TestHouse
const running: RunningWorker[] = []

beforeAll(async () => {
  database = await testDatabase()
  standIn = await startStandIn('zenfolio', [
    ...['--scenario', 'plain', '--galleries', '4', '--photos', '60', '--pictures', 'tiny'],
  ])
  house = await testHouse(database.url)
  await withoutPacing(house)
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((worker) => worker.drain()))
  await forgetJobs(house)
  await house.pool.query("update runs set state = 'failed', finished_at = now() where state = 'running'")
})
afterAll(async () => {
  await house?.dispose()
  await standIn?.stop()
  await database?.drop()
})

function working(step: (job: Job) => Promise<void>): void {
  const steps = Object.fromEntries(queueNames.map((name) => [name, step])) as unknown as Steps<null>
  running.push(startWorker({ house, queues: ['fetch-photos'], steps, tools: null }))
}

const enqueue = (runId: string, n: number, priority = 0) =>
  house.db.transaction((tx) =>
    house.queues.enqueue(
      tx,
      'fetch-photos',
      Array.from({ length: n }, () => ({ runId, payload: { photoIds: [1] }, priority })),
    ),
  )

test('workers take the work of a first run before that of others, of a last one after it, and suspects before all', async () => {
  const [last, normal, first] = [await aMovingRun(house), await aMovingRun(house), await aMovingRun(house)]
  await enqueue(last.id, 10)
  await enqueue(normal.id, 40)
  await enqueue(first.id, 20)
  await enqueue(last.id, 1, suspectPriority)
  await prioritiseRun(house, 'lena@pass.test', first.id, 'first')
  await prioritiseRun(house, 'lena@pass.test', last.id, 'last')
  const taken: (string | null)[] = []
  working(async (job) => {
    taken.push(job.runId)
    // Some work, so that hands are full while others look.
    await house.pool.query('select')
  })
  await vi.waitFor(() => expect(taken).toHaveLength(71), { timeout: 20_000 })
  expect(taken).toEqual([
    last.id,
    ...Array(20).fill(first.id),
    ...Array(40).fill(normal.id),
    ...Array(10).fill(last.id),
  ])
})

test('a run of 500,000 photos that is queued already steps back within seconds, and no row of its jobs is written', async () => {
  const [large, small] = [await aMovingRun(house), await aMovingRun(house)]
  await enqueue(large.id, 20_000)
  const written = async () =>
    (
      await house.pool.query<{ writer: string }>(
        "select distinct xmin::text as writer from pgboss.job where group_id = $1 and state = 'created' order by 1",
        [large.id],
      )
    ).rows
  const before = await written()
  let ofLarge = 0
  let ofSmall = 0
  working(async (job) => {
    if (job.runId === large.id) ofLarge++
    else ofSmall++
    await house.pool.query('select')
  })
  await vi.waitFor(() => expect(ofLarge).toBeGreaterThan(20), { timeout: 10_000 })
  await enqueue(small.id, 200)
  await prioritiseRun(house, 'lena@pass.test', small.id, 'first')
  await vi.waitFor(() => expect(ofSmall).toBeGreaterThan(10), { timeout: 2500 })
  const turnsSoFar = ofLarge
  await vi.waitFor(() => expect(ofSmall).toBe(200), { timeout: 20_000 })
  expect(ofLarge - turnsSoFar).toBeLessThan(60)
  expect(await written()).toEqual(before)
})

test('of two migrations that a worker process moves the last one gets what the other leaves', async () => {
  const large = await migrateAll(house, standIn, { client: 'Anna Weber' })
  await prioritiseRun(house, 'lena@pass.test', large, 'last')
  const other = await migrateAll(house, standIn, { client: 'Jörg Klein' })
  await house.startWorker()
  expect((await reached(house, other)).state).toBe('done')
  // Rendering is what both wait for; in turns it would have come as far as the other.
  const { rendered, published } = (await reached(house, large, () => true)).totals
  expect(rendered + published).toBeLessThan(120)
  expect(await reached(house, large)).toMatchObject({ state: 'done', priority: 'last' })
}, 120_000)

test('whose work comes first is on record once, and is not said of what has ended', async () => {
  const { id, clientId } = await aMovingRun(house)
  await prioritiseRun(house, 'lena@pass.test', id, 'first')
  await prioritiseRun(house, 'lena@pass.test', id, 'first')
  const { rows } = await house.pool.query(
    'select actor, act, client_id as client, data from audit where subject = $1 and act = $2',
    [id, 'run.prioritise'],
  )
  expect(rows).toEqual([
    { actor: 'lena@pass.test', act: 'run.prioritise', client: clientId, data: { priority: 'first' } },
  ])
  await house.pool.query("update runs set state = 'done', finished_at = now() where id = $1", [id])
  await expect(prioritiseRun(house, 'lena@pass.test', id, 'last')).rejects.toMatchObject({ code: 'does_not_fit' })
})
