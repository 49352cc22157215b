import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '#db/testing.ts'
import type { House } from './house.ts'
import { announce, announcePhotos, follow, onPhoto, stopListening } from './live.ts'

let database: TestDatabase
let house: House
let stop: AbortController
beforeEach(async () => {
  database = await testDatabase()
  // What following needs of a house.
  house = { pool: database.pool, env: { DATABASE_URL: database.url } } as House
  stop = new AbortController()
})
afterEach(async () => {
  stop.abort()
  await stopListening(house.pool)
  await expect.poll(listening).toBe(0)
  await database.drop()
})

/** Connections of this process that listen. */
async function listening(): Promise<number> {
  const { rows } = await database.pool.query<{ n: number }>(
    "select count(*)::int as n from pg_stat_activity where datname = current_database() and application_name = 'pass-live' and query ilike 'listen%'",
  )
  return rows[0]!.n
}

const hint = (runId: string) => database.pool.query("select pg_notify('pass_run', $1)", [runId])

/** Looks once and again until nothing is left to be told from before. */
async function settled(runId: string) {
  const looks = follow(house, runId, stop.signal)
  await looks.next()
  await expect.poll(listening).toBe(1)
  await looks.next() // the listener has begun: everybody looks
  return looks
}

/** True where the next look comes by itself, before one that is asked for after it. */
async function quiet(looks: AsyncGenerator<void>, runId: string): Promise<boolean> {
  let looked = false
  const next = looks.next().then(() => {
    looked = true
  })
  const other = follow(house, '*', stop.signal)
  await other.next()
  await hint(randomUUID())
  await other.next() // at least as long as a gathering
  await hint(randomUUID())
  await other.next()
  const stayed = !looked
  await hint(runId)
  await next
  return stayed
}

test('yields at once, before anything happened', async () => {
  const looks = follow(house, randomUUID(), stop.signal)
  expect(await looks.next()).toEqual({ done: false, value: undefined })
})

test('yields when its run is announced, and not for others', async () => {
  const runId = randomUUID()
  const looks = await settled(runId)
  expect(await quiet(looks, runId)).toBe(true)
  announce(house, runId)
  expect(await looks.next()).toEqual({ done: false, value: undefined })
})

test('who follows all runs hears of each', async () => {
  const looks = await settled('*')
  await hint(randomUUID())
  expect((await looks.next()).done).toBe(false)
})

test('many hints in a moment are one look, or two where they came in the middle of one', async () => {
  const runId = randomUUID()
  const looks = await settled(runId)
  let seen = 0
  const looking = (async () => {
    for await (const _ of looks) seen++
  })()
  await Promise.all(Array.from({ length: 50 }, () => hint(runId)))
  const others = follow(house, '*', stop.signal)
  for (let rounds = 0; rounds < 3; rounds++) {
    await others.next() // each at least a gathering after the last
    await hint(randomUUID())
  }
  stop.abort()
  await looking
  expect(seen).toBeGreaterThan(0)
  expect(seen).toBeLessThanOrEqual(2)
})

test('a hundred announcements at once are one notification', async () => {
  const runId = randomUUID()
  const listener = await database.pool.connect()
  let heard = 0
  let last = () => {}
  const end = new Promise<void>((resolve) => {
    last = resolve
  })
  listener.on('notification', ({ payload }) => (payload === runId ? heard++ : last()))
  await listener.query('listen pass_run')
  for (let i = 0; i < 100; i++) announce(house, runId)
  await settled(runId)
  await hint('end')
  await end
  listener.release(true)
  expect(heard).toBe(1)
})

test('ends with its signal, also while it waits', async () => {
  const looks = await settled(randomUUID())
  const next = looks.next()
  stop.abort()
  expect(await next).toEqual({ done: true, value: undefined })
})

test('one process listens once, however many follow', async () => {
  const all = Array.from({ length: 20 }, () => follow(house, randomUUID(), stop.signal))
  await Promise.all(all.map((looks) => looks.next()))
  await Promise.all(all.map((looks) => looks.next()))
  expect(await listening()).toBe(1)
})

test('what a process follows later it hears of too, and looks for what it missed', async () => {
  await settled(randomUUID())
  const photo = randomUUID()
  let looks = 0
  const stopLooking = onPhoto(house, photo, () => looks++)
  await expect.poll(() => looks).toBe(1)
  await announcePhotos(house, [randomUUID(), photo])
  await expect.poll(() => looks).toBe(2)
  stopLooking()
  expect(await listening()).toBe(1)
})

test('a process is not woken for what nothing in it follows', async () => {
  await settled(randomUUID())
  const { rows } = await database.pool.query<{ query: string }>(
    "select query from pg_stat_activity where datname = current_database() and application_name = 'pass-live'",
  )
  expect(rows).toEqual([{ query: 'listen pass_run' }])
})

test('when its connection is cut it listens again and everybody looks again', async () => {
  const runId = randomUUID()
  const looks = await settled(runId)
  const next = looks.next()
  await database.pool.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'pass-live'",
  )
  expect(await next).toEqual({ done: false, value: undefined })
  expect(await listening()).toBe(1)
  expect(await quiet(looks, runId)).toBe(true)
})

test('who stops while the connection is in the making leaves none behind', async () => {
  await follow(house, randomUUID(), stop.signal).next()
  await stopListening(house.pool)
  const looks = follow(house, randomUUID(), stop.signal)
  await looks.next()
  await looks.next()
  await expect.poll(listening).toBe(1)
})

test('while the database refuses connections it goes on trying, and listens once when it is back', async () => {
  const target = new URL(database.url)
  let refused = 0
  let proxy: Server | undefined
  const opened = async (port: number, pass: boolean) => {
    proxy = createServer((near) => {
      if (!pass) {
        refused++
        near.destroy()
        return
      }
      const far = connect(Number(target.port), target.hostname)
      near.pipe(far).pipe(near)
      for (const end of [near, far]) end.on('error', () => {})
    }).listen(port, '127.0.0.1')
    await once(proxy, 'listening')
    return (proxy.address() as AddressInfo).port
  }
  const port = await opened(0, false)
  const url = new URL(database.url)
  url.host = `127.0.0.1:${port}`
  house = { ...house, env: { ...house.env, DATABASE_URL: url.href } }
  const looks = follow(house, randomUUID(), stop.signal)
  await looks.next()
  const next = looks.next()
  await expect.poll(() => refused, { timeout: 10_000 }).toBeGreaterThan(1)
  await new Promise((closed) => proxy!.close(closed))
  await opened(port, true)
  expect(await next).toEqual({ done: false, value: undefined })
  expect(await listening()).toBe(1)
  stop.abort()
  await stopListening(house.pool)
  proxy!.close()
})
