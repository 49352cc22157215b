import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Answered, budgetHistory, createHostRecord, standings, sweepHostMinutes } from './host-minutes.ts'
import { setHost } from './hosts.ts'
import { createBudget } from './pacing.ts'
import { letProvider, providerStops, stopProvider } from './provider-stops.ts'
import { type VerbHouse, verbHouse } from './testing.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

const answer = (host: string, change: Partial<Answered> = {}): Answered => ({
  ...{ host, lane: 'page', provider: host, status: 200, isLimited: false, milliseconds: 100 },
  ...change,
})
const standingOf = async (provider: string) => (await standings(house)).find((each) => each.provider === provider)

test('requests of several workers add up, and each counts under what became of it', async () => {
  const host = `${randomUUID()}.example`
  const [one, other] = [createHostRecord(house), createHostRecord(house)]
  for (const record of [one, other]) {
    record.note(answer(host))
    record.note(answer(host, { status: 404 }))
    record.note(answer(host, { status: 429, isLimited: true }))
    record.note(answer(host, { status: 403 }))
    record.note(answer(host, { status: 502 }))
    record.note(answer(host, { status: null, lane: 'bytes' }))
  }
  await Promise.all([one.flush(), other.flush()])
  one.note(answer(host))
  await one.flush()
  expect(await standingOf(host)).toMatchObject({ requests: 13, limited: 2, refused: 2, failed: 4 })
})

test('the median is told to within half of itself, and not at all where nothing answered', async () => {
  const host = `${randomUUID()}.example`
  const record = createHostRecord(house)
  for (const milliseconds of [40, 50, 200, 210, 220, 8000, 60_000]) record.note(answer(host, { milliseconds }))
  await record.flush()
  const { medianMilliseconds } = (await standingOf(host))!
  expect(medianMilliseconds).toBeGreaterThan(140)
  expect(medianMilliseconds).toBeLessThan(315)
  const silent = `${randomUUID()}.example`
  record.note(answer(silent, { status: null }))
  await record.flush()
  expect(await standingOf(silent)).toMatchObject({ requests: 1, failed: 1, medianMilliseconds: null })
})

test('what could not be written is written the next time, once', async () => {
  const host = `${randomUUID()}.example`
  let away = true
  const pool = {
    query: (...args: never[]) =>
      away ? Promise.reject(new Error('away')) : (house.pool.query as (...args: never[]) => unknown)(...args),
  }
  const record = createHostRecord({ pool } as never)
  record.note(answer(host))
  await expect(record.flush()).rejects.toThrow('away')
  record.note(answer(host))
  away = false
  await record.flush()
  await record.flush()
  expect(await standingOf(host)).toMatchObject({ requests: 2 })
})

test('a budget’s history tells its rate, its complaints, and who changed it by hand', async () => {
  const host = `${randomUUID()}.example`
  await createBudget(house.pool).take(host, 'page', { start: 8, least: 1, most: 20 })
  const record = createHostRecord(house)
  record.note(answer(host))
  record.note(answer(host, { status: 429, isLimited: true }))
  await record.flush()
  await setHost(house, 'olga@pass.test', host, { lane: 'page', most: 4 })
  await setHost(house, 'otto@pass.test', host, { lane: 'bytes', most: 4 }).catch(() => {})
  const { points, changes } = await budgetHistory(house, host, 'page')
  expect(points).toMatchObject([{ rate: expect.closeTo(8, 0), requests: 2, complaints: 1 }])
  expect(changes).toMatchObject([{ actor: 'olga@pass.test', data: { lane: 'page', most: 4 } }])
})

test('minutes of more than a week ago are forgotten', async () => {
  const host = `${randomUUID()}.example`
  const record = createHostRecord(house)
  record.note(answer(host))
  await record.flush()
  await house.pool.query("update host_minutes set minute = minute - interval '8 days' where host = $1", [host])
  await sweepHostMinutes(house)
  const { rowCount } = await house.pool.query('select from host_minutes where host = $1', [host])
  expect(rowCount).toBe(0)
})

test('of a provider that is stopped nothing is asked, whichever host of it, until it is let', async () => {
  const host = `${randomUUID()}.example`
  const other = `${randomUUID()}.example`
  const bounds = { start: 50, least: 10, most: 100 }
  await stopProvider(house, 'olga@pass.test', 'pixieset', 'they called')
  expect((await providerStops(house)).get('pixieset')).toMatchObject({ by: 'olga@pass.test', note: 'they called' })
  const budget = createBudget(house.pool, { patienceSeconds: 20 })
  await expect(budget.take(host, 'page', { ...bounds, provider: 'pixieset' })).rejects.toMatchObject({
    name: 'HostResting',
  })
  await budget.take(other, 'page', { ...bounds, provider: 'zenfolio' })
  await letProvider(house, 'olga@pass.test', 'pixieset')
  await budget.take(host, 'page', { ...bounds, provider: 'pixieset' })
  const { rows } = await house.pool.query("select act from audit where subject = 'pixieset' order by id")
  expect(rows.map(({ act }) => act)).toEqual(['provider.stop', 'provider.let'])
})
