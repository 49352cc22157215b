// Deleting: a person's word hides photos, a gallery or a whole client at once; until its day everything can be put back.
// What happens then is `deletion-removal.ts`.
import { type SQL, sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { recordAudit } from './audit.ts'
import { freeze } from './finish.ts'
import type { Actor, House } from './house.ts'
import { announce } from './live.ts'
import { notFound, Refusal } from './refusal.ts'
import { retentionOf } from './retention.ts'
import { addedListing } from './uploads/enter.ts'

export type DeletionKind = 'photos' | 'gallery' | 'client' | 'originals'

export interface Deleted {
  /** Of the deletion, to restore it by. */
  id: string
  /** Hidden by it. */
  photos: number
  /** When they are removed for good. */
  dueAt: Date
}

/** What stops a client's runs while it waits to be removed; they go on if it is restored. */
export const deletedClient = 'client_deleted'

/**
 * Photos of one client, by their public ids. Throws Refusal `not_found` where one is not there or belongs to somebody
 * else, `in_work` where one is still being copied or rendered.
 */
export async function deletePhotos(
  house: House,
  actor: Actor,
  { clientId, publicIds }: { clientId: string; publicIds: string[] },
): Promise<Deleted> {
  const wanted = [...new Set(publicIds)]
  const mine = sql`p.client_id = ${clientId} and p.public_id = any(${sql.param(wanted)}::uuid[]) and p.state <> 'deleted'`
  const [deleted, runs] = await house.db.transaction(async (tx) => {
    const runs = await lockRuns(tx, sql`select p.run_id from photos p where ${mine}`)
    const { rows } = await tx.execute<{ id: number; filename: string | null; gallery: string }>(sql`
      select p.id, p.filename, g.title as gallery from photos p join galleries g on g.id = p.gallery_id
      where ${mine} order by p.id for update of p`)
    if (rows.length === 0 || rows.length < wanted.length) throw notFound('photo')
    const title = rows.length === 1 ? (rows[0]!.filename ?? rows[0]!.gallery) : rows[0]!.gallery
    const deletion = await enter(tx, actor, { clientId, kind: 'photos', title })
    const ids = sql.param(rows.map(({ id }) => Number(id)))
    const photos = await hide(tx, deletion, sql`p.id = any(${ids}::int8[])`)
    await settleRuns(tx, runs)
    await recordAudit(tx, actor, 'photos.delete', deletion.id, { photos, dueAt: deletion.dueAt }, clientId)
    return [{ ...deletion, photos }, runs]
  })
  for (const run of runs) announce(house, run)
  return deleted
}

/**
 * A gallery with its photos, wherever they are placed, and with those that were uploaded into it. Throws Refusal `not_found`; `in_work` while its run moves it or
 * photos still come in.
 */
export async function deleteGallery(house: House, actor: Actor, publicId: string): Promise<Deleted> {
  const [deleted, runs] = await house.db.transaction(async (tx) => {
    const which = sql`select id from galleries where public_id = ${publicId} and deletion_id is null`
    const runs = await lockRuns(
      tx,
      sql`select run_id from galleries where id = (${which}) union select p.run_id from photos p where ${of(which)}
        union select run_id from run_galleries where covered and gallery_id = (${which})`,
    )
    const { rows } = await tx.execute<{ id: number; clientId: string; title: string; moves: boolean }>(sql`
      select g.id, g.client_id as "clientId", g.title,
        r.state in ${open} and g.state not in ('published', 'attention') as moves
      from galleries g join runs r on r.id = g.run_id where g.id = (${which})`)
    const gallery = rows[0]
    if (!gallery) throw notFound('gallery')
    if (gallery.moves) throw inWork('gallery')
    const { id, clientId, title } = gallery
    const deletion = await enter(tx, actor, { clientId, kind: 'gallery', title })
    // Photos before their gallery, as workers lock them.
    const photos = await hide(tx, deletion, of(sql`${id}::int8`))
    await tx.execute(sql`update galleries set deletion_id = ${deletion.id} where id = ${id}`)
    await settleRuns(tx, runs)
    await recordAudit(tx, actor, 'gallery.delete', deletion.id, { publicId, photos, dueAt: deletion.dueAt }, clientId)
    return [{ ...deletion, photos }, runs]
  })
  for (const run of runs) announce(house, run)
  return deleted
}

/** A client with all that is theirs: their runs stop, their keys open nothing. Throws Refusal `not_found`. */
export async function deleteClient(house: House, actor: Actor, clientId: string): Promise<Deleted> {
  const [deleted, runs] = await house.db.transaction(async (tx) => {
    const runs = await lockRuns(tx, sql`select id from runs where client_id = ${clientId}`)
    const { rows } = await tx.execute<{ name: string }>(
      sql`select name from clients where id = ${clientId} and deletion_id is null for update`,
    )
    if (!rows[0]) throw notFound('client')
    const deletion = await enter(tx, actor, { clientId, kind: 'client', title: rows[0].name })
    const counted = await tx.execute<{ photos: number }>(sql`
      with hidden as (
        update galleries set deletion_id = ${deletion.id} where client_id = ${clientId} and deletion_id is null returning total + gone as photos
      ) select coalesce(sum(photos), 0)::int as photos from hidden`)
    const { photos } = counted.rows[0]!
    await tx.execute(sql`update clients set deletion_id = ${deletion.id} where id = ${clientId}`)
    await tx.execute(sql`update deletions set photos = ${photos} where id = ${deletion.id}`)
    await tx.execute(sql`
      update runs set state = 'paused', resume_to = coalesce(resume_to, state), code = ${deletedClient}, state_by = ${actor}, state_at = now(),
        todo = 'The client is waiting to be deleted.'
      where client_id = ${clientId} and state in ('surveying', 'running', 'blocked')`)
    await recordAudit(tx, actor, 'client.delete', clientId, { photos, dueAt: deletion.dueAt }, clientId)
    return [{ ...deletion, photos }, runs]
  })
  for (const run of runs) announce(house, run)
  return deleted
}

/**
 * Puts back what was hidden, as it was. One that was restored already stays so. Throws Refusal `not_found`,
 * `already_removed` where the removal has begun.
 */
export async function restoreDeletion(house: House, actor: Actor, id: string): Promise<void> {
  const runs = await house.db.transaction(async (tx) => {
    const runs = await lockRuns(
      tx,
      sql`select run_id from photos where deletion_id = ${id} union select run_id from galleries where deletion_id = ${id}
        union select m.run_id from run_galleries m join galleries g on g.id = m.gallery_id where m.covered and g.deletion_id = ${id}
        union select r.id from runs r join clients c on c.id = r.client_id where c.deletion_id = ${id}`,
    )
    const { rows } = await tx.execute<{ clientId: string; begun: boolean; restored: boolean }>(sql`
      select client_id as "clientId", begun_at is not null as begun, restored_at is not null as restored
      from deletions where id = ${id} for update`)
    const deletion = rows[0]
    if (!deletion) throw notFound('deletion')
    if (deletion.restored) return []
    if (deletion.begun)
      throw new Refusal('already_removed', 409, 'The removal has begun: this cannot be restored any more.')
    await show(tx, id)
    await tx.execute(sql`update galleries set deletion_id = null where deletion_id = ${id}`)
    const client = await tx.execute(sql`update clients set deletion_id = null where deletion_id = ${id} returning id`)
    if (client.rows.length > 0)
      await tx.execute(sql`
        update runs set state = resume_to, resume_to = null, code = null, todo = null, state_by = ${actor}, state_at = now()
        where client_id = ${deletion.clientId} and state = 'paused' and code = ${deletedClient}`)
    await tx.execute(sql`update deletions set restored_at = now(), restored_by = ${actor} where id = ${id}`)
    await settleRuns(tx, runs)
    await recordAudit(tx, actor, 'deletion.restore', id, {}, deletion.clientId)
    return runs
  })
  for (const run of runs) announce(house, run)
}

export interface DeletionRow {
  id: string
  client: { id: string; name: string | null }
  kind: DeletionKind
  title: string | null
  photos: number
  askedBy: string
  askedAt: Date
  dueAt: Date
  /** It is being removed: too late to restore it. */
  begun: boolean
}

/** What waits to be removed, or is being removed now, of one client or of all; the next one first; at most 500. */
export async function listDeletions(house: Pick<House, 'pool'>, clientId?: string): Promise<DeletionRow[]> {
  const { rows } = await house.pool.query<DeletionRow>(
    `select d.id, json_build_object('id', d.client_id, 'name', c.name) as client, d.kind, d.title, d.photos, d.asked_by as "askedBy",
       d.asked_at as "askedAt", d.due_at as "dueAt", d.begun_at is not null as begun
     from deletions d left join clients c on c.id = d.client_id
     where d.restored_at is null and d.done_at is null and ($1::uuid is null or d.client_id = $1)
     order by d.due_at, d.id limit 500`,
    [clientId ?? null],
  )
  return rows
}

/** Photos `p` of a gallery: its own, and those that were sent to it and are seen nowhere else. */
const of = (gallery: SQL) => sql`p.state <> 'deleted' and (p.gallery_id = (${gallery}) or p.id in (
  select l.photo_id from sets s join placements l on l.set_id = s.id and l.listing = ${addedListing}
    join photos a on a.id = l.photo_id
  where s.gallery_id = (${gallery}) and not exists (
    select from placements o join sets os on os.id = o.set_id join galleries og on og.id = os.gallery_id and og.deletion_id is null
    where o.photo_id = a.id and og.id not in ((${gallery}), a.gallery_id))))`

const open = sql`('surveying', 'planned', 'running', 'paused', 'blocked')`

function inWork(what: 'photo' | 'gallery'): Refusal {
  const sentence = `This ${what} is still being worked on: it can be deleted when that is through, or its run is cancelled.`
  return new Refusal('in_work', 409, sentence)
}

/** Runs before photos before galleries, always: so verbs and workers wait for each other and never lock each other out. */
async function lockRuns(tx: Tx, ids: SQL): Promise<string[]> {
  const { rows } = await tx.execute<{ id: string }>(
    sql`select id from runs where id in (${ids}) order by id for no key update`,
  )
  return rows.map(({ id }) => id)
}

async function enter(
  tx: Tx,
  actor: Actor,
  { clientId, kind, title }: { clientId: string; kind: DeletionKind; title: string },
): Promise<Omit<Deleted, 'photos'>> {
  const { grace } = await retentionOf({ db: tx }, clientId)
  const { rows } = await tx.execute<{ id: string; dueAt: string }>(sql`
    insert into deletions (client_id, kind, title, photos, asked_by, due_at)
    values (${clientId}, ${kind}, ${title}, 0, ${actor}, now() + ${grace} * interval '1 day')
    returning id, due_at as "dueAt"`)
  return { id: rows[0]!.id, dueAt: new Date(rows[0]!.dueAt) }
}

/**
 * Photos `p` leave every count and view, and with them the entries of other runs that only stand for them. Returns how
 * many photos there are without those. Throws Refusal `in_work`.
 */
async function hide(tx: Tx, { id }: { id: string }, which: SQL): Promise<number> {
  const { rows } = await tx.execute<{ photos: number; moving: number }>(sql`
    with wanted as (
      select p.id from photos p where ${which}
    ), standing as (
      select s.id from photos p join photos s on s.client_id = p.client_id and s.sha256 = p.sha256 and s.id <> p.id
        join runs r on r.id = s.run_id and r.kind = 'upload'
      where ${which} and s.handle->>'photoId' = p.id::text and s.state <> 'deleted'
    ), locked as (
      select p.id, p.state as was from photos p where p.id in (select id from wanted union select id from standing)
      order by p.id for update of p
    ), changed as (
      update photos p set state = 'deleted', deleted_from = l.was, deletion_id = ${id}, job_id = null, next_try_at = null
      from locked l where p.id = l.id
      returning p.id, p.gallery_id, p.run_id, l.was as state, p.rendition, p.bytes, p.stated_bytes
    ), ${moved('-')}
    select (select count(*)::int from wanted) as photos,
      (select count(*)::int from changed c join runs r on r.id = c.run_id where c.state in ('listed', 'stored') and r.state in ${open}) as moving`)
  const { photos, moving } = rows[0]!
  if (moving > 0) throw inWork('photo')
  await tx.execute(sql`update deletions set photos = ${photos} where id = ${id}`)
  return photos
}

/** What was ready while its gallery was not is published where the gallery has been meanwhile. */
async function show(tx: Tx, id: string): Promise<void> {
  await tx.execute(sql`
    with locked as (
      select p.id, case when p.deleted_from = 'rendered' and g.state in ('published', 'attention') then 'published' else p.deleted_from end as becomes
      from photos p join galleries g on g.id = p.gallery_id where p.deletion_id = ${id} order by p.id for update of p
    ), changed as (
      update photos p set state = l.becomes, deleted_from = null, deletion_id = null from locked l where p.id = l.id
      returning p.id, p.gallery_id, p.state, p.rendition, p.bytes, p.stated_bytes
    ), ${moved('+')}
    select 1`)
}

/** Counters of the galleries of `changed`, whose `state` is the one that counts. */
const moved = (sign: '+' | '-') => {
  const states = ['listed', 'stored', 'rendered', 'published', 'skipped', 'failed', 'gone']
  const counts = states.map((state) => `count(*) filter (where state = '${state}')::int as ${state}`)
  const steps = states.map((state) => `${state} = g.${state} ${sign} m.${state}`)
  return sql.raw(`moved as (
      select gallery_id, ${counts.join(', ')}, count(*) filter (where state <> 'gone')::int as n,
        count(*) filter (where state in ('rendered', 'published') and rendition <> 'ok')::int as degraded,
        coalesce(sum(stated_bytes) filter (where state <> 'gone'), 0)::int8 as found,
        coalesce(sum(bytes) filter (where state <> 'gone'), 0)::int8 as kept
      from changed group by gallery_id
    ), counted as (
      update galleries g set total = g.total ${sign} m.n, ${steps.join(', ')}, degraded = g.degraded ${sign} m.degraded,
        bytes_found = g.bytes_found ${sign} m.found, bytes_stored = g.bytes_stored ${sign} m.kept
      from moved m where g.id = m.gallery_id
    )`)
}

/** The totals of runs that have ended are counted anew, but for those that a later run of the account has superseded. */
async function settleRuns(tx: Tx, runs: string[]): Promise<void> {
  const { rows } = await tx.execute<{ id: string }>(sql`
    select r.id from runs r where r.id = any(${sql.param(runs)}::uuid[]) and r.totals is not null and not exists (
      select from runs l where l.source_id = r.source_id and l.created_at > r.created_at and l.started_at is not null)`)
  for (const { id } of rows) await freeze(tx, id)
}
