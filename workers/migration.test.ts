import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '#db/testing.ts'
import {
  differences,
  migrateAll,
  reached,
  reportLines,
  type StandIn,
  startStandIn,
  type TestHouse,
  testHouse,
} from './testing.ts'

let database: TestDatabase
let standIn: StandIn
let house: TestHouse

beforeAll(async () => {
  database = await testDatabase()
  standIn = await startStandIn('zenfolio', [
    '--scenario',
    'plain',
    '--galleries',
    '6',
    '--photos',
    '20',
    '--pictures',
    'small',
  ])
  house = await testHouse(database.url)
  await house.startWorker()
})

afterAll(async () => {
  await house?.dispose()
  await standIn?.stop()
  await database?.drop()
})

test('a whole account is moved, verified and published, and its report says what the provider has', async () => {
  const run = await migrateAll(house, standIn)
  const end = await reached(house, run)
  expect(end.todo).toBeNull()
  expect(end.state).toBe('done')
  expect(differences(await reportLines(house, run), await standIn.expected())).toEqual([])
  expect((await standIn.requests()).writes).toEqual([])
})

test('every trap of the sheet is moved as it is, or says why not', async () => {
  const traps = await startStandIn('zenfolio', [
    '--scenario',
    'traps',
    '--galleries',
    '4',
    '--photos',
    '12',
    '--pictures',
    'tiny',
    '--thaw-seconds',
    '4',
  ])
  try {
    const run = await migrateAll(house, traps, { client: 'Traps' })
    const end = await reached(house, run)
    expect(end.todo).toBeNull()
    expect(end.state).toBe('done')
    expect(end.totals).toMatchObject({ failed: 0, skipped: 0 })
    expect(end.totals.degraded).toBeGreaterThan(0)
    expect(differences(await reportLines(house, run), await traps.expected())).toEqual([])
    expect((await traps.requests()).writes).toEqual([])
  } finally {
    await traps.stop()
  }
}, 240_000)
