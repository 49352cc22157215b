import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { picture } from '#workers/imaging/samples.ts'
import { findOrCreateClient } from '../clients.ts'
import { type Caller, callerOf, createKey } from '../keys.ts'
import { recordPage } from '../listing.ts'
import { wishOf } from '../presets.ts'
import { reconciliationOf } from '../reconcile.ts'
import { writeReport } from '../reports.ts'
import { cancelRun } from '../runs.ts'
import { sweep } from '../sweep.ts'
import {
  aMovingRun,
  countedAndRecounted,
  forgetJobs,
  foundPhoto,
  jobsOf,
  type VerbHouse,
  verbHouse,
} from '../testing.ts'
import { openUploads, type Uploads, type UploadWishes } from '../uploads.ts'
import type { Arrived } from './receive.ts'
import { closeDays } from './runs.ts'

let house: VerbHouse
let uploads: Uploads
let anna: Caller
beforeAll(async () => {
  house = await verbHouse()
  uploads = openUploads(house)
})
beforeEach(async () => {
  await forgetJobs(house)
  anna = await aCaller(`Anna ${randomUUID()}`)
})
afterAll(async () => {
  await uploads.close()
  await house.dispose()
})

async function aCaller(client: string): Promise<Caller> {
  const { id: clientId } = await findOrCreateClient(house, 'test', client)
  const { key } = await createKey(house, 'test', { clientId, name: 'camera', scopes: ['upload'] })
  return (await callerOf(house, `Bearer ${key}`))!
}

async function arrived(caller = anna): Promise<Arrived> {
  const bytes = await picture()
  const file = await uploads.receive(caller.clientId, { filename: 'a.jpg', stream: stream(bytes) })
  if ('code' in file) throw new Error(file.code)
  return file
}
async function* stream(bytes: Uint8Array) {
  yield bytes
}
const wishes = async (more: Partial<UploadWishes> = {}): Promise<UploadWishes> => ({
  access: 'public',
  wanted: [await wishOf(house, anna.clientId, { preset: 'thumb' })],
  ...more,
})
const photo = async (publicId: string) =>
  (await house.pool.query('select * from photos where public_id = $1', [publicId])).rows[0]

test('pictures that come one by one share a run and a place in it, and are doubled by no second try', async () => {
  const ids = Array.from({ length: 30 }, () => randomUUID())
  const files = await Promise.all(ids.map(() => arrived()))
  const entered = await Promise.all(ids.map(async (id, i) => uploads.enterOne(anna, id, files[i]!, await wishes())))
  expect(entered).toEqual(ids.map(() => true))
  expect(await uploads.enterOne(anna, ids[0]!, await arrived(), await wishes())).toBe(false)
  const { rows } = await house.pool.query(
    `select count(distinct p.run_id)::int as runs, count(*)::int as photos, count(distinct l.position)::int as places
     from photos p join placements l on l.photo_id = p.id where p.client_id = $1`,
    [anna.clientId],
  )
  expect(rows[0]).toEqual({ runs: 1, photos: 30, places: 30 })
  const { run_id: run } = await photo(ids[0]!)
  const { counted, recounted } = await countedAndRecounted(house, run)
  expect(counted).toEqual(recounted)
  const jobs = await jobsOf(house, 'render-photos')
  expect(jobs.flatMap(({ data }) => data.photoIds)).toHaveLength(30)
  expect(jobs.every(({ priority, group }) => priority > 0 && group === run)).toBe(true)
  await sweep(house)
  expect(await jobsOf(house, 'render-photos')).toHaveLength(jobs.length)
})

test('what is entered is found by the sweep though every job is lost', async () => {
  const id = randomUUID()
  await uploads.enterOne(anna, id, await arrived(), await wishes())
  const { id: photoId, run_id: run } = await photo(id)
  await forgetJobs(house)
  await sweep(house)
  const jobs = (await jobsOf(house, 'render-photos')).filter(({ group }) => group === run)
  expect(jobs.map(({ data }) => data.photoIds)).toEqual([[photoId]])
})

test('a day that is over takes nothing more, and its run ends when its last photo has settled', async () => {
  const [first, second] = [randomUUID(), randomUUID()]
  await uploads.enterOne(anna, first, await arrived(), await wishes())
  const { run_id: run, gallery_id: gallery } = await photo(first)
  await closeDays(house)
  await uploads.enterOne(anna, second, await arrived(), await wishes())
  expect((await photo(second)).run_id).toBe(run)
  await closeDays(house, new Date(Date.now() + 24 * 3600_000))
  const third = randomUUID()
  await uploads.enterOne(anna, third, await arrived(), await wishes())
  expect((await photo(third)).run_id).not.toBe(run)
  await house.pool.query(`update photos set state = 'published' where run_id = $1`, [run])
  await house.pool.query('update galleries set stored = 0, published = total where run_id = $1', [run])
  await sweep(house)
  expect((await jobsOf(house, 'reconcile-gallery')).map(({ data }) => data.galleryId)).toEqual([gallery])
})

test('a run that staff have cancelled takes nothing more: another one does', async () => {
  const [first, second] = [randomUUID(), randomUUID()]
  await uploads.enterOne(anna, first, await arrived(), await wishes())
  await cancelRun(house, 'test', (await photo(first)).run_id)
  await uploads.enterOne(anna, second, await arrived(), await wishes())
  expect((await photo(second)).run_id).not.toBe((await photo(first)).run_id)
})

test('one that names a gallery which is not there fails alone', async () => {
  const named = (gallery?: string) =>
    Promise.all([arrived(), wishes(gallery ? { gallery } : {})]).then(([file, asked]) =>
      uploads.enterOne(anna, randomUUID(), file, asked),
    )
  const results = await Promise.allSettled([named(), named(randomUUID()), named(), named()])
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
})

test('a gallery of another client is none that can be named', async () => {
  const theirs = await aCaller('Berta')
  const id = randomUUID()
  await uploads.enterOne(theirs, id, await arrived(theirs), await wishes())
  const { rows } = await house.pool.query('select public_id from galleries where id = $1', [
    (await photo(id)).gallery_id,
  ])
  const entering = uploads.enterOne(anna, randomUUID(), await arrived(), await wishes({ gallery: rows[0].public_id }))
  await expect(entering).rejects.toMatchObject({ code: 'invalid_parameter' })
})

test('a gallery that was migrated keeps what was added when it is listed again, and its proof leaves that out', async () => {
  const run = await aMovingRun(house, [{ statedCount: 1 }])
  const gallery = run.galleries[0]!
  const list = () =>
    house.db.transaction((tx) =>
      recordPage(tx, house.queues, gallery, { photos: [foundPhoto(gallery.ref, 'p0')], next: null }, null),
    )
  await list()
  const { rows } = await house.pool.query('select public_id from galleries where id = $1', [gallery.id])
  const client = { ...anna, clientId: run.clientId }
  const file = await uploads.receive(run.clientId, { filename: 'a.jpg', stream: stream(await picture()) })
  const id = randomUUID()
  await uploads.enterOne(client, id, file as Arrived, await wishes({ gallery: rows[0].public_id, set: 'Added' }))
  await house.pool.query('update galleries set listing = listing + 1, listed_at = null, cursor = null where id = $1', [
    gallery.id,
  ])
  await list()
  const places = await house.pool.query(
    'select p.public_id from placements l join sets s on s.id = l.set_id join photos p on p.id = l.photo_id where s.gallery_id = $1 and s.title = $2',
    [gallery.id, 'Added'],
  )
  expect(places.rows).toEqual([{ public_id: id }])
  await house.pool.query(`update photos set state = 'rendered' where gallery_id = $1`, [gallery.id])
  await house.pool.query('update galleries set listed = 0, rendered = total where id = $1', [gallery.id])
  expect(await house.db.transaction((tx) => reconciliationOf(tx, gallery, []))).toBeNull()
  let report = ''
  for await (const line of writeReport(house, run.id)) report += line
  expect(report).not.toContain(id)
  expect(report).not.toContain('Added')
})
