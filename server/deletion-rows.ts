// Which rows go with a photo, a gallery, a client. Each piece is one transaction of the removal and says whether there
// is more of its kind.
import { type SQL, sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import type { Removal } from './deletion-removal.ts'
import { jsonb } from './jsonb.ts'
import { originalKey, renditionKey } from './store/store.ts'
import { objectLock } from './uploads/loose.ts'

const photosAtOnce = 200
const rowsAtOnce = 20_000

/**
 * Some photos with all that hangs on them. Their addresses say `gone` from then on; originals that no other photo of the
 * client has, and what was made of them, are entered as removals.
 */
export async function removePhotos(tx: Tx, removal: Removal, which: SQL): Promise<boolean> {
  const { rows } = await tx.execute<{ id: number }>(
    // The sum keeps the planner from walking the primary key through everybody else's photos.
    sql`select id from photos where ${which} order by id + 0 limit ${photosAtOnce} for update`,
  )
  if (rows.length === 0) return false
  const ids = sql`${sql.param(rows.map(({ id }) => Number(id)))}::int8[]`
  // A client's objects go all at once.
  if (removal.kind !== 'client') await forgetOriginals(tx, removal, ids)
  await tx.execute(sql`
    insert into deleted_images (public_id, client_id) select public_id, client_id from photos where id = any(${ids}) on conflict do nothing`)
  await tx.execute(sql`
    update favourites f set photo_refs = f.photo_refs - p.refs
    from (
      select g.source_id, g.ref, array_agg(p.ref) as refs from photos p join galleries g on g.id = p.gallery_id
      where p.id = any(${ids}) group by g.id
    ) p where f.client_id = ${removal.clientId} and f.source_id = p.source_id and f.gallery_ref = p.ref and f.photo_refs ?| p.refs`)
  await tx.execute(sql`delete from attempts where photo_id = any(${ids})`)
  await tx.execute(sql`delete from placements where photo_id = any(${ids})`)
  await tx.execute(sql`delete from photos where id = any(${ids})`)
  return true
}

/** Rows of originals that only these photos have; photos that can still be restored have theirs. */
async function forgetOriginals(tx: Tx, removal: Removal, ids: SQL): Promise<void> {
  const { clientId } = removal
  const { rows } = await tx.execute<{ sha256: string }>(sql`
    select distinct encode(h.sha256, 'hex') as sha256 from photos p cross join lateral (values (p.sha256), (p.replaced_sha256)) h(sha256)
    where p.id = any(${ids}) and h.sha256 is not null order by 1`)
  const theirs = rows.map(({ sha256 }) => sha256)
  await tx.execute(objectLock(clientId, theirs))
  const { rows: only } = await tx.execute<{ sha256: string }>(sql`
    select h as sha256 from jsonb_array_elements_text(${jsonb(theirs)}::jsonb) h
    where not exists (select from photos o where o.client_id = ${clientId} and o.sha256 = decode(h, 'hex') and o.id <> all(${ids}))
      and not exists (select from photos o where o.client_id = ${clientId} and o.replaced_sha256 = decode(h, 'hex') and o.id <> all(${ids}))`)
  if (only.length === 0) return
  const hashes = sql`(select decode(h, 'hex') from jsonb_array_elements_text(${jsonb(only.map(({ sha256 }) => sha256))}::jsonb) h)`
  const made = await tx.execute<{ sha256: string; hash: string; extension: string }>(sql`
    delete from renditions where client_id = ${clientId} and sha256 in ${hashes} returning encode(sha256, 'hex') as sha256, hash, extension`)
  const kept = await tx.execute<{ sha256: string }>(sql`
    delete from assets where client_id = ${clientId} and sha256 in ${hashes} returning encode(sha256, 'hex') as sha256`)
  await tombstone(tx, removal, [
    ...kept.rows.map(({ sha256 }) => ({ key: originalKey(clientId, sha256), sha256, hash: null })),
    ...made.rows.map(({ sha256, hash, extension }) => ({
      key: renditionKey(clientId, sha256, hash, extension),
      sha256,
      hash,
    })),
  ])
}

/** Objects that are to go: no row names them any more. */
export async function tombstone(
  tx: Tx,
  { id, clientId }: Removal,
  objects: { key: string; sha256: string | null; hash: string | null }[],
): Promise<void> {
  await tx.execute(sql`
    insert into removals (key, client_id, deletion_id, sha256, hash)
    select o.key, ${clientId}::uuid, ${id}::uuid, decode(o.sha256, 'hex'), o.hash
    from jsonb_to_recordset(${jsonb(objects)}::jsonb) as o(key text, sha256 text, hash text)
    on conflict (key) do nothing`)
}

/** A gallery without photos: its sets, its part of every plan and timeline, and the pages that were kept of it. */
export async function removeGallery(tx: Tx, removal: Removal, galleryId: number): Promise<boolean> {
  const { clientId } = removal
  const { rows } = await tx.execute<{ key: string }>(sql`
    with gone as (
      delete from events where gallery_id = ${galleryId} and run_id in (select id from runs where client_id = ${clientId})
      returning id, data->>'page' as page, data->>'screenshot' as screenshot
    )
    select distinct k as key from gone cross join lateral (values (page), (screenshot)) v(k)
    where k is not null and not exists (
      select from events e join runs r on r.id = e.run_id
      where r.client_id = ${clientId} and e.id not in (select id from gone) and k in (e.data->>'page', e.data->>'screenshot'))`)
  await tombstone(
    tx,
    removal,
    rows.map(({ key }) => ({ key, sha256: null, hash: null })),
  )
  await tx.execute(sql`
    delete from favourites f using galleries g where g.id = ${galleryId} and f.client_id = g.client_id and f.source_id = g.source_id and f.gallery_ref = g.ref`)
  await tx.execute(sql`delete from run_galleries where gallery_id = ${galleryId}`)
  await tx.execute(sql`delete from placements where set_id in (select id from sets where gallery_id = ${galleryId})`)
  await tx.execute(sql`delete from sets where gallery_id = ${galleryId}`)
  await tx.execute(sql`update manifests set target_id = null where target_id = ${galleryId}`)
  await tx.execute(sql`delete from galleries where id = ${galleryId}`)
  return false
}

/** What is left of a client whose photos and objects are gone, in an order that every reference allows. */
export function* clientRows(clientId: string): Generator<(tx: Tx) => Promise<boolean>> {
  const mine = sql`client_id = ${clientId}`
  const ofRuns = sql`run_id in (select id from runs where ${mine})`
  const ofKeys = sql`key_id in (select id from api_keys where ${mine})`
  for (const table of ['renditions', 'assets', 'removals', 'loose_objects', 'webhook_deliveries'])
    yield inParts(table, mine)
  yield inParts(
    'placements',
    sql`set_id in (select s.id from sets s join galleries g on g.id = s.gallery_id where g.${mine})`,
  )
  yield async (tx) => {
    await tx.execute(sql`
      delete from pgboss.job where state < 'active' and group_id in (
        select id::text from runs where ${mine} union select id::text from api_keys where ${mine})`)
    await tx.execute(sql`delete from idempotent_requests where ${ofKeys}`)
    await tx.execute(sql`delete from key_budgets where ${ofKeys}`)
    await tx.execute(sql`delete from key_minutes where key in (select id::text from api_keys where ${mine})`)
    await tx.execute(sql`delete from upload_callbacks where ${mine}`)
    await tx.execute(sql`delete from manifests where ${mine}`)
    await tx.execute(sql`delete from sets where gallery_id in (select id from galleries where ${mine})`)
    await tx.execute(sql`delete from galleries where ${mine}`)
    for (const table of ['survey_pages', 'run_galleries', 'samples', 'events'])
      await tx.execute(sql`delete from ${sql.raw(table)} where ${ofRuns}`)
    const owned = [
      'favourites',
      'folders',
      'connections',
      'runs',
      'sources',
      'api_keys',
      'presets',
      'watermarks',
      'retention',
    ]
    for (const table of owned) await tx.execute(sql`delete from ${sql.raw(table)} where ${mine}`)
    await tx.execute(sql`delete from users where ${mine} and role = 'photographer'`)
    await tx.execute(sql`update users set client_id = null where ${mine}`)
    await tx.execute(sql`delete from clients where id = ${clientId}`)
    return false
  }
}

function inParts(table: string, which: SQL) {
  return async (tx: Tx): Promise<boolean> => {
    const { rowCount } = await tx.execute(sql`
      delete from ${sql.raw(table)} where ctid = any(array(select ctid from ${sql.raw(table)} where ${which} limit ${rowsAtOnce}))`)
    return rowCount === rowsAtOnce
  }
}
