import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runState } from '#db/schema.ts'
import { actOnRuns, matchedRuns } from './bulk.ts'
import { misfit, runActs } from './run-acts.ts'
import { runsById } from './run-search.ts'
import { cancelRun, pauseRun } from './runs.ts'
import { aMovingRun, aSource, type VerbHouse, verbHouse } from './testing.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

const statesOf = async (ids: string[]) => (await runsById(house, ids)).map((run) => run.state)

test('what fits is done, what does not is told with its reason, and nothing is passed over', async () => {
  const [moving, paused, over] = [await aMovingRun(house), await aMovingRun(house), await aMovingRun(house)]
  await pauseRun(house, 'test', paused.id)
  await cancelRun(house, 'test', over.id)
  const nobody = randomUUID()
  const ids = [moving.id, paused.id, over.id, nobody]
  const report = await actOnRuns(house, 'lena@pass.test', ids, { act: 'pause', note: 'storage is full' })
  expect(report).toEqual({
    done: 1,
    refused: [
      { id: paused.id, client: expect.any(String), code: 'does_not_fit', reason: 'It is paused already.' },
      { id: over.id, client: expect.any(String), code: 'does_not_fit', reason: 'It has ended.' },
      { id: nobody, client: null, code: 'not_found', reason: 'There is no such run.' },
    ],
  })
  expect(await statesOf(ids)).toEqual(['paused', 'paused', 'cancelled'])
  const { rows } = await house.pool.query("select actor, data from audit where act = 'run.pause' and subject = $1", [
    moving.id,
  ])
  expect(rows).toEqual([{ actor: 'lena@pass.test', data: { note: 'storage is full' } }])
})

test('a run that its verb refuses stops no other', async () => {
  const first = await aMovingRun(house)
  await house.pool.query("update runs set state = 'failed', finished_at = now() where id = $1", [first.id])
  await house.pool.query("update galleries set state = 'attention' where run_id = $1", [first.id])
  // Another one of the same account is open: this one cannot move again.
  const second = await aMovingRun(house, [{}], first)
  await house.pool.query("update galleries set run_id = $1, state = 'attention' where run_id = $2", [
    first.id,
    second.id,
  ])
  const third = await aMovingRun(house)
  await house.pool.query("update galleries set state = 'attention' where run_id = $1", [third.id])
  const report = await actOnRuns(house, 'test', [first.id, third.id], { act: 'retry' })
  expect(report).toMatchObject({ done: 1, refused: [{ id: first.id, code: 'other_run_open' }] })
})

test('the same run twice in one call is acted on once', async () => {
  const run = await aMovingRun(house)
  expect(await actOnRuns(house, 'test', [run.id, run.id], { act: 'pause' })).toEqual({ done: 1, refused: [] })
})

test('all that match are named before anything is done to them', async () => {
  const { clientId } = await aSource(house)
  await house.pool.query(
    `insert into runs (client_id, kind, state, renditions, created_by) select $1, 'upload', 'running', '{}', 'test' from generate_series(1, 250)`,
    [clientId],
  )
  const { ids, states, cut } = await matchedRuns(house, { clientId, tab: 'moving' })
  expect([ids.length, states, cut]).toEqual([250, { running: 250 }, false])
  const report = await actOnRuns(house, 'test', ids.slice(0, 100), { act: 'pause' })
  expect(report).toEqual({ done: 100, refused: [] })
  expect((await matchedRuns(house, { clientId, tab: 'moving' })).ids).toHaveLength(150)
})

test('in every state each act fits or says why not', () => {
  const fits = (act: (typeof runActs)[number]) =>
    runState.enumValues.filter((state) => misfit(act, { state, failed: 3 }) === null)
  expect(Object.fromEntries(runActs.map((act) => [act, fits(act)]))).toEqual({
    start: ['planned'],
    pause: ['surveying', 'running', 'blocked'],
    resume: ['paused', 'blocked'],
    cancel: ['surveying', 'planned', 'running', 'paused', 'blocked'],
    retry: ['running', 'paused', 'blocked', 'done', 'done_with_problems', 'failed'],
    assign: runState.enumValues,
    prioritise: ['surveying', 'planned', 'running', 'paused', 'blocked'],
  })
  expect(misfit('retry', { state: 'done', failed: 0 })).toBe('Nothing in it failed.')
})
