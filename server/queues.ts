// Every queue, declared once. A queue carries ids only and its jobs may run twice; the ledger is the truth.
import { randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type pg from 'pg'
import { fromDrizzle, PgBoss } from 'pg-boss'
import { z } from 'zod'
import type { Tx } from '#db/client.ts'

const runOnly = z.strictObject({ runId: z.uuid() })
const galleryOnly = z.strictObject({ galleryId: z.number().int() })
const photoChunk = z.strictObject({ photoIds: z.array(z.number().int()).min(1).max(500) })

interface Declared {
  payload: z.ZodType
  /** Which worker group takes it. */
  group: 'scrape' | 'transfer' | 'render'
  /** Jobs at once in one worker process. */
  concurrency: number
  /** A job active longer than this is given to another worker even if its heart beats. */
  expireSeconds: number
}

export const queues = {
  'test-source': {
    payload: z.strictObject({ sourceId: z.uuid() }),
    group: 'scrape',
    concurrency: 2,
    expireSeconds: 300,
  },
  'survey-source': { payload: runOnly, group: 'scrape', concurrency: 2, expireSeconds: 6 * 3600 },
  'thaw-gallery': { payload: galleryOnly, group: 'scrape', concurrency: 2, expireSeconds: 600 },
  'list-gallery': { payload: galleryOnly, group: 'scrape', concurrency: 4, expireSeconds: 6 * 3600 },
  'build-gallery': { payload: galleryOnly, group: 'scrape', concurrency: 2, expireSeconds: 600 },
  'fetch-photos': { payload: photoChunk, group: 'transfer', concurrency: 4, expireSeconds: 6 * 3600 },
  'render-photos': { payload: photoChunk, group: 'render', concurrency: 2, expireSeconds: 3600 },
  'reconcile-gallery': { payload: galleryOnly, group: 'render', concurrency: 2, expireSeconds: 3600 },
  'deliver-webhook': {
    payload: z.strictObject({ deliveryId: z.uuid() }),
    group: 'transfer',
    concurrency: 8,
    expireSeconds: 120,
  },
  'delete-expired': {
    payload: z.strictObject({ deletionId: z.uuid() }),
    group: 'transfer',
    concurrency: 1,
    expireSeconds: 6 * 3600,
  },
  'export-runs': {
    payload: z.strictObject({ exportId: z.uuid() }),
    group: 'transfer',
    concurrency: 1,
    expireSeconds: 3600,
  },
  'send-mail': { payload: z.strictObject({ mailId: z.uuid() }), group: 'transfer', concurrency: 2, expireSeconds: 300 },
} as const satisfies Record<string, Declared>

export type QueueName = keyof typeof queues
export type Payload<N extends QueueName> = z.output<(typeof queues)[N]['payload']>
export type WorkerGroup = Declared['group']
export const queueNames = Object.keys(queues) as QueueName[]

/** Photos in one job: enough that the queue costs nothing, few enough that a lost worker repeats little. */
export const chunkSize = { 'fetch-photos': 25, 'render-photos': 20 } as const

/** A worker that shows no sign for this long has lost its jobs (the shortest that pg-boss takes). */
const heartbeatSeconds = 10

export interface NewJob<N extends QueueName> {
  /** Made here where the ledger rows are to name it. */
  id?: string
  runId?: string
  payload: Payload<N>
  startAfterSeconds?: number
  /** Higher first; default 0. */
  priority?: number
}

export interface Queues {
  /** Inserts in the caller's transaction: state and job commit together. Returns the ids. */
  enqueue<N extends QueueName>(tx: Tx, name: N, jobs: NewJob<N>[]): Promise<string[]>
  boss: PgBoss
  close(): Promise<void>
}

export interface QueueOptions {
  url: string
  /** Workers look for lost jobs; console and command line do not. */
  supervise: boolean
  onError(error: Error): void
}

/** Opens pg-boss and brings the declared queues up to date. */
export async function openQueues(options: QueueOptions): Promise<Queues> {
  const boss = new PgBoss({
    connectionString: unhurried(options.url),
    application_name: 'pass-queues',
    max: 4,
    supervise: options.supervise,
    schedule: false,
    superviseIntervalSeconds: 2,
    monitorIntervalSeconds: 2,
    reindex: false,
    monitorVacuum: false,
  })
  boss.on('error', options.onError)
  await boss.start()
  return {
    boss,
    close: () => boss.stop({ graceful: false, close: true }),
    async enqueue(tx, name, jobs) {
      if (jobs.length === 0) return []
      const rows = jobs.map((job) => ({
        id: job.id ?? randomUUID(),
        data: queues[name].payload.parse(job.payload) as object,
        ...(job.runId ? { group: { id: job.runId } } : {}),
        ...(job.startAfterSeconds ? { startAfter: job.startAfterSeconds } : {}),
        ...(job.priority ? { priority: job.priority } : {}),
      }))
      await boss.insert(name, rows, { db: fromDrizzle(tx, sql) })
      return rows.map((row) => row.id)
    },
  }
}

/**
 * For what pg-boss does by itself: taking jobs, their hearts, tidying up. Should PostgreSQL crash before the disk has it,
 * a job is taken once more; jobs are put in and come to their end on the caller's connection, which waits.
 */
function unhurried(url: string): string {
  const address = new URL(url)
  const options = address.searchParams.get('options')
  address.searchParams.set('options', `${options ?? ''} -c synchronous_commit=off`.trimStart())
  return address.href
}

/** Creates or updates every declared queue. Called where the schema is migrated, before any worker starts. */
export async function declareQueues(boss: PgBoss): Promise<void> {
  const existing = new Set((await boss.getQueues()).map((queue) => queue.name))
  for (const name of queueNames) {
    const settings = {
      // Steps decide themselves when enough is enough: they halve a chunk that dies and settle the photo that kills.
      retryLimit: 1000,
      retryDelay: 0,
      heartbeatSeconds,
      expireInSeconds: queues[name].expireSeconds,
      deleteAfterSeconds: 3600,
      retentionSeconds: 60 * 24 * 3600,
    }
    if (existing.has(name)) await boss.updateQueue(name, settings)
    else await boss.createQueue(name, settings)
  }
}

/** Queues whose jobs are made anew from the ledger within seconds where they are gone. */
export const isSwept = (name: QueueName): boolean => name !== 'test-source'

/** Jobs of these belong to no run, key or client: `job_i7` of pg-boss does not hold them. */
const ungrouped: QueueName[] = ['test-source', 'export-runs', 'send-mail']

export interface QueueDepth {
  name: QueueName
  group: WorkerGroup
  /** Jobs that may be taken now. */
  ready: number
  /** Jobs whose time has not come. */
  waiting: number
  active: number
  /** Since when the oldest of those is ready, and how long that is. */
  oldestAt: Date | null
  oldestSeconds: number
}

/** Counts straight from the jobs, each part by an index of its own: jobs that are through cost nothing. */
export async function queueDepths(pool: pg.Pool): Promise<QueueDepth[]> {
  const { rows } = await pool.query<Omit<QueueDepth, 'group'>>(
    `
    with open as (
      select name, count(*) filter (where start_after <= now()) as ready, count(*) filter (where start_after > now()) as waiting,
        min(start_after) filter (where start_after <= now()) as oldest
      from pgboss.job where name = any($1) and state < 'active' and not blocked group by name
    ), active as (
      select name, count(*) as n from pgboss.job where name = any($1) and state = 'active' and group_id is not null group by name
      union all
      select name, count(*) from pgboss.job where name = any($2) and state = 'active' and group_id is null group by name
    )
    select q.name, coalesce(o.ready, 0)::int as ready, coalesce(o.waiting, 0)::int as waiting,
      coalesce((select sum(n) from active a where a.name = q.name), 0)::int as active,
      o.oldest as "oldestAt", coalesce(extract(epoch from now() - o.oldest), 0)::int as "oldestSeconds"
    from pgboss.queue q left join open o using (name) where q.name = any($1) order by q.name`,
    [queueNames, ungrouped],
  )
  return rows.map((row) => ({ ...row, group: queues[row.name].group }))
}
