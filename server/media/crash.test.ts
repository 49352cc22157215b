import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import pLimit from 'p-limit'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '#db/testing.ts'
import { sweepFolders } from '#server/folders.ts'
import { countedAndRecounted } from '#server/testing.ts'
import { sweepLoose } from '#server/uploads/loose.ts'
import { picture } from '#workers/imaging/samples.ts'
import { reached, type TestHouse, testHouse } from '#workers/testing.ts'
import { aSender, form, type Sender } from './testing.ts'

let database: TestDatabase
let house: TestHouse
let anna: Sender
const children: ChildProcess[] = []

beforeAll(async () => {
  database = await testDatabase()
  house = await testHouse(database.url)
})
beforeEach(async () => {
  anna = await aSender(house, `Anna ${Math.random()}`)
})
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await house?.dispose()
  await database?.drop()
})

/** A media process of the house, that may be killed. */
async function startProcess() {
  const probe = createServer()
  await once(probe.listen(0, '127.0.0.1'), 'listening')
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  const { env } = house
  const child = spawn(process.execPath, ['server/media/main.ts'], {
    env: {
      ...process.env,
      DATABASE_URL: env.DATABASE_URL,
      PASS_SECRET_KEY: env.PASS_SECRET_KEY,
      PASS_DATA_DIR: env.PASS_DATA_DIR,
      MEDIA_PORT: `${port}`,
      LOG_LEVEL: 'silent',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  await once(child.stdout!, 'data')
  const killed = async () => {
    child.kill('SIGKILL')
    await once(child, 'exit')
    // What it has asked of Postgres is worked off all the same.
    while ((await statements()) > 0) await house.pool.query('select pg_sleep(0.02)')
  }
  return { origin: `http://127.0.0.1:${port}`, port, killed }
}

/** Connections of media processes. */
async function statements(): Promise<number> {
  const { rowCount } = await house.pool.query(
    `select from pg_stat_activity where application_name = 'media' and datname = current_database()`,
  )
  return rowCount ?? 0
}

async function counts() {
  const { rows } = await house.pool.query<{ photos: number; runs: number; assets: number; loose: number }>(
    `select (select count(*)::int from photos) as photos, (select count(*)::int from runs) as runs,
       (select count(*)::int from assets) as assets, (select count(*)::int from loose_objects) as loose`,
  )
  let objects = 0
  for await (const { key } of house.store.list('')) if (key.includes('/originals/')) objects++
  return { ...rows[0]!, objects }
}

async function tempFiles(): Promise<string[]> {
  const root = join(house.env.PASS_DATA_DIR, 'tmp')
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
}

/** As if everybody who held something had been gone for a while. */
async function sweptLater() {
  await house.pool.query(`update loose_objects set held_until = now() - interval '1 second'`)
  await sweepLoose(house)
  await sweepFolders(house.env.PASS_DATA_DIR)
}

test('nothing that was answered is lost when the process is killed right after, and workers as well', async () => {
  const media = await startProcess()
  const send = async (files: number, headers = {}) => {
    const body = form(
      await Promise.all(
        Array.from({ length: files }, async (_, i) => [await picture(), `${i}.jpg`] as [Buffer, string]),
      ),
    )
    return fetch(`${media.origin}/upload`, { method: 'POST', body, headers: { ...anna.headers, ...headers } })
  }
  const singles = Promise.all(Array.from({ length: 12 }, () => send(1)))
  const bulk = await (await send(30)).json()
  const answers = await singles
  await media.killed()
  expect(answers.map(({ status }) => status)).toEqual(Array(12).fill(202))
  const ids = (await Promise.all(answers.map((answer) => answer.json()))).map(({ imageId }) => imageId)
  const worker = await house.startWorker()
  await reached(house, bulk.jobId, ({ totals }) => totals.published > 0)
  worker.kill('SIGKILL')
  await house.startWorker()
  expect((await reached(house, bulk.jobId)).totals).toMatchObject({ published: 30, failed: 0 })
  const { rows } = await house.pool.query<{ run: string; state: string }>(
    'select run_id as run, state from photos where public_id = any($1)',
    [ids],
  )
  await reached(house, rows[0]!.run, ({ totals }) => totals.published === 12)
  const { counted, recounted } = await countedAndRecounted(house, rows[0]!.run)
  expect(counted).toEqual(recounted)
}, 120_000)

test('a body that ends at whatever byte leaves nothing', async () => {
  const media = await startProcess()
  const request = new Request(media.origin, {
    method: 'POST',
    body: form([
      [await picture({ noise: true, width: 200, height: 200 }), 'a.jpg'],
      [await picture({ noise: true, width: 900, height: 900 }), 'b.jpg'],
    ]),
  })
  const type = request.headers.get('content-type')!
  const body = Buffer.from(await request.arrayBuffer())
  const head = Buffer.from(
    `POST /upload HTTP/1.1\r\nHost: x\r\nAuthorization: ${anna.headers.Authorization}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`,
  )
  const before = await counts()
  const some = pLimit(20)
  const cut = async () => {
    const socket = connect(media.port, '127.0.0.1')
    await once(socket, 'connect')
    const sent = Buffer.concat([head, body.subarray(0, randomInt(body.length))])
    await new Promise((resolve) => socket.write(sent, resolve))
    socket.resetAndDestroy()
    await once(socket, 'close')
  }
  await Promise.all(Array.from({ length: 1000 }, () => some(cut)))
  // Once it answers again all that came before is through.
  const answer = await fetch(`${media.origin}/upload`, { method: 'POST', headers: anna.headers })
  expect(answer.status).toBe(415)
  await media.killed()
  await sweptLater()
  expect(await counts()).toEqual(before)
  expect(await tempFiles()).toEqual([])
}, 120_000)

test('a process that is killed with files in hand leaves nothing once the sweep has come', async () => {
  const media = await startProcess()
  const before = await counts()
  const socket = connect(media.port, '127.0.0.1')
  const file = await picture()
  const part = (bytes: Buffer) =>
    Buffer.concat([
      Buffer.from('--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'),
      bytes,
      Buffer.from('\r\n'),
    ])
  socket.write(
    `POST /upload HTTP/1.1\r\nHost: x\r\nAuthorization: ${anna.headers.Authorization}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000000\r\n\r\n`,
  )
  socket.write(part(file))
  socket.write(part(Buffer.alloc(5_000_000)))
  socket.on('error', () => {})
  // The first file is in the store and held, the second lies in a temp file.
  while ((await counts()).loose === before.loose) await house.pool.query('select pg_sleep(0.02)')
  await media.killed()
  expect(await counts()).toMatchObject({ loose: before.loose + 1, photos: before.photos })
  await sweptLater()
  expect(await counts()).toEqual(before)
  expect(await tempFiles()).toEqual([])
})
