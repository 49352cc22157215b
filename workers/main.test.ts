import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, stat } from 'node:fs/promises'
import { getPriority } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { differences, migrateAll, reached, reportLines, type StandIn, type TestHouse } from './testing.ts'
import { type HouseWithAccount, houseWithAccount, sized } from './testing-house.ts'

let place: HouseWithAccount
let house: TestHouse
let standIn: StandIn

beforeAll(async () => {
  place = await houseWithAccount('zenfolio', sized(3, 30))
  ;({ house, standIn } = place)
})

afterAll(() => place?.dispose())

async function count(query: string): Promise<number> {
  const { rows } = await house.pool.query<{ n: number }>(`select count(*)::int as n from ${query}`)
  return rows[0]!.n
}

test('a worker that is asked to end under load settles what it has, counts nothing against it, and leaves nothing behind', async () => {
  const temp = join(house.env.PASS_DATA_DIR, 'tmp')
  await mkdir(join(temp, 'worker-0'), { recursive: true })
  const leaving = await house.startWorker()
  expect(await readdir(temp)).toEqual([`worker-${leaving.pid}`])
  expect((await stat(join(temp, `worker-${leaving.pid}`))).mode & 0o077, 'for others').toBe(0)
  expect(await count('workers')).toBe(1)
  await standIn.faults({ latencyMs: 300 })
  const run = await migrateAll(house, standIn)
  await reached(house, run, (seen) => seen.totals.copied > 5)
  const exit = once(leaving, 'exit')
  const began = performance.now()
  leaving.kill('SIGTERM')
  expect(await exit).toEqual([0, null])
  expect((performance.now() - began) / 1000).toBeLessThan(30)
  expect(await count("pgboss.job where state = 'active'")).toBe(0)
  expect(await count('attempts')).toBe(0)
  expect(await count('photos where attempts > 0')).toBe(0)
  expect(await count('workers')).toBe(0)
  expect(await readdir(temp)).toEqual([])
  expect(await count("photos where state = 'listed'")).toBeGreaterThan(0)
  await standIn.faults({ reset: true })
  await house.startWorker()
  const end = await reached(house, run)
  expect(end.state).toBe('done')
  expect(differences(await reportLines(house, run), await standIn.expected())).toEqual([])
  const { originals } = await standIn.requests()
  expect(originals).toBeLessThan(90 + 20) // one each, and those that were on their way
})

test.runIf(process.platform === 'linux')(
  'a worker that renders lets others on its machine go first, one that transfers does not',
  async () => {
    const ours = getPriority()
    for (const group of ['render', 'transfer'] as const) {
      const { pid } = await house.startWorker(group)
      const threads = await readdir(`/proc/${pid}/task`)
      const niceness = new Set(threads.map((thread) => getPriority(Number(thread))))
      expect(niceness, group).toEqual(new Set([group === 'render' ? Math.max(10, ours) : ours]))
    }
  },
)

test('a worker of a group that there is not says which there are', async () => {
  const child = spawn(process.execPath, ['workers/main.ts', 'everything'], { stdio: ['ignore', 'ignore', 'pipe'] })
  const [[code], said] = await Promise.all([once(child, 'exit'), child.stderr.toArray()])
  expect(code).toBe(2)
  expect(Buffer.concat(said).toString()).toContain('scrape|transfer|render|all')
})
