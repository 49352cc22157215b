import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '#db/testing.ts'
import { recordAudit } from './audit.ts'
import { auditCsv, auditFacets, listAudit, newestAct } from './audit-views.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database?.drop())
beforeEach(() => database.pool.query('truncate audit restart identity'))

const act = (actor: string, name: string, subject: string, clientId: string | null = null) =>
  database.db.transaction((tx) => recordAudit(tx, actor, name, subject, { n: subject }, clientId))

async function aClient(name: string): Promise<string> {
  const { rows } = await database.pool.query<{ id: string }>('insert into clients (name) values ($1) returning id', [
    name,
  ])
  return rows[0]!.id
}

const subjects = async (filter: Parameters<typeof listAudit>[1]) =>
  (await listAudit(database, filter)).acts.map(({ subject }) => subject)

test('pages follow each other without a gap or a doubled row, also where acts share a moment', async () => {
  for (let n = 0; n < 7; n++) await act('anna@pass.test', 'run.pause', `run ${n}`)
  await database.pool.query("update audit set at = '2026-01-01T00:00:00Z' where id between 2 and 5")
  const seen: number[] = []
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await listAudit(database, { cursor, limit: 2 })
    seen.push(...page.acts.map(({ id }) => id))
    cursor = page.nextCursor
  }
  expect(seen).toEqual([7, 6, 1, 5, 4, 3, 2])
})

test('a person, an act, a kind of act, a client and a time are filtered by, alone and together', async () => {
  const [weber, lumen] = [await aClient('Anna Weber'), await aClient('Lumen')]
  await act('anna@pass.test', 'run.pause', 'one', weber)
  await act('otto@pass.test', 'run.resume', 'two', weber)
  await act('otto@pass.test', 'key.create', 'three', lumen)
  await database.pool.query("update audit set at = '2026-01-01T12:00:00Z' where id = 2")
  expect(await subjects({ actor: 'otto@pass.test' })).toEqual(['three', 'two'])
  expect(await subjects({ act: 'run.pause' })).toEqual(['one'])
  expect(await subjects({ act: 'run.' })).toEqual(['one', 'two'])
  expect(await subjects({ clientId: lumen })).toEqual(['three'])
  expect(await subjects({ from: '2026-01-01T12:00:00Z', to: '2026-01-01T12:00:01Z' })).toEqual(['two'])
  expect(await subjects({ to: '2026-01-01T12:00:00Z' })).toEqual([])
  expect(await subjects({ actor: 'otto@pass.test', clientId: weber, act: 'run.' })).toEqual(['two'])
  const [newest] = (await listAudit(database, { clientId: lumen })).acts
  expect(newest).toMatchObject({ client: { id: lumen, name: 'Lumen' }, data: { n: 'three' } })
  expect(await newestAct(database, { actor: 'anna@pass.test' })).toBe(1)
  expect(await newestAct(database, { actor: 'nobody' })).toBeNull()
})

test('who has acted and how is offered as a filter, each once', async () => {
  for (const [who, what] of [
    ['otto', 'run.pause'],
    ['anna', 'run.pause'],
    ['otto', 'key.create'],
  ] as const)
    await act(who, what, 'x')
  expect(await auditFacets(database)).toEqual({ actors: ['anna', 'otto'], acts: ['key.create', 'run.pause'] })
})

test('the file has every act of the filter, and no cell that a spreadsheet would compute', async () => {
  await act('anna@pass.test', 'run.pause', '=HYPERLINK("x")')
  await act('otto@pass.test', 'run.pause', 'two')
  const lines: string[] = []
  for await (const line of auditCsv(database, { actor: 'anna@pass.test' })) lines.push(line)
  expect(lines).toHaveLength(2)
  expect(lines[1]).toMatch(/^1,[\dTZ:.-]+,anna@pass\.test,run\.pause,,,"'=HYPERLINK\(""x""\)","\{""n"":/)
})
