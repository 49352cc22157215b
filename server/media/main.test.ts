import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '#db/testing.ts'
import { listening } from '#server/testing-site.ts'
import { freePort } from '../../scripts/ports.ts'

let database: TestDatabase
let dir: string
const children: ChildProcess[] = []

beforeAll(async () => {
  database = await testDatabase()
  dir = await mkdtemp(join(tmpdir(), 'media-main-'))
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})
afterAll(async () => {
  await database.drop()
  await rm(dir, { recursive: true })
})

/** Starts the process and waits for the line that says it listens. */
async function start(url = database.url) {
  const port = await freePort()
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env: {
      ...process.env,
      DATABASE_URL: url,
      PASS_SECRET_KEY: randomBytes(32).toString('base64'),
      PASS_DATA_DIR: dir,
      MEDIA_PORT: `${port}`,
    },
    stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
  })
  children.push(child)
  const [line] = await once(child.stdout!, 'data')
  expect(JSON.parse(String(line))).toEqual({ event: 'ready' })
  return { child, origin: `http://127.0.0.1:${port}` }
}

test('answers once it has said that it is ready, and leaves with 0 when told to', async () => {
  const { child, origin } = await start()
  expect((await fetch(`${origin}/health`)).status).toBe(200)
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
})

test('leaves when whoever started it is gone', async () => {
  const { child } = await start()
  child.disconnect()
  expect(await once(child, 'exit')).toEqual([0, null])
})

test('says 503 with Retry-After while Postgres is away, and works again when it is back', async () => {
  const way = await wayTo(database.url)
  const { origin } = await start(way.url)
  expect((await fetch(`${origin}/image/${randomUUID()}`)).status).toBe(404)
  way.cut()
  for (const path of ['/health', `/image/${randomUUID()}`]) {
    const response = await fetch(origin + path)
    expect(response.status, path).toBe(503)
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await response.json()).toMatchObject({ code: 'temporarily_unavailable' })
  }
  way.mend()
  expect((await fetch(`${origin}/health`)).status).toBe(200)
  expect((await fetch(`${origin}/image/${randomUUID()}`)).status).toBe(404)
  way.close()
})

/** A way to the database that can be cut: connections end and new ones are reset. */
async function wayTo(databaseUrl: string) {
  const target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  let open = true
  const server = createServer((socket) => {
    socket.on('error', () => {})
    if (!open) return socket.resetAndDestroy()
    const onward = connect(Number(target.port), target.hostname)
    for (const [from, to] of [[socket, onward] as const, [onward, socket] as const]) {
      sockets.add(from)
      from
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(from)
          to.destroy()
        })
      from.pipe(to)
    }
  })
  const url = new URL(databaseUrl)
  url.port = `${await listening(server)}`
  const end = () => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  return {
    url: url.href,
    cut() {
      open = false
      end()
    },
    mend() {
      open = true
    },
    close() {
      end()
      server.close()
    },
  }
}
