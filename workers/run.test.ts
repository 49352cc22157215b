import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type QueueName, queueNames, queues } from '#server/queues.ts'
import { sweep } from '#server/sweep.ts'
import { aMovingRun, forgetJobs, foundPhoto, jobsOf, listedIn, type VerbHouse, verbHouse } from '#server/testing.ts'
import { type Job, type RunningWorker, StaleAttempt, type Steps, startWorker, suspectPriority } from './run.ts'

let house: VerbHouse
const running: RunningWorker[] = []
const children = new Set<ChildProcess>()

beforeAll(async () => {
  house = await verbHouse()
})
beforeEach(async () => {
  await house.pool.query("update runs set state = 'failed' where state = 'running'")
  await forgetJobs(house)
})
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  await Promise.all(running.splice(0).map((worker) => worker.drain()))
})
afterAll(() => house?.dispose())

/** A worker in this process whose steps are all the same. */
function working(step: (job: Job) => Promise<void>, queue: QueueName = 'fetch-photos'): RunningWorker {
  const steps = Object.fromEntries(queueNames.map((name) => [name, step])) as unknown as Steps<null>
  const worker = startWorker({ house, queues: [queue], steps, tools: null })
  running.push(worker)
  return worker
}

function gate() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, opened }
}

async function listed(names: string[]) {
  const run = await aMovingRun(house)
  const photos = names.map((filename, i) => foundPhoto('g0', `p${i}`, { filename }))
  return { run, ids: await listedIn(house, run.galleries[0]!, photos) }
}

async function rowsOf(ids: number[]) {
  const { rows } = await house.pool.query<{ state: string; code: string | null; attempts: number }>(
    'select state, code, attempts from photos where id = any($1) order by id',
    [ids],
  )
  return rows
}

const note = (runId: string, kind: string) =>
  sql`insert into events (run_id, kind, actor) values (${runId}, ${kind}, 'note')`

async function notes(runId: string) {
  const { rows } = await house.pool.query<{ kind: string }>(
    "select kind from events where run_id = $1 and actor = 'note'",
    [runId],
  )
  return rows.map((row) => row.kind)
}

/** The job is taken from whoever has it, as when its heartbeat was missed. */
async function lose(jobId: string) {
  await house.queues.boss.fail('fetch-photos', jobId)
}

test('a job ends in the transaction that records what it did', async () => {
  const { run } = await listed(['a'])
  const done = gate()
  working(async (job) => {
    await job.finish((tx) => tx.execute(note(run.id, 'worked')))
    done.open()
  })
  await done.opened
  expect(await notes(run.id)).toEqual(['worked'])
  expect(await jobsOf(house, 'fetch-photos')).toEqual([])
})

test('what a stale attempt would record is rolled back, at a checkpoint as at the end, and the newer attempt stands', async () => {
  const { run } = await listed(['a'])
  const [first, second] = [gate(), gate()]
  const [taken, retaken, over] = [gate(), gate(), gate()]
  const thrown: unknown[] = []
  let attempts = 0
  working(async (job) => {
    if (attempts++ > 0) {
      retaken.open()
      await second.opened
      await job.finish((tx) => tx.execute(note(run.id, 'by the second')))
      over.open()
      return
    }
    taken.open()
    await first.opened
    await job.checkpoint((tx) => tx.execute(note(run.id, 'by the first'))).catch((error) => thrown.push(error))
    await job.finish((tx) => tx.execute(note(run.id, 'by the first'))).catch((error) => thrown.push(error))
    second.open()
  })
  await taken.opened
  const [job] = await jobsOf(house, 'fetch-photos')
  await lose(job!.id)
  await retaken.opened
  first.open()
  await over.opened
  expect(thrown.map((error) => error instanceof StaleAttempt)).toEqual([true, true])
  expect(await notes(run.id)).toEqual(['by the second'])
  expect(await jobsOf(house, 'fetch-photos')).toEqual([])
})

test('a worker that takes its own lost job again keeps the heart of the new attempt beating', async () => {
  await listed(['a'])
  const [first, second, taken, retaken] = [gate(), gate(), gate(), gate()]
  let attempts = 0
  working(async () => {
    if (attempts++ > 0) {
      retaken.open()
      return second.opened
    }
    taken.open()
    return first.opened
  })
  await taken.opened
  const [job] = await jobsOf(house, 'fetch-photos')
  await lose(job!.id)
  await retaken.opened
  first.open()
  const beat = async () => {
    const { rows } = await house.pool.query<{ at: Date }>('select heartbeat_on as at from pgboss.job where id = $1', [
      job!.id,
    ])
    return rows[0]!.at.getTime()
  }
  for (let beats = 0; beats < 2; beats++) {
    const before = await beat()
    await expect.poll(beat, { timeout: 8000, interval: 200 }).toBeGreaterThan(before)
  }
  second.open()
})

test('a transaction that the database did not take is tried again, not lost', async () => {
  const { run } = await listed(['a'])
  const done = gate()
  let tries = 0
  working(async (job) => {
    await job.finish(async (tx) => {
      await tx.execute(note(run.id, `try ${++tries}`))
      if (tries === 1) await tx.execute(sql`select pg_terminate_backend(pg_backend_pid())`)
    })
    done.open()
  })
  await done.opened
  expect(await notes(run.id)).toEqual(['try 2'])
})

test('a step that throws is tried again later; its photos know the new job and the sweep makes no other', async () => {
  const { ids } = await listed(['a', 'b'])
  const thrown = gate()
  const worker = working(async () => {
    thrown.open()
    throw new TypeError('x is undefined')
  })
  await thrown.opened
  await worker.drain()
  const jobs = await jobsOf(house, 'fetch-photos')
  expect(jobs).toMatchObject([{ state: 'created', data: { photoIds: ids } }])
  expect(jobs[0]!.wait).toBeGreaterThan(2)
  expect(await sweep(house)).toBe(0)
})

test('a payload that is not of its queue is put aside, and the next job is taken', async () => {
  const { run } = await listed(['a'])
  const done = gate()
  await house.pool.query(`update pgboss.job set data = '{"photoIds": "all"}' where name = 'fetch-photos'`)
  await house.queues.enqueue(house.db, 'fetch-photos', [{ runId: run.id, payload: { photoIds: [1] } }])
  const seen: unknown[] = []
  working(async (job) => {
    seen.push(job.payload)
    done.open()
  })
  await done.opened
  expect(seen).toEqual([{ photoIds: [1] }])
  await expect.poll(() => jobsOf(house, 'fetch-photos')).toEqual([])
})

test('a run with many jobs does not hold up a run with few', async () => {
  const [large, small] = [(await aMovingRun(house, [])).id, (await aMovingRun(house, [])).id]
  const jobs = (runId: string, n: number) => Array.from({ length: n }, () => ({ runId, payload: { photoIds: [1] } }))
  await house.queues.enqueue(house.db, 'fetch-photos', jobs(large, 300))
  await house.queues.enqueue(house.db, 'fetch-photos', jobs(small, 5))
  const order: string[] = []
  const all = gate()
  working(async (job) => {
    order.push(job.runId!)
    if (order.length === 60) all.open()
    await house.pool.query('select')
  })
  await all.opened
  expect(order.filter((runId) => runId === small).length).toBe(5)
  expect(order.lastIndexOf(small)).toBeLessThan(25)
})

test('jobs of no run are taken too while a run keeps a queue busy', async () => {
  const { id } = await aMovingRun(house, [])
  await house.queues.enqueue(
    house.db,
    'fetch-photos',
    Array.from({ length: 50 }, () => ({ runId: id, payload: { photoIds: [1] } })),
  )
  await house.queues.enqueue(house.db, 'fetch-photos', [{ payload: { photoIds: [2] } }])
  const found = gate()
  let before = 0
  working(async (job) => {
    if (job.runId === null) found.open()
    else before++
    await house.pool.query('select')
  })
  await found.opened
  expect(before).toBeLessThan(20)
})

test('suspects are taken first and one at a time, other jobs beside them', async () => {
  const job = (photo: number, priority: number) => ({ payload: { photoIds: [photo] }, priority })
  await house.queues.enqueue(house.db, 'fetch-photos', [
    job(1, 0),
    job(2, 0),
    job(3, suspectPriority),
    job(4, suspectPriority),
  ])
  const all = gate()
  const begun: number[] = []
  let suspects = 0
  let most = 0
  working(async (taken) => {
    const { photoIds } = taken.payload as { photoIds: number[] }
    begun.push(photoIds[0]!)
    if (taken.suspect) most = Math.max(most, ++suspects)
    // The first suspect ends when everything but the other suspect has begun.
    if (taken.suspect) await vi.waitUntil(() => begun.length >= 3)
    if (taken.suspect) suspects--
    if (begun.length === 4) all.open()
  })
  await all.opened
  expect(begun[0]).toBeGreaterThan(2)
  expect(begun.toSorted()).toEqual([1, 2, 3, 4])
  expect(most).toBe(1)
})

test('a draining worker takes nothing new and resolves when what it had is settled', async () => {
  const { concurrency } = queues['fetch-photos']
  const jobs = (n: number) => Array.from({ length: n }, () => ({ payload: { photoIds: [1] } }))
  await house.queues.enqueue(house.db, 'fetch-photos', jobs(concurrency))
  const full = gate()
  let taken = 0
  const worker = working(async (job) => {
    if (++taken === concurrency) full.open()
    if (!job.signal.aborted) await once(job.signal, 'abort')
  })
  await full.opened
  expect(worker.active()).toBe(concurrency)
  await house.queues.enqueue(house.db, 'fetch-photos', jobs(2))
  await worker.drain()
  expect([worker.active(), taken]).toEqual([0, concurrency])
  expect((await jobsOf(house, 'fetch-photos')).map((job) => job.state)).toEqual(['created', 'created'])
})

interface TestWorker {
  child: ChildProcess
  /** The next photo that it takes. */
  took(): Promise<{ photo: number; deaths: number }>
  exit: Promise<number | null>
}

/** A process of its own that may be killed; it is ready when this resolves. */
async function workerProcess(...args: string[]): Promise<TestWorker> {
  const { DATABASE_URL, PASS_DATA_DIR, PASS_SECRET_KEY } = house.env
  const child = spawn(process.execPath, [fileURLToPath(new URL('./test-worker.ts', import.meta.url)), ...args], {
    env: { ...process.env, DATABASE_URL, PASS_DATA_DIR, PASS_SECRET_KEY, LOG_LEVEL: 'silent' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.add(child)
  const exit = once(child, 'exit').then(([code]) => {
    children.delete(child)
    return code as number | null
  })
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
  const next = async () => JSON.parse((await lines.next()).value as string)
  expect(await next()).toEqual({ event: 'ready' })
  return { child, took: next, exit }
}

test('the job of a worker that was killed is with another one within 15 s, and no try is counted', async () => {
  const { ids } = await listed(['a'])
  const dying = await workerProcess('hang')
  await dying.took()
  const heir = await workerProcess()
  dying.child.kill('SIGKILL')
  await dying.exit
  const began = performance.now()
  expect(await heir.took()).toMatchObject({ photo: ids[0] })
  expect((performance.now() - began) / 1000).toBeLessThan(20) // 15, and what a busy machine adds
  await expect.poll(() => rowsOf(ids)).toEqual([{ state: 'rendered', code: null, attempts: 0 }])
  heir.child.kill('SIGTERM')
  expect(await heir.exit).toBe(0)
})

test('a worker that is asked to end does so with 0, and what it had is with another at once and not counted', async () => {
  const { ids } = await listed(['a', 'b', 'c'])
  const leaving = await workerProcess('hang')
  await leaving.took()
  leaving.child.kill('SIGTERM')
  expect(await leaving.exit).toBe(0)
  const jobs = await jobsOf(house, 'fetch-photos')
  expect(jobs.every((job) => job.state === 'created' && job.wait <= 0)).toBe(true)
  expect(new Set(jobs.flatMap((job) => job.data.photoIds!))).toEqual(new Set(ids))
  expect(jobs.flatMap((job) => job.data.photoIds!).length).toBe(3)
  expect((await rowsOf(ids)).map((row) => row.attempts)).toEqual([0, 0, 0])
})

// A job that a dying worker had just asked for waits for its heartbeat.
test('a photo that takes every worker with it fails alone; the others of its chunk are copied', async () => {
  const { ids } = await listed(['a', 'b', 'kills', 'd'])
  let deaths = 0
  for (;;) {
    const worker = await workerProcess()
    const settled = vi
      .waitUntil(async () => (await rowsOf(ids)).every((row) => row.state !== 'listed'), {
        timeout: 60_000,
        interval: 200,
      })
      .then(() => 'settled' as const)
    settled.catch(() => {})
    const end = await Promise.race([worker.exit, settled])
    if (end === 'settled') {
      worker.child.kill('SIGTERM')
      expect(await worker.exit).toBe(0)
      break
    }
    expect(++deaths).toBeLessThan(10)
    for (const job of await jobsOf(house, 'fetch-photos')) if (job.state === 'active') await lose(job.id)
  }
  expect(await rowsOf(ids)).toEqual([
    { state: 'rendered', code: null, attempts: 0 },
    { state: 'rendered', code: null, attempts: 0 },
    { state: 'failed', code: 'resource_limit', attempts: 1 },
    { state: 'rendered', code: null, attempts: 0 },
  ])
  expect(deaths).toBeGreaterThan(3)
}, 180_000)
