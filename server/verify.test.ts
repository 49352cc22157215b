import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as tables from '#db/schema.ts'
import { type TestDatabase, testDatabase } from '#db/testing.ts'
import { instructionsHash, resolvePreset } from './instructions.ts'
import { Refusal } from './refusal.ts'
import { createFilesStore } from './store/files.ts'
import { originalKey, renditionKey, type Store } from './store/store.ts'
import { type Finding, type VerifyTotals, verifyRun } from './verify.ts'

let database: TestDatabase
let store: Store
let root: string
beforeAll(async () => {
  database = await testDatabase()
  root = await mkdtemp(join(tmpdir(), 'verify-'))
  store = createFilesStore({ root })
})
afterAll(async () => {
  await store.close()
  await database.drop()
  await rm(root, { recursive: true })
})

const web = resolvePreset('web')

/** A run with one gallery; `photo` puts an original and its rendition where the ledger says they are. */
async function run() {
  const { db } = database
  const [client] = await db.insert(tables.clients).values({ name: randomUUID() }).returning()
  const clientId = client!.id
  const [made] = await db
    .insert(tables.runs)
    .values({ clientId, kind: 'upload', state: 'done', renditions: { web }, createdBy: 'test' })
    .returning()
  const runId = made!.id
  const [gallery] = await db
    .insert(tables.galleries)
    .values({ clientId, runId, ref: 'g', title: 'g', position: 0, ordinal: 0 })
    .returning()
  const put = async (key: string, body: Buffer) => {
    await store.put(key, body, {
      sha256: createHash('sha256').update(body).digest('hex'),
      bytes: body.length,
      contentType: 'image/jpeg',
    })
  }
  const photo = async (
    ref: string,
    more: Partial<typeof tables.photos.$inferInsert> & { unrendered?: boolean } = {},
  ) => {
    const { unrendered, ...columns } = more
    const [body, rendition] = [randomBytes(100), randomBytes(50)]
    const sha256 = createHash('sha256').update(body).digest()
    const hash = instructionsHash(web)
    const keys = {
      original: originalKey(clientId, sha256.toString('hex')),
      rendition: renditionKey(clientId, sha256.toString('hex'), hash, 'webp'),
    }
    await put(keys.original, body)
    await db.insert(tables.assets).values({ clientId, sha256, bytes: 100, contentType: 'image/jpeg' })
    if (!unrendered) {
      await put(keys.rendition, rendition)
      await db.insert(tables.renditions).values({
        clientId,
        sha256,
        hash,
        extension: 'webp',
        contentType: 'image/webp',
        bytes: 50,
        fileSha256: createHash('sha256').update(rendition).digest(),
        width: 1,
        height: 1,
        level: 'strict',
      })
    }
    await db.insert(tables.photos).values({
      clientId,
      runId,
      galleryId: gallery!.id,
      ref,
      kind: 'photo',
      state: 'published',
      rendition: 'ok',
      sha256,
      bytes: 100,
      contentType: 'image/jpeg',
      ...columns,
    })
    return keys
  }
  return { clientId, runId, put, photo }
}

async function verify(runId: string, deep = false): Promise<{ findings: Finding[]; totals: VerifyTotals }> {
  const findings: Finding[] = []
  const verifying = verifyRun({ ...database, store }, runId, { deep })
  for (let step = await verifying.next(); ; step = await verifying.next()) {
    if (step.done) return { findings, totals: step.value }
    findings.push(step.value)
  }
}

const of = (photo: string, problem: string, key: string) => ({ photo, gallery: 'g', problem, key })

test('where everything is as the ledger says, nothing is found, deep or not', async () => {
  const { runId, photo } = await run()
  await photo('p1')
  await photo('p2')
  const totals = { photos: 2, objects: 4, bytes: 300, findings: 0 }
  expect(await verify(runId)).toEqual({ findings: [], totals })
  expect(await verify(runId, true)).toEqual({ findings: [], totals })
})

test('a missing original or rendition is found, each with its photo and key', async () => {
  const { runId, photo } = await run()
  const [one, two] = [await photo('p1'), await photo('p2')]
  await store.remove([one.original, two.rendition])
  const { findings, totals } = await verify(runId)
  expect(findings).toEqual([of('p1', 'missing', one.original), of('p2', 'missing', two.rendition)])
  expect(totals.findings).toBe(2)
})

test('an object of another length is found', async () => {
  const { runId, photo } = await run()
  const { original } = await photo('p')
  await appendFile(join(root, original), 'x')
  expect((await verify(runId)).findings).toEqual([of('p', 'size', original)])
})

test('other bytes of the same length are found by the deep look, in originals and renditions', async () => {
  const { runId, photo } = await run()
  const { original, rendition } = await photo('p')
  await writeFile(join(root, original), randomBytes(100))
  await writeFile(join(root, rendition), randomBytes(50))
  expect((await verify(runId)).findings).toEqual([])
  expect((await verify(runId, true)).findings).toEqual([of('p', 'hash', original), of('p', 'hash', rendition)])
})

test('a rendition that the run asked for and nobody made is found, unless the photo says why', async () => {
  const { runId, photo } = await run()
  const silent = await photo('silent', { unrendered: true })
  await photo('says why', { unrendered: true, rendition: 'unsupported_codec' })
  await photo('video', { unrendered: true, kind: 'video', contentType: 'video/mp4' })
  await photo('not rendered yet', { unrendered: true, rendition: null, state: 'stored' })
  expect((await verify(runId)).findings).toEqual([of('silent', 'rendition_missing', silent.rendition)])
})

test('objects that no row names are found, and only those of this client', async () => {
  const { runId, clientId, photo, put } = await run()
  await photo('p')
  const stray = originalKey(clientId, 'ab'.repeat(32))
  const strange = `${clientId}/renditions/notes.txt`
  await put(stray, Buffer.from('x'))
  await put(strange, Buffer.from('x'))
  const other = await run()
  await other.put(originalKey(other.clientId, 'ab'.repeat(32)), Buffer.from('x'))
  const { findings } = await verify(runId)
  expect(findings).toEqual(
    [strange, stray]
      .map((key) => ({ photo: null, gallery: null, problem: 'orphan', key }))
      .toSorted((a, b) => (a.key < b.key ? -1 : 1)),
  )
})

test('every photo is looked at, past one page, once', async () => {
  const { runId, photo } = await run()
  for (let i = 0; i < 1100; i += 50)
    await Promise.all(
      Array.from({ length: 50 }, (_, j) => photo(`${i + j}`, { unrendered: true, rendition: 'unsupported_codec' })),
    )
  expect((await verify(runId)).totals).toMatchObject({ photos: 1100, objects: 1100, findings: 0 })
})

test('a run that does not exist is refused', async () => {
  await expect(verify(randomUUID())).rejects.toBeInstanceOf(Refusal)
})
