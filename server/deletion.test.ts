import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { auditBreaks } from './audit.ts'
import { createClient, findOrCreateClient, getClient, listClients } from './clients.ts'
import { aShelf, isDue, keysOf, removeNow, type Shelf, someText } from './deletion.testing.ts'
import { deleteClient, deleteGallery, deletePhotos, listDeletions, restoreDeletion } from './deletion.ts'
import { galleryDetail, galleryPhotos, runGalleries } from './galleries.ts'
import { findImage } from './images.ts'
import { callerOf, createKey } from './keys.ts'
import { settle } from './ledger.ts'
import { recordPage } from './listing.ts'
import { writeReport } from './reports.ts'
import { setRetention } from './retention.ts'
import { resumeRun } from './runs.ts'
import { snapshot } from './snapshots.ts'
import { sweep } from './sweep.ts'
import { aMovingRun, countedAndRecounted, foundPhoto, jobsOf, type VerbHouse, verbHouse } from './testing.ts'
import { enterPhotos } from './uploads/enter.ts'
import { openUploadRun } from './uploads/runs.ts'
import { listRuns, runDetail } from './views.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

const refused = (code: string) => expect.objectContaining({ name: 'Refusal', code })

async function holdsCount(runId: string) {
  const { counted, recounted } = await countedAndRecounted(house, runId)
  expect(counted).toEqual(recounted)
}

async function publicIdOf(gallery: { id: number }): Promise<string> {
  const { rows } = await house.pool.query<{ id: string }>('select public_id as id from galleries where id = $1', [
    gallery.id,
  ])
  return rows[0]!.id
}

async function photosShown(gallery: { id: number }): Promise<number> {
  const publicId = await publicIdOf(gallery)
  const { sets } = await galleryDetail(house, publicId)
  const pages = await Promise.all(sets.map((set) => galleryPhotos(house, publicId, set.id)))
  const shown = pages.reduce((sum, page) => sum + page.photos.length, 0)
  expect(sets.reduce((sum, set) => sum + set.count, 0)).toBe(shown)
  return shown
}

async function linesOf(runId: string, type: string): Promise<number> {
  let text = ''
  for await (const line of writeReport(house, runId)) text += line
  return text.split('\n').filter((line) => line.includes(`"type":"${type}"`)).length
}

describe('a deleted photo', () => {
  test('is hidden at once from every view and count, and its address says that it is gone', async () => {
    const shelf = await aShelf(house, [{ p1: someText(), p2: someText(), p3: someText() }])
    const { photos } = await deletePhotos(house, 'anna@x', { clientId: shelf.clientId, publicIds: [shelf.ids.p2!] })
    expect(photos).toBe(1)
    expect(await photosShown(shelf.galleries[0]!)).toBe(2)
    expect((await snapshot(house, shelf.id)).totals).toMatchObject({ found: 2, published: 2 })
    const { runs } = await listRuns(house, { clientId: shelf.clientId })
    expect(runs[0]!.totals).toMatchObject({ found: 2, published: 2 })
    expect(await linesOf(shelf.id, 'photo')).toBe(2)
    expect(await findImage(house, shelf.ids.p2!, null)).toBe('gone')
    expect(await findImage(house, shelf.ids.p2!, 'thumb')).toBe('gone')
    expect(await findImage(house, shelf.ids.p1!, 'thumb')).toMatchObject({ contentType: 'image/webp' })
    await holdsCount(shelf.id)
  })

  test('comes back as it was when it is restored in its grace', async () => {
    const shelf = await aShelf(house, [{ p1: someText(), p2: someText() }])
    const { id } = await deletePhotos(house, 'anna@x', { clientId: shelf.clientId, publicIds: [shelf.ids.p1!] })
    await restoreDeletion(house, 'anna@x', id)
    await restoreDeletion(house, 'anna@x', id)
    expect(await photosShown(shelf.galleries[0]!)).toBe(2)
    expect(await findImage(house, shelf.ids.p1!, null)).toMatchObject({ contentType: 'image/jpeg' })
    expect((await listRuns(house, { clientId: shelf.clientId })).runs[0]!.totals).toMatchObject({ found: 2 })
    expect(await listDeletions(house, shelf.clientId)).toEqual([])
    await holdsCount(shelf.id)
    await isDue(house, id)
    expect(await removeNow(house, id)).toBe(false)
  })

  test('cannot be restored once its removal has begun', async () => {
    const shelf = await aShelf(house, [{ p1: someText() }])
    const { id } = await deletePhotos(house, 'anna@x', { clientId: shelf.clientId, publicIds: [shelf.ids.p1!] })
    await isDue(house, id)
    await removeNow(house, id)
    await expect(restoreDeletion(house, 'anna@x', id)).rejects.toEqual(refused('already_removed'))
  })

  test('waits for as many days as its client’s rules say', async () => {
    const shelf = await aShelf(house, [{ p1: someText() }])
    const rules = { infrequentAfter: null, archiveAfter: null, originalsAfter: null, unfinishedAfter: 7, grace: 3 }
    await setRetention(house, 'anna@x', shelf.clientId, rules)
    const { id, dueAt } = await deletePhotos(house, 'a', { clientId: shelf.clientId, publicIds: [shelf.ids.p1!] })
    expect((dueAt.getTime() - Date.now()) / 86_400_000).toBeCloseTo(3, 2)
    expect(await removeNow(house, id)).toBe(false)
    expect(await listDeletions(house, shelf.clientId)).toMatchObject([
      { id, kind: 'photos', title: 'p1.jpg', photos: 1 },
    ])
  })

  test('stays deleted when its gallery is listed again, and is counted by nobody', async () => {
    const shelf = await aShelf(house, [{ p1: someText(), p2: someText() }])
    await deletePhotos(house, 'anna@x', { clientId: shelf.clientId, publicIds: [shelf.ids.p1!] })
    const again = await aMovingRun(house, [{}], shelf)
    const gallery = again.galleries[0]!
    const photos = [foundPhoto(gallery.ref, 'p1', { bytes: 77 })]
    await house.db.transaction((tx) => recordPage(tx, house.queues, gallery, { photos, next: null }, null))
    expect(await findImage(house, shelf.ids.p1!, null)).toBe('gone')
    await holdsCount(again.id)
    expect((await jobsOf(house, 'fetch-photos')).filter((job) => job.group === again.id)).toEqual([])
  })

  test('of somebody else, or unknown, or deleted already, is none', async () => {
    const [mine, theirs] = [await aShelf(house, [{ p1: someText() }]), await aShelf(house, [{ p1: someText() }])]
    const { clientId } = mine
    const none = refused('not_found')
    const publicIds = [mine.ids.p1!, theirs.ids.p1!]
    await expect(deletePhotos(house, 'a', { clientId, publicIds })).rejects.toEqual(none)
    await expect(deletePhotos(house, 'a', { clientId, publicIds: [randomUUID()] })).rejects.toEqual(none)
    await deletePhotos(house, 'a', { clientId, publicIds: [mine.ids.p1!] })
    await expect(deletePhotos(house, 'a', { clientId, publicIds: [mine.ids.p1!] })).rejects.toEqual(none)
    expect(await findImage(house, theirs.ids.p1!, null)).toMatchObject({ bytes: 24 })
  })

  test('that is still being copied is refused', async () => {
    const run = await aMovingRun(house)
    const gallery = run.galleries[0]!
    const photos = [foundPhoto(gallery.ref, 'p1')]
    await house.db.transaction((tx) => recordPage(tx, house.queues, gallery, { photos, next: null }, null))
    const { rows } = await house.pool.query<{ id: string }>('select public_id as id from photos where run_id = $1', [
      run.id,
    ])
    const publicIds = rows.map(({ id }) => id)
    await expect(deletePhotos(house, 'a', { clientId: run.clientId, publicIds })).rejects.toEqual(refused('in_work'))
    await expect(deleteGallery(house, 'a', await publicIdOf(gallery))).rejects.toEqual(refused('in_work'))
    await holdsCount(run.id)
  })
})

describe('a deleted gallery', () => {
  test('is hidden at once with its photos, and restored with them; what was deleted before stays deleted', async () => {
    const shelf = await aShelf(house, [{ p1: someText(), p2: someText() }, { q1: someText() }])
    const publicId = await publicIdOf(shelf.galleries[0]!)
    await deletePhotos(house, 'a', { clientId: shelf.clientId, publicIds: [shelf.ids.p2!] })
    const { id, photos } = await deleteGallery(house, 'a', publicId)
    expect(photos).toBe(1)
    await expect(galleryDetail(house, publicId)).rejects.toEqual(refused('not_found'))
    expect((await runGalleries(house, shelf.id)).galleries.map(({ ref }) => ref)).toEqual(['g1'])
    expect((await snapshot(house, shelf.id)).totals).toMatchObject({ galleries: 1, found: 1 })
    expect((await listRuns(house, { clientId: shelf.clientId })).runs[0]!.totals).toMatchObject({
      galleries: 1,
      found: 1,
    })
    expect(await linesOf(shelf.id, 'gallery')).toBe(1)
    expect(await findImage(house, shelf.ids.p1!, 'thumb')).toBe('gone')
    await restoreDeletion(house, 'a', id)
    expect(await photosShown(shelf.galleries[0]!)).toBe(1)
    expect(await findImage(house, shelf.ids.p1!, 'thumb')).toMatchObject({ contentType: 'image/webp' })
    expect(await findImage(house, shelf.ids.p2!, 'thumb')).toBe('gone')
    await holdsCount(shelf.id)
  })
})

describe('what was uploaded beside', () => {
  /** A run of the client with one entry that is through, of the bytes of `p1`. */
  async function anUpload(shelf: Shelf, more: { standsFor?: true; into?: number }) {
    const [id, publicId] = [randomUUID(), randomUUID()]
    const { rows } = await house.pool.query<{ id: number }>('select id from photos where public_id = $1', [
      shelf.ids.p1,
    ])
    const handle = more.standsFor ? { photoId: rows[0]!.id, imageId: shelf.ids.p1! } : undefined
    const sha256 = shelf.keys.p1!.original.split('/').at(-1)!
    await house.db.transaction(async (tx) => {
      const { clientId } = shelf
      const run = { id, clientId, title: 'Upload', actor: 'a', access: 'private' as const }
      const gallery = (await openUploadRun(tx, run))!
      const entry = { publicId, ref: publicId, filename: 'u.jpg', access: 'private' as const, wanted: [], handle }
      const stored = {
        state: 'stored' as const,
        sha256,
        bytes: 24,
        contentType: 'image/jpeg',
        takenAt: null,
        loose: null,
      }
      const places = more.into === undefined ? undefined : { setId: more.into }
      const entered = await enterPhotos(tx, house.queues, gallery, [{ ...entry, ...stored }], { places })
      const made = { to: 'rendered' as const, rendition: 'ok', width: 4, height: 3, takenAt: null }
      const outcome = { id: entered.get(publicId)!, attempts: 0, ...made }
      await settle(tx, house.queues, { id, clientId }, 'render-photos', 'stored', [outcome])
    })
    return { id, publicId }
  }

  test('goes with a photo where it only stands for that photo', async () => {
    const shelf = await aShelf(house, [{ p1: someText() }])
    const upload = await anUpload(shelf, { standsFor: true })
    const { photos, id } = await deletePhotos(house, 'a', { clientId: shelf.clientId, publicIds: [shelf.ids.p1!] })
    expect(photos).toBe(1)
    expect(await findImage(house, upload.publicId, null)).toBe('gone')
    await holdsCount(upload.id)
    await isDue(house, id)
    expect(await removeNow(house, id)).toBe(true)
    expect(await keysOf(house, shelf.clientId)).toEqual([])
    await holdsCount(upload.id)
  })

  test('stays where it is an image of its own with equal bytes', async () => {
    const shelf = await aShelf(house, [{ p1: someText() }])
    const upload = await anUpload(shelf, {})
    const { id } = await deletePhotos(house, 'a', { clientId: shelf.clientId, publicIds: [shelf.ids.p1!] })
    await isDue(house, id)
    expect(await removeNow(house, id)).toBe(true)
    expect(await findImage(house, upload.publicId, null)).toMatchObject({ bytes: 24 })
    expect(await keysOf(house, shelf.clientId)).toHaveLength(2)
  })

  test('goes with the gallery that it was uploaded into', async () => {
    const shelf = await aShelf(house, [{ p1: someText() }, { q1: someText() }])
    const publicId = await publicIdOf(shelf.galleries[0]!)
    const upload = await anUpload(shelf, { into: (await galleryDetail(house, publicId)).sets[0]!.id })
    expect(await photosShown(shelf.galleries[0]!)).toBe(2)
    expect((await deleteGallery(house, 'a', publicId)).photos).toBe(2)
    expect(await findImage(house, upload.publicId, null)).toBe('gone')
    expect(await photosShown(shelf.galleries[1]!)).toBe(1)
    await holdsCount(upload.id)
  })
})

describe('a deleted client', () => {
  test('is seen by nobody: no view, no key, no address; their runs stop', async () => {
    const shelf = await aShelf(house, [{ p1: someText() }])
    const moving = await aMovingRun(house, [{ ref: 'n' }], shelf)
    const { key } = await createKey(house, 'a', { clientId: shelf.clientId, scopes: ['upload'] })
    const { name } = await getClient(house, shelf.clientId)
    await deleteClient(house, 'a', shelf.clientId)
    expect((await listClients(house)).map((client) => client.id)).not.toContain(shelf.clientId)
    await expect(getClient(house, shelf.clientId)).rejects.toEqual(refused('not_found'))
    await expect(snapshot(house, shelf.id)).rejects.toEqual(refused('not_found'))
    await expect(runDetail(house, shelf.id)).rejects.toEqual(refused('not_found'))
    await expect(resumeRun(house, 'a', moving.id)).rejects.toEqual(refused('not_found'))
    expect((await listRuns(house, { clientId: shelf.clientId })).runs).toEqual([])
    expect(await callerOf(house, `Bearer ${key}`)).toBeNull()
    expect(await findImage(house, shelf.ids.p1!, null)).toBe('gone')
    await expect(findOrCreateClient(house, 'cli', name)).rejects.toEqual(refused('client_deleted'))
    await sweep(house)
    expect((await house.pool.query('select state from runs where id = $1', [moving.id])).rows).toEqual([
      { state: 'paused' },
    ])
  })

  test('comes back with everything, and their runs go on', async () => {
    const shelf = await aShelf(house, [{ p1: someText() }])
    const moving = await aMovingRun(house, [{ ref: 'n' }], shelf)
    const { key } = await createKey(house, 'a', { clientId: shelf.clientId, scopes: ['upload'] })
    const { id } = await deleteClient(house, 'a', shelf.clientId)
    expect(await listDeletions(house)).toContainEqual(expect.objectContaining({ id, kind: 'client' }))
    await restoreDeletion(house, 'a', id)
    expect((await snapshot(house, moving.id)).state).toBe('running')
    expect((await snapshot(house, shelf.id)).totals).toMatchObject({ galleries: 1, found: 1 })
    expect(await callerOf(house, `Bearer ${key}`)).toMatchObject({ clientId: shelf.clientId })
    expect(await findImage(house, shelf.ids.p1!, null)).toMatchObject({ contentType: 'image/jpeg' })
  })

  test('and every other act of deleting leaves its mark in the audit', async () => {
    const { id } = await createClient(house, 'a', { name: randomUUID() })
    const { id: deletion } = await deleteClient(house, 'bob@x', id)
    await restoreDeletion(house, 'eve@x', deletion)
    const { rows } = await house.pool.query('select actor, act from audit where client_id = $1 order by id', [id])
    expect(rows).toEqual([
      { actor: 'a', act: 'client.create' },
      { actor: 'bob@x', act: 'client.delete' },
      { actor: 'eve@x', act: 'deletion.restore' },
    ])
    expect(await auditBreaks(house.db)).toEqual([])
  })
})
