import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as tables from '#db/schema.ts'
import { type TestDatabase, testDatabase } from '#db/testing.ts'
import { Refusal } from './refusal.ts'
import { writeReport } from './reports.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.drop())

const sha256 = Buffer.alloc(32, 7)

/** A client with a source, a run, two nested folders and whatever galleries a test adds. */
async function account(state: 'running' | 'done' = 'done') {
  const { db } = database
  const [client] = await db
    .insert(tables.clients)
    .values({ name: `Anna ${randomUUID()}` })
    .returning()
  const clientId = client!.id
  const [source] = await db
    .insert(tables.sources)
    .values({ clientId, provider: 'zenfolio', accountKey: 'a', title: 'anna', endpoints: {} })
    .returning()
  const sourceId = source!.id
  const [run] = await db
    .insert(tables.runs)
    .values({
      clientId,
      sourceId,
      kind: 'migration',
      state,
      renditions: {},
      fields: { captions: 'kept' },
      createdBy: 'cli',
      startedAt: new Date('2026-01-02T03:04:05Z'),
    })
    .returning()
  const runId = run!.id
  const folder = async (ref: string, parentId: number | null) => {
    const [row] = await db
      .insert(tables.folders)
      .values({ clientId, sourceId, ref, title: `Folder ${ref}`, position: 0, parentId })
      .returning()
    return row!.id
  }
  const outer = await folder('1', null)
  const inner = await folder('2', outer)
  let ordinal = 0
  const gallery = async (ref: string, more: Partial<typeof tables.galleries.$inferInsert> = {}) => {
    const [row] = await db
      .insert(tables.galleries)
      .values({ clientId, sourceId, runId, ref, title: `Gallery ${ref}`, position: 0, ordinal: ordinal++, ...more })
      .returning()
    return row!
  }
  const set = async (galleryId: number, ref: string | null, position: number, parentRef: string | null = null) => {
    const [row] = await db
      .insert(tables.sets)
      .values({ galleryId, ref, parentRef, title: `Set ${ref}`, position })
      .returning()
    return row!.id
  }
  const photo = async (galleryId: number, ref: string, more: Partial<typeof tables.photos.$inferInsert> = {}) => {
    const [row] = await db
      .insert(tables.photos)
      .values({ clientId, runId, galleryId, ref, kind: 'photo', ...more })
      .returning()
    return row!.id
  }
  const place = (setId: number, photoId: number, position: number) =>
    db.insert(tables.placements).values({ setId, photoId, position })
  const favourite = (galleryRef: string | null, ref: string, photoRefs: string[] | null) =>
    db
      .insert(tables.favourites)
      .values({ clientId, sourceId, runId, galleryRef, ref, name: `List ${ref}`, owner: 'visitor', photoRefs })
  return { clientId, name: client!.name, sourceId, runId, inner, gallery, set, photo, place, favourite }
}

async function linesOf(runId: string) {
  let text = ''
  for await (const line of writeReport(database, runId)) text += line
  expect(text.endsWith('\n')).toBe(true)
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

test('the first line is the run with its totals, summed over its galleries', async () => {
  const a = await account()
  const one = await a.gallery('g1', {
    total: 3,
    published: 1,
    skipped: 1,
    failed: 1,
    degraded: 1,
    bytesStored: 3_000_000_000,
  })
  const two = await a.gallery('g2', { total: 2, published: 2, bytesStored: 5 })
  await a.set(one.id, 's1', 0)
  await a.set(one.id, 's2', 1)
  await a.set(two.id, null, 0)
  const [run] = await linesOf(a.runId)
  expect(run).toEqual({
    type: 'run',
    version: 1,
    id: a.runId,
    kind: 'migration',
    provider: 'zenfolio',
    client: a.name,
    state: 'done',
    startedAt: '2026-01-02T03:04:05.000Z',
    finishedAt: null,
    totals: {
      galleries: 2,
      sets: 2,
      photos: 5,
      bytes: 3_000_000_005,
      published: 3,
      skipped: 1,
      failed: 1,
      degraded: 1,
      gone: 0,
    },
    fields: { captions: 'kept' },
    fieldReasons: { captions: 'Word for word.' },
  })
})

test('where a provider tells nothing of passwords, a report does not say that they are known', async () => {
  const a = await account()
  await a.gallery('g', {})
  await database.pool.query(`update runs set fields = '{"passwords":"not_offered"}' where id = $1`, [a.runId])
  expect((await linesOf(a.runId))[1]).toMatchObject({ ref: 'g', passwordKnown: null })
  await database.pool.query("update galleries set password_filled = true where ref = 'g' and run_id = $1", [a.runId])
  expect((await linesOf(a.runId))[1]).toMatchObject({ ref: 'g', passwordKnown: true })
})

test('a gallery tells its path, its sets in order and their photos in order, nested ones by parentRef', async () => {
  const a = await account()
  const { id } = await a.gallery('g', {
    folderId: a.inner,
    access: 'password',
    passwordKnown: false,
    date: '2024-05-01',
    statedCount: 3,
    state: 'published',
    coverRef: 'p2',
  })
  const later = await a.set(id, 'later', 1, 'first')
  const first = await a.set(id, 'first', 0)
  const [p1, p2, p3] = [await a.photo(id, 'p1'), await a.photo(id, 'p2'), await a.photo(id, 'p3')]
  await a.place(first, p3, 0)
  await a.place(first, p1, 1)
  await a.place(later, p2, 0)
  await a.place(later, p3, 1)
  await a.set(id, 'empty', 2)
  const [, gallery] = await linesOf(a.runId)
  expect(gallery).toEqual({
    type: 'gallery',
    ref: 'g',
    path: ['Folder 1', 'Folder 2'],
    title: 'Gallery g',
    description: null,
    date: '2024-05-01',
    access: 'password',
    passwordKnown: false,
    expiresAt: null,
    coverRef: 'p2',
    state: 'published',
    statedCount: 3,
    sets: [
      { ref: 'first', parentRef: null, title: 'Set first', photos: ['p3', 'p1'] },
      { ref: 'later', parentRef: 'first', title: 'Set later', photos: ['p2', 'p3'] },
      { ref: 'empty', parentRef: null, title: 'Set empty', photos: [] },
    ],
  })
})

test('a photo tells its original by key, what is unknown is null, and an unfinished one shows its ledger state', async () => {
  const a = await account('running')
  const { id } = await a.gallery('g')
  const known = {
    filename: 'a.jpg',
    caption: 'c',
    keywords: ['k1', 'k,2'],
    takenAt: '2024-05-01T10:00:00',
    width: 3,
    height: 2,
  }
  await a.photo(id, 'done', {
    ...known,
    state: 'published',
    rendition: 'ok',
    sha256,
    bytes: 9,
    contentType: 'image/jpeg',
  })
  await a.photo(id, 'wrong', { state: 'failed', step: 'fetch-photos', code: 'truncated', attempts: 5 })
  await a.photo(id, 'open')
  const [, , done, wrong, open] = await linesOf(a.runId)
  const hex = '07'.repeat(32)
  expect(done).toEqual({
    type: 'photo',
    ref: 'done',
    gallery: 'g',
    ...known,
    kind: 'photo',
    bytes: 9,
    sha256: hex,
    key: `${a.clientId}/originals/07/${hex}`,
    contentType: 'image/jpeg',
    isOriginal: true,
    state: 'published',
    step: null,
    code: null,
    rendition: 'ok',
    attempts: 0,
  })
  expect(wrong).toMatchObject({
    state: 'failed',
    step: 'fetch-photos',
    code: 'truncated',
    attempts: 5,
    key: null,
    sha256: null,
  })
  expect(open).toMatchObject({ state: 'listed', filename: null, bytes: null, keywords: [], rendition: null })
})

test('favourite lists follow their gallery; those of the account or of a gallery not moved come last', async () => {
  const a = await account()
  await a.favourite(null, 'all', null)
  await a.favourite('not-moved', 'elsewhere', [])
  await a.favourite('g1', 'mine', ['p2', 'p1'])
  await a.photo((await a.gallery('g1')).id, 'p1')
  await a.gallery('g2')
  const lines = await linesOf(a.runId)
  expect(lines.map((line) => `${line.type} ${line.ref ?? ''}`.trim())).toEqual([
    'run',
    'gallery g1',
    'photo p1',
    'favourites mine',
    'gallery g2',
    'favourites all',
    'favourites elsewhere',
  ])
  expect(lines[3]).toEqual({
    type: 'favourites',
    gallery: 'g1',
    ref: 'mine',
    name: 'List mine',
    owner: 'visitor',
    photos: ['p2', 'p1'],
  })
  expect(lines[5]).toMatchObject({ gallery: null, photos: null })
})

test('photos stand in the order they were listed, none twice and none missing, past one page, the same every time', async () => {
  const a = await account()
  const one = await a.gallery('g1')
  const two = await a.gallery('g2')
  const rows = Array.from({ length: 9_000 }, (_, i) => ({
    clientId: a.clientId,
    runId: a.runId,
    galleryId: i % 2 ? one.id : two.id,
    ref: `${i}`,
    kind: 'photo' as const,
  }))
  for (let i = 0; i < rows.length; i += 3000) await database.db.insert(tables.photos).values(rows.slice(i, i + 3000))
  const lines = await linesOf(a.runId)
  const refs = lines.filter((line) => line.type === 'photo').map((line) => Number(line.ref))
  expect(refs).toEqual([...rows.keys()].filter((i) => i % 2).concat([...rows.keys()].filter((i) => !(i % 2))))
  expect(await linesOf(a.runId)).toEqual(lines)
})

test('nothing of another client or another run is in it', async () => {
  const [mine, other] = [await account(), await account()]
  await other.photo((await other.gallery('theirs')).id, 'p')
  await other.favourite(null, 'theirs', null)
  await mine.gallery('mine')
  expect((await linesOf(mine.runId)).map((line) => line.ref)).toEqual([undefined, 'mine'])
})

test('a run that does not exist is refused', async () => {
  await expect(linesOf(randomUUID())).rejects.toBeInstanceOf(Refusal)
})
