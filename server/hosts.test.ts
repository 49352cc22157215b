import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listHosts, setHost } from './hosts.ts'
import { createBudget } from './pacing.ts'
import { listProviders } from './provider-health.ts'
import { blockRun } from './runs.ts'
import { snapshot } from './snapshots.ts'
import { recordHealth } from './sources.ts'
import { aMovingRun, type VerbHouse, verbHouse } from './testing.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

const bounds = { start: 10, least: 2, most: 20 }

async function aHost(provider?: string): Promise<string> {
  const host = `${randomUUID()}.example`
  const budget = createBudget(house.pool)
  await budget.take(host, 'page', { ...bounds, provider })
  await budget.take(host, 'bytes', { start: 30, least: 1, most: 90, provider })
  return host
}

const lanes = async (host: string) => (await listHosts(house)).filter((each) => each.host === host)

test('every host is listed with what it gets and whose it is', async () => {
  const host = await aHost('zenfolio')
  const quiet = { provider: 'zenfolio', paused: false, blockedUntil: null, reason: null, setBy: null, setAt: null }
  expect(await lanes(host)).toMatchObject([
    { lane: 'page', rate: expect.closeTo(10, 0), least: 2, most: 20, ...quiet },
    { lane: 'bytes', rate: expect.closeTo(30, 0), least: 1, most: 90, ...quiet },
  ])
})

test('what the host itself complained of is told, with until when it wants to be left alone', async () => {
  const host = await aHost()
  await createBudget(house.pool).limited(host, 60, 429)
  const [page] = await lanes(host)
  expect(page).toMatchObject({ rate: expect.closeTo(5, 1), reason: '429', setBy: null })
  expect(page!.blockedUntil!.getTime() - Date.now()).toBeGreaterThan(50_000)
})

test('bounds set by hand hold for the lane they were set for, with who did it, and are on record', async () => {
  const host = await aHost()
  await setHost(house, 'olga@pass.test', host, { lane: 'page', least: 1, most: 5 })
  const [page, bytes] = await lanes(host)
  expect(page).toMatchObject({ rate: 5, least: 1, most: 5, setBy: 'olga@pass.test', setAt: expect.any(Date) })
  expect(bytes).toMatchObject({ most: 90, setBy: null })
  const { rows } = await house.pool.query("select actor, data from audit where act = 'host.set' and subject = $1", [
    host,
  ])
  expect(rows).toEqual([{ actor: 'olga@pass.test', data: { lane: 'page', least: 1, most: 5 } }])
})

test('the rate is never set outside its bounds', async () => {
  const host = await aHost()
  await setHost(house, 'test', host, { lane: 'page', rate: 500 })
  expect((await lanes(host))[0]).toMatchObject({ rate: 20 })
  await setHost(house, 'test', host, { lane: 'page', rate: 0.5 })
  expect((await lanes(host))[0]).toMatchObject({ rate: 2 })
  const upsideDown = setHost(house, 'test', host, { lane: 'page', least: 30 })
  await expect(upsideDown).rejects.toMatchObject({ code: 'invalid_bounds', status: 422 })
  await expect(setHost(house, 'test', 'nobody.example', { paused: true })).rejects.toMatchObject({ code: 'not_found' })
})

test('a pause holds for who waits already, until it is lifted', async () => {
  const host = await aHost()
  await setHost(house, 'test', host, { paused: true })
  const order: string[] = []
  const taken = createBudget(house.pool)
    .take(host, 'page', bounds)
    .then(() => order.push('asked'))
  expect((await lanes(host)).map(({ paused }) => paused)).toEqual([true, true])
  order.push('lifted')
  await setHost(house, 'test', host, { paused: false })
  await taken
  expect(order).toEqual(['lifted', 'asked'])
})

test('a run shows the hosts of its own provider that it waits for, and none of another’s', async () => {
  const run = await aMovingRun(house)
  const [mine, anybodys, anothers] = [await aHost('zenfolio'), await aHost(), await aHost('shootproof')]
  const paused = await aHost('zenfolio')
  const budget = createBudget(house.pool)
  for (const host of [mine, anybodys, anothers]) await budget.limited(host, 60, 429)
  await setHost(house, 'olga@pass.test', paused, { paused: true })
  const seen = new Map((await snapshot(house, run.id)).hosts.map((each) => [each.host, each]))
  expect(seen.get(mine)).toMatchObject({ reason: '429', pausedBy: null, blockedUntil: expect.any(String) })
  expect(seen.has(anybodys)).toBe(true)
  expect(seen.has(anothers)).toBe(false)
  expect(seen.get(paused)).toEqual({ host: paused, blockedUntil: null, reason: null, pausedBy: 'olga@pass.test' })
})

test('a provider is told with its sources, its runs and the sessions that end', async () => {
  const standing = async () => (await listProviders(house)).find(({ id }) => id === 'zenfolio')!
  const before = await standing()
  const run = await aMovingRun(house)
  await recordHealth(house, run.sourceId, 'ok', null)
  const soon = "update sources set session_ends_at = now() + interval '10 minutes' where id = $1"
  await house.pool.query(soon, [run.sourceId])
  const blocked = await aMovingRun(house)
  await blockRun(house, blocked.id, 'challenge', 'Sign in.')
  expect(await standing()).toMatchObject({
    title: 'Zenfolio Classic',
    sources: before.sources + 2,
    running: before.running + 1,
    blocked: before.blocked + 1,
    ending: before.ending + 1,
    health: { ok: (before.health.ok ?? 0) + 1 },
  })
})
