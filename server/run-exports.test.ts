import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { findOrphans } from './orphans.ts'
import {
  askForExport,
  exportsOf,
  forgetAllExports,
  openExport,
  recordExport,
  sweepExports,
  writeExport,
} from './run-exports.ts'
import { aSource, forgetJobs, jobsOf, type VerbHouse, verbHouse } from './testing.ts'

const [lena, tom] = ['lena@pass.test', 'tom@pass.test']

let house: VerbHouse
let temp: string
beforeAll(async () => {
  house = await verbHouse()
  temp = await mkdtemp(join(tmpdir(), 'exports-'))
})
beforeEach(async () => {
  await forgetJobs(house)
  await house.pool.query('delete from run_exports; delete from mails')
})
afterAll(async () => {
  await house?.dispose()
  await rm(temp, { recursive: true, force: true })
})

/** So many runs of a new client, whose name a spreadsheet would take for a formula. */
async function runs(n: number): Promise<string> {
  const { clientId } = await aSource(house)
  await house.pool.query('update clients set name = $2 where id = $1', [clientId, `=HYPERLINK("${clientId}")`])
  await house.pool.query(
    `insert into runs (client_id, kind, state, renditions, created_by) select $1, 'upload', 'done', '{}', 'test' from generate_series(1, $2)`,
    [clientId, n],
  )
  return clientId
}

async function written(clientId: string): Promise<string> {
  const { id } = await askForExport(house, lena, { clientId })
  const file = await writeExport(house, id, { temp, signal: new AbortController().signal })
  await house.db.transaction((tx) => recordExport(tx, house, file!))
  return id
}

test('a long list is written whole, without formulas, and whoever asked is told', async () => {
  const clientId = await runs(450)
  const id = await written(clientId)
  expect(await exportsOf(house, lena)).toMatchObject([{ id, state: 'ready', runs: 450 }])
  const { stream, bytes } = await openExport(house, lena, id)
  const csv = await text(stream)
  expect(Buffer.byteLength(csv)).toBe(bytes)
  const lines = csv.trimEnd().split('\r\n')
  expect(lines).toHaveLength(451)
  expect(lines.slice(1).every((line) => line.includes(`"'=HYPERLINK(""${clientId}"")"`))).toBe(true)
  expect(await readdir(temp)).toEqual([])
  const mails = await house.pool.query('select receiver, subject from mails')
  expect(mails.rows).toEqual([{ receiver: lena, subject: 'Your list of runs is ready' }])
  expect(await jobsOf(house, 'send-mail')).toHaveLength(1)
})

test('it is there for whoever asked for it, and each taking is on record', async () => {
  const id = await written(await runs(1))
  await expect(openExport(house, tom, id)).rejects.toMatchObject({ code: 'not_found' })
  expect(await exportsOf(house, tom)).toEqual([])
  ;(await openExport(house, lena, id)).stream.destroy()
  const { rows } = await house.pool.query('select actor, act from audit where subject = $1 order by id', [id])
  expect(rows).toEqual([
    { actor: lena, act: 'runs.export' },
    { actor: lena, act: 'runs.download' },
  ])
})

test('the same list is asked for once while it waits, and three lists at most', async () => {
  const asked = await Promise.all([1, 2, 3].map(() => askForExport(house, lena, { tab: 'done' })))
  expect(new Set(asked.map(({ id }) => id)).size).toBe(1)
  await askForExport(house, lena, { tab: 'failed' })
  await askForExport(house, lena, {})
  await expect(askForExport(house, lena, { tab: 'paused' })).rejects.toMatchObject({ code: 'too_many_exports' })
  await askForExport(house, tom, { tab: 'paused' })
  expect(await jobsOf(house, 'export-runs')).toHaveLength(4)
})

test('one whose job is lost gets another, and one that nobody could write within an hour is given up', async () => {
  const { id } = await askForExport(house, lena, {})
  await sweepExports(house)
  expect(await jobsOf(house, 'export-runs')).toHaveLength(1)
  await forgetJobs(house)
  await sweepExports(house)
  expect((await jobsOf(house, 'export-runs')).map(({ data }) => data)).toEqual([{ exportId: id }])
  await house.pool.query("update run_exports set asked_at = now() - interval '61 minutes'")
  await sweepExports(house)
  expect(await exportsOf(house, lena)).toMatchObject([{ id, state: 'failed' }])
})

test('a worker that stops leaves no half file; written again after a lost end, it is the list as it is then', async () => {
  const clientId = await runs(2)
  const { id } = await askForExport(house, lena, { clientId })
  expect(await writeExport(house, id, { temp, signal: AbortSignal.abort() })).toBeNull()
  expect(await house.store.head(`exports/${id}.csv`)).toBeNull()
  const first = await writeExport(house, id, { temp, signal: new AbortController().signal })
  await house.pool.query("update runs set state = 'cancelled' where client_id = $1", [clientId])
  const second = await writeExport(house, id, { temp, signal: new AbortController().signal })
  expect(second!.bytes).toBeGreaterThan(first!.bytes)
  await house.db.transaction((tx) => recordExport(tx, house, second!))
  expect(await text((await openExport(house, lena, id)).stream)).toContain('cancelled')
  expect(await writeExport(house, id, { temp, signal: new AbortController().signal })).toBeNull()
})

test('after three days, and when a client is deleted for good, the file is gone from table and store', async () => {
  const old = await written(await runs(1))
  await house.pool.query('update run_exports set expires_at = now()')
  await expect(openExport(house, lena, old)).rejects.toMatchObject({ code: 'not_found' })
  await sweepExports(house)
  const fresh = await written(await runs(1))
  expect(await orphans()).not.toContain(`exports/${fresh}.csv`)
  await forgetAllExports(house)
  for (const id of [old, fresh]) expect(await house.store.head(`exports/${id}.csv`)).toBeNull()
  expect((await house.pool.query('select from run_exports')).rowCount).toBe(0)
})

async function orphans(): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of findOrphans(house)) keys.push(key)
  return keys
}
