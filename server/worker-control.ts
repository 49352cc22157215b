// The workers' sign of life, and what people tell one of them: to drain, to work again.
import { sql } from 'drizzle-orm'
import { recordAudit } from './audit.ts'
import type { Actor, House } from './house.ts'
import { jsonb } from './jsonb.ts'
import { announceWork } from './live.ts'
import { notFound } from './refusal.ts'

export type WorkerState = 'working' | 'draining' | 'drained'

export interface WorkerSign {
  id: string
  group: string
  host: string
  pid: number
  version: string
  residentBytes: number
  state: WorkerState
  /** Jobs in hand, the oldest first. */
  work: { queue: string; runId: string | null; since: string }[]
  /** Jobs that came to their end within the last minute, by queue. */
  ended: Record<string, number>
}

/** Says that the worker lives and what it does. Answers whether somebody wants it drained. */
export async function signWorker(house: Pick<House, 'db'>, me: WorkerSign): Promise<{ drain: boolean }> {
  const { rows } = await house.db.execute<{ drain: boolean }>(sql`
    insert into workers (id, "group", host, pid, version, resident_bytes, jobs, state, work, ended)
    values (${me.id}, ${me.group}, ${me.host}, ${me.pid}, ${me.version}, ${me.residentBytes}, ${me.work.length}, ${me.state},
      ${jsonb(me.work.slice(0, 100))}::jsonb, ${jsonb(me.ended)}::jsonb)
    on conflict (id) do update set seen_at = now(), resident_bytes = excluded.resident_bytes, jobs = excluded.jobs,
      state = excluded.state, work = excluded.work, ended = excluded.ended
    returning drain_at is not null as drain`)
  await house.db.execute(sql`delete from workers where seen_at < now() - interval '1 minute'`)
  return { drain: rows[0]!.drain }
}

/**
 * It takes nothing new, hands over what it has at the next safe point, and stays, idle, until it is told to work again
 * or its process is ended. Throws Refusal `not_found`.
 */
export async function drainWorker(house: House, actor: Actor, id: string): Promise<void> {
  await tell(
    house,
    actor,
    id,
    'worker.drain',
    sql`drain_by = coalesce(drain_by, ${actor}), drain_at = coalesce(drain_at, now())`,
  )
}

/** Throws Refusal `not_found`. */
export async function letWorkerWork(house: House, actor: Actor, id: string): Promise<void> {
  await tell(house, actor, id, 'worker.work', sql`drain_by = null, drain_at = null`)
}

async function tell(house: House, actor: Actor, id: string, act: string, change: ReturnType<typeof sql>) {
  await house.db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ group: string; host: string; pid: number }>(
      sql`update workers set ${change} where id = ${id} returning "group", host, pid`,
    )
    if (!rows[0]) throw notFound('worker')
    await recordAudit(tx, actor, act, id, rows[0])
  })
  await announceWork(house, id)
}
