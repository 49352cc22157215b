import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { put } from '#server/deletion.testing.ts'
import { findImage, type Image } from '#server/images.ts'
import { settle } from '#server/ledger.ts'
import { recordPage } from '#server/listing.ts'
import { originalKey } from '#server/store/store.ts'
import { aMovingRun, foundPhoto, type VerbHouse, verbHouse } from '#server/testing.ts'
import { storedOutcome } from '#server/testing-outcomes.ts'
import { heic, noise } from '../imaging/samples.ts'
import { createImager } from '../imaging.ts'
import { type Job, type Steps, startWorker } from '../run.ts'
import type { Tools } from '../tools.ts'
import { renderPhotos } from './render-photos.ts'

let house: VerbHouse
let temp: string
beforeAll(async () => {
  house = await verbHouse()
  temp = await mkdtemp(join(tmpdir(), 'render-'))
})
afterAll(async () => {
  await house?.dispose()
  await rm(temp, { recursive: true, force: true })
})

/** Originals by file name as a migration stores them, rendered by a worker. Public ids by file name. */
async function migrated(originals: Record<string, Buffer>): Promise<Record<string, string>> {
  const run = await aMovingRun(house)
  const gallery = run.galleries[0]!
  const names = Object.keys(originals)
  const photos = names.map((filename, i) => foundPhoto(gallery.ref, `p${i}`, { filename }))
  await house.db.transaction((tx) => recordPage(tx, house.queues, gallery, { photos, next: null }, null))
  const { rows } = await house.pool.query<{ id: number; filename: string; publicId: string }>(
    'select id, filename, public_id as "publicId" from photos where run_id = $1',
    [run.id],
  )
  for (const { id, filename } of rows) {
    const bytes = originals[filename]!
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    await put(house, originalKey(run.clientId, sha256), bytes)
    const stored = storedOutcome({ id }, { sha256, bytes: bytes.length, render: true })
    await house.db.transaction((tx) => settle(tx, house.queues, run, 'fetch-photos', 'listed', [stored]))
  }
  const tools = { house, imager: createImager(), temp } as Partial<Tools> as Tools
  const ended = Promise.withResolvers<void>()
  const step = async (job: Job<'render-photos'>) => {
    await renderPhotos(job, tools)
    const left = await house.pool.query(`select from photos where run_id = $1 and state = 'stored'`, [run.id])
    if (left.rowCount === 0) ended.resolve()
  }
  const steps = { 'render-photos': step } as Partial<Steps<Tools>> as Steps<Tools>
  const worker = startWorker({ house, queues: ['render-photos'], steps, tools })
  await ended.promise
  await worker.drain()
  return Object.fromEntries(rows.map(({ filename, publicId }) => [filename, publicId]))
}

const cut = (bytes: Buffer) => bytes.subarray(0, bytes.length * 0.6)
function altered(bytes: Buffer): Buffer {
  return Buffer.from(bytes).fill('ffd3', bytes.length >> 1, (bytes.length >> 1) + 300, 'hex')
}

test('a damaged picture of a migration keeps its bytes, and is rendered as well as it can be, with the level recorded', async () => {
  const whole = () => noise().jpeg().toBuffer()
  const originals = {
    'whole.jpg': await whole(),
    'altered.jpg': altered(await whole()),
    'cut.jpg': cut(await whole()),
    'header only.jpg': (await whole()).subarray(0, 700),
    'phone.heic': heic(400, 300),
  }
  const ids = await migrated(originals)
  const { rows } = await house.pool.query(
    `select p.filename, p.state, p.rendition as code, r.level from photos p
       left join renditions r on r.client_id = p.client_id and r.sha256 = p.sha256
     where p.public_id = any($1) order by p.ref`,
    [Object.values(ids)],
  )
  expect(rows).toEqual([
    { filename: 'whole.jpg', state: 'rendered', code: 'ok', level: 'strict' },
    { filename: 'altered.jpg', state: 'rendered', code: 'corrupt_image', level: 'error' },
    { filename: 'cut.jpg', state: 'rendered', code: 'truncated_image', level: 'none' },
    {
      filename: 'header only.jpg',
      state: 'rendered',
      code: 'truncated_image',
      level: 'none',
    },
    { filename: 'phone.heic', state: 'rendered', code: 'unsupported_codec', level: null },
  ])
  for (const [filename, bytes] of Object.entries(originals)) {
    const { key } = (await findImage(house, ids[filename]!, null)) as Image
    expect((await buffer((await house.store.get(key)).stream)).equals(bytes), filename).toBe(true)
  }
  for (const filename of ['whole.jpg', 'altered.jpg', 'cut.jpg']) {
    const { key } = (await findImage(house, ids[filename]!, 'thumb')) as Image
    const made = await buffer((await house.store.get(key)).stream)
    expect(await sharp(made).metadata()).toMatchObject({ format: 'webp' })
  }
})
