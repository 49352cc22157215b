import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { recordGalleries } from './listing.ts'
import { Refusal } from './refusal.ts'
import { retryRun } from './retry.ts'
import {
  blockRun,
  cancelRun,
  createMigration,
  pauseRun,
  planRun,
  type RunState,
  resumeRun,
  runFacts,
  startRun,
} from './runs.ts'
import { aMovingRun, aSource, forgetJobs, foundGallery, jobsOf, type VerbHouse, verbHouse } from './testing.ts'
import { force, leaveOthersAlone, stateOf } from './testing-runs.ts'
import { listRuns } from './views.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())
beforeEach(() => leaveOthersAlone(house))

async function eventsOf(runId: string) {
  const { rows } = await house.pool.query<{ kind: string }>('select kind from events where run_id = $1 order by id', [
    runId,
  ])
  return rows.map((row) => row.kind)
}

test('twenty starts of one migration at once are one run with one survey', async () => {
  const { sourceId } = await aSource(house)
  const input = { sourceId, renditions: ['thumb'], autoStart: true }
  const made = await Promise.all(Array.from({ length: 20 }, () => createMigration(house, 'test', input)))
  const ids = new Set(made.map((run) => run.id))
  expect(ids.size).toBe(1)
  expect(made.filter((run) => !run.existed).length).toBe(1)
  const [id] = ids
  expect((await jobsOf(house, 'survey-source')).map((job) => job.data)).toEqual([{ runId: id }])
  expect(await eventsOf(id!)).toEqual(['created'])
})

test('renditions are the presets by name; none are none, an unknown name is refused', async () => {
  const { sourceId } = await aSource(house)
  const none = await createMigration(house, 'test', { sourceId, renditions: ['none'], autoStart: false })
  expect((await runFacts(house, none.id)).renditions).toEqual({})
  const unknown = createMigration(house, 'test', { sourceId, renditions: ['huge'], autoStart: false })
  await expect(unknown).rejects.toMatchObject({ name: 'Refusal', code: 'unknown_preset', status: 422 })
})

test('what was found waits for a yes, or starts at once where that was wanted', async () => {
  for (const autoStart of [false, true]) {
    const { sourceId } = await aSource(house)
    const { id } = await createMigration(house, 'test', { sourceId, renditions: ['thumb'], autoStart })
    await recordGalleries(house.db, { ...(await runFacts(house, id)), sourceId }, [
      { ...foundGallery('g'), ordinal: 0 },
    ])
    await planRun(house, id, { photos: 3 }, { captions: 'kept' })
    expect(await stateOf(house, id)).toBe(autoStart ? 'running' : 'planned')
    expect((await jobsOf(house, 'list-gallery')).filter((job) => job.group === id).length).toBe(autoStart ? 1 : 0)
    await planRun(house, id, { photos: 4 }, {})
    expect(await stateOf(house, id)).toBe(autoStart ? 'running' : 'planned')
  }
})

const verbs = {
  start: (id: string) => startRun(house, 'test', id),
  pause: (id: string) => pauseRun(house, 'test', id),
  resume: (id: string) => resumeRun(house, 'test', id),
  cancel: (id: string) => cancelRun(house, 'test', id),
  retry: (id: string) => retryRun(house, 'test', id),
}
const refused = 'refused'
const becomes: Record<keyof typeof verbs, Record<RunState, RunState | typeof refused>> = {
  start: {
    surveying: refused,
    planned: 'running',
    running: 'running',
    paused: refused,
    blocked: refused,
    done: refused,
    done_with_problems: refused,
    cancelled: refused,
    failed: refused,
  },
  pause: {
    surveying: 'paused',
    planned: refused,
    running: 'paused',
    paused: 'paused',
    blocked: 'paused',
    done: refused,
    done_with_problems: refused,
    cancelled: refused,
    failed: refused,
  },
  resume: {
    surveying: 'surveying',
    planned: refused,
    running: 'running',
    paused: 'running',
    blocked: 'running',
    done: refused,
    done_with_problems: refused,
    cancelled: refused,
    failed: refused,
  },
  cancel: {
    surveying: 'cancelled',
    planned: 'cancelled',
    running: 'cancelled',
    paused: 'cancelled',
    blocked: 'cancelled',
    done: refused,
    done_with_problems: refused,
    cancelled: 'cancelled',
    failed: refused,
  },
  retry: {
    surveying: 'surveying',
    planned: refused,
    running: 'running',
    paused: 'paused',
    blocked: 'blocked',
    done: 'done',
    done_with_problems: 'done_with_problems',
    cancelled: refused,
    failed: 'failed',
  },
}

test.each(Object.keys(verbs) as (keyof typeof verbs)[])(
  '%s leads where it may lead, and is refused elsewhere',
  async (name) => {
    for (const [from, to] of Object.entries(becomes[name]) as [RunState, RunState | typeof refused][]) {
      const run = await aMovingRun(house)
      await force(house, run.id, from, from === 'paused' || from === 'blocked' ? 'running' : null)
      const end = await verbs[name](run.id).then(
        () => stateOf(house, run.id),
        (error: unknown) => error,
      )
      if (to !== refused) expect([from, end]).toEqual([from, to])
      else {
        expect(end).toMatchObject({ name: 'Refusal', code: 'wrong_state', status: 409 })
        expect(await stateOf(house, run.id)).toBe(from)
      }
    }
  },
)

test('a run that is not there is not found, whatever is asked of it', async () => {
  const nowhere = '00000000-0000-4000-8000-000000000000'
  for (const verb of Object.values(verbs))
    await expect(verb(nowhere)).rejects.toMatchObject({ name: 'Refusal', code: 'not_found', status: 404 })
  const migration = createMigration(house, 'test', { sourceId: nowhere, renditions: [], autoStart: false })
  await expect(migration).rejects.toBeInstanceOf(Refusal)
})

test('pausing and cancelling twice happens once', async () => {
  const run = await aMovingRun(house)
  await Promise.all([verbs.pause(run.id), verbs.pause(run.id), verbs.pause(run.id)])
  await Promise.all([verbs.cancel(run.id), verbs.cancel(run.id)])
  expect(await eventsOf(run.id)).toEqual(['created', 'planned', 'started', 'paused', 'cancelled'])
  const { rows } = await house.pool.query(
    "select act from audit where subject = $1 and act in ('run.pause', 'run.cancel')",
    [run.id],
  )
  expect(rows.length).toBe(2)
})

test('a run that was blocked, then paused, goes on where it stood before', async () => {
  const { sourceId } = await aSource(house)
  const { id } = await createMigration(house, 'test', { sourceId, renditions: [], autoStart: false })
  await blockRun(house, id, 'challenge', 'Sign in by hand.')
  expect((await listRuns(house, { states: ['blocked'] })).runs).toMatchObject([
    { id, code: 'challenge', todo: 'Sign in by hand.' },
  ])
  await verbs.pause(id)
  await forgetJobs(house)
  await verbs.resume(id)
  expect(await stateOf(house, id)).toBe('surveying')
  expect((await jobsOf(house, 'survey-source')).length).toBe(1)
  expect((await listRuns(house, { states: ['surveying'] })).runs).toMatchObject([{ id, code: null, todo: null }])
})

test('a run that does not move is not blocked', async () => {
  const run = await aMovingRun(house)
  await verbs.cancel(run.id)
  await blockRun(house, run.id, 'challenge', 'Sign in by hand.')
  expect(await stateOf(house, run.id)).toBe('cancelled')
})

test('resuming asks about waiting galleries at once and gives every gallery and the survey all their tries again', async () => {
  const run = await aMovingRun(house, [{}, {}])
  await house.pool.query("update runs set tries = 7, state = 'blocked', resume_to = 'running' where id = $1", [run.id])
  await house.pool.query(
    "update galleries set state = 'waiting', waiting_since = now(), ask_again_at = now() + interval '1 hour', tries = 3 where id = $1",
    [run.galleries[0]!.id],
  )
  await forgetJobs(house)
  await verbs.resume(run.id)
  const { rows } = await house.pool.query(
    'select r.tries, max(g.tries) as "mostTries" from runs r join galleries g on g.run_id = r.id where r.id = $1 group by r.id',
    [run.id],
  )
  expect(rows).toEqual([{ tries: 0, mostTries: 0 }])
  expect((await jobsOf(house, 'list-gallery')).length).toBe(2)
})
