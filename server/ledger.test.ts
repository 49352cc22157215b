import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ChunkPhoto, claim, type Outcome, settle } from './ledger.ts'
import { recordPage } from './listing.ts'
import { publishGallery, reconciliationOf } from './reconcile.ts'
import { retryRun } from './retry.ts'
import { runFacts } from './runs.ts'
import {
  aMovingRun,
  countedAndRecounted,
  forgetJobs,
  foundPhoto,
  jobsOf,
  listedIn,
  type MovingRun,
  type VerbHouse,
  verbHouse,
} from './testing.ts'
import { sha, storedOutcome } from './testing-outcomes.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

/** A run whose only gallery lists so many photos, all on one page. */
async function listed(count: number) {
  await forgetJobs(house)
  const run = await aMovingRun(house)
  const gallery = run.galleries[0]!
  return { run, gallery, ids: await listedIn(house, gallery, count) }
}

const stored = (photo: Pick<ChunkPhoto, 'id' | 'attempts'>, render = true): Outcome =>
  storedOutcome(photo, { bytes: 1000, render })
const rendered = (photo: Pick<ChunkPhoto, 'id' | 'attempts'>, rendition = 'ok'): Outcome => ({
  id: photo.id,
  attempts: photo.attempts,
  to: 'rendered',
  rendition,
  width: 40,
  height: 30,
  takenAt: null,
})

const fetched = (run: MovingRun, outcomes: Outcome[]) =>
  house.db.transaction((tx) => settle(tx, house.queues, run, 'fetch-photos', 'listed', outcomes))
const drawn = (run: MovingRun, outcomes: Outcome[]) =>
  house.db.transaction((tx) => settle(tx, house.queues, run, 'render-photos', 'stored', outcomes))

async function rowsOf(ids: number[]) {
  const { rows } = await house.pool.query(
    `select id, state, attempts, code, step, job_id as "jobId", extract(epoch from next_try_at - now())::float8 as wait
     from photos where id = any($1) order by id`,
    [ids],
  )
  return rows
}

async function agrees(runId: string) {
  const { counted, recounted } = await countedAndRecounted(house, runId)
  expect(counted).toEqual(recounted)
  for (const row of counted as Record<string, number>[])
    expect(row.total).toBe(row.listed! + row.stored! + row.rendered! + row.published! + row.skipped! + row.failed!)
}

test('a job that runs twice counts once', async () => {
  const { run, ids } = await listed(3)
  const outcomes = ids.map((id) => stored({ id, attempts: 0 }))
  const first = await fetched(run, outcomes)
  const second = await fetched(run, outcomes)
  expect(first.changed.toSorted()).toEqual(ids)
  expect(second).toEqual({ changed: [], complete: [] })
  await agrees(run.id)
  expect((await jobsOf(house, 'render-photos')).flatMap((job) => job.data.photoIds)).toEqual(ids)
})

test('two workers that settle the same photos at once count them once', async () => {
  const { run, ids } = await listed(20)
  const outcomes = ids.map((id) => stored({ id, attempts: 0 }))
  const both = await Promise.all([fetched(run, outcomes), fetched(run, outcomes.toReversed())])
  expect(both.flatMap((one) => one.changed).toSorted((a, b) => a - b)).toEqual(ids)
  await agrees(run.id)
})

test('a stale attempt changes nothing: neither after another try nor after the state moved on', async () => {
  const { run, ids } = await listed(2)
  const [tried, done] = ids.map((id) => ({ id, attempts: 0 })) as [ChunkPhoto, ChunkPhoto]
  await fetched(run, [{ ...tried, to: 'again', code: 'source_error', afterSeconds: 9, counts: true }, stored(done)])
  const before = await rowsOf(ids)
  const stale = await fetched(run, [
    { ...tried, to: 'failed', code: 'truncated' },
    { ...done, to: 'skipped', code: 'gone_at_source' },
  ])
  expect(stale.changed).toEqual([])
  expect(await rowsOf(ids)).toEqual(before.map((row) => ({ ...row, wait: row.wait && expect.any(Number) })))
  const { rows } = await house.pool.query('select code from attempts where photo_id = any($1)', [ids])
  expect(rows).toEqual([{ code: 'source_error' }])
  await agrees(run.id)
})

test('state, attempts and the jobs that follow commit together or not at all', async () => {
  const { run, ids } = await listed(3)
  const before = await rowsOf(ids)
  const undone = house.db.transaction(async (tx) => {
    const photo = (i: number) => ({ id: ids[i]!, attempts: 0 })
    await settle(tx, house.queues, run, 'fetch-photos', 'listed', [
      stored(photo(0)),
      { ...photo(1), to: 'failed', code: 'truncated' },
      { ...photo(2), to: 'again', code: 'source_error', afterSeconds: 5, counts: true },
    ])
    throw new Error('the worker ends here')
  })
  await expect(undone).rejects.toThrow('ends here')
  expect(await rowsOf(ids)).toEqual(before)
  expect(await jobsOf(house, 'render-photos')).toEqual([])
  expect((await jobsOf(house, 'fetch-photos')).length).toBe(1)
  const { rows } = await house.pool.query('select from attempts where photo_id = any($1)', [ids])
  expect(rows).toEqual([])
  await agrees(run.id)
})

test('photos know the job that works on them next, and the job knows them', async () => {
  const { run, ids } = await listed(30)
  await fetched(
    run,
    ids.map((id, i) =>
      i < 25
        ? stored({ id, attempts: 0 })
        : { id, attempts: 0, to: 'again', code: 'rate_limited', afterSeconds: i % 2 ? 7 : 60, counts: false },
    ),
  )
  const jobs = [...(await jobsOf(house, 'render-photos')), ...(await jobsOf(house, 'fetch-photos'))]
  const rows = await rowsOf(ids)
  for (const row of rows) expect(jobs.find((job) => job.id === row.jobId)?.data.photoIds).toContain(row.id)
  const chunks = jobs.filter((job) => rows.some((row) => row.jobId === job.id)).map((job) => job.data.photoIds!.length)
  expect(chunks.toSorted((a, b) => b - a)).toEqual([20, 5, 3, 2])
  expect(jobs.every((job) => job.group === run.id)).toBe(true)
})

test('what is tried again later waits in the ledger and in the queue for the same time', async () => {
  const { run, ids } = await listed(1)
  await fetched(run, [{ id: ids[0]!, attempts: 0, to: 'again', code: 'source_error', afterSeconds: 90, counts: true }])
  const [row] = await rowsOf(ids)
  expect(row).toMatchObject({ state: 'listed', attempts: 1, code: 'source_error', step: 'fetch-photos' })
  expect(row.wait).toBeGreaterThan(60)
  const job = (await jobsOf(house, 'fetch-photos')).find((waiting) => waiting.id === row.jobId)!
  expect(Math.abs(job.wait - row.wait)).toBeLessThan(2)
})

test('a limited rate costs no attempt and leaves no trace among them', async () => {
  const { run, ids } = await listed(1)
  await fetched(run, [{ id: ids[0]!, attempts: 0, to: 'again', code: 'rate_limited', afterSeconds: 1, counts: false }])
  expect(await rowsOf(ids)).toMatchObject([{ attempts: 0, code: 'rate_limited' }])
  const { rows } = await house.pool.query('select from attempts where photo_id = any($1)', [ids])
  expect(rows).toEqual([])
})

test('a new step begins with no attempts and no cause', async () => {
  const { run, ids } = await listed(1)
  await fetched(run, [{ id: ids[0]!, attempts: 0, to: 'again', code: 'truncated', afterSeconds: 0, counts: true }])
  await fetched(run, [stored({ id: ids[0]!, attempts: 1 })])
  expect(await rowsOf(ids)).toMatchObject([{ state: 'stored', attempts: 0, code: null, step: null, wait: null }])
})

test('the last photo of a gallery asks for its reconciliation, once it is listed and built to the end', async () => {
  const { run, gallery, ids } = await listed(2)
  await house.pool.query('update galleries set built_at = null where id = $1', [gallery.id])
  const photo = (i: number, attempts = 0) => ({ id: ids[i]!, attempts })
  await fetched(run, [stored(photo(0), false), stored(photo(1))])
  expect(
    (await drawn(run, [{ ...photo(1), to: 'again', code: 'unknown_error', afterSeconds: 0, counts: true }])).complete,
  ).toEqual([])
  expect(await jobsOf(house, 'reconcile-gallery')).toEqual([])
  await house.pool.query('update galleries set built_at = now() where id = $1', [gallery.id])
  expect((await drawn(run, [rendered(photo(1, 1), 'corrupt_image')])).complete).toEqual([gallery.id])
  expect(await jobsOf(house, 'reconcile-gallery')).toMatchObject([{ data: { galleryId: gallery.id }, group: run.id }])
  await agrees(run.id)
})

test('equal bytes in two places are two photos and one original', async () => {
  const { run, ids } = await listed(2)
  await fetched(
    run,
    ids.map((id) => ({ ...stored({ id, attempts: 0 }), sha256: sha(7) }) as Outcome),
  )
  const { rows } = await house.pool.query('select bytes from assets where client_id = $1', [run.clientId])
  expect(rows).toEqual([{ bytes: 1000 }])
  await agrees(run.id)
})

test('claims only photos that still wait for this step, in a run that moves', async () => {
  const { run, ids } = await listed(3)
  await fetched(run, [stored({ id: ids[0]!, attempts: 0 })])
  expect((await claim(house.db, ids, 'listed')).photos.map((photo) => photo.id)).toEqual(ids.slice(1))
  expect((await claim(house.db, ids, 'stored')).photos).toMatchObject([{ id: ids[0], sha256: sha(ids[0]!) }])
  await house.pool.query("update runs set state = 'paused', resume_to = 'running' where id = $1", [run.id])
  expect(await claim(house.db, ids, 'listed')).toEqual({ run: null, photos: [] })
})

test('many chunks of one gallery that settle at once keep its counters right', async () => {
  const { run, ids } = await listed(80)
  const chunks = Array.from({ length: 8 }, (_, i) => ids.slice(i * 10, i * 10 + 10))
  await Promise.all(
    chunks.map((chunk) =>
      fetched(
        run,
        chunk.map((id, i): Outcome => {
          if (i === 0) return { id, attempts: 0, to: 'failed', code: 'truncated' }
          return stored({ id, attempts: 0 }, i > 3)
        }),
      ),
    ),
  )
  await agrees(run.id)
})

type Act =
  | { kind: 'page'; gallery: number; refs: number[]; last: boolean; repeat: boolean }
  | { kind: 'settle'; from: 'listed' | 'stored'; take: number; to: number[] }
  | { kind: 'repeat'; which: number; to: number }
  | { kind: 'retry'; code: string | undefined }
  | { kind: 'publish'; gallery: number }

const codes = ['truncated', 'source_error']
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('page' as const),
      gallery: fc.nat(1),
      refs: fc.array(fc.nat(12), { minLength: 1, maxLength: 6 }),
      last: fc.boolean(),
      repeat: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      from: fc.constantFrom('listed' as const, 'stored' as const),
      take: fc.integer({ min: 1, max: 8 }),
      to: fc.array(fc.nat(5), { minLength: 8, maxLength: 8 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('repeat' as const), which: fc.nat(9), to: fc.nat(5) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('retry' as const), code: fc.constantFrom(undefined, ...codes) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('publish' as const), gallery: fc.nat(1) }) },
)

/** One of the ways in which a photo may leave this step. */
function outcomeNumber(n: number, photo: Pick<ChunkPhoto, 'id' | 'attempts'>, from: 'listed' | 'stored'): Outcome {
  const { id, attempts } = photo
  if (n === 0) return { id, attempts, to: 'failed', code: codes[id % 2]! }
  if (n === 1) return { id, attempts, to: 'skipped', code: 'gone_at_source' }
  if (n === 2) return { id, attempts, to: 'again', code: 'source_error', afterSeconds: id % 3, counts: id % 2 === 0 }
  if (from === 'stored') return rendered(photo, n === 3 ? 'corrupt_image' : 'ok')
  return stored(photo, n !== 3)
}

test('whatever happens in whatever order, twice or too late: total = the sum of the states = a recount', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 4, maxLength: 14 }), async (acts) => {
      const run = await aMovingRun(house, [{}, {}])
      const cursors: (string | null)[] = [null, null]
      const claims: { from: 'listed' | 'stored'; photos: ChunkPhoto[] }[] = []
      const settled = (from: 'listed' | 'stored', outcomes: Outcome[]) =>
        from === 'listed' ? fetched(run, outcomes) : drawn(run, outcomes)
      for (const one of acts) {
        if (one.kind === 'page') {
          const gallery = run.galleries[one.gallery]!
          const cursor = one.repeat ? 'an older page' : cursors[one.gallery]!
          const next = one.last ? null : `${cursor} ${one.refs.length}`
          const photos = one.refs.map((n) => foundPhoto(gallery.ref, `p${n}`, { bytes: n * 10 }))
          const entered = await house.db.transaction((tx) =>
            recordPage(tx, house.queues, gallery, { photos, next }, cursor),
          )
          if (entered) cursors[one.gallery] = next
        } else if (one.kind === 'settle') {
          const { rows } = await house.pool.query<{ id: number }>(
            'select id from photos where run_id = $1 and state = $2 order by id limit $3',
            [run.id, one.from, one.take],
          )
          const { photos } = await claim(
            house.db,
            rows.map((row) => row.id),
            one.from,
          )
          claims.push({ from: one.from, photos })
          await settled(
            one.from,
            photos.map((photo, i) => outcomeNumber(one.to[i]!, photo, one.from)),
          )
        } else if (one.kind === 'repeat') {
          const old = claims[one.which % Math.max(claims.length, 1)]
          if (!old) continue
          await settled(
            old.from,
            old.photos.map((photo) => outcomeNumber(one.to, photo, old.from)),
          )
        } else if (one.kind === 'retry') {
          await retryRun(house, 'test', run.id, { code: one.code })
        } else {
          const gallery = run.galleries[one.gallery]!
          await house.db.transaction(async (tx) => {
            const verdict = await reconciliationOf(tx, gallery, [])
            if (verdict !== 'moving') await publishGallery(tx, house.queues, gallery, verdict)
          })
        }
        await agrees(run.id)
      }
      const { state } = await runFacts(house, run.id)
      expect(['running', 'done', 'done_with_problems']).toContain(state)
    }),
    { numRuns: 25, endOnFailure: true },
  )
})
