// How a run ends, and what the next one of the account takes over.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { settle } from './ledger.ts'
import { publishGallery } from './reconcile.ts'
import { Refusal } from './refusal.ts'
import { retryRun } from './retry.ts'
import { cancelRun, pauseRun, resumeRun } from './runs.ts'
import { snapshot } from './snapshots.ts'
import { sweep } from './sweep.ts'
import { aMovingRun, countedAndRecounted, forgetJobs, jobsOf, type VerbHouse, verbHouse } from './testing.ts'
import { storedOutcome } from './testing-outcomes.ts'
import { leaveOthersAlone, published, settled, stateOf } from './testing-runs.ts'
import { listRuns } from './views.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())
beforeEach(() => leaveOthersAlone(house))

test('the run ends though its last two galleries come to their end in the same moment', async () => {
  const run = await aMovingRun(house, [{}, {}])
  await settled(house, run, 0, ['rendered'])
  await settled(house, run, 1, ['rendered'])
  let second: Promise<void> | undefined
  await house.db.transaction(async (tx) => {
    await publishGallery(tx, house.queues, run.galleries[0]!, null)
    let through = false
    second = published(house, run, 1).then(() => {
      through = true
    })
    // Until it waits for the first one, or is through without having seen it.
    await expect.poll(async () => through || (await waitingBackends()) > 0, { timeout: 10_000 }).toBe(true)
  })
  await second
  expect(await stateOf(house, run.id)).toBe('done')
})

async function waitingBackends(): Promise<number> {
  const { rows } = await house.pool.query<{ n: number }>(
    "select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
  )
  return rows[0]!.n
}

test('verbs and workers that come at the same moment wait for each other; nobody is locked out and the run comes to its end', async () => {
  const run = await aMovingRun(
    house,
    Array.from({ length: 8 }, () => ({})),
  )
  for (const n of run.galleries.keys()) await settled(house, run, n, n % 2 ? ['rendered', 'truncated'] : ['rendered'])
  const work = run.galleries.flatMap((_, n) => [
    published(house, run, n, n % 2 ? 'photos_failed' : null),
    resumeRun(house, 'test', run.id),
    retryRun(house, 'test', run.id),
    n % 3 ? sweep(house) : pauseRun(house, 'test', run.id),
  ])
  for (const end of await Promise.allSettled(work))
    if (end.status === 'rejected') expect(end.reason).toBeInstanceOf(Refusal)
  if ((await stateOf(house, run.id)) === 'paused') await resumeRun(house, 'test', run.id)
  const { counted, recounted } = await countedAndRecounted(house, run.id)
  expect(counted).toEqual(recounted)
  const { rows } = await house.pool.query<{ id: number }>(
    "select id from photos where run_id = $1 and state = 'listed'",
    [run.id],
  )
  await settle(
    house.db,
    house.queues,
    run,
    'fetch-photos',
    'listed',
    rows.map(({ id }) => ({ id, attempts: 0, to: 'failed', code: 'truncated' })),
  )
  for (const n of run.galleries.keys()) await published(house, run, n, n % 2 ? 'photos_failed' : null)
  expect(await stateOf(house, run.id)).toBe('done_with_problems')
})

test('a run that was paused while its last gallery was published is done when it is resumed', async () => {
  const run = await aMovingRun(house)
  await settled(house, run, 0, ['rendered'])
  await pauseRun(house, 'test', run.id)
  await published(house, run, 0)
  expect(await stateOf(house, run.id)).toBe('paused')
  await resumeRun(house, 'test', run.id)
  expect(await stateOf(house, run.id)).toBe('done')
})

test('an account that holds nothing is done when it is started', async () => {
  const run = await aMovingRun(house, [])
  expect(await stateOf(house, run.id)).toBe('done')
})

test('a run waits for photos on their way in a gallery that needs a look, and leaves none of them in between', async () => {
  const run = await aMovingRun(house, [{}, {}])
  await settled(house, run, 0, ['rendered', 'listed'])
  await house.pool.query(
    "update galleries set state = 'attention', code = 'source_error', built_at = null where id = $1",
    [run.galleries[0]!.id],
  )
  await settled(house, run, 1, ['rendered'])
  await published(house, run, 1)
  expect(await stateOf(house, run.id)).toBe('running')
  await house.pool.query(
    "update photos set state = 'skipped', code = 'gone_at_source' where gallery_id = $1 and state = 'listed'",
    [run.galleries[0]!.id],
  )
  await house.pool.query('update galleries set listed = 0, skipped = 1 where id = $1', [run.galleries[0]!.id])
  await sweep(house)
  expect(await stateOf(house, run.id)).toBe('done_with_problems')
  const { counted, recounted } = await countedAndRecounted(house, run.id)
  expect(counted).toEqual(recounted)
  expect(counted[0]).toMatchObject({ published: 1, rendered: 0, skipped: 1 })
})

test('a second migration of an account takes only what is new, doubles nothing, and the first keeps its totals', async () => {
  const first = await aMovingRun(house, [{}, {}])
  await settled(house, first, 0, ['rendered', 'rendered'])
  await settled(house, first, 1, ['rendered'])
  await published(house, first, 0)
  await published(house, first, 1)
  await forgetJobs(house)
  const second = await aMovingRun(house, [{}, {}], first)
  await settled(house, second, 0, ['rendered', 'rendered', 'listed'])
  await settled(house, second, 1, ['rendered'])
  const fetched = (await jobsOf(house, 'fetch-photos')).flatMap((job) => job.data.photoIds!)
  const { rows } = await house.pool.query('select id from photos where client_id = $1 order by id', [first.clientId])
  expect(rows.length).toBe(4)
  expect(fetched).toEqual([rows[3]!.id])
  expect((await snapshot(house, second.id)).totals).toMatchObject({ galleries: 2, found: 4, published: 3 })
  for (const totals of [
    (await snapshot(house, first.id)).totals,
    (await listRuns(house, { clientId: first.clientId })).runs.find((run) => run.id === first.id)!.totals,
  ])
    expect(totals).toMatchObject({ galleries: 2, found: 3, published: 3, bytes: 30 })
  const { counted, recounted } = await countedAndRecounted(house, second.id)
  expect(counted).toEqual(recounted)
})

test('the totals of an old run stand though a later one took only some of its galleries', async () => {
  const first = await aMovingRun(house, [{}, {}])
  await settled(house, first, 0, ['rendered', 'rendered'])
  await settled(house, first, 1, ['rendered'])
  await published(house, first, 0)
  await published(house, first, 1)
  await aMovingRun(house, [{}], first)
  expect((await snapshot(house, first.id)).totals).toMatchObject({ galleries: 2, found: 3, published: 3, copied: 3 })
})

test('what a cancelled run left undone, what failed in it and what was skipped, is moved by the next one', async () => {
  const first = await aMovingRun(house)
  const photos = await settled(house, first, 0, ['rendered', 'listed', 'truncated', 'skipped'])
  await cancelRun(house, 'test', first.id)
  await forgetJobs(house)
  const second = await aMovingRun(house, [{}], first)
  const fetched = (await jobsOf(house, 'fetch-photos')).flatMap((job) => job.data.photoIds!)
  expect(fetched).toEqual([photos[1]!.id, photos[2]!.id])
  const { counted, recounted } = await countedAndRecounted(house, second.id)
  expect(counted).toEqual(recounted)
  expect(counted).toMatchObject([{ total: 4, listed: 2, failed: 0, skipped: 1, rendered: 1 }])
  await settled(house, second, 0, ['rendered', 'rendered', 'rendered', 'rendered'])
  await settle(
    house.db,
    house.queues,
    second,
    'fetch-photos',
    'listed',
    fetched.map((id) => storedOutcome({ id })),
  )
  await published(house, second, 0)
  expect(await stateOf(house, second.id)).toBe('done')
  expect((await snapshot(house, first.id)).totals).toMatchObject({ found: 4, failed: 1, stored: 0 })
})

test("another client's galleries and photos are out of reach of a run's verbs", async () => {
  const [mine, theirs] = [await aMovingRun(house), await aMovingRun(house)]
  const [photo] = await settled(house, theirs, 0, ['truncated'])
  expect(await retryRun(house, 'test', mine.id, { photoPublicIds: [photo!.publicId] })).toEqual({
    retried: 0,
    galleries: 0,
  })
  expect(await retryRun(house, 'test', mine.id, { galleryId: theirs.galleries[0]!.id })).toEqual({
    retried: 0,
    galleries: 0,
  })
  const { rows } = await house.pool.query('select state, code from photos where id = $1', [photo!.id])
  expect(rows).toEqual([{ state: 'failed', code: 'truncated' }])
})
