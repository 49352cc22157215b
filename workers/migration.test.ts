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
})

afterAll(async () => {
  await house?.dispose()
  await standIn?.stop()
  await database?.drop()
})

test('a whole account is moved, verified and published, and its report says what the provider has', async () => {
  await house.startWorker()
  const run = await migrateAll(house, standIn)
  const end = await reached(house, run)
  expect(end.todo).toBeNull()
  expect(end.state).toBe('done')
  expect(differences(await reportLines(house, run), await standIn.expected())).toEqual([])
  expect((await standIn.requests()).writes).toEqual([])
})
