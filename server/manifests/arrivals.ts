// Bytes of announced files as they arrive, whoever brings them: looked at, put under their SHA-256, settled in the
// ledger. A file that comes twice counts once.
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import type { House } from '../house.ts'
import { settle } from '../ledger.ts'
import { announce } from '../live.ts'
import { notFound, Refusal } from '../refusal.ts'
import type { Spooled } from '../spool.ts'
import { addedListing } from '../uploads/enter.ts'
import { entered } from '../uploads/loose.ts'
import type { Received, Reception } from '../uploads/receive.ts'
import { inRounds } from '../uploads/rounds.ts'
import { galleryRef, refOf } from './enter.ts'
import { type Manifest, manifestOf } from './facts.ts'
import { placeOf } from './layout.ts'

/** `here`: it is in the store. `unwanted`: nobody waits for it any more. */
export type Arrival = { state: 'here' | 'unwanted' } | { state: 'refused'; code: string }

export interface Arrivals {
  /** Of a file that may be sent. Throws Refusal `not_found`, `wrong_state`, `file_changed` where it has another length. */
  expect(runId: string, path: string, bytes: number): Promise<'wanted' | 'unwanted'>
  /** Takes the bytes, whatever becomes of them. Throws as `expect`, and what the store throws. */
  receive(runId: string, path: string, spooled: Spooled): Promise<Arrival>
}

export function openArrivals(house: House, reception: Reception): Arrivals {
  const record = inRounds((items: Item[]) => recordAll(house, items))
  const manifests = new Map<string, Promise<Manifest>>()

  /** Where files go and whose they are never changes. */
  function known(runId: string): Promise<Manifest> {
    const manifest = manifests.get(runId) ?? manifestOf(house.db, runId)
    if (manifests.size > mostKnown) manifests.clear()
    manifests.set(runId, manifest)
    manifest.catch(() => manifests.delete(runId))
    return manifest
  }

  async function look(runId: string, path: string, bytes: number): Promise<Awaited> {
    const photo = await awaited(house.db, await known(runId), path)
    if (photo.runState !== 'running')
      throw new Refusal('wrong_state', 409, `The upload is ${photo.runState.replaceAll('_', ' ')}: it takes no files.`)
    if (photo.state === 'listed' && photo.statedBytes !== bytes)
      throw new Refusal('file_changed', 409, `It was announced with ${photo.statedBytes} bytes and has ${bytes}.`)
    return photo
  }

  return {
    expect: async (runId, path, bytes) => ((await look(runId, path, bytes)).state === 'listed' ? 'wanted' : 'unwanted'),
    async receive(runId, path, spooled) {
      let photo: Awaited
      try {
        photo = await look(runId, path, spooled.bytes)
        if (photo.state !== 'listed') {
          await spooled.remove()
          return { state: 'unwanted' }
        }
      } catch (error) {
        await spooled.remove()
        throw error
      }
      const received = await reception.keep(photo.clientId, spooled, photo.filename)
      let changed: boolean
      try {
        changed = await record({ photo, received })
      } catch (error) {
        await reception.drop([received])
        throw error
      }
      if (changed) reception.entered([received])
      else await reception.drop([received])
      announce(house, runId)
      if (!changed) return { state: 'unwanted' }
      return 'code' in received ? { state: 'refused', code: received.code } : { state: 'here' }
    },
  }
}

const mostKnown = 1000

/** Files that their sender cannot send: left out until they are announced again. */
export async function skipFiles(house: House, runId: string, files: { path: string; code: string }[]): Promise<void> {
  const manifest = await manifestOf(house.db, runId)
  for (const { path, code } of files) {
    const photo = await awaited(house.db, manifest, path)
    if (photo.state !== 'listed') continue
    const outcome = { id: photo.id, attempts: photo.attempts, to: 'skipped' as const, code }
    await house.db.transaction((tx) => settle(tx, house.queues, runOf(photo), 'receive', 'listed', [outcome]))
  }
  announce(house, runId)
}

interface Awaited {
  id: number
  runId: string
  clientId: string
  filename: string
  state: string
  attempts: number
  statedBytes: number
  runState: string
  renders: boolean
  /** It is to be seen in another gallery too. */
  placed: boolean
}

interface Item {
  photo: Awaited
  received: Received
}

/** Throws Refusal `not_found`. */
async function awaited(tx: Tx, manifest: Manifest, path: string): Promise<Awaited> {
  const { runId } = manifest
  const { gallery } = placeOf(path, manifest.layout)
  const { rows } = await tx.execute<Awaited & Record<string, unknown>>(sql`
    select p.id::int8 as id, p.run_id as "runId", p.client_id as "clientId", p.filename, p.state, p.attempts,
      p.stated_bytes as "statedBytes", r.state as "runState", r.renditions <> '{}' as renders
    from galleries g join photos p on p.gallery_id = g.id and p.ref = ${refOf(path)} and (p.kind = 'file') = false
      join runs r on r.id = p.run_id
    where g.client_id = ${manifest.clientId} and g.source_id is null and g.ref = ${galleryRef(runId, gallery)} and g.run_id = ${runId}`)
  if (!rows[0]) throw notFound('file in this upload')
  return { ...rows[0], placed: manifest.targetId !== null }
}

const runOf = ({ runId, clientId }: Awaited) => ({ id: runId, clientId, sourceId: null })

/** One transaction for all; for each whether it was still waited for. */
async function recordAll(house: House, items: Item[]): Promise<boolean[]> {
  return house.db.transaction(async (tx) => {
    const changed = new Set<number>()
    const byRun = [...Map.groupBy(items, ({ photo }) => photo.runId)].sort(([a], [b]) => (a < b ? -1 : 1))
    for (const [runId, some] of byRun) for (const id of await recordSome(tx, house, runId, some)) changed.add(id)
    return items.map(({ photo }) => changed.has(photo.id))
  })
}

async function recordSome(tx: Tx, house: House, runId: string, all: Item[]): Promise<number[]> {
  // A run that was stopped meanwhile takes nothing: its numbers stand.
  const { rows } = await tx.execute(
    sql`select from runs where id = ${runId} and state in ('running', 'paused') for share`,
  )
  if (rows.length === 0) return []
  // The same file twice in one round: the first counts.
  const items = [...new Map(all.toReversed().map((item) => [item.photo.id, item])).values()]
  const known = await knownAlready(tx, items)
  const outcomes = items.map(({ photo, received }) => {
    const { id, attempts, renders } = photo
    if ('code' in received) return { id, attempts, to: 'skipped' as const, code: received.code }
    const { filename: _, loose: __, ...facts } = received
    return { id, attempts, to: 'stored' as const, ...facts, isOriginal: true, render: renders }
  })
  const { changed } = await settle(tx, house.queues, runOf(items[0]!.photo), 'receive', 'listed', outcomes)
  const stored = items.filter(({ photo, received }) => changed.includes(photo.id) && 'loose' in received)
  await entered(
    tx,
    stored.flatMap(({ received }) => ('loose' in received ? [received.loose] : [])),
  )
  const placed = stored.filter(({ photo }) => photo.placed).map(({ photo }) => photo.id)
  if (placed.length > 0) await placeInTarget(tx, runId, placed)
  await countDuplicates(tx, runId, stored, known)
  return changed
}

/** Hashes of which the client has an original already. */
async function knownAlready(tx: Tx, items: Item[]): Promise<Set<string>> {
  const hashes = items.flatMap(({ received }) => ('sha256' in received ? [received.sha256] : []))
  if (hashes.length === 0) return new Set()
  const { rows } = await tx.execute<{ sha256: string }>(sql`
    select encode(sha256, 'hex') as sha256 from assets where client_id = ${items[0]!.photo.clientId}
      and sha256 = any(select decode(h, 'hex') from unnest(${sql.param(hashes)}::text[]) h)`)
  return new Set(rows.map(({ sha256 }) => sha256))
}

async function countDuplicates(tx: Tx, runId: string, stored: Item[], known: Set<string>): Promise<void> {
  let [files, bytes] = [0, 0]
  for (const { received } of stored) {
    if (!('sha256' in received)) continue
    if (known.has(received.sha256)) {
      files += 1
      bytes += received.bytes
    }
    known.add(received.sha256)
  }
  if (files === 0) return
  await tx.execute(sql`
    update manifests set duplicates = duplicates + ${files}, duplicate_bytes = duplicate_bytes + ${bytes} where run_id = ${runId}`)
}

/** Photos that arrived are seen in the gallery that the upload goes to: in its set of the same title, in the order of the list. */
async function placeInTarget(tx: Tx, runId: string, photoIds: number[]): Promise<void> {
  const arrived = sql`
    select m.target_id, m.target_from + l.position as position, p.id, own.title, own.ref is null as loose
    from manifests m join photos p on p.id = any(${sql.param(photoIds)}::int8[])
      join placements l on l.photo_id = p.id join sets own on own.id = l.set_id and own.gallery_id = p.gallery_id
    where m.run_id = ${runId} and m.target_id is not null`
  await tx.execute(
    sql`select id from galleries where id = (select target_id from manifests where run_id = ${runId}) for no key update`,
  )
  await tx.execute(sql`
    insert into sets (gallery_id, ref, title, position, listing)
    select a.target_id, case when a.loose then null else 'added ' || a.title end, a.title,
      (select coalesce(max(position) + 1, 0) from sets where gallery_id = a.target_id), ${addedListing}
    from (select distinct target_id, title, loose from (${arrived}) each_one) a
    where not exists (select from sets s where s.gallery_id = a.target_id and case when a.loose then s.ref is null else s.title = a.title end)
    on conflict (gallery_id, ref) do nothing`)
  await tx.execute(sql`
    insert into placements (set_id, photo_id, position, listing)
    select distinct on (a.id) s.id, a.id, a.position, ${addedListing} from (${arrived}) a
    join sets s on s.gallery_id = a.target_id and case when a.loose then s.ref is null else s.title = a.title end
    order by a.id, s.position, s.id
    on conflict (set_id, photo_id) do nothing`)
}
