import { connect, createServer } from 'node:net'
import { Pool } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type TestDatabase, testDatabase } from '#db/testing.ts'
import { type HostBudget, listHosts } from './hosts.ts'
import { type Budget, createBudget, HostResting, type RateBounds } from './pacing.ts'
import { listening } from './testing-site.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.drop())

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** As another process would have it: a pool of its own. */
function worker(options?: { patienceSeconds: number }): { budget: Budget; pool: Pool } {
  const pool = new Pool({ connectionString: database.url, max: 2 })
  pool.on('error', () => {}) // the database is dropped while the last connections close
  closing.push(() => pool.end())
  return { budget: createBudget(pool, options), pool }
}

/** Workers for whom the database's time stands still: it goes on by what `pass` is told, and by nothing else. */
async function clocked() {
  const schema = `clock_${++clocks}`
  await database.pool.query(`
    create schema ${schema};
    create table ${schema}.time as select now() as at;
    create function ${schema}.now() returns timestamptz language sql stable as 'select at from ${schema}.time'`)
  const workerOfClock = () => {
    const pool = new Pool({
      connectionString: database.url,
      max: 2,
      options: `-c search_path=${schema},public,pg_catalog`,
    })
    pool.on('error', () => {})
    closing.push(() => pool.end())
    return createBudget(pool)
  }
  const pass = (seconds: number) =>
    database.pool.query(`update ${schema}.time set at = at + make_interval(secs => $1)`, [seconds])
  /** All that there is of a host by now was taken. */
  const isUsedUp = async (host: string) => {
    const { rows } = await database.pool.query<{ used: boolean }>(
      `select tokens < 1 and refilled_at = (select at from ${schema}.time) as used from host_budgets where host = $1`,
      [host],
    )
    return rows[0]?.used === true
  }
  return { worker: workerOfClock, pass, isUsedUp }
}
let clocks = 0

/** Gives the seconds by which this machine and its database were late in the meantime: no bound on time holds without. */
function lateness(): () => Promise<number> {
  const { pool } = worker()
  let late = 0
  let isOver = false
  const looking = (async () => {
    while (!isOver) {
      const began = performance.now()
      await new Promise((resolve) => setTimeout(resolve, 10))
      await pool.query('select')
      late += Math.max(0, performance.now() - began - 15)
    }
  })()
  return async () => {
    isOver = true
    await looking
    return late / 1000
  }
}

let hosts = 0
const newHost = () => `host${++hosts}.example`
const quick = { start: 1000, least: 1, most: 1000 }

async function row(host: string, lane = 'page'): Promise<HostBudget> {
  const all = await listHosts(database)
  return all.find((each) => each.host === host && each.lane === lane)!
}

/** Takes again and again, `width` at a time, until aborted; the times at which each was let go. */
function takeAll(budget: Budget, host: string, bounds: RateBounds, width: number) {
  const stop = new AbortController()
  const times: number[] = []
  const loop = async () => {
    while (!stop.signal.aborted) {
      await budget.take(host, 'page', bounds, stop.signal)
      times.push(performance.now())
    }
  }
  const ended = Promise.allSettled(Array.from({ length: width }, loop))
  const end = async () => {
    stop.abort()
    await ended
  }
  return { times, end }
}

async function takeMany(budget: Budget, host: string, bounds: RateBounds, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => budget.take(host, 'page', bounds)))
}

describe('the rate of a host', () => {
  it('is shared: several workers together get no more than it and the burst, and nearly all of it', async () => {
    const host = newHost()
    const bounds = { start: 100, least: 1, most: 100 }
    const late = lateness()
    const began = performance.now()
    await Promise.all([takeMany(worker().budget, host, bounds, 75), takeMany(worker().budget, host, bounds, 75)])
    const seconds = (performance.now() - began) / 1000
    expect(seconds).toBeGreaterThan((150 - 1 - 1) / 100)
    expect(seconds).toBeLessThan(3 + (await late()))
  })

  it('costs few queries, however many requests there are', async () => {
    const { budget, pool } = worker()
    let queries = 0
    pool.on('acquire', () => queries++)
    const host = newHost()
    const bounds = { start: 5000, least: 1, most: 5000 }
    const late = lateness()
    const began = performance.now()
    let taken = 0
    const loop = async () => {
      for (; taken < 7500; taken++) await budget.take(host, 'page', bounds)
    }
    await Promise.all(Array.from({ length: 50 }, loop))
    expect(queries).toBeLessThan(40)
    const seconds = (performance.now() - began) / 1000
    expect(seconds).toBeLessThan(2 + (await late()))
  })

  it('is kept at a few requests a second and below one', async () => {
    for (const [rate, count] of [
      [9, 10],
      [0.8, 2],
    ] as const) {
      const late = lateness()
      const began = performance.now()
      await takeMany(worker().budget, newHost(), { start: rate, least: 0.1, most: rate }, count)
      const seconds = (performance.now() - began) / 1000
      expect(seconds).toBeGreaterThan((count - 1) / rate - 0.05)
      expect(seconds).toBeLessThan(((count - 1) / rate) * 1.3 + 0.3 + (await late()))
    }
  })

  it('grows by 5 % of the most for each second of full use, and not by idle time', async () => {
    const host = newHost()
    const { worker: another, pass, isUsedUp } = await clocked()
    const bounds = { start: 50, least: 1, most: 200 }
    const taken = takeAll(another(), host, bounds, 20)
    await expect.poll(() => isUsedUp(host)).toBe(true)
    for (let eighths = 1; eighths <= 8; eighths++) {
      await pass(0.125)
      await expect.poll(() => isUsedUp(host)).toBe(true)
      expect((await row(host)).rate).toBeCloseTo(50 + (200 * 0.05 * eighths) / 8, 6)
    }
    await pass(3600)
    await expect.poll(() => isUsedUp(host)).toBe(true)
    expect((await row(host)).rate).toBeCloseTo(60, 6)
    await taken.end()
    await pass(3600)
    await another().take(host, 'page', bounds)
    expect((await row(host)).rate).toBeCloseTo(60, 6)
  })

  it('never passes the most', async () => {
    const host = newHost()
    await takeMany(worker().budget, host, { start: 99, least: 1, most: 100 }, 120)
    expect((await row(host)).rate).toBe(100)
  })

  it('is one of its own for each lane', async () => {
    const host = newHost()
    const { budget } = worker()
    await Promise.all([
      budget.take(host, 'page', { start: 3, least: 1, most: 9 }),
      budget.take(host, 'bytes', { start: 30, least: 1, most: 90 }),
    ])
    expect([(await row(host, 'page')).most, (await row(host, 'bytes')).most]).toEqual([9, 90])
  })
})

describe('a host that asks for fewer requests', () => {
  it('gets none from any worker after 250 ms until the time has come, then again; other hosts go on', async () => {
    const [host, other] = [newHost(), newHost()]
    const [first, second] = [worker().budget, worker().budget]
    const taken = takeAll(second, host, quick, 8)
    await first.take(host, 'page', quick)
    while (taken.times.length < 50) await first.take(other, 'page', quick)

    const late = lateness()
    const began = performance.now()
    await first.limited(host, 1, 429)
    const told = performance.now()
    await first.take(other, 'page', quick)
    await second.take(other, 'page', quick)
    const otherSeconds = (performance.now() - told) / 1000
    expect(otherSeconds).toBeLessThan(0.9 + (await late()))
    await first.take(host, 'page', quick)
    expect(performance.now() - began).toBeGreaterThan(950)
    await taken.end()
    expect(taken.times.filter((time) => time > told + 250 && time < began + 950)).toEqual([])
  })

  it('gets nothing from what another worker had leased before and not used', async () => {
    const [host, clock] = [newHost(), newHost()]
    const [first, second] = [worker().budget, worker().budget]
    for (const count of [20, 40, 80, 1]) await takeMany(second, host, quick, count)
    await first.take(host, 'page', quick)
    const told = performance.now()
    await first.limited(host, 1, 429)
    await takeMany(first, clock, { start: 4, least: 4, most: 4 }, 3) // lasts 500 ms: longer than a slice
    await second.take(host, 'page', quick)
    expect(performance.now() - told).toBeGreaterThan(950)
  })

  it('gets nothing from a lease that was under way when it complained', async () => {
    const host = newHost()
    const { budget } = worker()
    await budget.take(host, 'page', quick)
    const holder = await database.pool.connect()
    closing.push(() => holder.release())
    await holder.query('begin')
    await holder.query('select from host_budgets where host = $1 for update', [host])
    const waitsForLock = `select count(*)::int as count from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and query like '%granted%'`
    const taken = budget.take(host, 'page', quick)
    while ((await database.pool.query(waitsForLock)).rows[0].count === 0);
    const told = performance.now()
    const limited = budget.limited(host, 1, 429)
    await holder.query('commit')
    await limited
    await taken
    expect(performance.now() - told).toBeGreaterThan(950)
  })

  it('is asked at half the rate in every lane, and its reason is on record', async () => {
    const host = newHost()
    const { budget } = worker()
    await budget.take(host, 'page', { start: 10, least: 1, most: 10 })
    await budget.take(host, 'bytes', { start: 40, least: 30, most: 40 })
    expect(await budget.limited(host, 90, 503)).toBe(90)
    expect(await row(host, 'page')).toMatchObject({ rate: 5, reason: '503' })
    expect(await row(host, 'bytes')).toMatchObject({ rate: 30, reason: '503' })
    const { blockedUntil, updatedAt } = await row(host)
    expect(blockedUntil!.getTime() - updatedAt.getTime()).toBe(90_000)
  })

  it('is heard once, though many answers say the same', async () => {
    const host = newHost()
    const workers = [worker().budget, worker().budget]
    await takeMany(workers[0]!, host, { start: 64, least: 1, most: 64 }, 1)
    await Promise.all(Array.from({ length: 32 }, (_, i) => workers[i % 2]!.limited(host, 20, 429)))
    expect((await row(host)).rate).toBe(32)
  })

  it('waits longest where answers differ', async () => {
    const host = newHost()
    const { budget } = worker()
    await budget.take(host, 'page', quick)
    expect(await budget.limited(host, 60, 429)).toBe(60)
    expect(await budget.limited(host, 5, 429)).toBeGreaterThan(55)
    expect(await budget.limited(host, 120, 429)).toBe(120)
  })

  it('without a time waits 1 s, doubled while nothing is served in between', async () => {
    const host = newHost()
    const { budget } = worker()
    const over = () =>
      database.pool.query(
        `update host_budgets set updated_at = now() - (blocked_until - updated_at), blocked_until = now() where host = $1`,
        [host],
      )
    await budget.take(host, 'page', quick)
    expect(await budget.limited(host, null, 429)).toBe(1)
    await over()
    expect(await budget.limited(host, null, 429, true)).toBe(2)
    await over()
    expect(await budget.limited(host, null, 429, true)).toBe(4)
    await over()
    expect(await budget.limited(host, null, 429)).toBe(1)
  })

  it('can be left for later where the wait is longer than the patience', async () => {
    const host = newHost()
    const { budget } = worker({ patienceSeconds: 20 })
    await budget.take(host, 'page', quick)
    await budget.limited(host, 300, 429)
    const error = await budget.take(host, 'page', quick).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(HostResting)
    expect((error as HostResting).seconds).toBeGreaterThan(290)
  })
})

describe('a host that refuses', () => {
  it('is asked at half the rate, once a second however many refusals, never below the least', async () => {
    const host = newHost()
    const { worker: another, pass } = await clocked()
    const budget = another()
    await worker().budget.take(host, 'page', { start: 16, least: 6, most: 16 })
    await Promise.all(Array.from({ length: 10 }, () => budget.refused(host)))
    expect(await row(host)).toMatchObject({ rate: 8, reason: '403', blockedUntil: null })
    await pass(2)
    await budget.refused(host)
    expect((await row(host)).rate).toBe(6)
  })
})

describe('waiting for a turn', () => {
  it("ends with the signal's reason, and costs nobody else anything", async () => {
    const host = newHost()
    const { budget } = worker()
    await budget.take(host, 'page', quick)
    await budget.limited(host, 1, 429)
    const gone = new AbortController()
    const left = budget.take(host, 'page', quick, gone.signal)
    const stayed = budget.take(host, 'page', quick)
    const reason = new Error('the worker drains')
    gone.abort(reason)
    await expect(left).rejects.toBe(reason)
    await expect(budget.take(host, 'page', quick, gone.signal)).rejects.toBe(reason)
    await stayed
  })

  it('lasts while the host is paused', async () => {
    const host = newHost()
    const { budget } = worker()
    await budget.take(host, 'page', { start: 2, least: 1, most: 2 })
    const pause = (paused: boolean) =>
      database.pool.query('update host_budgets set paused = $2 where host = $1', [host, paused])
    await pause(true)
    const order: string[] = []
    const taken = budget.take(host, 'page', quick).then(() => order.push('taken'))
    expect((await row(host)).paused).toBe(true)
    order.push('let go')
    await pause(false)
    await taken
    expect(order).toEqual(['let go', 'taken'])
  })

  it('lasts while Postgres is away', async () => {
    const { port, hostname } = new URL(database.url)
    let refusals = 3
    const proxy = createServer((socket) => {
      if (refusals-- > 0) return socket.destroy()
      const behind = connect(Number(port), hostname)
      socket.pipe(behind).pipe(socket)
      socket.on('error', () => behind.destroy())
      behind.on('error', () => socket.destroy())
    })
    const through = new URL(database.url)
    through.host = `127.0.0.1:${await listening(proxy)}`
    closing.push(() => new Promise((resolve) => proxy.close(resolve)))
    const pool = new Pool({ connectionString: through.href, max: 1 })
    pool.on('error', () => {})
    closing.push(() => pool.end())
    const budget = createBudget(pool)
    await budget.take(newHost(), 'page', quick)
    expect(refusals).toBeLessThan(0)
  })

  it('does not hide a mistake: a pool that was closed, a table that is not there', async () => {
    const pool = new Pool({ connectionString: database.url.replace(/[^/]*$/, 'postgres') })
    await expect(createBudget(pool).take('host.example', 'page', quick)).rejects.toMatchObject({ code: '42P01' })
    await pool.end()
    await expect(createBudget(pool).take('host.example', 'page', quick)).rejects.toThrow()
  })
})
