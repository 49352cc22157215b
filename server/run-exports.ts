// The list of runs as a file that a worker writes: asked for, told when it is ready, kept for some days, gone then.
// A short list needs none of it: see `trpc/run-export.ts`.
import { createHash, randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { recordAudit } from './audit.ts'
import type { Actor, House } from './house.ts'
import { jsonb } from './jsonb.ts'
import type { Letter } from './letters.ts'
import { announceExport, announceWork } from './live.ts'
import { enterMail } from './mails.ts'
import { notFound, Refusal } from './refusal.ts'
import { runsCsv } from './run-export.ts'
import type { RunQuery } from './run-search.ts'
import type { StoredObject } from './store/store.ts'

const keptDays = 3
/** One that is not written by then never will be. */
const patienceMinutes = 60
const mostOpen = 3

export interface RunExport {
  id: string
  askedAt: Date
  state: 'waiting' | 'ready' | 'failed'
  /** Runs in it, and its size; null until it is ready. */
  runs: number | null
  bytes: number | null
  /** Until when it can be taken. */
  expiresAt: Date | null
}

/** The same list that still waits is the same file. Throws Refusal `too_many_exports`. */
export async function askForExport(house: House, actor: Actor, query: RunQuery): Promise<{ id: string }> {
  const id = await house.db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`exports ${actor}`}, 0))`)
    const { rows } = await tx.execute<{ id: string; same: boolean }>(sql`
      select id, query = ${jsonb(query)}::jsonb as same from run_exports where asked_by = ${actor} and state = 'waiting'`)
    const same = rows.find((one) => one.same)
    if (same) return same.id
    if (rows.length >= mostOpen)
      throw new Refusal('too_many_exports', 429, 'Other lists are being written for you: wait until one is ready.')
    const made = await tx.execute<{ id: string }>(
      sql`insert into run_exports (asked_by, query) values (${actor}, ${jsonb(query)}::jsonb) returning id`,
    )
    const exportId = made.rows[0]!.id
    await house.queues.enqueue(tx, 'export-runs', [{ payload: { exportId } }])
    await recordAudit(tx, actor, 'runs.export', exportId, { ...query })
    return exportId
  })
  void announceWork(house, 'export-runs')
  return { id }
}

/** One's own, the newest first. */
export async function exportsOf(house: Pick<House, 'pool'>, person: Actor): Promise<RunExport[]> {
  const { rows } = await house.pool.query<RunExport>(
    `select id, asked_at as "askedAt", state, runs, bytes, expires_at as "expiresAt" from run_exports
     where asked_by = $1 and (expires_at is null or expires_at > now()) order by asked_at desc, id limit 10`,
    [person],
  )
  return rows
}

/** Only for whoever asked for it; that it was taken is on record. Throws Refusal `not_found`, NoSuchObject. */
export async function openExport(
  house: House,
  person: Actor,
  id: string,
): Promise<StoredObject & { stream: Readable; askedAt: Date }> {
  const { rows } = await house.pool.query<{ key: string; askedAt: Date; query: RunQuery }>(
    `select key, asked_at as "askedAt", query from run_exports
     where id = $1 and asked_by = $2 and state = 'ready' and expires_at > now()`,
    [id, person],
  )
  if (!rows[0]) throw notFound('file')
  const { key, askedAt, query } = rows[0]
  const object = await house.store.get(key)
  await house.db.transaction((tx) => recordAudit(tx, person, 'runs.download', id, { ...query }))
  return { ...object, askedAt }
}

/** What a worker has written: to be entered in the transaction that ends its job. */
export interface WrittenExport {
  id: string
  askedBy: string
  key: string
  runs: number
  bytes: number
}

/**
 * Writes the file into the object store, by way of one in `temp`; whole or not at all. null where it is settled, or where
 * the signal came first. Twice writes the same file anew.
 */
export async function writeExport(
  house: House,
  id: string,
  { temp, signal }: { temp: string; signal: AbortSignal },
): Promise<WrittenExport | null> {
  const { rows } = await house.pool.query<{ askedBy: string; query: RunQuery }>(
    `select asked_by as "askedBy", query from run_exports where id = $1 and state = 'waiting'`,
    [id],
  )
  if (!rows[0]) return null
  const { askedBy, query } = rows[0]
  const path = join(temp, `${randomUUID()}.csv`)
  const sum = createHash('sha256')
  let [lines, bytes] = [0, 0]
  async function* counted() {
    for await (const line of runsCsv(house, query)) {
      if (signal.aborted) return
      const piece = Buffer.from(line)
      sum.update(piece)
      bytes += piece.length
      lines++
      yield piece
    }
  }
  try {
    await pipeline(Readable.from(counted()), createWriteStream(path, { mode: 0o600 }))
    if (signal.aborted) return null
    const key = `exports/${id}.csv`
    // What an earlier try has left is of an earlier time.
    await house.store.remove([key])
    await house.store.put(key, { path }, { sha256: sum.digest('hex'), bytes, contentType: 'text/csv; charset=utf-8' })
    return { id, askedBy, key, runs: lines - 1, bytes }
  } finally {
    await rm(path, { force: true })
  }
}

/** Ready, and told by e-mail; after commit `announceExport` has an open console show it. */
export async function recordExport(tx: Tx, house: House, written: WrittenExport): Promise<void> {
  const { id, askedBy, key, runs, bytes } = written
  const { rows } = await tx.execute<{ until: string }>(sql`
    update run_exports set state = 'ready', key = ${key}, runs = ${runs}, bytes = ${bytes}, ready_at = now(),
      expires_at = now() + make_interval(days => ${keptDays})
    where id = ${id} and state = 'waiting' returning to_char(expires_at at time zone 'UTC', 'FMDD FMMonth, HH24:MI "UTC"') as until`)
  if (!rows[0]) return
  const letter: Letter = {
    subject: 'Your list of runs is ready',
    greeting: 'Hello,',
    sentences: [
      `The list that you asked for is written: ${runs.toLocaleString('en')} runs.`,
      `It lies in the console beside the list of runs, under “Your files”, until ${rows[0].until}.`,
    ],
    link: { url: `${house.env.CONSOLE_URL}/runs`, text: 'Open the list of runs' },
  }
  await enterMail(tx, house, { clientId: null, occasion: `export ${id}`, receiver: askedBy, letter })
}

/** Those whose job is gone get another; what nobody could write is given up; what is past its time goes. */
export async function sweepExports(house: House): Promise<void> {
  const givenUp = await house.db.transaction(async (tx) => {
    const failed = await tx.execute<{ person: string }>(sql`
      update run_exports set state = 'failed', expires_at = now() + make_interval(days => ${keptDays})
      where state = 'waiting' and asked_at < now() - make_interval(mins => ${patienceMinutes}) returning asked_by as person`)
    const { rows } = await tx.execute<{ id: string }>(sql`
      select id from run_exports where state = 'waiting' and id::text not in (
        select data->>'exportId' from pgboss.job where name = 'export-runs' and state < 'completed') for update skip locked`)
    await house.queues.enqueue(
      tx,
      'export-runs',
      rows.map(({ id }) => ({ payload: { exportId: id } })),
    )
    return failed.rows
  })
  for (const { person } of givenUp) await announceExport(house, person)
  await forgetExports(house, sql`expires_at < now()`)
}

/** Rows last: what the store did not remove is tried again. */
async function forgetExports(house: Pick<House, 'db' | 'store'>, which: ReturnType<typeof sql>): Promise<void> {
  const { rows } = await house.db.execute<{ id: string; key: string | null }>(
    sql`select id, key from run_exports where ${which} limit 1000`,
  )
  if (rows.length === 0) return
  await house.store.remove(rows.flatMap(({ key }) => key ?? []))
  const ids = rows.map(({ id }) => id)
  await house.db.execute(sql`delete from run_exports where id = any(${sql.param(ids)}::uuid[])`)
}

/** Every file that may name a client: one that is deleted for good is in no list any more. */
export async function forgetAllExports(house: Pick<House, 'db' | 'store'>): Promise<void> {
  await forgetExports(house, sql`state <> 'waiting'`)
}
