import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Outcome, settle } from './ledger.ts'
import { recordGalleries, recordPage } from './listing.ts'
import { publishGallery } from './reconcile.ts'
import { Refusal } from './refusal.ts'
import {
  blockRun,
  cancelRun,
  createMigration,
  pauseRun,
  planRun,
  type RunState,
  resumeRun,
  retryRun,
  runFacts,
  startRun,
} from './runs.ts'
import { snapshot } from './snapshots.ts'
import { sweep } from './sweep.ts'
import {
  aMovingRun,
  aSource,
  countedAndRecounted,
  forgetJobs,
  foundGallery,
  foundPhoto,
  jobsOf,
  type MovingRun,
  type VerbHouse,
  verbHouse,
} from './testing.ts'
import { listRuns } from './views.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())
beforeEach(async () => {
  // Runs of other tests are left as they are, and alone.
  await house.pool.query(
    "update runs set state = 'failed' where state in ('surveying', 'planned', 'running', 'paused', 'blocked')",
  )
  await forgetJobs(house)
})

const sha = (n: number) => n.toString(16).padStart(64, '0')
const stateOf = async (runId: string) => (await runFacts(house, runId)).state
const force = (runId: string, state: RunState, resumeTo: RunState | null = null) =>
  house.pool.query('update runs set state = $2, resume_to = $3 where id = $1', [runId, state, resumeTo])

async function eventsOf(runId: string) {
  const { rows } = await house.pool.query<{ kind: string }>('select kind from events where run_id = $1 order by id', [
    runId,
  ])
  return rows.map((row) => row.kind)
}

/** Photos p0, p1 … of gallery `n`, each brought to its end as told. */
async function settled(
  run: MovingRun,
  n: number,
  ends: ('rendered' | 'skipped' | 'truncated' | 'source_error' | 'listed')[],
) {
  const gallery = run.galleries[n]!
  const photos = ends.map((_, i) => foundPhoto(gallery.ref, `p${i}`))
  await recordPage(house.db, house.queues, gallery, { photos, next: null }, null)
  const { rows } = await house.pool.query<{ id: number; publicId: string; state: string }>(
    'select id, public_id as "publicId", state from photos where gallery_id = $1 order by id',
    [gallery.id],
  )
  const outcomes = rows.flatMap(({ id, state }, i): Outcome[] => {
    const end = ends[i]!
    if (end === 'listed' || state !== 'listed') return []
    if (end === 'rendered')
      return [
        {
          id,
          attempts: 0,
          to: 'stored',
          sha256: sha(id),
          bytes: 10,
          contentType: 'image/jpeg',
          isOriginal: true,
          render: false,
        },
      ]
    if (end === 'skipped') return [{ id, attempts: 0, to: 'skipped', code: 'gone_at_source' }]
    return [{ id, attempts: 0, to: 'failed', code: end }]
  })
  await settle(house.db, house.queues, run, 'fetch-photos', 'listed', outcomes)
  return rows
}

const published = (run: MovingRun, n: number, verdict: Parameters<typeof publishGallery>[3] = null) =>
  house.db.transaction((tx) => publishGallery(tx, house.queues, run.galleries[n]!, verdict))

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
    expect(await stateOf(id)).toBe(autoStart ? 'running' : 'planned')
    expect((await jobsOf(house, 'list-gallery')).filter((job) => job.group === id).length).toBe(autoStart ? 1 : 0)
    await planRun(house, id, { photos: 4 }, {})
    expect(await stateOf(id)).toBe(autoStart ? 'running' : 'planned')
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
      await force(run.id, from, from === 'paused' || from === 'blocked' ? 'running' : null)
      const end = await verbs[name](run.id).then(
        () => stateOf(run.id),
        (error: unknown) => error,
      )
      if (to !== refused) expect([from, end]).toEqual([from, to])
      else {
        expect(end).toMatchObject({ name: 'Refusal', code: 'wrong_state', status: 409 })
        expect(await stateOf(run.id)).toBe(from)
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
  expect(await stateOf(id)).toBe('surveying')
  expect((await jobsOf(house, 'survey-source')).length).toBe(1)
  expect((await listRuns(house, { states: ['surveying'] })).runs).toMatchObject([{ id, code: null, todo: null }])
})

test('a run that does not move is not blocked', async () => {
  const run = await aMovingRun(house)
  await verbs.cancel(run.id)
  await blockRun(house, run.id, 'challenge', 'Sign in by hand.')
  expect(await stateOf(run.id)).toBe('cancelled')
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

test('what failed is retried by cause, by gallery, by photo or all at once, and counted', async () => {
  const run = await aMovingRun(house, [{}, {}])
  const first = await settled(run, 0, ['truncated', 'truncated', 'source_error', 'rendered'])
  await settled(run, 1, ['source_error', 'skipped'])
  await published(run, 0, 'photos_failed')
  await published(run, 1, 'photos_failed')
  expect(await stateOf(run.id)).toBe('done_with_problems')
  await forgetJobs(house)
  const waiting = async () => (await jobsOf(house, 'fetch-photos')).flatMap((job) => job.data.photoIds!).length
  expect(await retryRun(house, 'test', run.id, { photoPublicIds: [first[0]!.publicId] })).toEqual({
    retried: 1,
    galleries: 1,
  })
  expect(await waiting()).toBe(1)
  expect(await stateOf(run.id)).toBe('running')
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
  const [photo] = await settled(run, 0, ['truncated'])
  await house.pool.query("update photos set sha256 = decode($2, 'hex') where id = $1", [photo!.id, sha(1)])
  await verbs.retry(run.id)
  const { rows } = await house.pool.query('select state, attempts, code from photos where id = $1', [photo!.id])
  expect(rows).toEqual([{ state: 'stored', attempts: 0, code: null }])
  expect((await jobsOf(house, 'render-photos')).map((job) => job.data)).toEqual([{ photoIds: [photo!.id] }])
})

test('a retried run is done once what failed has come', async () => {
  const run = await aMovingRun(house)
  await settled(run, 0, ['truncated'])
  await published(run, 0, 'photos_failed')
  expect((await listRuns(house, { clientId: run.clientId })).runs[0]).toMatchObject({
    state: 'done_with_problems',
    totals: { failed: 1 },
  })
  await verbs.retry(run.id)
  expect((await listRuns(house, { clientId: run.clientId })).runs[0]).toMatchObject({
    state: 'running',
    finishedAt: null,
    totals: { failed: 0, found: 1 },
  })
  const { rows } = await house.pool.query<{ id: number }>('select id from photos where run_id = $1', [run.id])
  const outcome = {
    attempts: 0,
    to: 'stored',
    sha256: sha(3),
    bytes: 10,
    contentType: 'image/jpeg',
    isOriginal: true,
    render: false,
  } as const
  await settle(house.db, house.queues, run, 'fetch-photos', 'listed', [{ id: rows[0]!.id, ...outcome }])
  await published(run, 0)
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
  await settled(old, 0, ['truncated'])
  await published(old, 0, 'photos_failed')
  await settled(old, 1, ['rendered'])
  await published(old, 1)
  await aMovingRun(house, [{ ref: 'b' }], old)
  await expect(verbs.retry(old.id)).rejects.toMatchObject({ name: 'Refusal', code: 'other_run_open', status: 409 })
  expect(await stateOf(old.id)).toBe('done_with_problems')
})

test.each([
  ['done', ['rendered', 'rendered'], null],
  ['done_with_problems', ['rendered', 'truncated'], 'photos_failed'],
  ['done_with_problems', ['rendered', 'skipped'], null],
  ['done_with_problems', ['rendered'], 'count_differs'],
] as const)('a run ends %s with %j and the verdict %s', async (state, ends, verdict) => {
  const run = await aMovingRun(house, [{}, {}])
  await settled(run, 0, ['rendered'])
  await published(run, 0)
  expect(await stateOf(run.id)).toBe('running')
  await settled(run, 1, [...ends])
  await published(run, 1, verdict)
  expect(await stateOf(run.id)).toBe(state)
  expect((await snapshot(house, run.id)).finishedAt).not.toBeNull()
})

test('the run ends though its last two galleries come to their end in the same moment', async () => {
  const run = await aMovingRun(house, [{}, {}])
  await settled(run, 0, ['rendered'])
  await settled(run, 1, ['rendered'])
  let second: Promise<void> | undefined
  await house.db.transaction(async (tx) => {
    await publishGallery(tx, house.queues, run.galleries[0]!, null)
    let through = false
    second = published(run, 1).then(() => {
      through = true
    })
    // Until it waits for the first one, or is through without having seen it.
    await expect.poll(async () => through || (await waitingBackends()) > 0, { timeout: 10_000 }).toBe(true)
  })
  await second
  expect(await stateOf(run.id)).toBe('done')
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
  for (const n of run.galleries.keys()) await settled(run, n, n % 2 ? ['rendered', 'truncated'] : ['rendered'])
  const work = run.galleries.flatMap((_, n) => [
    published(run, n, n % 2 ? 'photos_failed' : null),
    verbs.resume(run.id),
    verbs.retry(run.id),
    n % 3 ? sweep(house) : verbs.pause(run.id),
  ])
  for (const end of await Promise.allSettled(work))
    if (end.status === 'rejected') expect(end.reason).toBeInstanceOf(Refusal)
  if ((await stateOf(run.id)) === 'paused') await verbs.resume(run.id)
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
  for (const n of run.galleries.keys()) await published(run, n, n % 2 ? 'photos_failed' : null)
  expect(await stateOf(run.id)).toBe('done_with_problems')
})

test('a run that was paused while its last gallery was published is done when it is resumed', async () => {
  const run = await aMovingRun(house)
  await settled(run, 0, ['rendered'])
  await verbs.pause(run.id)
  await published(run, 0)
  expect(await stateOf(run.id)).toBe('paused')
  await verbs.resume(run.id)
  expect(await stateOf(run.id)).toBe('done')
})

test('an account that holds nothing is done when it is started', async () => {
  const run = await aMovingRun(house, [])
  expect(await stateOf(run.id)).toBe('done')
})

test('a run waits for photos on their way in a gallery that needs a look, and leaves none of them in between', async () => {
  const run = await aMovingRun(house, [{}, {}])
  await settled(run, 0, ['rendered', 'listed'])
  await house.pool.query(
    "update galleries set state = 'attention', code = 'source_error', built_at = null where id = $1",
    [run.galleries[0]!.id],
  )
  await settled(run, 1, ['rendered'])
  await published(run, 1)
  expect(await stateOf(run.id)).toBe('running')
  await house.pool.query(
    "update photos set state = 'skipped', code = 'gone_at_source' where gallery_id = $1 and state = 'listed'",
    [run.galleries[0]!.id],
  )
  await house.pool.query('update galleries set listed = 0, skipped = 1 where id = $1', [run.galleries[0]!.id])
  await sweep(house)
  expect(await stateOf(run.id)).toBe('done_with_problems')
  const { counted, recounted } = await countedAndRecounted(house, run.id)
  expect(counted).toEqual(recounted)
  expect(counted[0]).toMatchObject({ published: 1, rendered: 0, skipped: 1 })
})

test('a second migration of an account takes only what is new, doubles nothing, and the first keeps its totals', async () => {
  const first = await aMovingRun(house, [{}, {}])
  await settled(first, 0, ['rendered', 'rendered'])
  await settled(first, 1, ['rendered'])
  await published(first, 0)
  await published(first, 1)
  await forgetJobs(house)
  const second = await aMovingRun(house, [{}, {}], first)
  await settled(second, 0, ['rendered', 'rendered', 'listed'])
  await settled(second, 1, ['rendered'])
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
  await settled(first, 0, ['rendered', 'rendered'])
  await settled(first, 1, ['rendered'])
  await published(first, 0)
  await published(first, 1)
  await aMovingRun(house, [{}], first)
  expect((await snapshot(house, first.id)).totals).toMatchObject({ galleries: 2, found: 3, published: 3, copied: 3 })
})

test('what a cancelled run left undone, what failed in it and what was skipped, is moved by the next one', async () => {
  const first = await aMovingRun(house)
  const photos = await settled(first, 0, ['rendered', 'listed', 'truncated', 'skipped'])
  await verbs.cancel(first.id)
  await forgetJobs(house)
  const second = await aMovingRun(house, [{}], first)
  const fetched = (await jobsOf(house, 'fetch-photos')).flatMap((job) => job.data.photoIds!)
  expect(fetched).toEqual([photos[1]!.id, photos[2]!.id])
  const { counted, recounted } = await countedAndRecounted(house, second.id)
  expect(counted).toEqual(recounted)
  expect(counted).toMatchObject([{ total: 4, listed: 2, failed: 0, skipped: 1, rendered: 1 }])
  await settled(second, 0, ['rendered', 'rendered', 'rendered', 'rendered'])
  await settle(
    house.db,
    house.queues,
    second,
    'fetch-photos',
    'listed',
    fetched.map((id) => ({
      id,
      attempts: 0,
      to: 'stored',
      sha256: sha(id),
      bytes: 10,
      contentType: 'image/jpeg',
      isOriginal: true,
      render: false,
    })),
  )
  await published(second, 0)
  expect(await stateOf(second.id)).toBe('done')
  expect((await snapshot(house, first.id)).totals).toMatchObject({ found: 4, failed: 1, stored: 0 })
})

test("another client's galleries and photos are out of reach of a run's verbs", async () => {
  const [mine, theirs] = [await aMovingRun(house), await aMovingRun(house)]
  const [photo] = await settled(theirs, 0, ['truncated'])
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
