import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { lookAtOperationsAnew, operations } from './operations.ts'
import { letProvider, stopProvider } from './provider-stops.ts'
import { clearQueue, pauseQueue, resumeQueue, watchPauses } from './queue-control.ts'
import type { NewJob, QueueName } from './queues.ts'
import { snapshot } from './snapshots.ts'
import { sweep } from './sweep.ts'
import { aMovingRun, forgetJobs, jobsOf, type VerbHouse, verbHouse } from './testing.ts'
import { drainWorker, letWorkerWork, signWorker, type WorkerSign } from './worker-control.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
beforeEach(async () => {
  await house.pool.query("update runs set state = 'cancelled'")
  await house.pool.query('delete from workers')
  await house.pool.query('delete from queue_pauses')
  await forgetJobs(house)
})
afterAll(() => house?.dispose())

const look = () => {
  lookAtOperationsAnew(house)
  return operations(house)
}
const queueOf = async (name: QueueName) => (await look()).queues.find((queue) => queue.name === name)!

async function jobs(name: QueueName, many: Partial<NewJob<'fetch-photos'>>[]): Promise<string[]> {
  const made = many.map((job) => ({ runId: randomUUID(), payload: { photoIds: [1] }, ...job })) as NewJob<typeof name>[]
  return house.db.transaction((tx) => house.queues.enqueue(tx, name, made))
}

function aWorker(change: Partial<WorkerSign> = {}): WorkerSign {
  return {
    ...{ id: randomUUID(), group: 'transfer', host: 'alpha', pid: 7, version: '1.0.0', residentBytes: 200e6 },
    ...{ state: 'working', work: [], ended: {} },
    ...change,
  }
}

test('a queue is told with what is ready, what waits for its time, what is in hand and since when the oldest is ready', async () => {
  const [, second] = await jobs('fetch-photos', [{}, {}, {}, { startAfterSeconds: 600 }])
  await house.queues.boss.fetch('fetch-photos')
  await house.pool.query("update pgboss.job set start_after = now() - interval '5 minutes' where id = $1", [second])
  const queue = await queueOf('fetch-photos')
  expect(queue).toMatchObject({ ready: 2, waiting: 1, active: 1, group: 'transfer', workers: 0, paused: null })
  expect((Date.now() - queue.oldestAt!.getTime()) / 1000).toBeGreaterThan(290)
})

test('jobs in hand that belong to no run are counted too', async () => {
  await house.db.transaction((tx) => house.queues.enqueue(tx, 'send-mail', [{ payload: { mailId: randomUUID() } }]))
  await house.queues.boss.fetch('send-mail')
  expect(await queueOf('send-mail')).toMatchObject({ ready: 0, active: 1 })
})

test('jobs that are through are in no count', async () => {
  await jobs('fetch-photos', [{}])
  const [job] = await house.queues.boss.fetch('fetch-photos')
  await house.queues.boss.complete('fetch-photos', job!.id)
  expect(await queueOf('fetch-photos')).toMatchObject({ ready: 0, waiting: 0, active: 0, oldestAt: null })
})

test('who serves a queue are the workers of its group and those of every group, but neither drained nor silent ones', async () => {
  for (const worker of [
    aWorker(),
    aWorker({ group: 'all' }),
    aWorker({ group: 'render' }),
    aWorker({ state: 'draining' }),
    aWorker({ state: 'drained' }),
  ])
    await signWorker(house, worker)
  const silent = aWorker()
  await signWorker(house, silent)
  await house.pool.query("update workers set seen_at = now() - interval '25 seconds' where id = $1", [silent.id])
  expect(await queueOf('fetch-photos')).toMatchObject({ workers: 2, slots: 8 })
  const { workers, oneMachine } = await look()
  expect(workers.find(({ id }) => id === silent.id)).toMatchObject({ isSilent: true })
  expect(oneMachine).toBe(false)
})

test('the rate is what all workers ended within the last minute, and with it goes the time until nothing is ready', async () => {
  await signWorker(house, aWorker({ ended: { 'fetch-photos': 20, 'send-mail': 1 } }))
  await signWorker(house, aWorker({ ended: { 'fetch-photos': 10 } }))
  await jobs(
    'fetch-photos',
    Array.from({ length: 60 }, () => ({})),
  )
  expect(await queueOf('fetch-photos')).toMatchObject({ perMinute: 30, drainSeconds: 120 })
  expect(await queueOf('render-photos')).toMatchObject({ perMinute: 0, drainSeconds: null })
})

test('a worker tells what it has in hand, and whose it is', async () => {
  const run = await aMovingRun(house)
  const since = new Date().toISOString()
  const work = [
    { queue: 'fetch-photos', runId: run.id, since },
    { queue: 'deliver-webhook', runId: randomUUID(), since },
  ]
  await signWorker(house, aWorker({ work }))
  const [worker] = (await look()).workers
  expect(worker).toMatchObject({ host: 'alpha', version: '1.0.0', residentBytes: 200e6, state: 'working' })
  expect(worker!.work).toEqual([
    { queue: 'fetch-photos', since, run: { id: run.id, client: expect.stringContaining('anna-') } },
    { queue: 'deliver-webhook', since, run: null },
  ])
})

test('what went wrong is counted at the queue where it stands', async () => {
  const before = (await queueOf('list-gallery')).failed
  const run = await aMovingRun(house, [{}, {}, {}])
  const [first, second] = run.galleries.map(({ id }) => id)
  await house.pool.query("update galleries set state = 'attention' where id = any($1)", [[first, second]])
  await house.pool.query('update galleries set listed_at = now() where id = $1', [second])
  expect(await queueOf('list-gallery')).toMatchObject({ failed: before + 1, failedOf: 'gallery' })
  expect(await queueOf('reconcile-gallery')).toMatchObject({ failed: 1 })
})

test('with one machine’s workers one is enough; with groups two are', async () => {
  expect((await look()).groups.map(({ wanted }) => wanted.workers)).toEqual([1, 1, 1])
  await signWorker(house, aWorker())
  const { groups } = await look()
  expect(groups.map(({ group, working, wanted }) => [group, working, wanted.workers])).toEqual([
    ['scrape', 0, 2],
    ['transfer', 1, 2],
    ['render', 0, 2],
  ])
})

test('a pause tells who and why, is on record once, and holds until it is lifted', async () => {
  await pauseQueue(house, 'olga@pass.test', 'fetch-photos', 'the disk is full')
  await pauseQueue(house, 'otto@pass.test', 'fetch-photos')
  expect((await queueOf('fetch-photos')).paused).toMatchObject({ by: 'olga@pass.test', note: 'the disk is full' })
  const pauses = watchPauses(house)
  expect([...(await pauses.now())]).toEqual(['fetch-photos'])
  await resumeQueue(house, 'otto@pass.test', 'fetch-photos')
  pauses.lookAgain()
  expect([...(await pauses.now())]).toEqual([])
  const { rows } = await house.pool.query(
    "select act, actor from audit where subject = 'fetch-photos' and act like 'queue.%' order by id",
  )
  expect(rows).toEqual([
    { act: 'queue.pause', actor: 'olga@pass.test' },
    { act: 'queue.resume', actor: 'otto@pass.test' },
  ])
})

test('a run with work in a paused queue says by whom, and is neither without a worker nor stalled', async () => {
  const run = await aMovingRun(house)
  await forgetJobs(house)
  await sweep(house)
  await pauseQueue(house, 'olga@pass.test', 'list-gallery')
  expect(await snapshot(house, run.id)).toMatchObject({
    pausedQueues: [{ queue: 'list-gallery', by: 'olga@pass.test' }],
    unserved: [],
    stalledSince: null,
  })
})

test('a run tells that its provider is stopped, by whom and why', async () => {
  const run = await aMovingRun(house)
  expect((await snapshot(house, run.id)).stopped).toBeNull()
  await stopProvider(house, 'olga@pass.test', 'zenfolio', 'they called')
  expect((await snapshot(house, run.id)).stopped).toEqual({ by: 'olga@pass.test', note: 'they called' })
  await letProvider(house, 'olga@pass.test', 'zenfolio')
})

test('clearing takes out what is ready and nothing else, and the sweep brings back what the ledger still needs', async () => {
  const run = await aMovingRun(house)
  const galleryId = run.galleries[0]!.id
  await forgetJobs(house)
  const make = (more: object) =>
    house.db.transaction((tx) =>
      house.queues.enqueue(tx, 'list-gallery', [{ runId: run.id, payload: { galleryId }, ...more }]),
    )
  await make({})
  await make({})
  const [later] = await make({ startAfterSeconds: 600 })
  const [suspect] = await make({ priority: 100 })
  expect(await clearQueue(house, 'olga@pass.test', 'list-gallery')).toEqual({ cleared: 2 })
  expect((await jobsOf(house, 'list-gallery')).map(({ id }) => id).toSorted()).toEqual([later, suspect].toSorted())
  await forgetJobs(house)
  await sweep(house)
  expect((await jobsOf(house, 'list-gallery')).map(({ data }) => data)).toEqual([{ galleryId }])
})

test('a queue that nothing would fill again is not cleared', async () => {
  await expect(clearQueue(house, 'test', 'test-source')).rejects.toMatchObject({ code: 'not_clearable', status: 422 })
  expect(await queueOf('test-source')).toMatchObject({ isClearable: false })
  expect(await queueOf('send-mail')).toMatchObject({ isClearable: true })
})

test('a worker that is told to drain hears it with its next sign, with who said so on record, until it is let again', async () => {
  const me = aWorker()
  expect(await signWorker(house, me)).toEqual({ drain: false })
  await drainWorker(house, 'olga@pass.test', me.id)
  expect(await signWorker(house, { ...me, state: 'draining' })).toEqual({ drain: true })
  const [seen] = (await look()).workers
  expect(seen).toMatchObject({ state: 'draining', drainBy: 'olga@pass.test' })
  await letWorkerWork(house, 'olga@pass.test', me.id)
  expect(await signWorker(house, me)).toEqual({ drain: false })
  const { rows } = await house.pool.query('select act from audit where subject = $1 order by id', [me.id])
  expect(rows.map(({ act }) => act)).toEqual(['worker.drain', 'worker.work'])
  await expect(drainWorker(house, 'olga@pass.test', randomUUID())).rejects.toMatchObject({ code: 'not_found' })
})
