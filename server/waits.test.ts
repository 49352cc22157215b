import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { searchClients } from './client-search.ts'
import { countRuns, home, searchRuns } from './run-search.ts'
import { snapshot } from './snapshots.ts'
import { aMovingRun, forgetJobs, type VerbHouse, verbHouse } from './testing.ts'
import { stalledNow, waitsOf } from './waits.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())
afterEach(async () => {
  await forgetJobs(house)
  await house.pool.query('delete from workers')
})

/** What is asked is believed for some seconds, of one pool: each look here is one of its own. */
const fresh = () => ({ pool: new Proxy(house.pool, {}) })

async function aRun() {
  const run = await aMovingRun(house, [])
  await house.pool.query("update runs set state = 'running', finished_at = null where id = $1", [run.id])
  await house.pool.query('delete from pgboss.job where group_id = $1', [run.id])
  return run.id
}

const aWorker = (group: string, secondsAgo = 0) =>
  house.pool.query(
    `insert into workers (id, "group", host, pid, version, seen_at) values ($1, $2, 'here', 1, 'v24', now() - make_interval(secs => $3))`,
    [randomUUID(), group, secondsAgo],
  )

const aJob = (runId: string, name: string, state: 'created' | 'active', signSecondsAgo = 0) =>
  house.pool.query(
    `insert into pgboss.job (name, data, group_id, state, start_after, started_on, heartbeat_on)
     values ($1, '{}', $2, $3::text::pgboss.job_state, now() - interval '5 minutes', case when $3 = 'active' then now() - interval '5 minutes' end,
       case when $3 = 'active' then now() - make_interval(secs => $4) end)`,
    [name, runId, state, signSecondsAgo],
  )

test('a run whose worker died is stalled since the last sign of it, needs somebody, and is never shown as moving', async () => {
  const run = await aRun()
  await aWorker('all', 41)
  await aJob(run, 'fetch-photos', 'active', 40)
  const waits = await waitsOf(fresh(), run)
  expect(Date.now() - Date.parse(waits.stalledSince!)).toBeGreaterThan(39_000)
  expect(waits.unserved).toEqual(['fetch-photos'])
  expect(await stalledNow(fresh())).toEqual([run])
  const { attention, moving } = await home(fresh(), new Date())
  expect([attention, moving].map(({ runs }) => runs.map(({ id }) => id))).toEqual([[run], []])
  expect(await countRuns(fresh(), {})).toMatchObject({ attention: 1, moving: 0 })
  expect((await searchRuns(fresh(), { tab: 'attention' })).runs).toMatchObject([{ id: run, stand: 'stalled' }])
  expect((await searchClients(fresh(), {})).counts).toMatchObject({ attention: 1, moving: 0 })
  expect((await snapshot({ ...house, ...fresh() }, run)).stalledSince).not.toBeNull()
})

test('a run is not stalled while somebody works on it, or lives who could take it over', async () => {
  const [worked, taken] = [await aRun(), await aRun()]
  await aWorker('all')
  await aJob(worked, 'fetch-photos', 'active', 2)
  await aJob(worked, 'fetch-photos', 'active', 40)
  await aJob(taken, 'fetch-photos', 'created')
  for (const run of [worked, taken])
    expect(await waitsOf(fresh(), run)).toMatchObject({ stalledSince: null, unserved: [] })
})

test('names the queues that no worker takes, of this run only', async () => {
  const [one, other] = [await aRun(), await aRun()]
  await aWorker('transfer')
  await aJob(one, 'fetch-photos', 'active', 2)
  await aJob(one, 'render-photos', 'created')
  await aJob(other, 'fetch-photos', 'active', 2)
  expect(await waitsOf(fresh(), one)).toMatchObject({ unserved: ['render-photos'], stalledSince: null })
  expect(await waitsOf(fresh(), other)).toMatchObject({ unserved: [] })
})

test('a run that is only queued says behind how many others', async () => {
  const [first, second, last] = [await aRun(), await aRun(), await aRun()]
  await aWorker('all')
  await aJob(first, 'fetch-photos', 'active', 2)
  await aJob(second, 'list-gallery', 'active', 2)
  await aJob(last, 'survey-source', 'created')
  expect(await waitsOf(fresh(), last)).toMatchObject({ behindRuns: 2, stalledSince: null })
  expect(await waitsOf(fresh(), first)).toMatchObject({ behindRuns: null })
})
