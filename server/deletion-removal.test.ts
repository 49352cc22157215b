import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createUser } from './accounts.ts'
import { auditBreaks } from './audit.ts'
import { aShelf, isDue, keysOf, put, removeNow, type Shelf, someText, textAt } from './deletion.testing.ts'
import { deleteClient, deleteGallery, deletePhotos, listDeletions } from './deletion.ts'
import { beginRemoval, remove, sweepDeletions } from './deletion-removal.ts'
import { keepEvidence, recordEvidence } from './evidence.ts'
import type { House } from './house.ts'
import { findImage } from './images.ts'
import { createKey } from './keys.ts'
import { unnamed } from './orphans.ts'
import { setRetention } from './retention.ts'
import { createS3Store } from './store/s3.ts'
import { originalKey, type Store } from './store/store.ts'
import { ensureBucket, startCeph } from './store/testing.ts'
import { countedAndRecounted, forgetJobs, jobsOf, type VerbHouse, verbHouse } from './testing.ts'
import { aSite } from './testing-site.ts'
import { openHoldings } from './uploads/loose.ts'
import { verifyRun } from './verify.ts'
import { putWatermark } from './watermarks.ts'
import { announceByWebhook } from './webhooks.ts'

const server = await startCeph()
const absent = 'S3: nothing is removed from it here, there is no ../shared/s3'
if (!server) process.stderr.write(`${absent}\n`)

let base: VerbHouse
let s3: Store | undefined
beforeAll(async () => {
  base = await verbHouse()
  if (!server) return
  const bucket = `removal-${randomBytes(6).toString('hex')}`
  await ensureBucket(server, bucket)
  s3 = createS3Store({ ...server, bucket, region: 'us-east-1' })
})
afterAll(async () => {
  await s3?.close()
  await base?.dispose()
  await server?.stop()
})

const deleteThese = (house: House, { clientId, ids }: Shelf, ...refs: string[]) =>
  deletePhotos(house, 'a', { clientId, publicIds: refs.map((ref) => ids[ref]!) })

/** Deleted, due, and removed to the end. */
async function gone(house: House, deletion: Promise<{ id: string }>): Promise<string> {
  const { id } = await deletion
  await isDue(house, id)
  expect(await removeNow(house, id)).toBe(true)
  return id
}

async function nothingIsLost(house: House, shelf: Shelf) {
  const { counted, recounted } = await countedAndRecounted(house, shelf.id)
  expect(counted).toEqual(recounted)
  expect(await Array.fromAsync(verifyRun(house, shelf.id, { deep: true }))).toEqual([])
  expect(await unnamed(house, shelf.clientId, await keysOf(house, shelf.clientId))).toEqual([])
}

const drivers = [
  ['files', true],
  ['S3', server !== null],
] as const

describe.each(drivers)('%s: the removal', (driver, there) => {
  const house = (): House => ({ ...base, store: driver === 'S3' ? s3! : base.store })

  test.skipIf(!there)(
    'takes rows, originals and renditions, and leaves what another photo of the client has',
    async () => {
      const [shared, own] = [someText(), someText()]
      const shelf = await aShelf(house(), [{ p1: shared, p2: own, p3: someText() }, { q1: shared }])
      const before = await keysOf(house(), shelf.clientId)
      expect(before).toHaveLength(6)
      await gone(house(), deleteThese(house(), shelf, 'p1', 'p2'))
      const { original, thumb } = shelf.keys.p2!
      expect(await keysOf(house(), shelf.clientId)).toEqual(before.filter((key) => key !== original && key !== thumb))
      expect(await textAt(house(), shelf.keys.q1!.original)).toBe(shared)
      expect(await findImage(house(), shelf.ids.q1!, 'thumb')).toMatchObject({ contentType: 'image/webp' })
      for (const ref of ['p1', 'p2']) expect(await findImage(house(), shelf.ids[ref]!, null)).toBe('gone')
      const rows = await base.pool.query('select from photos where public_id = any($1)', [[shelf.ids.p1, shelf.ids.p2]])
      expect(rows.rowCount).toBe(0)
      await nothingIsLost(house(), shelf)
      await gone(house(), deleteThese(house(), shelf, 'q1'))
      expect(await keysOf(house(), shelf.clientId)).toEqual(Object.values(shelf.keys.p3!))
      await nothingIsLost(house(), shelf)
    },
  )

  test.skipIf(!there)('leaves originals of photos that can still be restored', async () => {
    const shared = someText()
    const shelf = await aShelf(house(), [{ p1: shared, p2: shared }])
    await deleteThese(house(), shelf, 'p2')
    await gone(house(), deleteThese(house(), shelf, 'p1'))
    expect(await textAt(house(), shelf.keys.p2!.original)).toBe(shared)
  })

  test.skipIf(!there)('killed anywhere, loses nothing that is named and ends with nothing left over', async () => {
    for (const kill of kills) {
      const shared = someText()
      const shelf = await aShelf(house(), [{ p1: shared, p2: someText() }, { q1: shared }])
      const { id } = await deleteThese(house(), shelf, 'p1', 'p2')
      await isDue(house(), id)
      await expect(removeNow(kill(house()), id)).rejects.toThrow(Killed)
      expect(await textAt(house(), shelf.keys.q1!.original)).toBe(shared)
      expect(await removeNow(house(), id)).toBe(true)
      expect(await keysOf(house(), shelf.clientId)).toEqual(Object.values(shelf.keys.q1!))
      await nothingIsLost(house(), shelf)
    }
  })

  test.skipIf(!there)('of a gallery takes its pages of evidence that no other event names', async () => {
    const shelf = await aShelf(house(), [{ p1: someText() }, { q1: someText() }])
    const [first, second] = shelf.galleries
    const page = (text: string) => ({ ...shown, excerpt: text.padEnd(5000) })
    await recordEvidence(house(), shelf.id, first!.id, 'list-gallery', 'unexpected_page', page('only here'))
    await recordEvidence(house(), shelf.id, first!.id, 'list-gallery', 'unexpected_page', page('both'))
    await recordEvidence(house(), shelf.id, second!.id, 'list-gallery', 'unexpected_page', page('both'))
    const { rows } = await base.pool.query<{ id: string }>('select public_id as id from galleries where id = $1', [
      first!.id,
    ])
    await gone(house(), deleteGallery(house(), 'a', rows[0]!.id))
    const left = await keysOf(house(), shelf.clientId)
    expect(left.filter((key) => key.includes('/evidence/'))).toHaveLength(1)
    expect(left.filter((key) => !key.includes('/evidence/'))).toEqual(Object.values(shelf.keys.q1!))
    const events = await base.pool.query('select from events where gallery_id = $1', [first!.id])
    expect(events.rowCount).toBe(0)
    await nothingIsLost(house(), shelf)
  })

  test.skipIf(!there)(
    'of a client leaves no object and no row but the audit and the addresses that say gone',
    async () => {
      const neighbour = await aShelf(house(), [{ n1: someText() }])
      const shelf = await aShelf(house(), [{ p1: someText(), p2: someText() }, { q1: someText() }])
      const { clientId } = shelf
      const { id: keyId } = await createKey(house(), 'a', { clientId, scopes: ['upload'] })
      await putWatermark(house(), 'a', { clientId, name: 'logo.png', bytes: tinyPng })
      await keepEvidence(house(), shelf.id, { ...shown, excerpt: 'x'.repeat(5000) })
      await put(house(), originalKey(clientId, 'ab'.repeat(32)), Buffer.from('left by somebody who was killed'))
      const payload = { type: 'job.completed', timestamp: '2026-11-22T10:00:00Z' }
      await base.db.transaction((tx) =>
        announceByWebhook(tx, base, { clientId, keyId, url: 'https://x.test/', payload }),
      )
      const { id: user } = await createUser(base, { email: `${randomUUID()}@x.test`, role: 'photographer', clientId })
      await gone(house(), deleteClient(house(), 'a', clientId))
      expect(await keysOf(house(), clientId)).toEqual([])
      expect(await tablesWith(clientId)).toEqual(['audit', 'deleted_images', 'deletions'])
      expect((await base.pool.query('select from clients where id = $1', [clientId])).rowCount).toBe(0)
      expect((await base.pool.query('select from users where id = $1', [user])).rowCount).toBe(0)
      expect(
        (
          await base.pool.query(
            'select from placements l where not exists (select from photos p where p.id = l.photo_id)',
          )
        ).rowCount,
      ).toBe(0)
      for (const id of Object.values(shelf.ids)) expect(await findImage(house(), id, 'thumb')).toBe('gone')
      expect(await findImage(house(), neighbour.ids.n1!, 'thumb')).toMatchObject({ contentType: 'image/webp' })
      expect(await auditBreaks(base.db)).toEqual([])
      await nothingIsLost(house(), neighbour)
    },
  )

  test.skipIf(!there)(
    'of originals by the client’s rule leaves their renditions, and what has none keeps its original',
    async () => {
      const shelf = await aShelf(house(), [{ p1: someText(), p2: someText() }])
      const { clientId } = shelf
      await base.pool.query(
        `update assets set rendition_code = 'unsupported_codec' where client_id = $1 and sha256 = decode($2, 'hex')`,
        [clientId, shelf.keys.p2!.original.split('/').at(-1)],
      )
      const rules = { infrequentAfter: null, archiveAfter: null, originalsAfter: 90, unfinishedAfter: 7, grace: 30 }
      await setRetention(base, 'a', clientId, rules)
      await sweepDeletions(house())
      expect(await listDeletions(base, clientId)).toEqual([])
      await base.pool.query(`update runs set finished_at = now() - interval '91 days' where id = $1`, [shelf.id])
      await sweepDeletions(house())
      const [due] = await listDeletions(base, clientId)
      expect(due).toMatchObject({ kind: 'originals', askedBy: 'retention' })
      expect(await removeNow(house(), due!.id)).toBe(true)
      expect(await keysOf(house(), clientId)).toEqual(
        [shelf.keys.p2!.original, shelf.keys.p1!.thumb, shelf.keys.p2!.thumb].sort(),
      )
      expect(await findImage(house(), shelf.ids.p1!, null)).toBe('gone')
      expect(await findImage(house(), shelf.ids.p1!, 'thumb')).toMatchObject({ contentType: 'image/webp' })
      expect(await findImage(house(), shelf.ids.p2!, null)).toMatchObject({ contentType: 'image/jpeg' })
      await nothingIsLost(house(), shelf)
    },
  )
})

test('what is removed is purged from the CDN, and is tried again where that does not answer', async () => {
  const shelf = await aShelf(base, [{ p1: someText(), p2: someText() }])
  const { id } = await deleteThese(base, shelf, 'p1')
  await isDue(base, id)
  const heard: string[] = []
  let status = 503
  const cdn = await aSite((asked, response) => {
    heard.push(`${asked.method} ${asked.url}`)
    response.writeHead(status).end()
  })
  const house = { ...base, env: { ...base.env, MEDIA_CDN_URL: cdn.origin, MEDIA_CDN_PURGE: true } }
  await expect(removeNow(house, id)).rejects.toThrow('503')
  status = 200
  heard.length = 0
  expect(await removeNow(house, id)).toBe(true)
  await cdn.close()
  expect(heard.sort()).toEqual(
    Object.values(shelf.keys.p1!)
      .map((key) => `PURGE /${key}`)
      .sort(),
  )
  await nothingIsLost(base, shelf)
})

test('an original that is being uploaded again while it is removed stays', async () => {
  const text = someText()
  const shelf = await aShelf(base, [{ p1: text }])
  const { id } = await deleteThese(base, shelf, 'p1')
  await isDue(base, id)
  const holdings = openHoldings(base)
  await holdings.hold(shelf.clientId, shelf.keys.p1!.original.split('/').at(-1)!)
  expect(await removeNow(base, id)).toBe(true)
  holdings.close()
  expect(await keysOf(base, shelf.clientId)).toEqual([shelf.keys.p1!.original])
  expect(await textAt(base, shelf.keys.p1!.original)).toBe(text)
})

test('bytes that come again while they are removed are whole, and so is what is made of them', async () => {
  const text = someText()
  const shelf = await aShelf(base, [{ p1: text }])
  const { id } = await deleteThese(base, shelf, 'p1')
  await isDue(base, id)
  const removal = (await beginRemoval(base, id))!
  const stopped = new AbortController()
  const stopAfterRows: typeof base.db.transaction = async (work) => {
    const result = await base.db.transaction(work)
    stopped.abort()
    return result
  }
  expect(await remove(base, removal, stopAfterRows, stopped.signal)).toBe(false)
  const again = await aShelf(base, [{ p2: text }], shelf)
  expect(await removeNow(base, id)).toBe(true)
  expect(await textAt(base, again.keys.p2!.thumb)).toBe(`thumb of ${text}`)
  await nothingIsLost(base, again)
})

test('what is due gets one job, however often it is looked for; a restored or finished one gets none', async () => {
  await forgetJobs(base)
  const shelf = await aShelf(base, [{ p1: someText(), p2: someText() }])
  const [first, second] = [await deleteThese(base, shelf, 'p1'), await deleteThese(base, shelf, 'p2')]
  await isDue(base, first.id)
  await Promise.all([sweepDeletions(base), sweepDeletions(base)])
  await sweepDeletions(base)
  const jobs = await jobsOf(base, 'delete-expired')
  expect(jobs.map(({ data }) => data)).toEqual([{ deletionId: first.id }])
  await removeNow(base, first.id)
  await forgetJobs(base)
  expect(await sweepDeletions(base)).toBe(0)
  expect(await listDeletions(base, shelf.clientId)).toMatchObject([{ id: second.id }])
})

class Killed extends Error {}

/** Where a worker may die: in each transaction before and after its commit, before and after objects are removed. */
const kills: ((house: House) => House)[] = [
  ...[1, 2, 3, 4].flatMap((nth) => [dyingInTransaction(nth, 'before'), dyingInTransaction(nth, 'after')]),
  (house) => ({ ...house, store: { ...house.store, remove: () => Promise.reject(new Killed()) } }),
  (house) => ({
    ...house,
    store: {
      ...house.store,
      async remove(keys) {
        await house.store.remove(keys)
        throw new Killed()
      },
    },
  }),
  (house) => ({
    ...house,
    store: {
      ...house.store,
      async remove(keys) {
        await house.store.remove(keys.slice(0, 1))
        throw new Killed()
      },
    },
  }),
]

function dyingInTransaction(nth: number, when: 'before' | 'after') {
  return (house: House): House => {
    let seen = 0
    const transaction: typeof house.db.transaction = async (work, ...more) => {
      seen += 1
      const dies = seen === nth
      const result = await house.db.transaction(
        async (tx) => {
          const done = await work(tx)
          if (dies && when === 'before') throw new Killed()
          return done
        },
        ...more,
      )
      if (dies) throw new Killed()
      return result
    }
    const db = new Proxy(house.db, {
      get: (of, name) => (name === 'transaction' ? transaction : Reflect.get(of, name, of)),
    })
    return { ...house, db }
  }
}

const shown = { expected: 'a list', url: 'https://x.test/', status: 200, contentType: 'text/html', excerpt: '' }

const tinyPng = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGD4DwABBAEAX+XDSwAAAABJRU5ErkJggg==',
  'base64',
)

/** Tables with a row that names the client. */
async function tablesWith(clientId: string): Promise<string[]> {
  const { rows } = await base.pool.query<{ name: string }>(
    `select table_name as name from information_schema.columns where table_schema = 'public' and column_name = 'client_id' order by 1`,
  )
  const found: string[] = []
  for (const { name } of rows) {
    const { rowCount } = await base.pool.query(`select from "${name}" where client_id = $1 limit 1`, [clientId])
    if (rowCount) found.push(name)
  }
  return found
}
