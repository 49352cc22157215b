import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { galleryDetail, runGalleries } from './galleries.ts'
import type { FoundGallery } from './listing.ts'
import { applyPasswords, fillPassword, lockedGalleries, previewPasswords } from './passwords.ts'
import { writeReport } from './reports.ts'
import { open } from './sealing.ts'
import { snapshot } from './snapshots.ts'
import { aMovingRun, type VerbHouse, verbHouse } from './testing.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

const locked = (title: string): Partial<FoundGallery> => ({ title, access: 'password' })

/** A run whose galleries with a password have one that the provider does not tell, apart from those called `told`. */
async function aRun(galleries: Partial<FoundGallery>[]) {
  const run = await aMovingRun(house, galleries)
  await house.pool.query(
    `update galleries set password_known = access is distinct from 'password' or title = 'told', password = case when title = 'told' then '\\x00'::bytea end where run_id = $1`,
    [run.id],
  )
  return run
}

const table = (...lines: string[]) => lines.join('\n')

test('galleries whose password the provider does not tell are listed, those that lack one first', async () => {
  const run = await aRun([locked('A'), { title: 'B', access: 'public' }, locked('told'), locked('C')])
  const scope = { runId: run.id }
  const { galleries } = await lockedGalleries(house, scope)
  expect(galleries.map(({ title, filled }) => [title, filled])).toEqual([
    ['A', false],
    ['C', false],
  ])
  expect((await snapshot(house, run.id)).passwordsMissing).toBe(2)
  await fillPassword(house, 'test', galleries[0]!.publicId, 'secret-1')
  expect(await lockedGalleries(house, { clientId: run.clientId })).toMatchObject({
    galleries: [
      { title: 'C', filled: false },
      { title: 'A', filled: true },
    ],
    missing: 1,
  })
  expect((await snapshot(house, run.id)).passwordsMissing).toBe(1)
})

test('a gallery is private here until its password is filled in, and never wider than at the provider', async () => {
  const run = await aRun([
    locked('A'),
    { access: null },
    { access: 'hidden' },
    { access: 'public' },
    { access: 'private' },
  ])
  const shown = async () => (await runGalleries(house, run.id)).galleries.map(({ publishedAs }) => publishedAs)
  expect(await shown()).toEqual(['private', 'private', 'hidden', 'public', 'private'])
  const { galleries } = await lockedGalleries(house, { runId: run.id })
  const { publicId } = galleries[0]!
  expect(await galleryDetail(house, publicId)).toMatchObject({ access: 'password', publishedAs: 'private' })
  await fillPassword(house, 'test', publicId, 'secret-1')
  expect(await galleryDetail(house, publicId)).toMatchObject({ publishedAs: 'password', passwordKnown: true })
  expect((await shown())[0]).toBe('password')
})

test('it is sealed as one that the provider tells, nowhere to be read, and the report knows of it', async () => {
  const run = await aRun([locked('A')])
  const { galleries } = await lockedGalleries(house, { runId: run.id })
  await fillPassword(house, 'lena@pass.test', galleries[0]!.publicId, 'Sommer 2024')
  const { rows } = await house.pool.query<{ password: Buffer }>('select password from galleries where run_id = $1', [
    run.id,
  ])
  const bound = [run.clientId, run.sourceId, 'gallery password']
  expect(open(house.secretKey, rows[0]!.password, bound)).toEqual({ password: 'Sommer 2024' })
  let report = ''
  for await (const line of writeReport(house, run.id)) report += line
  expect(report).toMatch(/"access":"password","passwordKnown":true/)
  const { rows: audit } = await house.pool.query('select actor, act, data from audit where client_id = $1', [
    run.clientId,
  ])
  expect(audit).toContainEqual({ actor: 'lena@pass.test', act: 'gallery.password', data: {} })
  const views = [report, audit, await lockedGalleries(house, { runId: run.id })]
  expect(JSON.stringify(views)).not.toContain('Sommer')
})

test('no other gallery takes a password, and no password is empty or endless', async () => {
  const run = await aRun([locked('A'), locked('told'), { title: 'open', access: 'public' }])
  const { galleries } = await runGalleries(house, run.id)
  const fill = (title: string, password: string) =>
    fillPassword(house, 'test', galleries.find((each) => each.title === title)!.publicId, password)
  await expect(fill('told', 'x')).rejects.toMatchObject({ code: 'not_found' })
  await expect(fill('open', 'x')).rejects.toMatchObject({ code: 'not_found' })
  await expect(fillPassword(house, 'test', randomUUID(), 'x')).rejects.toMatchObject({ code: 'not_found' })
  await expect(fill('A', ' ')).rejects.toMatchObject({ code: 'invalid_password' })
  await expect(fill('A', 'x'.repeat(201))).rejects.toMatchObject({ code: 'invalid_password' })
})

test('a table is shown before it is applied: what fits, and each line that does not, by its number', async () => {
  const run = await aRun([locked('Smith'), locked('Jörg & Anna'), locked('Twice'), locked('Twice'), { title: 'Open' }])
  const scope = { runId: run.id }
  const text = table(
    'gallery ref,title,password',
    'g0,,one',
    ',jörg  & anna,"two, with ""quotes"""',
    ',Twice,three',
    ',Nobody,four',
    ',Open,five',
    ',,six',
    'g2,,',
    'g0,,again',
    `g3,,${'x'.repeat(300)}`,
  )
  const preview = await previewPasswords(house, scope, text)
  expect(preview.matches.map(({ line, ref, replaces }) => [line, ref, replaces])).toEqual([
    [2, 'g0', false],
    [3, 'g1', false],
  ])
  expect(preview.problems.map(({ line, code }) => [line, code])).toEqual([
    [4, 'ambiguous_title'],
    [5, 'unknown_gallery'],
    [6, 'unknown_gallery'],
    [7, 'no_gallery'],
    [8, 'no_password'],
    [9, 'twice'],
    [10, 'too_long'],
  ])
  expect(preview.missingAfter).toBe(2)
  expect(JSON.stringify(preview)).not.toMatch(/"(one|two|three|four|six|again)/)
  expect((await lockedGalleries(house, scope)).missing).toBe(4)

  expect(await applyPasswords(house, 'test', scope, text)).toMatchObject({ filled: 2, problems: { length: 7 } })
  expect((await lockedGalleries(house, scope)).missing).toBe(2)
  const { rows } = await house.pool.query<{ password: Buffer }>(
    "select password from galleries where run_id = $1 and ref = 'g1'",
    [run.id],
  )
  const bound = [run.clientId, run.sourceId, 'gallery password']
  expect(open(house.secretKey, rows[0]!.password, bound)).toEqual({ password: 'two, with "quotes"' })
})

test.each([
  ['semicolons, as spreadsheets of half of Europe save them', '\uFEFFGallery;Password\r\nSmith;one\r\n'],
  ['tabs', 'password\ttitle\none\tSmith\n'],
  ['no names for its columns', 'Smith,one'],
  ['its ref', 'g0,one'],
])('a table with %s is understood', async (_, text) => {
  const run = await aRun([locked('Smith')])
  expect(await previewPasswords(house, { runId: run.id }, text)).toMatchObject({
    matches: [{ ref: 'g0' }],
    problems: [],
  })
})

test('a table of another run fills in nothing here, and an empty one is refused', async () => {
  const mine = await aRun([locked('Smith')])
  const other = await aRun([locked('Smith')])
  await applyPasswords(house, 'test', { runId: other.id }, 'Smith,one')
  expect((await lockedGalleries(house, { runId: mine.id })).missing).toBe(1)
  const empty = previewPasswords(house, { runId: mine.id }, 'gallery,password\n')
  await expect(empty).rejects.toMatchObject({ code: 'empty_table', status: 422 })
})
