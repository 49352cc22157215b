import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { settle } from './ledger.ts'
import { retryRun } from './retry.ts'
import { snapshot } from './snapshots.ts'
import { aMovingRun, countedAndRecounted, forgetJobs, jobsOf, type VerbHouse, verbHouse } from './testing.ts'
import { sha, storedOutcome } from './testing-outcomes.ts'
import { leaveOthersAlone, published, settled, stateOf } from './testing-runs.ts'
import { listRuns } from './views.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())
beforeEach(() => leaveOthersAlone(house))

test('what failed is retried by cause, by gallery, by photo or all at once, and counted', async () => {
  const run = await aMovingRun(house, [{}, {}])
  const first = await settled(house, run, 0, ['truncated', 'truncated', 'source_error', 'rendered'])
  await settled(house, run, 1, ['source_error', 'skipped'])
  await published(house, run, 0, 'photos_failed')
  await published(house, run, 1, 'photos_failed')
  expect(await stateOf(house, run.id)).toBe('done_with_problems')
  await forgetJobs(house)
  const waiting = async () => (await jobsOf(house, 'fetch-photos')).flatMap((job) => job.data.photoIds!).length
  expect(await retryRun(house, 'test', run.id, { photoPublicIds: [first[0]!.publicId] })).toEqual({
    retried: 1,
    galleries: 1,
  })
  expect(await waiting()).toBe(1)
  expect(await stateOf(house, run.id)).toBe('running')
  expect(
    await retryRun(house, 'test', run.id, { galleryId: run.galleries[0]!.id, code: 'source_error' }),
  ).toMatchObject({ retried: 1 })
  expect(await retryRun(house, 'test', run.id, { code: 'truncated' })).toMatchObject({ retried: 1 })
  expect(await retryRun(house, 'test', run.id, { code: 'source_error' })).toMatchObject({ retried: 1 })
  expect(await retryRun(house, 'test', run.id)).toEqual({ retried: 0, galleries: 0 })
  expect(await waiting()).toBe(4)
  const { counted, recounted } = await countedAndRecounted(house, run.id)
  expect(counted).toEqual(recounted)
  expect(counted).toMatchObject([
    { failed: 0, listed: 3 },
    { failed: 0, listed: 1, skipped: 1 },
  ])
})

test('a photo whose original is safe is retried from there', async () => {
  const run = await aMovingRun(house)
  const [photo] = await settled(house, run, 0, ['truncated'])
  await house.pool.query("update photos set sha256 = decode($2, 'hex') where id = $1", [photo!.id, sha(1)])
  await retryRun(house, 'test', run.id)
  const { rows } = await house.pool.query('select state, attempts, code from photos where id = $1', [photo!.id])
  expect(rows).toEqual([{ state: 'stored', attempts: 0, code: null }])
  expect((await jobsOf(house, 'render-photos')).map((job) => job.data)).toEqual([{ photoIds: [photo!.id] }])
})

test('a retried run is done once what failed has come', async () => {
  const run = await aMovingRun(house)
  await settled(house, run, 0, ['truncated'])
  await published(house, run, 0, 'photos_failed')
  expect((await listRuns(house, { clientId: run.clientId })).runs[0]).toMatchObject({
    state: 'done_with_problems',
    totals: { failed: 1 },
  })
  await retryRun(house, 'test', run.id)
  expect((await listRuns(house, { clientId: run.clientId })).runs[0]).toMatchObject({
    state: 'running',
    finishedAt: null,
    totals: { failed: 0, found: 1 },
  })
  const { rows } = await house.pool.query<{ id: number }>('select id from photos where run_id = $1', [run.id])
  await settle(house.db, house.queues, run, 'fetch-photos', 'listed', [storedOutcome(rows[0]!)])
  await published(house, run, 0)
  expect((await listRuns(house, { clientId: run.clientId })).runs[0]).toMatchObject({
    state: 'done',
    totals: { failed: 0, published: 1 },
  })
})

test('a gallery that could not be listed is listed again by a retry, with all its tries', async () => {
  const run = await aMovingRun(house)
  await house.pool.query(
    "update galleries set state = 'attention', code = 'source_error', tries = 8 where run_id = $1",
    [run.id],
  )
  await forgetJobs(house)
  expect(await retryRun(house, 'test', run.id)).toEqual({ retried: 0, galleries: 1 })
  expect((await jobsOf(house, 'list-gallery')).length).toBe(1)
  const { rows } = await house.pool.query('select state, code, tries from galleries where run_id = $1', [run.id])
  expect(rows).toEqual([{ state: 'copying', code: null, tries: 0 }])
})

test('an old run is not taken up again while another one of the account is open', async () => {
  const old = await aMovingRun(house, [{ ref: 'a' }, { ref: 'b' }])
  await settled(house, old, 0, ['truncated'])
  await published(house, old, 0, 'photos_failed')
  await settled(house, old, 1, ['rendered'])
  await published(house, old, 1)
  await aMovingRun(house, [{ ref: 'b' }], old)
  await expect(retryRun(house, 'test', old.id)).rejects.toMatchObject({
    name: 'Refusal',
    code: 'other_run_open',
    status: 409,
  })
  expect(await stateOf(house, old.id)).toBe('done_with_problems')
})

test.each([
  ['done', ['rendered', 'rendered'], null],
  ['done_with_problems', ['rendered', 'truncated'], 'photos_failed'],
  ['done_with_problems', ['rendered', 'skipped'], null],
  ['done_with_problems', ['rendered'], 'count_differs'],
] as const)('a run ends %s with %j and the verdict %s', async (state, ends, verdict) => {
  const run = await aMovingRun(house, [{}, {}])
  await settled(house, run, 0, ['rendered'])
  await published(house, run, 0)
  expect(await stateOf(house, run.id)).toBe('running')
  await settled(house, run, 1, [...ends])
  await published(house, run, 1, verdict)
  expect(await stateOf(house, run.id)).toBe(state)
  expect((await snapshot(house, run.id)).finishedAt).not.toBeNull()
})
