import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { searchClients } from './client-search.ts'
import { pauseQueue, resumeQueue } from './queue-control.ts'
import { searchRuns } from './run-search.ts'
import { snapshot } from './snapshots.ts'
import { type Standing, standOf } from './stands.ts'
import { aMovingRun, forgetJobs, type VerbHouse, verbHouse } from './testing.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())
afterEach(() => forgetJobs(house))

const moving: Standing = {
  kind: 'migration',
  state: 'running',
  waits: { work: 'active', stalledSince: null, paused: [], behindRuns: null },
  ...{ thaws: false, blocked: false, stopped: false, comes: true, listing: 0, unsettled: 60, retrying: 0 },
}
const waits = (more: Partial<Standing['waits']>) => ({ waits: { ...moving.waits, ...more } })
const paused = [{ queue: 'fetch-photos', by: 'ops@pass.test' }] as const

test('a run moves, unless something keeps it from that', () => {
  const stand = (more: Partial<Standing>) => standOf({ ...moving, ...more })
  expect(stand({})).toBe(null)
  expect(stand({ blocked: true })).toBe(null)
  expect(stand({ blocked: true, comes: false })).toBe('limited')
  expect(stand({ thaws: true })).toBe('limited')
  expect(stand(waits({ work: 'queued', behindRuns: 3 }))).toBe('queued')
  expect(stand({ retrying: 60 })).toBe('retrying')
  expect(stand({ retrying: 60, listing: 1 })).toBe(null)
  expect(stand({ retrying: 5 })).toBe(null)
  expect(stand(waits({ paused: [...paused] }))).toBe(null)
  expect(stand(waits({ work: 'queued', paused: [...paused] }))).toBe('held')
  expect(stand({ stopped: true })).toBe(null)
  expect(stand({ stopped: true, comes: false })).toBe('held')
})

test('an upload of which nothing is here to be worked on waits for its files; a migration never does', () => {
  const idle = { ...moving, ...waits({ work: 'none' }), comes: false }
  expect(standOf({ ...idle, kind: 'upload' })).toBe('sender')
  expect(standOf({ ...idle, kind: 'upload', comes: true })).toBe(null)
  expect(standOf({ ...idle, kind: 'upload', ...waits({ work: 'queued' }) })).toBe(null)
  expect(standOf(idle)).toBe(null)
})

test('whatever else is the matter, a run without anybody who works is stalled, and only one that should move', () => {
  const dead = { ...moving, ...waits({ stalledSince: 'then', behindRuns: 2 }), blocked: true, comes: false }
  expect(standOf(dead)).toBe('stalled')
  expect(standOf({ ...dead, state: 'surveying' })).toBe('stalled')
  expect(standOf({ ...dead, state: 'paused' })).toBe(null)
  expect(standOf({ ...dead, state: 'done_with_problems' })).toBe(null)
})

/** What the page of the run, the run list and the list of clients say. */
async function everywhere({ id, clientId }: { id: string; clientId: string }) {
  // What is asked is believed for some seconds, of one pool.
  const fresh = { ...house, pool: new Proxy(house.pool, {}) }
  const { clients } = await searchClients(fresh, {})
  return [
    (await snapshot(fresh, id)).stand,
    (await searchRuns(fresh, { clientId })).runs[0]!.stand,
    clients.find((client) => client.id === clientId)!.lastRun!.stand,
  ]
}

test('its page, the run list and the list of clients say the same of a run', async () => {
  const run = await aMovingRun(house, [{}])
  const { pool } = house
  await pool.query('delete from pgboss.job where group_id = $1', [run.id])
  await pool.query("update galleries set listed_at = now(), state = 'copying' where run_id = $1", [run.id])
  expect(await everywhere(run)).toEqual([null, null, null])

  await pool.query(
    `insert into host_budgets (host, lane, rate, least, most, tokens, blocked_until, provider)
     select 'cdn.test', 'pictures', 1, 1, 1, 0, now() + interval '1 hour', provider from sources where id = $1`,
    [run.sourceId],
  )
  expect(await everywhere(run)).toEqual(['limited', 'limited', 'limited'])

  const sample = `insert into samples (run_id, at, found, stored, rendered, settled, bytes) values ($1, now() - make_interval(secs => $2), 9, $3, 0, 0, 0)`
  await pool.query(sample, [run.id, 15, 1])
  await pool.query(sample, [run.id, 5, 4])
  expect(await everywhere(run)).toEqual([null, null, null])

  const [gallery] = run.galleries
  await pool.query(
    `insert into photos (client_id, run_id, gallery_id, ref, kind, state, attempts, code, next_try_at)
     select $1, $2, $3, 'p' || n, 'photo', 'listed', 2, 'server_error', now() + interval '1 hour' from generate_series(1, 3) n`,
    [run.clientId, run.id, gallery!.id],
  )
  await pool.query('update galleries set total = 3, listed = 3 where id = $1', [gallery!.id])
  expect(await everywhere(run)).toEqual(['retrying', 'retrying', 'retrying'])

  await pool.query(
    `insert into pgboss.job (name, data, group_id, state, start_after) values ('fetch-photos', '{}', $1, 'created', now() - interval '1 minute')`,
    [run.id],
  )
  expect(await everywhere(run)).toEqual(['stalled', 'stalled', 'stalled'])
  await pauseQueue(house, 'ops@pass.test', 'fetch-photos')
  expect(await everywhere(run)).toEqual(['held', 'held', 'held'])
  await resumeQueue(house, 'ops@pass.test', 'fetch-photos')
})
