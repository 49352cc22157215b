// The end of a deletion: rows first, their objects after, a piece at a time. Whoever is killed in between leaves either
// rows that are still to go or removals that name what is still in the store; the next one goes on from there.
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { recordAudit } from './audit.ts'
import type { DeletionKind } from './deletion.ts'
import { purge } from './deletion-cdn.ts'
import { clientRows, removeGallery, removePhotos } from './deletion-rows.ts'
import type { House } from './house.ts'
import { originalsDue, removeOriginals } from './retention-originals.ts'
import { forgetAllExports } from './run-exports.ts'
import { objectLock } from './uploads/loose.ts'

export interface Removal {
  id: string
  clientId: string
  kind: DeletionKind
}

/** Every deletion that is due and has no job gets one. Returns how many. */
export async function sweepDeletions(house: House): Promise<number> {
  await originalsDue(house)
  return house.db.transaction(async (tx) => {
    const free = await tx.execute<{ free: boolean }>(
      sql`select pg_try_advisory_xact_lock(hashtextextended('sweep:deletions', 0)) as free`,
    )
    if (!free.rows[0]!.free) return 0
    const { rows } = await tx.execute<{ id: string; clientId: string }>(sql`
      select id, client_id as "clientId" from deletions d
      where restored_at is null and done_at is null and due_at <= now() and not exists (
        select from pgboss.job j where j.name = 'delete-expired' and j.state < 'completed' and j.data->>'deletionId' = d.id::text)
      order by due_at limit 1000 for update skip locked`)
    const jobs = rows.map(({ id, clientId }) => ({ runId: clientId, payload: { deletionId: id } }))
    await house.queues.enqueue(tx, 'delete-expired', jobs)
    return jobs.length
  })
}

/** From here on it cannot be restored. null where it is not due, restored or through, or where jobs of its client are still at work. */
export async function beginRemoval({ db }: Pick<House, 'db'>, id: string): Promise<Removal | null> {
  const { rows } = await db.execute<Removal & Record<string, unknown>>(sql`
    update deletions d set begun_at = coalesce(begun_at, now())
    where id = ${id} and restored_at is null and done_at is null and due_at <= now() and (kind <> 'client' or not exists (
      select from pgboss.job j join runs r on r.id::text = j.group_id where j.state = 'active' and r.client_id = d.client_id))
    returning id, client_id as "clientId", kind`)
  return rows[0] ?? null
}

type Needs = Pick<House, 'db' | 'store' | 'env'>

/**
 * Runs each piece of work in a transaction of its own, given by `inTransaction`. False where it stopped before the end,
 * because it was told to or because somebody still renders what goes: the sweep brings it back.
 */
export async function remove(
  house: Needs,
  removal: Removal,
  inTransaction: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>,
  signal: AbortSignal,
): Promise<boolean> {
  const pieces =
    removal.kind === 'client' ? clientPieces : removal.kind === 'originals' ? originalsPieces : photosPieces
  for await (const piece of pieces(house, removal)) {
    while (!signal.aborted && (await inTransaction(piece)));
    if (signal.aborted) return false
    while (!signal.aborted && (await inTransaction((tx) => removeObjects(tx, house, removal))));
    if (signal.aborted) return false
  }
  const left = await house.db.execute(sql`select from removals where deletion_id = ${removal.id} limit 1`)
  return left.rows.length === 0
}

/** In the transaction that ends the job. The title goes too; the audit row stays. */
export async function endRemoval(tx: Tx, { id, clientId, kind }: Removal): Promise<void> {
  const { rows } = await tx.execute<{ photos: number; objects: number }>(sql`
    update deletions set done_at = now(), title = null where id = ${id} and done_at is null returning photos, objects`)
  if (rows[0]) await recordAudit(tx, 'worker', 'deletion.done', id, { kind, ...rows[0] }, clientId)
}

/** Says whether it is to be run again. */
type Piece = (tx: Tx) => Promise<boolean>

async function* photosPieces({ db }: Pick<House, 'db'>, removal: Removal): AsyncGenerator<Piece> {
  const galleries = await galleriesOf(db, sql`deletion_id = ${removal.id}`)
  for (const id of galleries) yield (tx) => removePhotos(tx, removal, sql`gallery_id = ${id}`)
  yield (tx) => removePhotos(tx, removal, sql`deletion_id = ${removal.id}`)
  for (const id of galleries) yield (tx) => removeGallery(tx, removal, id)
  yield async (tx) => {
    await forgetMessages(tx, removal.clientId)
    return false
  }
}

async function* originalsPieces(_: Pick<House, 'db'>, removal: Removal): AsyncGenerator<Piece> {
  yield (tx) => removeOriginals(tx, removal)
}

/** Everything under the client's keys goes, whatever named it; then the rows, the client's own last. */
async function* clientPieces(house: Needs, removal: Removal): AsyncGenerator<Piece> {
  const { clientId } = removal
  const galleries = await galleriesOf(house.db, sql`client_id = ${clientId}`)
  for (const id of galleries) yield (tx) => removePhotos(tx, removal, sql`gallery_id = ${id}`)
  yield async (tx) => {
    const keys: string[] = []
    for await (const { key } of house.store.list(`${clientId}/`)) if (keys.push(key) === objectsAtOnce) break
    await house.store.remove(keys)
    await purge(house, keys)
    await tx.execute(sql`update deletions set objects = objects + ${keys.length} where id = ${removal.id}`)
    return keys.length > 0
  }
  yield async () => {
    await forgetAllExports(house)
    return false
  }
  for (const piece of clientRows(clientId)) yield piece
}

async function galleriesOf(db: Tx, which: ReturnType<typeof sql>): Promise<number[]> {
  const { rows } = await db.execute<{ id: number }>(sql`select id from galleries where ${which} order by id`)
  return rows.map(({ id }) => Number(id))
}

const objectsAtOnce = 200

/**
 * Objects whose rows are gone. One that was entered again meanwhile, or that somebody is sending, stays; a rendition of
 * an original that is being rendered anew waits until that is through.
 */
async function removeObjects(tx: Tx, house: Needs, { id, clientId }: Removal): Promise<boolean> {
  const { rows: given } = await tx.execute<{ key: string; sha256: string | null }>(sql`
    select key, encode(sha256, 'hex') as sha256 from removals m where deletion_id = ${id} and not ${beingRendered}
    order by key limit ${objectsAtOnce}`)
  if (given.length === 0) return false
  await tx.execute(objectLock(clientId, [...new Set(given.flatMap(({ sha256 }) => sha256 ?? []))].sort()))
  const keys = sql.param(given.map(({ key }) => key))
  const { rows } = await tx.execute<{ key: string; waits: boolean; needed: boolean }>(sql`
    select key, ${beingRendered} as waits, case
      when m.sha256 is null then false
      when m.hash is not null then exists (select from renditions r where r.client_id = m.client_id and r.sha256 = m.sha256 and r.hash = m.hash)
      else exists (select from assets a where a.client_id = m.client_id and a.sha256 = m.sha256 and a.removed_at is null)
        or exists (select from loose_objects l where l.client_id = m.client_id and l.sha256 = m.sha256 and l.held_until > now())
      end as needed
    from removals m where key = any(${keys}::text[]) and deletion_id = ${id}`)
  const gone = rows.filter(({ waits, needed }) => !waits && !needed).map(({ key }) => key)
  await house.store.remove(gone)
  await purge(house, gone)
  const through = sql.param(rows.filter(({ waits }) => !waits).map(({ key }) => key))
  await tx.execute(sql`delete from removals where key = any(${through}::text[]) and deletion_id = ${id}`)
  await tx.execute(sql`update deletions set objects = objects + ${gone.length} where id = ${id}`)
  return true
}

/** The same bytes have come again and are at the render step, which may just have put this very rendition. */
const beingRendered = sql`(m.hash is not null and exists (
  select from photos p where p.client_id = m.client_id and p.sha256 = m.sha256 and p.state = 'stored'))`

/** Messages to receivers that name a picture which is gone. */
async function forgetMessages(tx: Tx, clientId: string): Promise<void> {
  await tx.execute(sql`
    delete from webhook_deliveries w where client_id = ${clientId} and state <> 'waiting' and exists (
      select from regexp_matches(w.body, '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}', 'g') m join deleted_images d on d.public_id = m[1]::uuid)`)
}
