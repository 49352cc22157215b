import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createClient } from '#server/clients.ts'
import { createBudget } from '#server/pacing.ts'
import { blockRun, createMigration, runFacts } from '#server/runs.ts'
import { keptSession } from '#server/sign-ins.ts'
import { addSource, replaceCredentials, sourceRow } from '#server/sources.ts'
import { type VerbHouse, verbHouse } from '#server/testing.ts'
import { createBrowser } from './browser.ts'
import { Challenge, SessionExpired, SignInRefused, type SourceSession } from './connectors/connector.ts'
import { createHttp, type OpenHttp } from './http.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { type StandIn, startStandIn } from './testing.ts'
import { sized } from './testing-house.ts'

let house: VerbHouse
let standIn: StandIn
let http: OpenHttp
let sourceId: string
const ending = new AbortController()

beforeAll(async () => {
  house = await verbHouse()
  standIn = await startStandIn('zenfolio', sized(2, 2))
  http = createHttp({ allowLocal: true, budget: createBudget(house.pool), signal: ending.signal })
})
afterAll(async () => {
  ending.abort()
  await http?.close()
  await standIn?.stop()
  await house?.dispose()
})
let accounts = 0
beforeEach(async () => {
  await standIn.faults({ reset: true })
  const client = await createClient(house, 'test', { name: `Anna ${accounts++}` })
  const { provider, credentials, endpoints } = standIn
  sourceId = (await addSource(house, 'test', { clientId: client.id, provider, credentials, endpoints })).id
})

/** As each worker process makes its own. */
const sessionsOfAWorker = () =>
  createSessions(house, http, createBrowser({ allowLocal: true }), () => {}, ending.signal)
const signIns = async () => (await standIn.requests()).signIns

async function signInsDuring(work: () => Promise<unknown>): Promise<number> {
  const before = await signIns()
  await work()
  return (await signIns()) - before
}

/** Ten jobs at once that all find the sessions they were given expired, and read the account with the next one. */
function tenWithExpired(workers: Sessions[], expired: Set<SourceSession>) {
  return Promise.all(
    Array.from({ length: 10 }, (_, i) =>
      workers[i % workers.length]!.with(sourceId, async (session) => {
        if (expired.has(session)) throw new SessionExpired()
        return (await session.account()).name
      }),
    ),
  )
}

test('ten at once that need a session make one sign-in', async () => {
  const one = sessionsOfAWorker()
  const names: string[][] = []
  expect(await signInsDuring(async () => names.push(await tenWithExpired([one], new Set())))).toBe(1)
  expect(new Set(names.flat()).size).toBe(1)
  expect(await signInsDuring(() => tenWithExpired([one], new Set()))).toBe(0)
})

test('ten at once that find the session expired make one sign-in', async () => {
  const one = sessionsOfAWorker()
  const expired = new Set<SourceSession>()
  await one.with(sourceId, async (session) => expired.add(session))
  expect(await signInsDuring(() => tenWithExpired([one], expired))).toBe(1)
})

test('workers of other processes take the session that one of them renewed', async () => {
  const workers = [sessionsOfAWorker(), sessionsOfAWorker()]
  const expired = new Set<SourceSession>()
  expect(
    await signInsDuring(async () => {
      for (const one of workers) await one.with(sourceId, async (session) => expired.add(session))
    }),
  ).toBe(1)
  expect(await signInsDuring(() => tenWithExpired(workers, expired))).toBe(1)
})

test('a token that the provider let die is renewed in the middle of the work', async () => {
  const one = sessionsOfAWorker()
  await one.with(sourceId, (session) => session.account())
  await standIn.faults({ expireTokenEvery: 3 })
  const made = await signInsDuring(async () => {
    for (let i = 0; i < 6; i++) expect((await one.with(sourceId, (session) => session.account())).name).not.toBe('')
  })
  expect(made).toBeGreaterThan(0)
  expect(made).toBeLessThanOrEqual(6)
})

test('work that finds every session expired gives up after three of them', async () => {
  const one = sessionsOfAWorker()
  let tries = 0
  const work = one.with(sourceId, async () => {
    tries++
    throw new SessionExpired()
  })
  await expect(work).rejects.toBeInstanceOf(SessionExpired)
  expect(tries).toBe(3)
})

test('a refused sign-in is tried once for all who wait, is the health of the source, and is over with the right password', async () => {
  await standIn.faults({ wrongPassword: true })
  const one = sessionsOfAWorker()
  const refused = await signInsDuring(async () => {
    const ends = await Promise.allSettled(
      Array.from({ length: 10 }, () => one.with(sourceId, (session) => session.account())),
    )
    for (const end of ends) expect(end.status === 'rejected' && end.reason).toBeInstanceOf(SignInRefused)
  })
  expect(refused).toBeLessThanOrEqual(2)
  expect(await sourceRow(house, sourceId)).toMatchObject({ health: 'refused', todo: expect.stringMatching(/\w/) })
  await standIn.faults({ reset: true })
  await replaceCredentials(house, 'test', sourceId, standIn.credentials)
  expect((await one.with(sourceId, (session) => session.account())).name).not.toBe('')
})

test('a session that ends in the middle of many works is asked for once by all of them where its renewal is refused', async () => {
  const workers = [sessionsOfAWorker(), sessionsOfAWorker()]
  for (const one of workers) await one.with(sourceId, (session) => session.account())
  await standIn.faults({ wrongPassword: true })
  // Each finds out when the one before has been refused.
  let before: Promise<unknown> = Promise.resolve()
  const works = Array.from({ length: 10 }, (_, i) => {
    const others = before
    const work = workers[i % 2]!.with(sourceId, async () => {
      await others
      throw new SessionExpired()
    })
    before = work.catch(() => {})
    return work
  })
  const refused = await signInsDuring(async () => {
    for (const end of await Promise.allSettled(works))
      expect(end.status === 'rejected' && end.reason).toBeInstanceOf(SignInRefused)
  })
  expect(refused).toBe(1)
  const later = await signInsDuring(() =>
    expect(workers[0]!.with(sourceId, () => Promise.reject(new SessionExpired()))).rejects.toBeInstanceOf(
      SignInRefused,
    ),
  )
  expect(later).toBe(1)
})

test('a refusal that comes after others were handed over is nobody’s: the work goes on with those', async () => {
  const one = sessionsOfAWorker()
  let tries = 0
  const work = one.with(sourceId, async (session) => {
    if (tries++ > 0) return session.account()
    await house.pool.query("update sources set health = 'challenge' where id = $1", [sourceId])
    await replaceCredentials(house, 'test', sourceId, standIn.credentials)
    throw new Challenge('Sign in again.')
  })
  expect((await work).name).not.toBe('')
  expect(tries).toBe(2)
  expect(await sourceRow(house, sourceId)).toMatchObject({ health: 'untested', todo: null })
})

test('a refusal says which session met it, so that a run is not stopped by one that is gone', async () => {
  const one = sessionsOfAWorker()
  const met = await one.with(sourceId, () => Promise.reject(new Challenge('Sign in again.'))).catch((error) => error)
  const { generation } = await keptSession(house, await sourceRow(house, sourceId))
  expect(met).toMatchObject({ generation })
  const run = await createMigration(house, 'test', { sourceId, renditions: [], autoStart: false })
  expect(await blockRun(house, run.id, 'challenge', met.todo, met.generation - 1)).toBe(false)
  expect((await runFacts(house, run.id)).state).toBe('surveying')
  expect(await blockRun(house, run.id, 'challenge', met.todo, met.generation)).toBe(true)
  expect((await runFacts(house, run.id)).state).toBe('blocked')
})

test('what is kept of a session is sealed, and a test of the source signs in anew whatever is kept', async () => {
  const one = sessionsOfAWorker()
  await one.with(sourceId, (session) => session.account())
  const source = await sourceRow(house, sourceId)
  const { kept } = await keptSession(house, source)
  const { rows } = await house.pool.query<{ session: Buffer }>('select session from sources where id = $1', [sourceId])
  expect(rows[0]!.session.toString('latin1')).not.toContain(JSON.stringify(kept))
  expect(await signInsDuring(() => one.fresh(sourceId))).toBe(1)
  expect(await signInsDuring(() => one.with(sourceId, (session) => session.account()))).toBe(0)
})

test('a reply that is lost during sign-in is not taken for a wrong password', async () => {
  const { provider, credentials, endpoints } = standIn
  const sources = await Promise.all(
    Array.from({ length: 8 }, async (_, i) => {
      const client = await createClient(house, 'test', { name: `Berta ${i}` })
      return addSource(house, 'test', { clientId: client.id, provider, credentials, endpoints })
    }),
  )
  await standIn.faults({ rateTruncated: 0.3 })
  const one = sessionsOfAWorker()
  const ended = await Promise.allSettled(sources.map(({ id }) => one.with(id, async () => 'signed in')))
  const refused = ended.filter((end) => end.status === 'rejected' && end.reason instanceof SignInRefused)
  expect(refused).toEqual([])
  expect(ended.filter((end) => end.status === 'fulfilled').length).toBeGreaterThan(4)
})
