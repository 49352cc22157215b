import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as tables from '#db/schema.ts'
import { type TestDatabase, testDatabase } from '#db/testing.ts'
import { parseEnv } from '#server/env.ts'
import { type House, openHouse } from '#server/house.ts'
import { prepareDatabase } from '#server/prepare.ts'
import { type Snapshot, snapshot } from '#server/snapshots.ts'
import { followRun, frozen } from './follow.ts'
import { jsonLines, type Shows } from './progress.ts'

let database: TestDatabase
let house: House
let dir: string
beforeAll(async () => {
  database = await testDatabase()
  dir = await mkdtemp(join(tmpdir(), 'follow-'))
  const given = { DATABASE_URL: database.url, PASS_SECRET_KEY: randomBytes(32).toString('base64'), PASS_DATA_DIR: dir }
  const env = { ...parseEnv(given), DATABASE_URL: database.url }
  await prepareDatabase(env)
  house = await openHouse(env)
})
afterAll(async () => {
  await house.close()
  await database.drop()
  await rm(dir, { recursive: true })
})

type Run = typeof tables.runs.$inferInsert

/** A migration with one gallery. */
async function run(
  state: Run['state'],
  more: Partial<Run> = {},
  gallery: Partial<typeof tables.galleries.$inferInsert> = {},
) {
  const [client] = await house.db.insert(tables.clients).values({ name: randomUUID() }).returning()
  const clientId = client!.id
  const [source] = await house.db
    .insert(tables.sources)
    .values({ clientId, provider: 'zenfolio', accountKey: randomUUID(), title: 't', endpoints: {} })
    .returning()
  const [row] = await house.db
    .insert(tables.runs)
    .values({ clientId, sourceId: source!.id, kind: 'migration', state, renditions: {}, createdBy: 'test', ...more })
    .returning()
  await house.db.insert(tables.galleries).values({
    clientId,
    sourceId: source!.id,
    runId: row!.id,
    ref: 'g',
    title: 'g',
    position: 0,
    ordinal: 0,
    ...gallery,
  })
  return row!.id
}

const silent: Shows = { failures: false, show() {}, end() {} }
const follow = (runId: string, more: Partial<Parameters<typeof followRun>[2]> = {}) =>
  followRun(house, runId, {
    display: silent,
    stop: new AbortController().signal,
    planOnly: false,
    keepServed: async () => {},
    ...more,
  })
const stateOf = async (runId: string) => (await snapshot(house, runId)).state

test.each([
  ['done', {}, 0, null],
  ['done_with_problems', {}, 3, 'incomplete'],
  ['cancelled', { code: 'cancelled' }, 3, 'cancelled'],
  ['failed', { code: 'broken' }, 1, 'broken'],
  ['blocked', { code: 'challenge', todo: 'Enter the code.' }, 4, 'challenge'],
  ['paused', { code: 'paused' }, 4, 'paused'],
] as const)('a run that is %s ends the command with its exit code', async (state, more, exit, code) => {
  expect(await follow(await run(state, more))).toMatchObject({ exit, code, snapshot: { state } })
})

test('what a blocked run waits for is the sentence, with how to go on', async () => {
  const id = await run('blocked', { code: 'challenge', todo: 'Enter the code in the browser.' })
  expect((await follow(id)).sentence).toBe(`Enter the code in the browser. \`pass resume ${id}\` goes on.`)
})

test('a gallery that was asked for and does not exist is wrong use, and the run does not stay open', async () => {
  const id = await run('blocked', { code: 'unknown_gallery', todo: 'The account has no gallery 9.' })
  expect(await follow(id)).toMatchObject({
    exit: 2,
    code: 'unknown_gallery',
    sentence: 'The account has no gallery 9.',
  })
  expect(await stateOf(id)).toBe('cancelled')
})

test('what was surveyed is started, or with --plan left for a yes', async () => {
  const planned = await run('planned')
  expect(await follow(planned, { planOnly: true })).toMatchObject({ exit: 0, snapshot: { state: 'planned' } })
  expect(await stateOf(planned)).toBe('planned')

  const stop = new AbortController()
  const display: Shows = {
    ...silent,
    show: ({ state }) => {
      if (state === 'running') stop.abort()
    },
  }
  expect(await follow(planned, { display, stop: stop.signal })).toMatchObject({ exit: 4 })
})

test('what the plan says is told once, before the run is started', async () => {
  const planned = await run('planned')
  const told: string[] = []
  const stop = new AbortController()
  const display: Shows = {
    ...silent,
    show: ({ state }) => {
      if (state === 'running') stop.abort()
    },
  }
  const onPlan = async (now: Snapshot) => void told.push(`${now.state} ${await stateOf(planned)}`)
  await follow(planned, { display, stop: stop.signal, onPlan })
  expect(told).toEqual(['planned planned'])
})

test('told to stop it pauses the run and says how to go on', async () => {
  const id = await run('running')
  const ending = await follow(id, { stop: AbortSignal.abort() })
  expect(ending).toMatchObject({ exit: 4, code: 'paused', snapshot: { state: 'paused' } })
  expect(ending.sentence).toContain(`pass resume ${id}`)
})

test('told to stop when it is done, it is done', async () => {
  expect(await follow(await run('done'), { stop: AbortSignal.abort() })).toMatchObject({ exit: 0 })
})

test('follows to the end what others move', async () => {
  const id = await run('running', { startedAt: new Date() })
  const seen: string[] = []
  const display: Shows = {
    ...silent,
    show: ({ state }) => {
      seen.push(state)
      if (seen.length === 2)
        void house.db.update(tables.runs).set({ state: 'done' }).where(eq(tables.runs.id, id)).execute()
    },
  }
  expect(await follow(id, { display })).toMatchObject({ exit: 0 })
  expect(seen[0]).toBe('running')
  expect(seen.at(-1)).toBe('done')
})

test('exits for the thaw when nothing else moved for 30 s and the provider is not asked again soon', async () => {
  const inMinutes = (n: number) => new Date(Date.now() + n * 60_000)
  const waiting = await run(
    'running',
    {},
    { state: 'waiting', waitingSince: inMinutes(-20), askAgainAt: inMinutes(10) },
  )
  const now = await snapshot(house, waiting)
  const halfAMinuteAgo = Date.now() - 31_000
  expect(frozen(now, halfAMinuteAgo)).toMatchObject({ exit: 4, code: 'thawing' })
  expect(frozen(now, Date.now() - 5_000)).toBeNull()
  const busy: Snapshot = { ...now, retrying: { ...now.retrying, photos: 1, nextAt: null } }
  expect(frozen(busy, halfAMinuteAgo)).toBeNull()
  const soon = await run('running', {}, { state: 'waiting', waitingSince: inMinutes(-0.2), askAgainAt: inMinutes(0.1) })
  expect(frozen(await snapshot(house, soon), halfAMinuteAgo)).toBeNull()
})

test('JSON is one snapshot a line with the fields of the contract, an unchanged one not again, and a result at the end', async () => {
  const id = await run('done', {}, { total: 2, published: 1, failed: 1, bytesStored: 9 })
  const out = new PassThrough()
  await follow(id, { display: jsonLines(out) })
  const again = jsonLines(out)
  again.show(await snapshot(house, id), [])
  again.show(await snapshot(house, id), [])
  out.end()
  const totals = { galleries: 1, found: 2, stored: 0, rendered: 0, published: 1, skipped: 0, failed: 1, bytes: 9 }
  const shown = { type: 'snapshot', run: id, state: 'done', totals, perSecond: 0, secondsLeft: null }
  const lines = (await text(out))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines).toEqual([shown, { type: 'result', run: id, state: 'done', totals }, shown])
})
