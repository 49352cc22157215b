import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createClient } from '#server/clients.ts'
import { recordGalleries } from '#server/listing.ts'
import { blockRun, createMigration, planRun, runFacts } from '#server/runs.ts'
import { keptSession } from '#server/sign-ins.ts'
import { addSource, handOver, replaceCredentials, sourceRow } from '#server/sources.ts'
import { foundGallery, type VerbHouse, verbHouse } from '#server/testing.ts'
import { createBrowser } from './browser.ts'
import * as source from './connectors/connector.ts'
import { createHttp, type OpenHttp } from './http.ts'
import type { Job } from './run.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { testSource } from './steps/test-source.ts'
import type { Tools } from './tools.ts'

let house: VerbHouse
let http: OpenHttp
let sessions: Sessions
const ending = new AbortController()

/** What the provider knows: cookies of people who are signed in there, and whose account each leads into. */
const signedIn = new Map<string, string>()
/** How often each cookie was tried. */
const tried: string[] = []
let answers = true

/** A provider whose sessions only people can make, and that live for three and a half hours. */
const connector = {
  provider: 'pic-time',
  pacing: { page: { start: 9, least: 1, most: 9 }, bytes: { start: 9, least: 1, most: 9 } },
  abilities: {},
  sessionLife: (credentials) => ({ hours: 3.5, renewable: 'password' in credentials }),
  async signIn({ cookie, email }, { kept }) {
    const used = (kept as string | undefined) ?? cookie ?? email!
    if (kept === undefined) {
      tried.push(used)
      if (!answers) throw new source.AnswerTooLarge('a page without end')
      if (!signedIn.has(used)) throw new source.SessionExpired('401')
    }
    return {
      async account() {
        const ref = signedIn.get(used)
        if (!ref) throw new source.SessionExpired('401')
        return { ref, name: `Studio ${ref}`, galleries: null, photos: null, bytes: null }
      },
      keep: () => used,
    } as Partial<source.SourceSession> as source.SourceSession
  },
} as Partial<source.Connector> as source.Connector

beforeAll(async () => {
  house = await verbHouse()
  http = createHttp({ allowLocal: false })
})
afterAll(async () => {
  ending.abort()
  await http?.close()
  await house?.dispose()
})
beforeEach(() => {
  signedIn.clear()
  tried.length = 0
  answers = true
  sessions = sessionsOfAWorker()
})

/** As each worker process makes its own. */
const sessionsOfAWorker = () =>
  createSessions(
    house,
    http,
    createBrowser({ allowLocal: false }),
    () => {},
    ending.signal,
    () => connector,
  )

const cookieOf = (cookie: string) => ({ cookie, baseUrl: 'https://studio.pic-time.example' })

async function aSource(credentials: Record<string, string>): Promise<string> {
  const { id: clientId } = await createClient(house, 'test', { name: randomUUID() })
  return (await addSource(house, 'test', { clientId, provider: 'pic-time', credentials })).id
}

/** Signed in with the cookie `first` into the account A, and looked at. */
async function working(): Promise<string> {
  signedIn.set('first', 'A')
  const id = await aSource(cookieOf('first'))
  await tested(id)
  return id
}

const jobOf = (sourceId: string): Job<'test-source'> => ({
  queue: 'test-source',
  id: randomUUID(),
  runId: null,
  payload: { sourceId },
  deaths: 0,
  suspect: false,
  signal: ending.signal,
  finish: (work) => house.db.transaction(work),
  checkpoint: (work) => house.db.transaction(work),
})
const tested = (id: string) => testSource(jobOf(id), { house, sessions } as Partial<Tools> as Tools)
const nameOf = (id: string) => sessions.with(id, async (session) => (await session.account()).name)

test('a session that was handed over ends by the time it was given, however often it is tried', async () => {
  signedIn.set('first', 'A')
  const id = await aSource(cookieOf('first'))
  await house.pool.query("update sources set given_at = given_at - interval '2 hours' where id = $1", [id])
  for (const _ of [1, 2]) {
    await tested(id)
    const { sessionEndsAt, health } = await sourceRow(house, id)
    expect(health).toBe('ok')
    expect((sessionEndsAt!.getTime() - Date.now()) / 3_600_000).toBeCloseTo(1.5, 1)
  }
})

test('one that we can renew ourselves has no end that anybody needs to know', async () => {
  signedIn.set('anna@studio.test', 'A')
  const id = await aSource({ email: 'anna@studio.test', password: 'geheim' })
  await tested(id)
  expect(await sourceRow(house, id)).toMatchObject({ health: 'ok', sessionEndsAt: null, accountRef: 'A' })
  expect(await sessions.handedOver(id)).toBeNull()
})

test('the next session takes over while the one before works, without a break', async () => {
  const id = await working()
  expect(await sessions.handedOver(id)).toEqual({ hours: 3.5 })
  signedIn.set('second', 'A')
  expect(await replaceCredentials(house, 'test', id, cookieOf('second'))).toEqual({ offered: true })
  expect(await nameOf(id)).toBe('Studio A')
  expect((await keptSession(house, await sourceRow(house, id))).kept).toBe('first')
  await tested(id)
  signedIn.delete('first')
  expect((await keptSession(house, await sourceRow(house, id))).kept).toBe('second')
  expect(await nameOf(id)).toBe('Studio A')
  const row = await sourceRow(house, id)
  expect(row).toMatchObject({ offered: false, health: 'ok', todo: null })
  expect((row.sessionEndsAt!.getTime() - Date.now()) / 3_600_000).toBeCloseTo(3.5, 1)
})

test.each([
  ['that has ended already', null, /hand over the new one/],
  ['of somebody else’s account', 'B', /This is the account “Studio B”, not “Studio A”/],
])('a session %s is not taken, the one before goes on, and the source says why', async (_, account, why) => {
  const id = await working()
  if (account) signedIn.set('second', account)
  await replaceCredentials(house, 'test', id, cookieOf('second'))
  await tested(id)
  const row = await sourceRow(house, id)
  expect(row).toMatchObject({ offered: false, health: 'ok', todo: expect.stringMatching(why) })
  expect(row.todo).toContain('the one before is still used')
  expect(await nameOf(id)).toBe('Studio A')
})

test('a provider that does not answer leaves it for the next sign-in', async () => {
  const id = await working()
  signedIn.set('second', 'A')
  await replaceCredentials(house, 'test', id, cookieOf('second'))
  answers = false
  await tested(id)
  expect(await sourceRow(house, id)).toMatchObject({
    offered: true,
    health: 'ok',
    todo: expect.stringMatching(/later|ends/),
  })
  answers = true
  signedIn.delete('first')
  expect(await nameOf(id)).toBe('Studio A')
  expect(tried.at(-1)).toBe('second')
})

test('a session that is over asks for a person; it is nobody’s failed attempt', async () => {
  const id = await working()
  signedIn.clear()
  const over = await nameOf(id).catch((error: unknown) => error)
  expect(over).toBeInstanceOf(source.Challenge)
  expect((over as source.Challenge).todo).toMatch(/Pic-Time .* hand over the new one/)
  expect(await sourceRow(house, id)).toMatchObject({ health: 'challenge', todo: expect.stringMatching(/hand over/) })
})

test('so do sessions that end as soon as they are made', async () => {
  const id = await working()
  const work = sessions.with(id, async () => {
    throw new source.SessionExpired('401')
  })
  await expect(work).rejects.toBeInstanceOf(source.Challenge)
})

test('credentials that lead into another account are refused before anything is read with them', async () => {
  const id = await working()
  await house.pool.query("update sources set health = 'refused' where id = $1", [id])
  signedIn.set('second', 'B')
  await replaceCredentials(house, 'test', id, cookieOf('second'))
  let read = false
  const work = sessionsOfAWorker().with(id, async () => {
    read = true
  })
  await expect(work).rejects.toBeInstanceOf(source.SignInRefused)
  expect(read).toBe(false)
})

async function blockedRun(id: string): Promise<string> {
  const { clientId } = await sourceRow(house, id)
  const run = await createMigration(house, 'test', { sourceId: id, renditions: ['none'], autoStart: true })
  await planRun(house, run.id, {}, {})
  await house.pool.query("update runs set state = 'running', finished_at = null, started_at = now() where id = $1", [
    run.id,
  ])
  await recordGalleries(house.db, { id: run.id, clientId, sourceId: id }, [{ ...foundGallery('g'), ordinal: 0 }])
  signedIn.clear()
  await nameOf(id).catch((error: source.Challenge) => blockRun(house, run.id, 'challenge', error.todo))
  return run.id
}

test('a blocked run goes on by itself once the session that was handed over is taken', async () => {
  const id = await working()
  const run = await blockedRun(id)
  expect((await runFacts(house, run)).state).toBe('blocked')
  signedIn.set('second', 'A')
  await handOver(house, 'test', id, cookieOf('second'))
  await tested(id)
  expect((await runFacts(house, run)).state).toBe('running')
})

test('and says why where it is not', async () => {
  const id = await working()
  const run = await blockedRun(id)
  signedIn.set('second', 'B')
  await handOver(house, 'test', id, cookieOf('second'))
  await tested(id)
  const { rows } = await house.pool.query('select state, code, todo from runs where id = $1', [run])
  expect(rows).toMatchObject([{ state: 'blocked', code: 'sign_in_refused', todo: expect.stringContaining('Studio B') }])
})
