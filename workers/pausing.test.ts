import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { pauseQueue, resumeQueue } from '#server/queue-control.ts'
import { type QueueName, queueNames } from '#server/queues.ts'
import { forgetJobs, jobsOf } from '#server/testing.ts'
import { drainWorker, letWorkerWork } from '#server/worker-control.ts'
import { type Job, type RunningWorker, type Steps, startWorker } from './run.ts'
import { migrateAll, reached, type StandIn, type TestHouse } from './testing.ts'
import { type HouseWithAccount, houseWithAccount, sized } from './testing-house.ts'

let place: HouseWithAccount
let standIn: StandIn
let house: TestHouse
const running: RunningWorker[] = []

beforeAll(async () => {
  place = await houseWithAccount('zenfolio', sized(3, 30))
  ;({ house, standIn } = place)
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((worker) => worker.drain()))
  await house.pool.query('delete from queue_pauses')
})
afterAll(() => place?.dispose())

function working(step: (job: Job) => Promise<void>, queues: QueueName[]): RunningWorker {
  const steps = Object.fromEntries(queueNames.map((name) => [name, step])) as unknown as Steps<null>
  const worker = startWorker({ house, queues, steps, tools: null })
  running.push(worker)
  return worker
}

const mail = (n: number) =>
  house.db.transaction((tx) =>
    house.queues.enqueue(
      tx,
      'send-mail',
      Array.from({ length: n }, () => ({ payload: { mailId: randomUUID() } })),
    ),
  )

test('what is in hand when its queue is paused comes to its end', async () => {
  await forgetJobs(house)
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  const worker = working(() => gate, ['send-mail'])
  await mail(1)
  await vi.waitFor(() => expect(worker.inHand()).toMatchObject([{ queue: 'send-mail', runId: null }]), {
    timeout: 5000,
  })
  await pauseQueue(house, 'test', 'send-mail')
  open()
  await vi.waitFor(() => expect(worker.ended()).toEqual({ 'send-mail': 1 }), { timeout: 5000 })
})

test('of a paused queue nothing is taken while others go on, and that it is resumed is noticed', async () => {
  await forgetJobs(house)
  await pauseQueue(house, 'test', 'send-mail')
  await mail(5)
  const worker = working(async () => {}, ['send-mail', 'delete-expired'])
  for (let n = 1; n <= 3; n++) {
    await house.db.transaction((tx) =>
      house.queues.enqueue(tx, 'delete-expired', [{ payload: { deletionId: randomUUID() } }]),
    )
    await vi.waitFor(() => expect(worker.ended()).toEqual({ 'delete-expired': n }), { timeout: 5000 })
  }
  expect((await jobsOf(house, 'send-mail')).map(({ state }) => state)).toEqual(Array(5).fill('created'))
  await resumeQueue(house, 'test', 'send-mail')
  await vi.waitFor(() => expect(worker.ended()['send-mail']).toBe(5), { timeout: 5000 })
})

test('a worker that is drained hands over its work, takes none, lives on, and works again when it is let', async () => {
  const first = await house.startWorker()
  await standIn.faults({ latencyMs: 300 })
  const run = await migrateAll(house, standIn)
  await reached(house, run, (seen) => seen.totals.copied > 5)
  const { rows } = await house.pool.query<{ id: string }>('select id from workers')
  const { id } = rows[0]!
  await drainWorker(house, 'olga@pass.test', id)
  const standing = async () =>
    (await house.pool.query('select state, jobs, pid, now() - seen_at < $1 as lives from workers', ['15 seconds'])).rows
  await vi.waitFor(async () => expect(await standing()).toMatchObject([{ state: 'drained' }]), { timeout: 30_000 })
  expect(await standing()).toEqual([{ state: 'drained', jobs: 0, pid: first.pid, lives: true }])
  const active = async () =>
    (await house.pool.query<{ n: number }>("select count(*)::int as n from pgboss.job where state = 'active'")).rows[0]!
      .n
  expect(await active()).toBe(0)
  expect((await house.pool.query('select from attempts')).rowCount).toBe(0)
  const left = async () =>
    (await house.pool.query<{ n: number }>("select count(*)::int as n from photos where state = 'listed'")).rows[0]!.n
  const before = await left()
  expect(before).toBeGreaterThan(0)
  // Its chores go on: a whole round of them is through, and still it has taken nothing.
  const seen = async () => (await house.pool.query<{ at: Date }>('select seen_at as at from workers')).rows[0]!.at
  const then = await seen()
  await vi.waitFor(async () => expect((await seen()).getTime()).toBeGreaterThan(then.getTime()), { timeout: 15_000 })
  expect([await left(), await active()]).toEqual([before, 0])
  await standIn.faults({ reset: true })
  await letWorkerWork(house, 'olga@pass.test', id)
  expect((await reached(house, run)).state).toBe('done')
})
