// A client of whom everything that names a client has a row. Whoever adds a table that refers to one without going with
// it adds a row here, and its removal in `deletion-rows.ts`.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createUser } from './accounts.ts'
import { aShelf, isDue, keysOf, removeNow, someText } from './deletion.testing.ts'
import { deleteClient } from './deletion.ts'
import { once } from './idempotency.ts'
import { createKey } from './keys.ts'
import { anUpload } from './manifests/testing.ts'
import { takePictures } from './rate-limits.ts'
import { houseRetention, setRetention } from './retention.ts'
import { type VerbHouse, verbHouse } from './testing.ts'
import { putWatermark } from './watermarks.ts'
import { announceByWebhook } from './webhooks.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

const onePixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGD4DwABBAEAX+XDSwAAAABJRU5ErkJggg==',
  'base64',
)

/** With a migration, an upload into one of its galleries, and a photographer who may sign in. */
async function aWholeClient(): Promise<string> {
  const shelf = await aShelf(house, [{ p1: someText(), p2: someText() }, { q1: someText() }])
  const { clientId, sourceId, id: runId } = shelf
  const { id: keyId } = await createKey(house, 'a', { clientId, scopes: ['upload'], perDay: 9 })
  await once(house, { keyId }, 'k', 'f', async () => ({ status: 200, body: {} }))
  await takePictures(house, { keyId, isCounted: true }, 1)
  const payload = { type: 'job.completed', timestamp: '2026-11-22T10:00:00Z' }
  await announceByWebhook(house.db, house, { clientId, keyId, url: 'https://x.test/', payload })
  await putWatermark(house, 'a', { clientId, name: 'logo.png', bytes: onePixel })
  await setRetention(house, 'a', clientId, houseRetention)
  await createUser(house, { email: `${randomUUID()}@x.test`, role: 'photographer', clientId })
  const { rows } = await house.pool.query<{ galleryId: string }>(
    'select public_id as "galleryId" from galleries where id = $1',
    [shelf.galleries[0]!.id],
  )
  const files = [{ path: 'a.jpg', bytes: 5, modified: 1 }]
  const layout = { into: 'gallery', root: null, title: 'More' } as const
  const upload = await anUpload(house, files, { clientId, layout, galleryId: rows[0]!.galleryId })
  const insert = (what: string, ...values: unknown[]) => house.pool.query(`insert into ${what}`, values)
  await insert(
    `connections (session_id, client_id, source_id, provider, endpoints, app_id, redirect_uri)
    values ('s', $1, $2, 'shootproof', '{}', 'a', 'https://x.test/')`,
    clientId,
    sourceId,
  )
  await insert(`presets (client_id, name, instructions, updated_by) values ($1, 'mine', '{}', 'a')`, clientId)
  await insert(`survey_pages (run_id, number, folders, galleries) values ($1, 1, '[]', '[]')`, runId)
  await insert('samples (run_id, found, stored, rendered, settled, bytes) values ($1, 1, 1, 1, 1, 1)', runId)
  await insert(
    `favourites (client_id, source_id, run_id, gallery_ref, ref, name) values ($1, $2, $3, 'g0', 'f', 'Best')`,
    clientId,
    sourceId,
    runId,
  )
  await insert(
    `folders (client_id, source_id, ref, title, position) values ($1, $2, 'above', 'Above', 0)`,
    clientId,
    sourceId,
  )
  await insert(`folders (client_id, source_id, ref, title, position, parent_id)
    select client_id, source_id, 'below', 'Below', 0, id from folders`)
  await house.pool.query(
    `update galleries set folder_id = (select id from folders where ref = 'below') where run_id = $1`,
    [runId],
  )
  await insert(
    `run_galleries (run_id, ref, gallery_id, ordinal, path, folder_refs, title, virtual, archived, difference, reasons, chosen)
    select run_id, ref, id, 0, '{}', '{}', title, false, false, 'same', '[]', true from galleries where run_id = $1
    on conflict do nothing`,
    runId,
  )
  await insert(
    `upload_callbacks (client_id, key_id, run_id, url) values ($1, $2, $3, 'https://x.test/')`,
    clientId,
    keyId,
    upload.id,
  )
  await insert(`attempts (photo_id, attempt, step, code) select id, 1, 'fetch-photos', 'truncated' from photos limit 1`)
  return clientId
}

/** Tables that refer to what a client has, and whose rows do not go by themselves with it. */
async function referring(): Promise<string[]> {
  const { rows } = await house.pool.query<{ name: string }>(
    `with recursive theirs as (
       select 'clients'::regclass as id
       union select f.conrelid from pg_constraint f join theirs t on f.confrelid = t.id where f.contype = 'f' and f.confdeltype <> 'c'
     ) select id::text as name from theirs order by 1`,
  )
  return rows.map(({ name }) => name)
}

async function withRows(tables: string[]): Promise<string[]> {
  const counted = await Promise.all(tables.map((name) => house.pool.query(`select from ${name} limit 1`)))
  return tables.filter((_, i) => counted[i]!.rowCount === 1)
}

test('the removal of a client goes through whatever it has, its photographer’s login included, and leaves no row', async () => {
  const clientId = await aWholeClient()
  const tables = await referring()
  expect(tables).toContain('users')
  expect(await withRows(tables)).toEqual(tables)
  const { id } = await deleteClient(house, 'a', clientId)
  await isDue(house, id)
  expect(await removeNow(house, id)).toBe(true)
  expect(await withRows([...tables, 'attempts', 'assets', 'renditions', 'sessions', 'accounts'])).toEqual([])
  expect(await keysOf(house, clientId)).toEqual([])
})

test('a person of staff who once was its photographer keeps their login', async () => {
  const { clientId } = await aShelf(house, [{ p1: someText() }])
  const { id: user } = await createUser(house, { email: `${randomUUID()}@x.test`, role: 'photographer', clientId })
  await house.pool.query(`update users set role = 'staff' where id = $1`, [user])
  const { id } = await deleteClient(house, 'a', clientId)
  await isDue(house, id)
  expect(await removeNow(house, id)).toBe(true)
  const { rows } = await house.pool.query('select role, client_id as "clientId" from users where id = $1', [user])
  expect(rows).toEqual([{ role: 'staff', clientId: null }])
})
