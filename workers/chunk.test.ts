import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { evidenceOf } from '#server/evidence.ts'
import { pauseRun, resumeRun } from '#server/runs.ts'
import { sweep } from '#server/sweep.ts'
import {
  aMovingRun,
  countedAndRecounted,
  forgetJobs,
  jobsOf,
  listedIn,
  type MovingRun,
  type VerbHouse,
  verbHouse,
} from '#server/testing.ts'
import { storedOutcome } from '#server/testing-outcomes.ts'
import { waitForThaw } from '#server/thaw.ts'
import { type ChunkStep, workChunk } from './chunk.ts'
import * as source from './connectors/connector.ts'
import { type Job, StaleAttempt, suspectPriority } from './run.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())
beforeEach(async () => {
  await house.pool.query("update runs set state = 'failed' where state in ('running', 'blocked', 'paused')")
  await forgetJobs(house)
})

async function listed(count: number) {
  const run = await aMovingRun(house)
  const ids = await listedIn(house, run.galleries[0]!, count)
  await forgetJobs(house)
  return { run, ids }
}

type ChunkJob = Job<'fetch-photos'>

/** A job in hand whose fence holds, unless `more` says otherwise. */
function jobOf(run: MovingRun, photoIds: number[], more: Partial<ChunkJob> = {}): ChunkJob {
  return {
    queue: 'fetch-photos',
    id: '00000000-0000-4000-8000-000000000001',
    runId: run.id,
    payload: { photoIds },
    deaths: 0,
    suspect: false,
    signal: new AbortController().signal,
    finish: (work) => house.db.transaction(work),
    checkpoint: (work) => house.db.transaction(work),
    ...more,
  }
}

const worked = (job: ChunkJob, each: ChunkStep['each'], more: Partial<ChunkStep> = {}) =>
  workChunk(job, house, { queue: 'fetch-photos', from: 'listed', parallel: 1, each, ...more })

async function rowsOf(ids: number[]) {
  const { rows } = await house.pool.query<{ id: number; state: string; attempts: number; code: string | null }>(
    'select id, state, attempts, code from photos where id = any($1) order by id',
    [ids],
  )
  return rows
}

const states = async (ids: number[]) => (await rowsOf(ids)).map((row) => row.state)

test('what one photo throws decides about that photo, by its class', async () => {
  const { run, ids } = await listed(8)
  const thrown: unknown[] = [
    null,
    new source.RateLimited('x.test', 3),
    new source.NotFound(),
    new source.NotAvailable('hidden', 'not_available'),
    new source.Truncated(),
    new source.SourceFault('busy', 503),
    new source.UnexpectedPage('a picture', {
      url: 'https://x.test/?token=secret',
      status: 200,
      contentType: null,
      excerpt: '',
    }),
    new TypeError('x is undefined'),
  ]
  await worked(jobOf(run, ids), async (photo) => {
    const error = thrown[ids.indexOf(photo.id)]
    if (error) throw error
    return storedOutcome(photo)
  })
  expect((await rowsOf(ids)).map(({ state, attempts, code }) => [state, attempts, code])).toEqual([
    ['rendered', 0, null],
    ['listed', 0, 'rate_limited'],
    ['skipped', 0, 'gone_at_source'],
    ['skipped', 0, 'not_available'],
    ['listed', 1, 'truncated'],
    ['listed', 1, 'source_error'],
    ['listed', 1, 'unexpected_page'],
    ['listed', 1, 'unknown_error'],
  ])
  const { counted, recounted } = await countedAndRecounted(house, run.id)
  expect(counted).toEqual(recounted)
  const { rows } = await house.pool.query(
    "select detail from attempts where photo_id = $1 and code = 'unexpected_page'",
    [ids[6]],
  )
  expect(rows).toEqual([
    { detail: 'expected a picture; https://x.test/?token=[masked] was of no type with status 200' },
  ])
  expect(await evidenceOf(house, run.id, 10)).toMatchObject([{ expected: 'a picture', step: 'fetch-photos' }])
})

test('after its eighth try a photo has failed, with every try on record and no secret in it', async () => {
  const { run, ids } = await listed(1)
  for (let tries = 0; tries < 8; tries++)
    await worked(jobOf(run, ids), async () => {
      throw new source.SourceFault('GET https://x.test/?token=abc123 answered 503', 503)
    })
  expect(await rowsOf(ids)).toMatchObject([{ state: 'failed', attempts: 8, code: 'source_error' }])
  const { rows } = await house.pool.query('select attempt, detail from attempts where photo_id = $1 order by attempt', [
    ids[0],
  ])
  expect(rows.map((row) => row.attempt)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  expect(JSON.stringify(rows)).not.toContain('abc123')
})

test('where a person is needed the run is blocked, nothing is counted, and it goes on from there', async () => {
  const { run, ids } = await listed(4)
  await worked(jobOf(run, ids), async (photo) => {
    if (photo.id === ids[1]) throw new source.Challenge('Answer the captcha.')
    return storedOutcome(photo)
  })
  expect((await rowsOf(ids)).map(({ state, attempts }) => [state, attempts])).toEqual([
    ['rendered', 0],
    ['listed', 0],
    ['listed', 0],
    ['listed', 0],
  ])
  const { rows } = await house.pool.query('select state, code, todo from runs where id = $1', [run.id])
  expect(rows).toEqual([{ state: 'blocked', code: 'challenge', todo: 'Answer the captcha.' }])
  expect(await sweep(house)).toBe(0)
  await resumeRun(house, 'test', run.id)
  expect((await jobsOf(house, 'fetch-photos')).map((job) => job.data)).toEqual([{ photoIds: ids.slice(1) }])
})

test('while the provider brings a gallery back its photos wait with it', async () => {
  const { run, ids } = await listed(3)
  const begun: number[] = []
  await worked(
    jobOf(run, ids),
    async (photo) => {
      begun.push(photo.id)
      throw new source.Thawing('archived', 12)
    },
    { onThaw: (photo, run, hours) => waitForThaw(house.db, run.id, photo.galleryId, hours) },
  )
  expect(begun).toEqual([ids[0]])
  expect(await rowsOf(ids)).toMatchObject(ids.map(() => ({ state: 'listed', attempts: 0 })))
  const { rows } = await house.pool.query('select state, code from galleries where run_id = $1', [run.id])
  expect(rows).toEqual([{ state: 'waiting', code: 'thawing' }])
})

test('a worker that stops leaves what it has not begun to another at once, without counting', async () => {
  const { run, ids } = await listed(4)
  const stopping = new AbortController()
  await worked(jobOf(run, ids, { signal: stopping.signal }), async (photo) => {
    if (photo.id !== ids[1]) return storedOutcome(photo)
    stopping.abort(new Error('this worker stops'))
    throw stopping.signal.reason
  })
  expect((await rowsOf(ids)).map(({ state, attempts }) => [state, attempts])).toEqual([
    ['rendered', 0],
    ['listed', 0],
    ['listed', 0],
    ['listed', 0],
  ])
  const jobs = await jobsOf(house, 'fetch-photos')
  expect(jobs.flatMap((job) => job.data.photoIds!).toSorted((a, b) => a - b)).toEqual(ids.slice(1))
  expect(jobs.every((job) => job.wait <= 0)).toBe(true)
  expect(await sweep(house)).toBe(0)
})

/** Results are written every second, or every other one. */
const patience = { timeout: 10_000 }

test('what is done is written while a long photo is still on its way', async () => {
  const { run, ids } = await listed(3)
  await worked(
    jobOf(run, ids),
    async (photo) => {
      if (photo.id === ids[2])
        await expect.poll(() => states(ids.slice(0, 2)), patience).toEqual(['rendered', 'rendered'])
      return storedOutcome(photo)
    },
    { parallel: 3 },
  )
  expect(await states(ids)).toEqual(['rendered', 'rendered', 'rendered'])
})

test('a chunk that is nearly through is written at its end, or the time after next', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    const { run, ids } = await listed(3)
    const last = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const written: string[][] = []
    let asked = 0
    const wrote = Promise.withResolvers<void>()
    const checkpoint: ChunkJob['checkpoint'] = async (work) => {
      asked++
      const result = await house.db.transaction(work)
      written.push(await states(ids))
      wrote.resolve()
      return result
    }
    const work = worked(jobOf(run, ids, { checkpoint }), async (photo) => {
      if (photo.id === ids[2]) {
        begun.resolve()
        await last.promise
      }
      return storedOutcome(photo)
    })
    await begun.promise
    vi.advanceTimersByTime(1000)
    await setImmediate()
    expect(asked).toBe(0)
    vi.advanceTimersByTime(1000)
    await wrote.promise
    expect(written).toEqual([['rendered', 'rendered', 'listed']])
    last.resolve()
    await work
    expect(await states(ids)).toEqual(['rendered', 'rendered', 'rendered'])
  } finally {
    vi.useRealTimers()
  }
})

test('a run that is paused ends its chunk at the next photo; the rest waits for it', async () => {
  const { run, ids } = await listed(5)
  await worked(jobOf(run, ids), async (photo) => {
    if (photo.id === ids[1]) {
      await pauseRun(house, 'test', run.id)
      await expect.poll(() => states(ids.slice(0, 1)), patience).toEqual(['rendered'])
    }
    return storedOutcome(photo)
  })
  const seen = await states(ids)
  expect(seen.slice(0, 2)).toEqual(['rendered', 'rendered'])
  expect(seen.at(-1)).toBe('listed')
  await resumeRun(house, 'test', run.id)
  expect((await jobsOf(house, 'fetch-photos')).flatMap((job) => job.data.photoIds!)).toEqual(
    ids.filter((_, i) => seen[i] === 'listed'),
  )
})

test('a worker that lost its job writes nothing, begins no other photo and says so', async () => {
  const { run, ids } = await listed(6)
  const begun: number[] = []
  let lost = () => {}
  const noticed = new Promise<void>((resolve) => {
    lost = resolve
  })
  const stale = async () => {
    lost()
    throw new StaleAttempt()
  }
  const work = worked(
    jobOf(run, ids, { checkpoint: stale, finish: stale }),
    async (photo) => {
      begun.push(photo.id)
      if (photo.id !== ids[0]) await noticed.then(() => setImmediate())
      return storedOutcome(photo)
    },
    { parallel: 2 },
  )
  await expect(work).rejects.toBeInstanceOf(StaleAttempt)
  expect(begun.length).toBeLessThan(5)
  expect(await states(ids)).toEqual(ids.map(() => 'listed'))
})

test('a chunk that a worker died with goes on in halves that their photos know', async () => {
  const { run, ids } = await listed(5)
  await worked(jobOf(run, ids, { deaths: 1 }), async () => {
    throw new Error('not to be begun')
  })
  const jobs = await jobsOf(house, 'fetch-photos')
  expect(jobs.map((job) => job.data.photoIds).toSorted((a, b) => a![0]! - b![0]!)).toEqual([
    ids.slice(0, 3),
    ids.slice(3),
  ])
  expect(await rowsOf(ids)).toMatchObject(ids.map(() => ({ state: 'listed', attempts: 0 })))
  expect(await sweep(house)).toBe(0)
})

test('what is left of a chunk that a worker died with, one photo, is a suspect', async () => {
  const { run, ids } = await listed(2)
  await worked(jobOf(run, ids.slice(0, 1)), async (photo) => storedOutcome(photo))
  await worked(jobOf(run, ids, { deaths: 1 }), async () => {
    throw new Error('not to be begun')
  })
  expect(await jobsOf(house, 'fetch-photos')).toMatchObject([
    { data: { photoIds: ids.slice(1) }, priority: suspectPriority },
  ])
})

test('a suspect that ended four workers has failed; until then it is tried', async () => {
  const { run, ids } = await listed(1)
  const begun: number[] = []
  for (const deaths of [1, 2, 3, 4])
    await worked(jobOf(run, ids, { deaths, suspect: true }), async (photo) => {
      begun.push(deaths)
      return { id: photo.id, attempts: photo.attempts, to: 'again', code: 'x', afterSeconds: 0, counts: false }
    })
  expect(begun).toEqual([1, 2, 3])
  expect(await rowsOf(ids)).toMatchObject([{ state: 'failed', code: 'resource_limit', attempts: 1 }])
})

test('a chunk whose photos have all advanced, or whose run does not move, ends without work', async () => {
  const { run, ids } = await listed(2)
  await worked(jobOf(run, ids), async (photo) => storedOutcome(photo))
  const never = async () => {
    throw new Error('not to be begun')
  }
  await worked(jobOf(run, ids), never)
  const other = await listed(1)
  await pauseRun(house, 'test', other.run.id)
  await worked(jobOf(other.run, other.ids), never)
  expect(await states(other.ids)).toEqual(['listed'])
})

test('while somebody asked for evidence, what fails is kept with its requests, and only then', async () => {
  const failing: ChunkStep['each'] = async () => {
    throw new source.Truncated('12 bytes came, 1000 were stated')
  }
  const { run, ids } = await listed(1)
  await workChunk(jobOf(run, ids), house, { queue: 'fetch-photos', from: 'listed', parallel: 1, each: failing })
  expect(await evidenceOf(house, run.id, 10)).toEqual([])
  await house.pool.query("update runs set capture_until = now() + interval '1 hour' where id = $1", [run.id])
  await workChunk(jobOf(run, ids), house, { queue: 'fetch-photos', from: 'listed', parallel: 1, each: failing })
  const [kept] = await evidenceOf(house, run.id, 10)
  expect(kept).toMatchObject({
    kind: 'captured',
    code: 'truncated',
    expected: 'p0.jpg: 12 bytes came, 1000 were stated',
  })
  expect(JSON.parse(kept!.excerpt).log.version).toBe('1.2')
})
