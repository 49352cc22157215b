// Originals of finished migrations that a client does not want kept: they go by the client's own rule, their renditions
// stay. What could not be shown without its original keeps it: videos, files, and whatever was not rendered as wanted.
import { type SQL, sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import type { Removal } from './deletion-removal.ts'
import { tombstone } from './deletion-rows.ts'
import type { House } from './house.ts'
import { originalKey } from './store/store.ts'
import { objectLock } from './uploads/loose.ts'

const atOnce = 200

/** Enters a removal for every client whose rule says so, at most one a day. */
export async function originalsDue({ db }: Pick<House, 'db'>): Promise<void> {
  await db.execute(sql`
    insert into deletions (client_id, kind, photos, asked_by, due_at)
    select t.client_id, 'originals', 0, 'retention', now() from retention t join clients c on c.id = t.client_id
    where t.originals_after is not null and c.deletion_id is null and not exists (
      select from deletions d where d.client_id = t.client_id and d.kind = 'originals' and d.asked_at > now() - interval '1 day')
    and exists (select from assets a where a.client_id = t.client_id and ${isDue})`)
}

/** Marks some of them, and enters their objects as removals. */
export async function removeOriginals(tx: Tx, removal: Removal): Promise<boolean> {
  const { clientId } = removal
  const { rows } = await tx.execute<{ sha256: string }>(sql`
    select encode(a.sha256, 'hex') as sha256 from assets a join retention t on t.client_id = a.client_id and t.originals_after is not null
    where a.client_id = ${clientId} and ${isDue} order by a.sha256 limit ${atOnce}`)
  if (rows.length === 0) return false
  const hashes = rows.map(({ sha256 }) => sha256)
  await tx.execute(objectLock(clientId, hashes))
  await tx.execute(sql`
    update assets set removed_at = now() where client_id = ${clientId} and encode(sha256, 'hex') = any(${sql.param(hashes)}::text[])`)
  await tombstone(
    tx,
    removal,
    hashes.map((sha256) => ({ key: originalKey(clientId, sha256), sha256, hash: null })),
  )
  await tx.execute(sql`update deletions set photos = photos + ${hashes.length} where id = ${removal.id}`)
  return true
}

/** Of an asset `a` under the rule `t`: every photo that has it came by a migration that ended long enough ago. */
const isDue: SQL = sql`a.removed_at is null and a.rendition_code = 'ok'
  and exists (select from renditions n where n.client_id = a.client_id and n.sha256 = a.sha256)
  and exists (select from photos p where p.client_id = a.client_id and p.sha256 = a.sha256)
  and not exists (
    select from photos p join runs r on r.id = p.run_id where p.client_id = a.client_id and p.sha256 = a.sha256 and not (
      p.kind = 'photo' and p.state in ('published', 'gone', 'deleted') and r.kind = 'migration' and r.state in ('done', 'done_with_problems')
      and r.finished_at < now() - t.originals_after * interval '1 day'))`
