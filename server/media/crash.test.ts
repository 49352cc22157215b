import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join, relative } from 'node:path'
import pLimit from 'p-limit'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { lastingFolder, sweepFolders } from '#server/folders.ts'
import { abandonedHours, sweepParts } from '#server/manifests/parts.ts'
import { anUpload } from '#server/manifests/testing.ts'
import { countedAndRecounted } from '#server/testing.ts'
import { sweepLoose } from '#server/uploads/loose.ts'
import { picture } from '#workers/imaging/samples.ts'
import { reached, type TestHouse } from '#workers/testing.ts'
import { ownHouse } from '#workers/testing-house.ts'
import { freePort } from '../../scripts/ports.ts'
import { aSender, form, type Sender, zip } from './testing.ts'

let house: TestHouse
let anna: Sender
const children: ChildProcess[] = []

beforeAll(async () => {
  house = await ownHouse()
})
beforeEach(async () => {
  anna = await aSender(house, `Anna ${Math.random()}`)
})
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await house?.dispose()
})

/** A media process of the house, that may be killed. */
async function startProcess() {
  const port = await freePort()
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
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => relative(root, join(parentPath, name)))
}

/** Those that no later request goes on with. */
const tempFilesInHand = async () => (await tempFiles()).filter((path) => !path.startsWith('tus/'))

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

const seed = 20_261_122
const cuts = 250

describe('of what is cut off at 250 bytes of chance', () => {
  let media: Awaited<ReturnType<typeof startProcess>>
  beforeAll(async () => {
    media = await startProcess()
  })
  afterAll(() => media?.killed())

  test.each(['one file', 'several files', 'an archive', 'a file of an announced folder'] as const)(
    '%s: nothing is seen and no temp file is left once the sweep has come',
    async (kind) => {
      const requests = await requestsOf(kind)
      const before = await counts()
      const chance = chances(seed)
      const some = pLimit(25)
      const cut = async (request: Buffer, at: number, abruptly: boolean) => {
        const socket = connect(media.port, '127.0.0.1').on('error', () => {})
        await once(socket, 'connect')
        await new Promise((resolve) => socket.write(request.subarray(0, at), resolve))
        if (abruptly) socket.resetAndDestroy()
        else socket.end()
        socket.resume()
        await once(socket, 'close')
      }
      await Promise.all(
        requests.map((request) => {
          const [at, abruptly] = [Math.floor(chance() * request.length), chance() < 0.5]
          return some(() => cut(request, at, abruptly))
        }),
      )
      // Once it answers again all that came before has been read.
      const answer = await fetch(`${media.origin}/upload`, { method: 'POST', headers: anna.headers })
      expect(answer.status).toBe(415)
      // What it has in hand it puts away itself, but for files that their sender may go on with.
      await expect.poll(counts, { timeout: 20_000 }).toEqual(before)
      await expect.poll(tempFilesInHand, { timeout: 20_000 }).toEqual([])
      const later = Date.now() + (abandonedHours + 1) * 3600_000
      const swept = await sweepParts(await lastingFolder(house.env.PASS_DATA_DIR, 'tus'), later)
      expect(swept > 0).toBe(kind === 'a file of an announced folder')
      expect(await tempFiles()).toEqual([])
      expect(await counts()).toEqual(before)
      // Whoever sends whole ones with the same key finds a place.
      const body = form([
        [await picture(), 'a.jpg'],
        [await picture(), 'b.jpg'],
      ])
      const whole = await fetch(`${media.origin}/upload`, { method: 'POST', body, headers: anna.headers })
      expect(whole.status).toBe(202)
    },
  )
})

type Kind = 'one file' | 'several files' | 'an archive' | 'a file of an announced folder'

/** Whole requests, head and body, each of which would enter something. */
async function requestsOf(kind: Kind): Promise<Buffer[]> {
  if (kind === 'a file of an announced folder') return requestsOfFolder()
  const [small, large] = [await picture({ noise: true }), await picture({ noise: true, width: 1200, height: 1200 })]
  const files: [Buffer, string][] =
    kind === 'an archive'
      ? [[zip(['a.jpg', 'b.jpg'].map((name) => ({ name, bytes: small }))), 'all.zip']]
      : [small, large].map((bytes, i): [Buffer, string] => [bytes, `${i}.jpg`]).slice(0, kind === 'one file' ? 1 : 2)
  const request = new Request('http://x', { method: 'POST', body: form(files) })
  const type = request.headers.get('content-type')!
  const body = Buffer.from(await request.arrayBuffer())
  return Array(cuts).fill(raw('/upload', { ...anna.headers, 'Content-Type': type }, body))
}

/** By tus, each of a file of its own. */
async function requestsOfFolder(): Promise<Buffer[]> {
  const bytes = await picture({ noise: true, width: 200, height: 200 })
  const files = Array.from({ length: cuts }, (_, i) => ({ path: `${i}.jpg`, bytes: bytes.length, modified: 1 }))
  const { token } = await anUpload(house, files, { clientId: anna.clientId })
  return files.map(({ path }) =>
    raw(
      '/uploads/bytes',
      {
        Authorization: `Bearer ${token}`,
        'Content-Type': 'application/offset+octet-stream',
        'Tus-Resumable': '1.0.0',
        'Upload-Length': `${bytes.length}`,
        'Upload-Metadata': `path ${Buffer.from(path).toString('base64')}`,
      },
      bytes,
    ),
  )
}

function raw(path: string, headers: Record<string, string>, body: Buffer): Buffer {
  const lines = Object.entries({ ...headers, Host: 'x', 'Content-Length': `${body.length}` })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${head}\r\n`), body])
}

/** Numbers from 0 to 1, the same for the same seed. */
function chances(state: number): () => number {
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

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
