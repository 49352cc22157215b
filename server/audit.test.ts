import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '#db/testing.ts'
import { auditBreaks, recordAudit } from './audit.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database?.drop())
beforeEach(() => database.pool.query('truncate audit restart identity'))

const act = (subject: string, data: Record<string, unknown> = {}) =>
  database.db.transaction((tx) => recordAudit(tx, 'anna@studio.test', 'run.pause', subject, data))

test('an unbroken chain says so, whatever the acts hold and in whatever order their keys stand', async () => {
  await act('one', { zebra: 1, a: { z: [1, { y: null, b: true }], c: 'é👩‍👩‍👧' }, code: undefined, retried: 0.5 })
  await act('two', { note: 'a\u0000b\ud800' })
  await act('three')
  expect(await auditBreaks(database.db)).toEqual([])
})

test.each([
  ['actor', "update audit set actor = 'somebody else' where id = 2"],
  ['act', "update audit set act = 'run.start' where id = 2"],
  ['subject', "update audit set subject = 'x' where id = 2"],
  ['time', "update audit set at = at + interval '1 second' where id = 2"],
  ['data', `update audit set data = '{"n": 3}' where id = 2`],
  ['client', 'update audit set client_id = gen_random_uuid() where id = 2'],
])('a row whose %s was changed breaks the chain', async (_, change) => {
  for (const n of [1, 2, 3]) await act(`subject ${n}`, { n })
  await database.pool.query(change)
  expect(await auditBreaks(database.db)).toEqual([2])
})

test('a row that was taken out breaks the chain at the one behind it', async () => {
  for (const n of [1, 2, 3]) await act(`subject ${n}`, { n })
  await database.pool.query('delete from audit where id = 2')
  expect(await auditBreaks(database.db)).toEqual([3])
})

test('many who act at once make one chain', async () => {
  await Promise.all(Array.from({ length: 30 }, (_, n) => act(`subject ${n}`)))
  expect(await auditBreaks(database.db)).toEqual([])
  const { rows } = await database.pool.query('select from audit')
  expect(rows.length).toBe(30)
})

test('an act that is undone leaves no row', async () => {
  await act('one')
  const undone = database.db.transaction(async (tx) => {
    await recordAudit(tx, 'cli', 'run.cancel', 'two')
    throw new Error('undone')
  })
  await expect(undone).rejects.toThrow('undone')
  await act('three')
  expect(await auditBreaks(database.db)).toEqual([])
})
