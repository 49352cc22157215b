import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { blockRun, runFacts } from './runs.ts'
import {
  goOnSignedIn,
  keptSession,
  openCredentials,
  postponeOffered,
  proveOffered,
  refuseOffered,
  renewSession,
  rotateCredentials,
  stillUnsigned,
} from './sign-ins.ts'
import { handOver, recordHealth, replaceCredentials, sourceRow } from './sources.ts'
import { aMovingRun, aSource, forgetJobs, jobsOf, type VerbHouse, verbHouse } from './testing.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())
beforeEach(() => forgetJobs(house))

/** A source that is signed in and works. */
async function working(of?: { sourceId: string; clientId: string }) {
  const { sourceId, clientId } = of ?? (await aSource(house))
  const source = { id: sourceId, clientId }
  await renewSession(house, source, 0, async () => ({ kept: { cookie: 'old' }, endsAt: null }))
  await recordHealth(house, sourceId, 'ok', null)
  return source
}

const next = { token: 'next' }
const tests = async () => (await jobsOf(house, 'test-source')).map(({ data }) => data)

test('what is handed over while the old session works is kept beside it and tried, and drops nothing', async () => {
  const source = await working()
  const before = await keptSession(house, source)
  expect(await replaceCredentials(house, 'test', source.id, next)).toEqual({ offered: true })
  expect(await keptSession(house, source)).toEqual(before)
  expect(await openCredentials(house, source)).toMatchObject({ password: 'secret' })
  expect(await sourceRow(house, source.id)).toMatchObject({ offered: true, health: 'ok', checkedAt: null })
  expect(await tests()).toEqual([{ sourceId: source.id }])
})

test('once it is proven it takes over for every worker', async () => {
  const source = await working()
  const before = await keptSession(house, source)
  await replaceCredentials(house, 'test', source.id, next)
  const endsAt = new Date(Date.now() + 3_600_000)
  const used: unknown[] = []
  const proven = await proveOffered(house, source, async (credentials) => {
    used.push(credentials)
    return { kept: { cookie: 'new' }, endsAt }
  })
  expect([proven, used]).toEqual([true, [next]])
  expect(await keptSession(house, source)).toEqual({ generation: before.generation + 1, kept: { cookie: 'new' } })
  expect(await openCredentials(house, source)).toEqual(next)
  expect(await sourceRow(house, source.id)).toMatchObject({ offered: false, health: 'ok', sessionEndsAt: endsAt })
  expect(await proveOffered(house, source, async () => ({ kept: {}, endsAt: null }))).toBe(false)
})

test('one that is not taken leaves everything as it was, and says why', async () => {
  const source = await working()
  const before = await keptSession(house, source)
  await replaceCredentials(house, 'test', source.id, next)
  const refused = proveOffered(house, source, async () => {
    throw new Error('refused')
  })
  await expect(refused).rejects.toThrow('refused')
  expect(await sourceRow(house, source.id)).toMatchObject({ offered: true })
  await refuseOffered(house, source.id, 'The cookie has ended.')
  expect(await keptSession(house, source)).toEqual(before)
  expect(await openCredentials(house, source)).toMatchObject({ password: 'secret' })
  const todo = expect.stringContaining('The cookie has ended.')
  expect(await sourceRow(house, source.id)).toMatchObject({ offered: false, health: 'ok', todo })
})

test('one that could not be tried stays, and comes first at the next sign-in', async () => {
  const source = await working()
  const { generation } = await keptSession(house, source)
  await replaceCredentials(house, 'test', source.id, next)
  await postponeOffered(house, source.id)
  expect(await sourceRow(house, source.id)).toMatchObject({ offered: true, todo: expect.stringMatching(/\w/) })
  await renewSession(house, source, generation, async () => {
    expect(await openCredentials(house, source)).toEqual(next)
    return { kept: { cookie: 'new' }, endsAt: null }
  })
  expect(await sourceRow(house, source.id)).toMatchObject({ offered: false })
})

const past = "update sources set session_ends_at = now() - interval '1 s' where id = $1"
const none = 'update sources set session = null where id = $1'

test.each([
  ['was refused', (id: string) => recordHealth(house, id, 'refused', 'No.')],
  ['asks for a person', (id: string) => recordHealth(house, id, 'challenge', 'A code, please.')],
  ['has ended', (id: string) => house.pool.query(past, [id])],
  ['was never there', (id: string) => house.pool.query(none, [id])],
])('where the old session %s the new one is used with the next request', async (_, spoil) => {
  const source = await working()
  await spoil(source.id)
  expect(await replaceCredentials(house, 'test', source.id, next)).toEqual({ offered: false })
  expect(await openCredentials(house, source)).toEqual(next)
  expect((await keptSession(house, source)).kept).toBeUndefined()
  expect(await tests()).toEqual([])
})

test('handed over by a person it is tried at once in either case', async () => {
  const [fine, broken] = [await working(), await working()]
  await recordHealth(house, broken.id, 'challenge', 'A code, please.')
  await handOver(house, 'test', fine.id, next)
  await handOver(house, 'test', broken.id, next)
  expect(await tests()).toEqual([{ sourceId: fine.id }, { sourceId: broken.id }])
})

async function blockedRun(code: string) {
  const run = await aMovingRun(house)
  const source = await working(run)
  await blockRun(house, run.id, code, 'Do something.')
  return { run: run.id, source }
}

test('where a run waits for a session the one that is kept counts for nothing', async () => {
  const { source } = await blockedRun('challenge')
  expect(await replaceCredentials(house, 'test', source.id, next)).toEqual({ offered: false })
})

test('a run that only waited for a session goes on by itself once somebody is signed in', async () => {
  const { run, source } = await blockedRun('challenge')
  await stillUnsigned(house, source.id, 'sign_in_refused', 'This one does not work either.')
  const { rows } = await house.pool.query('select code, todo from runs where id = $1', [run])
  expect(rows).toEqual([{ code: 'sign_in_refused', todo: 'This one does not work either.' }])
  await goOnSignedIn(house, source.id)
  expect((await runFacts(house, run)).state).toBe('running')
})

test('a run that waits for something else does not', async () => {
  const { run, source } = await blockedRun('insufficient_storage')
  await stillUnsigned(house, source.id, 'challenge', 'Sign in.')
  await goOnSignedIn(house, source.id)
  const { rows } = await house.pool.query('select state, code from runs where id = $1', [run])
  expect(rows).toEqual([{ state: 'blocked', code: 'insufficient_storage' }])
})

test('credentials that the provider replaced are kept also where Postgres is away just then', async () => {
  const source = await working()
  let away = 2
  const pool = {
    query: (...call: Parameters<typeof house.pool.query>) =>
      away-- > 0 ? Promise.reject(new Error('Connection terminated unexpectedly')) : house.pool.query(...call),
  }
  await rotateCredentials({ ...house, pool: pool as typeof house.pool }, source, { token: 'rotated' })
  expect(await openCredentials(house, source)).toEqual({ token: 'rotated' })
  expect(away).toBeLessThan(0)
})
