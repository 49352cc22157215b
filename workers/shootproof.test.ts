import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '#db/testing.ts'
import { resumeRun } from '#server/runs.ts'
import { replaceCredentials } from '#server/sources.ts'
import { verifyRun } from '#server/verify.ts'
import {
  differences,
  migrateAll,
  reached,
  reportLines,
  type StandIn,
  sourceOf,
  startStandIn,
  type TestHouse,
  testHouse,
  withoutPacing,
} from './testing.ts'

let database: TestDatabase
let house: TestHouse

beforeAll(async () => {
  database = await testDatabase()
  house = await testHouse(database.url)
  await withoutPacing(house)
  await house.startWorker()
})

afterAll(async () => {
  await house?.dispose()
  await database?.drop()
})

async function withStandIn(options: string[], work: (standIn: StandIn) => Promise<void>): Promise<void> {
  const standIn = await startStandIn('shootproof', ['--pictures', 'tiny', ...options])
  try {
    await work(standIn)
    const { writes, unknown } = await standIn.requests()
    expect({ writes, unknown }).toEqual({ writes: [], unknown: [] })
  } finally {
    await standIn.stop()
  }
}

test('a whole studio is moved, verified and published, and its report says what ShootProof has', async () => {
  await withStandIn(['--scenario', 'plain', '--galleries', '8', '--photos', '20'], async (standIn) => {
    const run = await migrateAll(house, standIn, { client: 'Plain' })
    const end = await reached(house, run)
    expect(end.todo).toBeNull()
    expect(end.state).toBe('done')
    expect(differences(await reportLines(house, run), await standIn.expected())).toEqual([])
  })
}, 300_000)

test('every trap of the sheet is moved as it is', async () => {
  await withStandIn(['--scenario', 'traps', '--galleries', '4', '--photos', '12'], async (standIn) => {
    const run = await migrateAll(house, standIn, { client: 'Traps' })
    const end = await reached(house, run)
    expect(end.todo).toBeNull()
    expect(end.state).toBe('done')
    expect(end.totals).toMatchObject({ failed: 0, skipped: 0 })
    expect(end.totals.degraded).toBeGreaterThan(0)
    expect(differences(await reportLines(house, run), await standIn.expected())).toEqual([])
  })
}, 300_000)

test('with everything failing now and then and the session ending again and again, the report is the same', async () => {
  await withStandIn(['--scenario', 'plain', '--galleries', '8', '--photos', '30'], async (standIn) => {
    await standIn.faults({
      rate429: 0.05,
      retryAfter: 0,
      rate5xx: 0.05,
      rateTruncated: 0.03,
      rateHtml: 0.02,
      expireTokenEvery: 150,
    })
    const run = await migrateAll(house, standIn, { client: 'Storm' })
    const end = await reached(house, run)
    expect(end.todo).toBeNull()
    expect(end.state).toBe('done')
    expect(differences(await reportLines(house, run), await standIn.expected())).toEqual([])
    expect(await Array.fromAsync(verifyRun(house, run, { deep: true }))).toEqual([])
    expect((await standIn.requests()).signIns).toBeGreaterThan(1)
  })
}, 300_000)

test.each([
  ['the code of a redirect', 'code'],
  ['an access token', 'accessToken'],
  ['the studio’s own form, in a browser', 'password'],
])(
  'a studio is moved by %s',
  async (_, way) => {
    const account = ['--scenario', 'plain', '--galleries', '3', '--photos', '6', '--sign-in', way]
    await withStandIn(account, async (standIn) => {
      const run = await migrateAll(house, standIn, { client: way })
      const end = await reached(house, run)
      expect(end.todo).toBeNull()
      expect(end.state).toBe('done')
      expect(differences(await reportLines(house, run), await standIn.expected())).toEqual([])
    })
  },
  180_000,
)

test('a refresh whose answer was lost waits for the owner with a sentence, and goes on once connected again', async () => {
  await withStandIn(['--scenario', 'plain', '--galleries', '3', '--photos', '10'], async (standIn) => {
    await standIn.faults({ lostTokens: true })
    const run = await migrateAll(house, standIn, { client: 'Lost' })
    const blocked = await reached(house, run, ({ state }) => state === 'blocked')
    expect(blocked.todo).toContain('connect the account again')
    await standIn.faults({ lostTokens: false })
    const handedOver = await fetch(`${standIn.origin}/_sandbox/hand-over`, { method: 'POST' })
    await replaceCredentials(house, 'test', await sourceOf(house, run), await handedOver.json())
    await resumeRun(house, 'test', run)
    expect((await reached(house, run)).state).toBe('done')
    expect(differences(await reportLines(house, run), await standIn.expected())).toEqual([])
  })
}, 300_000)
