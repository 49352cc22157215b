// What people do to a queue: pause, resume, clear. Workers look at the pauses before they take a job.
import { sql } from 'drizzle-orm'
import { recordAudit } from './audit.ts'
import { type Believed, believed } from './believed.ts'
import type { Actor, House } from './house.ts'
import { announceWork } from './live.ts'
import { isSwept, type QueueName } from './queues.ts'
import { Refusal } from './refusal.ts'

/** What workers hear of when a queue was paused or resumed. */
export const pausesChanged = 'pauses'

export interface QueuePause {
  by: string
  at: Date
  note: string | null
}

/** What is in hand comes to its end; nothing new is taken, by any worker within a second, and by none that hears of it before what is enqueued after this. Again: the first one holds. */
export async function pauseQueue(house: House, actor: Actor, queue: QueueName, note?: string): Promise<void> {
  await house.db.transaction(async (tx) => {
    const { rowCount } = await tx.execute(sql`
      insert into queue_pauses (queue, by, note) values (${queue}, ${actor}, ${note ?? null}) on conflict do nothing`)
    if (rowCount) await recordAudit(tx, actor, 'queue.pause', queue, note ? { note } : {})
  })
  await announceWork(house, pausesChanged)
}

export async function resumeQueue(house: House, actor: Actor, queue: QueueName): Promise<void> {
  await house.db.transaction(async (tx) => {
    const { rowCount } = await tx.execute(sql`delete from queue_pauses where queue = ${queue}`)
    if (rowCount) await recordAudit(tx, actor, 'queue.resume', queue)
  })
  await announceWork(house, pausesChanged)
}

/**
 * Takes out the jobs that could be taken now; the sweep makes those that are still needed anew, from the ledger. Jobs
 * that wait for their time or that a worker died with stay: their wait and their count are in no other place.
 * Throws Refusal `not_clearable`.
 */
export async function clearQueue(house: House, actor: Actor, queue: QueueName): Promise<{ cleared: number }> {
  if (!isSwept(queue))
    throw new Refusal(
      'not_clearable',
      422,
      'Jobs of this queue are asked for by people: nothing would bring them back.',
    )
  return house.db.transaction(async (tx) => {
    const { rowCount } = await tx.execute(sql`
      delete from pgboss.job where name = ${queue} and state = 'created' and not blocked and start_after <= now()
        and retry_count = 0 and priority = 0`)
    const cleared = rowCount ?? 0
    if (cleared > 0) await recordAudit(tx, actor, 'queue.clear', queue, { jobs: cleared })
    return { cleared }
  })
}

/** By queue. */
export async function queuePauses(house: Pick<House, 'pool'>): Promise<Map<string, QueuePause>> {
  const { rows } = await house.pool.query<QueuePause & { queue: string }>(
    'select queue, by, at, note from queue_pauses',
  )
  return new Map(rows.map(({ queue, ...pause }) => [queue, pause]))
}

const believedMilliseconds = 1000

/** For a worker: one question a second for all of its queues together. Names of those that are paused. */
export function watchPauses(house: Pick<House, 'pool'>): Believed<ReadonlySet<string>> {
  return believed(new Set<string>(), believedMilliseconds, async () => new Set((await queuePauses(house)).keys()))
}
