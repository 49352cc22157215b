// Objects that no row names: what a worker left that was killed between its put and its entry.
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { recordAudit } from './audit.ts'
import type { Actor, House } from './house.ts'
import { jsonb } from './jsonb.ts'
import { originalKey, renditionKey, watermarkKey } from './store/store.ts'
import { objectLock } from './uploads/loose.ts'

export interface StoredKey {
  key: string
  bytes: number
}

export interface Orphan extends StoredKey {
  /** The client whose object it was; null where the key begins with none: it is not ours, and stays. */
  clientId: string | null
}

type Needs = Pick<House, 'db' | 'store'>

/**
 * Every object of the store that no row names, in key order. What is just being entered shows too: look again before it is
 * removed. `clientId` looks at that client's objects only.
 */
export async function* findOrphans(house: Needs, clientId?: string): AsyncGenerator<Orphan> {
  let some: StoredKey[] = []
  let of = ''
  for await (const object of house.store.list(clientId ? `${clientId}/` : '')) {
    const owner = ownerOf(object.key)
    if (some.length >= atOnce || owner !== of) {
      yield* await orphansAmong(house, of, some)
      some = []
    }
    of = owner
    some.push(object)
  }
  yield* await orphansAmong(house, of, some)
}

export interface Removed {
  objects: number
  bytes: number
  /** Named by a row meanwhile, or of a client whose jobs are at work just now. */
  kept: number
}

/** Removes what is still an orphan now; call it a while after it was found. Keys that are not ours stay. */
export async function removeOrphans(house: House, actor: Actor, found: Orphan[]): Promise<Removed> {
  const sum: Removed = { objects: 0, bytes: 0, kept: 0 }
  for (const [clientId, theirs] of Map.groupBy(found, (orphan) => orphan.clientId)) {
    if (clientId === null) continue
    const done = { objects: 0, bytes: 0, kept: 0 }
    for (let i = 0; i < theirs.length; i += atOnce) {
      const some = theirs.slice(i, i + atOnce)
      const gone = await house.db.transaction(async (tx) => {
        const hashes = [...new Set(some.flatMap(({ key }) => hashIn(key) ?? []))].sort()
        await tx.execute(objectLock(clientId, hashes))
        const { rows: busy } = await tx.execute(sql`
          select 1 from pgboss.job j join runs r on r.id::text = j.group_id where j.state = 'active' and r.client_id = ${clientId} limit 1`)
        if (busy.length > 0) return []
        const still = await orphansAmong({ db: tx }, clientId, some)
        await house.store.remove(still.map(({ key }) => key))
        return still
      })
      done.objects += gone.length
      done.bytes += gone.reduce((bytes, orphan) => bytes + orphan.bytes, 0)
      done.kept += some.length - gone.length
    }
    if (done.objects > 0)
      await house.db.transaction((tx) => recordAudit(tx, actor, 'store.orphans', clientId, { ...done }, clientId))
    sum.objects += done.objects
    sum.bytes += done.bytes
    sum.kept += done.kept
  }
  return sum
}

/** Keys of one client that no row names, of those given. */
export async function unnamed({ db }: { db: Tx }, clientId: string, keys: string[]): Promise<string[]> {
  if (keys.length === 0) return []
  const hashes = [...new Set(keys.flatMap((key) => hashIn(key) ?? []))]
  const { rows } = await db.execute<{ kind: string; sha256: string; hash: string; extension: string }>(sql`
    with asked as (select decode(h, 'hex') as sha256 from jsonb_array_elements_text(${jsonb(hashes)}::jsonb) h)
    select 'original' as kind, encode(a.sha256, 'hex') as sha256, '' as hash, '' as extension
      from asked join assets a on a.client_id = ${clientId} and a.sha256 = asked.sha256
    union all select 'original', encode(l.sha256, 'hex'), '', ''
      from asked join loose_objects l on l.client_id = ${clientId} and l.sha256 = asked.sha256
    union all select 'rendition', encode(r.sha256, 'hex'), r.hash, r.extension
      from asked join renditions r on r.client_id = ${clientId} and r.sha256 = asked.sha256`)
  const removals = await db.execute<{ key: string }>(
    sql`select key from removals where key = any(${sql.param(keys)}::text[])`,
  )
  const named = new Set([
    ...rows.map((row) =>
      row.kind === 'original'
        ? originalKey(clientId, row.sha256)
        : renditionKey(clientId, row.sha256, row.hash, row.extension),
    ),
    // Their removal is on its way.
    ...removals.rows.map(({ key }) => key),
    ...(keys.some((key) => key.startsWith(`${clientId}/watermarks/`)) ? await watermarkKeys(db, clientId) : []),
    ...(keys.some((key) => key.startsWith(`${clientId}/evidence/`)) ? await evidenceKeys(db, clientId) : []),
  ])
  return keys.filter((key) => !named.has(key))
}

async function watermarkKeys(db: Tx, clientId: string): Promise<string[]> {
  const { rows } = await db.execute<{ sha256: string }>(
    sql`select encode(sha256, 'hex') as sha256 from watermarks where client_id = ${clientId}`,
  )
  return rows.map(({ sha256 }) => watermarkKey(clientId, `sha256:${sha256}`))
}

async function evidenceKeys(db: Tx, clientId: string): Promise<string[]> {
  const { rows } = await db.execute<{ key: string }>(sql`
    select k as key from events e join runs r on r.id = e.run_id cross join lateral (values (e.data->>'page'), (e.data->>'screenshot')) v(k)
    where r.client_id = ${clientId} and k is not null`)
  return rows.map(({ key }) => key)
}

/** Lists of runs, which belong to no client. */
async function exportsAmong({ db }: { db: Tx }, objects: StoredKey[]): Promise<Orphan[]> {
  const { rows } = await db.execute<{ id: string }>(sql`select id from run_exports`)
  const named = new Set(rows.map(({ id }) => `exports/${id}.csv`))
  return objects.flatMap((object) => (named.has(object.key) ? [] : [{ ...object, clientId: null }]))
}

const atOnce = 500
const isClient = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** What a client's folder holds. */
const isOurs = /^[^/]+\/(originals|renditions|evidence|watermarks)\//

function ownerOf(key: string): string {
  return key.slice(0, key.indexOf('/'))
}

const hashIn = (key: string) => /\/([0-9a-f]{64})(?=\/|$)/.exec(key)?.[1]

async function orphansAmong(house: { db: Tx }, owner: string, objects: StoredKey[]): Promise<Orphan[]> {
  if (owner === 'exports') return exportsAmong(house, objects)
  if (!isClient.test(owner)) return objects.map((object) => ({ ...object, clientId: null }))
  const strange = objects.filter(({ key }) => !isOurs.test(key))
  const ours = objects.filter(({ key }) => isOurs.test(key))
  const without = new Set(
    await unnamed(
      house,
      owner,
      ours.map(({ key }) => key),
    ),
  )
  return [
    ...strange.map((object) => ({ ...object, clientId: null })),
    ...ours.filter(({ key }) => without.has(key)).map((object) => ({ ...object, clientId: owner })),
  ]
}
