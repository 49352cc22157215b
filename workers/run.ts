// The only code that knows how a job can end. A worker takes jobs of its queues, fair between runs, keeps their hearts
// beating, and settles each in the transaction that records what it did.
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { fromDrizzle } from 'pg-boss'
import type { Tx } from '#db/client.ts'
import type { House } from '#server/house.ts'
import { onWork } from '#server/live.ts'
import { log } from '#server/log.ts'
import { type JobEnd, measureJob } from '#server/measures.ts'
import { watchRanks } from '#server/priorities.ts'
import { pausesChanged, watchPauses } from '#server/queue-control.ts'
import { type NewJob, type Payload, type QueueName, queues } from '#server/queues.ts'
import { EndedJobs } from './ended.ts'
import { Order, type Rank } from './order.ts'
import { isDatabaseFault } from './policy.ts'

export interface Job<N extends QueueName = QueueName> {
  queue: N
  id: string
  runId: string | null
  payload: Payload<N>
  /** How often a worker died with it. */
  deaths: number
  /** It may be what a worker died of: this process has no other such job in hand. */
  suspect: boolean
  /** Aborted when this worker drains. */
  signal: AbortSignal
  /** One transaction with the job's end in it. Throws StaleAttempt, and nothing happened, where another worker has it. */
  finish<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** One transaction in the middle of the job, under the same fence. */
  checkpoint<T>(work: (tx: Tx) => Promise<T>): Promise<T>
}

export type Steps<Tools> = { [N in QueueName]: (job: Job<N>, tools: Tools) => Promise<void> }

/** The job was given to another worker meanwhile; what this one did is not recorded. */
export class StaleAttempt extends Error {
  override name = 'StaleAttempt'
}

export interface RunningWorker {
  /** Takes nothing new, lets what is in hand come to its next safe point, and resolves when all is settled. */
  drain(): Promise<void>
  active(): number
  /** The oldest first. */
  inHand(): { queue: QueueName; runId: string | null; since: string }[]
  /** Jobs that came to their end within the last minute, by queue. */
  ended(): Record<string, number>
}

export interface WorkerOptions<Tools> {
  house: House
  queues: QueueName[]
  steps: Steps<Tools>
  tools: Tools
}

interface Attempt {
  queue: QueueName
  id: string
  retryCount: number
  group: string | null
  rank: Rank
  suspect: boolean
  since: Date
}

/** Of jobs that may be what a worker died of: taken first, and one at a time, so that none dies of another. */
export const suspectPriority = 100

const pollMilliseconds = 400
const heartbeatMilliseconds = 3000
/** Tries of a transaction that the database does not take: a minute and a half, or two seconds where the worker stops. */
const patience = 20
const drainingPatience = 3

export function startWorker<Tools>(options: WorkerOptions<Tools>): RunningWorker {
  const { house } = options
  const boss = house.queues.boss
  const draining = new AbortController()
  // Not by job: one that was lost and taken again by the same worker is two attempts.
  const attempts = new Set<Attempt>()
  const pauses = watchPauses(house)
  const ranks = watchRanks(house)
  const ended = new EndedJobs()

  const beat = setInterval(() => {
    for (const [queue, jobs] of Map.groupBy(attempts, (job) => job.queue)) {
      boss.touch(queue, jobs).catch((error: Error) => log.warn({ queue, err: error.message }, 'heartbeat'))
    }
  }, heartbeatMilliseconds)

  let suspectInHand = false

  async function take(queue: QueueName, order: Order): Promise<{ attempt: Attempt; data: unknown } | undefined> {
    const inHand = [...attempts].flatMap((job) =>
      job.queue === queue && job.group ? [{ run: job.group, rank: job.rank }] : [],
    )
    const unsuspected = suspectInHand ? { maxPriority: suspectPriority - 1 } : {}
    // While this one looks, no other queue of this process takes a suspect.
    const looking = !suspectInHand
    suspectInHand = true
    let suspect = false
    try {
      for (const { rank, ...look } of order.looks(inHand, await ranks.now())) {
        const [job] = await boss.fetch<unknown>(queue, { includeMetadata: true, ...look, ...unsuspected })
        if (!job) continue
        const { id, retryCount, groupId, priority, data } = job
        suspect = priority >= suspectPriority
        order.served(rank, groupId ?? null)
        return { attempt: { queue, id, retryCount, group: groupId ?? null, rank, suspect, since: new Date() }, data }
      }
    } finally {
      if (looking && !suspect) suspectInHand = false
    }
  }

  async function serve(queue: QueueName): Promise<void> {
    const inHand = new Set<Promise<void>>()
    const order = new Order()
    let woken = Promise.withResolvers<void>()
    const wake = () => {
      order.lookAgain()
      woken.resolve()
    }
    const stops = [onWork(house, queue, wake), onWork(house, pausesChanged, wake)]
    while (!draining.signal.aborted) {
      let taken: Awaited<ReturnType<typeof take>>
      if (inHand.size < queues[queue].concurrency && !(await pauses.now()).has(queue) && !draining.signal.aborted) {
        taken = await take(queue, order).catch((error: Error) => {
          log.warn({ queue, err: error.message }, 'taking jobs')
          return undefined
        })
      }
      if (!taken) {
        await Promise.race([
          ...inHand,
          sleep(pollMilliseconds + Math.random() * 100, undefined, { signal: draining.signal }).catch(() => {}),
          woken.promise,
        ])
        woken = Promise.withResolvers()
        continue
      }
      const { attempt, data } = taken
      attempts.add(attempt)
      const done = perform(attempt, data).finally(() => {
        attempts.delete(attempt)
        if (attempt.suspect) suspectInHand = false
        inHand.delete(done)
      })
      inHand.add(done)
    }
    for (const stop of stops) stop()
    await Promise.all(inHand)
  }

  async function perform(attempt: Attempt, data: unknown): Promise<void> {
    const { queue } = attempt
    let settled = false
    const fenced = <T>(settles: boolean, work: (tx: Tx) => Promise<T>): Promise<T> =>
      patiently(() =>
        house.db.transaction(async (tx) => {
          const db = fromDrizzle(tx, sql)
          const command = settles ? boss.complete(queue, attempt, null, { db }) : boss.touch(queue, attempt, { db })
          // pg-boss leaves the shape of this answer out of its types.
          const held = (await command) as { affected: number }
          if (held.affected === 0) throw new StaleAttempt()
          return work(tx)
        }),
      )
    const payload = queues[queue].payload.safeParse(data)
    if (!payload.success) {
      log.error({ queue, job: attempt.id }, 'a payload that is not of its queue')
      await boss.deleteJob(queue, attempt).catch(() => {})
      return
    }
    const job: Job = {
      queue,
      id: attempt.id,
      runId: attempt.group,
      payload: payload.data,
      deaths: attempt.retryCount,
      suspect: attempt.suspect,
      signal: draining.signal,
      async finish(work) {
        const result = await fenced(true, work)
        settled = true
        ended.add(queue)
        return result
      },
      checkpoint: (work) => fenced(false, work),
    }
    // A queue's step takes jobs of that queue: the pairing that the record's type states.
    const step = options.steps[queue] as (job: Job, tools: Tools) => Promise<void>
    let end: JobEnd = 'done'
    try {
      await step(job, options.tools)
      if (!settled) await job.finish(async () => {})
    } catch (error) {
      end = error instanceof StaleAttempt ? 'lost' : settled ? 'done' : 'again'
      if (error instanceof StaleAttempt) return
      if (!isDatabaseFault(error)) log.error({ err: error, queue, job: job.id }, 'a step threw')
      if (!settled) await putBack(job, isDatabaseFault(error) ? 1 : 10)
    } finally {
      measureJob(queue, end, Date.now() - attempt.since.getTime())
    }
  }

  /** The same job again, later; its photos know the new one. */
  async function putBack(job: Job, seconds: number): Promise<void> {
    const again = [
      {
        runId: job.runId ?? undefined,
        payload: job.payload,
        startAfterSeconds: seconds,
        priority: job.suspect ? suspectPriority : 0,
      },
    ] as NewJob<QueueName>[]
    try {
      await job.finish(async (tx) => {
        const [id] = await house.queues.enqueue(tx, job.queue, again)
        if ('photoIds' in job.payload)
          await tx.execute(sql`
            update photos set job_id = ${id} where id = any(${sql.param(job.payload.photoIds)}::int8[]) and job_id = ${job.id}`)
      })
    } catch (error) {
      if (error instanceof StaleAttempt) return
      log.warn({ queue: job.queue, job: job.id, err: (error as Error).message }, 'left to its heartbeat')
    }
  }

  /**
   * What is done must not be lost because the database is away for a while: the same transaction again, until the job
   * is another worker's. One that was committed though nobody could say so shows as a stale attempt.
   */
  async function patiently<T>(transaction: () => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries++) {
      try {
        return await transaction()
      } catch (error) {
        if (!isDatabaseFault(error) || tries >= patience || (tries >= drainingPatience && draining.signal.aborted))
          throw error
        await sleep(Math.min(5000, 250 * 2 ** tries))
      }
    }
  }

  const stopLooking = onWork(house, pausesChanged, () => pauses.lookAgain())
  const serving = Promise.all(options.queues.map((queue) => serve(queue)))
  return {
    active: () => attempts.size,
    inHand: () => [...attempts].map(({ queue, group, since }) => ({ queue, runId: group, since: since.toISOString() })),
    ended: () => ended.lately(),
    async drain() {
      draining.abort()
      await serving
      stopLooking()
      clearInterval(beat)
    },
  }
}
