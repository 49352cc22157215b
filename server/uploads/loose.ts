// Objects between their put and their entry into the ledger. Each is held by a row first, so that whoever dies in
// between leaves a trace and the sweep finds what nobody will ever name.
import { randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import type { House } from '../house.ts'
import { jsonb } from '../jsonb.ts'
import { log } from '../log.ts'
import { originalKey } from '../store/store.ts'
import { inRounds } from './rounds.ts'

/** Who shows no sign for this long has lost what it held. */
const holdSeconds = 30

export interface Holdings {
  /** Before the object is put. Returns the id of the hold. */
  hold(clientId: string, sha256: string): Promise<number>
  /** They were entered. */
  forget(ids: number[]): void
  /** Nothing will be entered: what is in nobody else's hands is removed now. Never throws. */
  drop(ids: number[]): Promise<void>
  close(): void
}

export function openHoldings(house: House): Holdings {
  const holder = randomUUID()
  const held = new Set<number>()
  const extend = () => {
    if (held.size === 0) return
    const text = `update loose_objects set held_until = now() + $2 * interval '1 second' where holder = $1`
    house.pool
      .query(text, [holder, holdSeconds])
      .catch((error: Error) => log.warn({ err: error.message }, 'loose: hold'))
  }
  const beat = setInterval(extend, (holdSeconds * 1000) / 3).unref()

  const hold = inRounds(async (items: { clientId: string; sha256: string }[]) => {
    // The lock of each key: the sweep looks and removes under it. A crash of Postgres may forget a hold: then an object
    // stays that nobody names, which is no reason to wait for the disk at each upload.
    const { rows } = await house.pool.query<{ id: number; n: number }>(
      `with relaxed as (select set_config('synchronous_commit', 'off', true)),
        given as (select * from jsonb_to_recordset($1::jsonb) as g(n int4, "clientId" uuid, sha256 text)),
        locked as materialized (
          select ${lockOf('k."clientId"::text', 'k.sha256')} from (select distinct "clientId", sha256 from given, relaxed order by 1, 2) k
        )
       insert into loose_objects (client_id, sha256, holder, held_until)
       select "clientId", decode(sha256, 'hex'), $2, now() + $3 * interval '1 second' from given
       where (select count(*) from locked) > 0 order by n returning id`,
      [jsonb(items.map((item, n) => ({ n, ...item }))), holder, holdSeconds],
    )
    return rows.map(({ id }) => id)
  })

  return {
    async hold(clientId, sha256) {
      const id = await hold({ clientId, sha256 })
      held.add(id)
      return id
    },
    forget(ids) {
      for (const id of ids) held.delete(id)
    },
    async drop(ids) {
      for (const id of ids) held.delete(id)
      if (ids.length === 0) return
      try {
        await house.pool.query('update loose_objects set held_until = now() where id = any($1)', [ids])
        await removeLoose(house, ids)
      } catch (error) {
        log.warn({ err: (error as Error).message }, 'loose: left to the sweep')
      }
    },
    close: () => clearInterval(beat),
  }
}

/** Who held it showed no sign for too long: the object may be gone. What is uploaded again is whole. */
export class HoldLost extends Error {
  override name = 'HoldLost'
}

/** In the transaction that enters them. Throws HoldLost. */
export async function entered(tx: Tx, ids: number[]): Promise<void> {
  if (ids.length === 0) return
  const { rowCount } = await tx.execute(freeing(ids))
  if (rowCount !== ids.length) throw new HoldLost()
}

/** Those of them that are still held; where one is missing, nothing may be entered. */
export const freeing = (ids: number[]) =>
  sql`delete from loose_objects where id = any(${sql.param(ids)}::int8[]) returning id`

/** Removes what was put for uploads that were never finished. Returns how many objects went. */
export async function sweepLoose(house: House): Promise<number> {
  const { rows } = await house.pool.query<{ id: number }>(
    'select id from loose_objects where held_until < now() order by held_until limit 1000',
  )
  return removeLoose(
    house,
    rows.map(({ id }) => id),
  )
}

async function removeLoose(house: House, ids: number[]): Promise<number> {
  let removed = 0
  for (const id of ids) {
    removed += await house.db.transaction(async (tx) => {
      const { rows } = await tx.execute<{ clientId: string; sha256: string }>(sql`
        select client_id as "clientId", encode(sha256, 'hex') as sha256 from loose_objects
        where id = ${id} and held_until <= now() for update`)
      const [loose] = rows
      if (!loose) return 0
      const { clientId, sha256 } = loose
      await tx.execute(
        sql`select ${sql.raw(lockOf('v.client', 'v.sha256'))} from (values (${clientId}::text, ${sha256}::text)) v(client, sha256)`,
      )
      const needed = await tx.execute(sql`
        select from assets where client_id = ${clientId} and sha256 = decode(${sha256}, 'hex') and removed_at is null
        union all select from loose_objects where client_id = ${clientId} and sha256 = decode(${sha256}, 'hex') and held_until > now()`)
      if (needed.rows.length === 0) await house.store.remove([originalKey(clientId, sha256)])
      await tx.execute(sql`delete from loose_objects where id = ${id}`)
      return needed.rows.length === 0 ? 1 : 0
    })
  }
  return removed
}

/** Nobody else holds, enters or removes originals of these hashes (hex) until the transaction ends. */
export const objectLock = (clientId: string, hashes: string[]) => sql`
  select ${sql.raw(lockOf('v.client', 'v.sha256'))}
  from (select ${clientId}::text as client, h as sha256 from jsonb_array_elements_text(${jsonb(hashes)}::jsonb) h order by h) v`

const lockOf = (client: string, sha256: string) =>
  `pg_advisory_xact_lock(hashtextextended('object ' || ${client} || ' ' || ${sha256}, 0))`
