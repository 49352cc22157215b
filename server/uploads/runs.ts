// The runs of direct uploads. What comes in bulk is a run of its own; what comes singly with one key on one UTC day
// shares one, which ends when the day is over.
import { randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { recordEvent } from '../events.ts'
import type { Actor, House } from '../house.ts'
import type { Instructions } from '../instructions.ts'
import { jsonb, storable } from '../jsonb.ts'
import type { Caller } from '../keys.ts'
import { Refusal } from '../refusal.ts'
import { addedListing, takesEntries, type UploadGallery } from './enter.ts'

/** As events and audit name a key. */
export const actorOf = (caller: Pick<Caller, 'name'>): Actor => `key ${caller.name}`

export interface OpenGallery extends UploadGallery {
  /** The set of the gallery that holds what is placed nowhere else. */
  setId: number
}

export interface NewUploadRun {
  /** The run's public id. */
  id: string
  clientId: string
  title: string
  actor: Actor
  access: 'public' | 'private'
  /** What is made of every photo besides what its own entry asks for. */
  renditions?: Record<string, Instructions>
  /** Unique for the client; the run's id where absent. */
  ref?: string
}

/** A run with one gallery, open for entries. null where a run of that id exists. */
export async function openUploadRun(tx: Tx, run: NewUploadRun): Promise<OpenGallery | null> {
  const { id, clientId, actor } = run
  const made = await tx.execute(sql`
    insert into runs (id, client_id, kind, state, state_by, renditions, created_by, started_at)
    values (${id}, ${clientId}, 'upload', 'running', ${actor}, ${jsonb(run.renditions ?? {})}::jsonb, ${actor}, now())
    on conflict (id) do nothing returning id`)
  if (made.rows.length === 0) return null
  const { rows } = await tx.execute<{ gallery: number; set: number }>(sql`
    with gallery as (
      insert into galleries (client_id, run_id, ref, title, access, position, ordinal, state, built_at)
      values (${clientId}, ${id}, ${run.ref ?? `upload ${id}`}, ${storable(run.title)}, ${run.access}, 0, 0, 'copying', now()) returning id
    )
    insert into sets (gallery_id, ref, title, position) select id, null, '', 0 from gallery returning id as "set", gallery_id as gallery`)
  await recordEvent(tx, id, actor, 'created', { renditions: Object.keys(run.renditions ?? {}), only: null })
  await recordEvent(tx, id, actor, 'started')
  return { id: Number(rows[0]!.gallery), setId: Number(rows[0]!.set), runId: id, clientId }
}

/** Everything that will come has been entered: the gallery is looked at, and the run ends, when the last photo has settled. */
export async function closeGallery(tx: Tx, house: Pick<House, 'queues'>, gallery: UploadGallery): Promise<void> {
  const { rows } = await tx.execute<{ complete: boolean }>(sql`
    update galleries set listed_at = now() where id = ${gallery.id} and listed_at is null
    returning listed = 0 and stored = 0 as complete`)
  if (rows[0]?.complete)
    await house.queues.enqueue(tx, 'reconcile-gallery', [{ runId: gallery.runId, payload: { galleryId: gallery.id } }])
}

/** The open run of today's single uploads with this key. */
export async function dayGallery(house: Pick<House, 'db'>, caller: Caller, now = new Date()): Promise<OpenGallery> {
  const day = now.toISOString().slice(0, 10)
  const ref = `${dayRef} ${caller.keyId} ${day}`
  return house.db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${ref}, 0))`)
    const { rows } = await tx.execute<OpenGallery & Record<string, unknown>>(sql`
      select g.id, g.run_id as "runId", g.client_id as "clientId", s.id as "setId"
      from galleries g join runs r on r.id = g.run_id join sets s on s.gallery_id = g.id and s.ref is null
      where g.client_id = ${caller.clientId} and g.source_id is null and g.ref like ${`${ref}%`} and ${takesEntries}
      order by g.id desc limit 1`)
    if (rows[0]) return rows[0]
    const id = randomUUID()
    const title = `Uploads by ${caller.name}, ${day}`
    const run = { id, clientId: caller.clientId, title, actor: actorOf(caller), access: 'private' as const }
    return (await openUploadRun(tx, { ...run, ref: `${ref} ${id}` }))!
  })
}

const dayRef = 'day'

/** Days that are over take nothing more: their runs end by themselves then. */
export async function closeDays(house: Pick<House, 'pool'>, now = new Date()): Promise<void> {
  await house.pool.query(
    `update galleries g set listed_at = now() from runs r
     where r.id = g.run_id and r.kind = 'upload' and r.state in ('running', 'blocked') and g.listed_at is null
       and g.ref like '${dayRef} %' and substring(g.ref from '\\d{4}-\\d\\d-\\d\\d') < $1`,
    [now.toISOString().slice(0, 10)],
  )
}

/**
 * The set of a client's gallery that a request names, made where its title is new. Without a title: the set that holds
 * what lies in no other. Throws Refusal `invalid_parameter`.
 */
export async function namedSet(tx: Tx, clientId: string, gallery: string, title: string | undefined): Promise<number> {
  const known = isUuid.test(gallery)
    ? await tx.execute<{ id: number }>(
        sql`select id from galleries where public_id = ${gallery} and client_id = ${clientId} and not "virtual" and deletion_id is null for no key update`,
      )
    : { rows: [] }
  const galleryId = known.rows[0]?.id
  if (galleryId === undefined) throw new Refusal('invalid_parameter', 422, 'gallery: there is no such gallery.')
  const name = title && storable(title)
  const found = await tx.execute<{ id: number }>(
    name
      ? sql`select id from sets where gallery_id = ${galleryId} and title = ${name} order by position, id limit 1`
      : sql`select id from sets where gallery_id = ${galleryId} and ref is null`,
  )
  if (found.rows[0]) return Number(found.rows[0].id)
  const { rows } = await tx.execute<{ id: number }>(sql`
    insert into sets (gallery_id, ref, title, position, listing)
    select ${galleryId}, ${name ? `added ${name}` : null}, ${name ?? ''}, coalesce(max(position) + 1, 0), ${addedListing}
    from sets where gallery_id = ${galleryId} returning id`)
  return Number(rows[0]!.id)
}

const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
