// What the ledger and its queues cost a photo, without bytes and pictures: the real worker loop takes the real jobs, and
// each photo is stored and rendered at once. In runs of 5,000 photos of an empty database, and in one of 500,000.
import { createHash } from 'node:crypto'
import { runFailures } from '#server/failures.ts'
import { galleryFacts, runGalleries } from '#server/galleries.ts'
import type { House } from '#server/house.ts'
import type { ChunkPhoto, Outcome } from '#server/ledger.ts'
import { recordPage } from '#server/listing.ts'
import type { QueueName } from '#server/queues.ts'
import { publishGallery, reconciliationOf } from '#server/reconcile.ts'
import { sampleRuns } from '#server/samples.ts'
import { snapshot } from '#server/snapshots.ts'
import { sweep } from '#server/sweep.ts'
import { workChunk } from '#workers/chunk.ts'
import { type Steps, startWorker } from '#workers/run.ts'
import { compared, type Figure, type Findings, median } from './figures.ts'
import { familyCpuSeconds, peakMegabytes } from './processes.ts'
import { aFoundPhoto, aRunningMigration, type Bench, type BenchRun, type Setting, setUp } from './setting.ts'

const smallRun = 5000
const bigRun = 500_000
/** A gallery is one page of a listing. */
const galleryPhotos = 500
const tenth = 0.1

/** Seconds for one photo. */
interface Cost {
  wall: number
  cpu: number
}

export async function ledgerBench(bench: Bench): Promise<Findings> {
  const { rounds = 3, signal, say } = bench
  const photos = roundUp(bench.photos ?? bigRun)
  await using setting = await setUp({ durable: false })
  say('Warming up …')
  await moved(setting, smallRun, signal)
  const small: Cost[] = []
  for (let round = 1; round <= rounds; round++) {
    say(`${smallRun} photos, round ${round} of ${rounds} …`)
    small.push((await moved(setting, smallRun, signal)).whole)
  }
  const reads: Figure[] = []
  const began = performance.now()
  const big = await moved(setting, photos, signal, async (stage, run) => {
    say(`${photos} photos: ${stage} after ${((performance.now() - began) / 1000).toFixed(0)} s`)
    if (stage === 'listed' || stage === 'published') reads.push(...(await readingTimes(setting.house, run, stage)))
  })

  const of = (what: keyof Cost, costs: Cost[]) => costs.map((cost) => cost[what] * 1e6)
  const against = (name: string, what: keyof Cost, cost: Cost, target?: Figure['target']) => {
    const base = median(of(what, small))
    return compared(name, 'µs/photo', [cost[what] * 1e6], [base], target)
  }
  return {
    figures: [
      against(`CPU of a photo among ${photos}, PostgreSQL included`, 'cpu', big.whole, { most: 1.15 }),
      against('  of the last tenth of them', 'cpu', big.last, { most: 1.15 }),
      against(`time of a photo among ${photos}`, 'wall', big.whole),
      against('  of the last tenth of them', 'wall', big.last),
      ...reads,
      {
        name: 'peak memory of the process',
        unit: 'MB',
        value: (await peakMegabytes(process.pid)) ?? 0,
        target: { most: 512 },
      },
    ],
    notes: [
      `baseline: the median of ${rounds} runs of ${smallRun} in an empty database; galleries and pages of ${galleryPhotos}, chunks as in production`,
      'one worker process with its sweep and its samples, stage after stage, so that every queue is as deep as it can be; PostgreSQL without fsync on both sides',
      `time is for information on a shared machine; the ${photos} took ${((performance.now() - began) / 1000).toFixed(0)} s`,
    ],
  }
}

const roundUp = (photos: number) => Math.max(1, Math.ceil(photos / galleryPhotos)) * galleryPhotos

type Stage = 'listed' | 'stored' | 'rendered' | 'published'

const stages: [Stage, QueueName][] = [
  ['listed', 'list-gallery'],
  ['stored', 'fetch-photos'],
  ['rendered', 'render-photos'],
  ['published', 'reconcile-gallery'],
]

/** The whole way of a run of its own, one stage after the other. */
async function moved(
  setting: Setting,
  photos: number,
  signal: AbortSignal,
  reached: (stage: Stage, run: BenchRun) => Promise<void> = async () => {},
): Promise<{ whole: Cost; last: Cost }> {
  const { house } = setting
  const run = await aRunningMigration(setting, { renditions: { thumb: {} }, galleries: photos / galleryPhotos })
  const listing = run.galleries.map(({ id }) => ({ runId: run.id, payload: { galleryId: id } }))
  await house.db.transaction((tx) => house.queues.enqueue(tx, 'list-gallery', listing))
  using _ = chores(house)
  const whole = { wall: 0, cpu: 0 }
  const last = { wall: 0, cpu: 0 }
  for (const [stage, queue] of stages) {
    // What was not copied is not rendered either.
    const through = stage === 'rendered' ? await storedIn(house, run) : photos
    const marks = await worked(setting, queue, through, signal)
    const cost = between(marks.begin, marks.end, photos)
    const ending = between(marks.late, marks.end, marks.end.done - marks.late.done)
    for (const what of ['wall', 'cpu'] as const) {
      whole[what] += cost[what]
      last[what] += ending[what]
    }
    await reached(stage, run)
  }
  const { rows } = await house.pool.query<{ left: number }>(
    'select sum(listed + stored + rendered)::int as left from galleries where run_id = $1',
    [run.id],
  )
  if (rows[0]!.left > 0) throw new Error(`${rows[0]!.left} photos did not come to their end`)
  return { whole, last }
}

async function storedIn({ pool }: House, run: BenchRun): Promise<number> {
  const { rows } = await pool.query<{ stored: number }>(
    'select sum(stored)::int as stored from galleries where run_id = $1',
    [run.id],
  )
  return rows[0]!.stored
}

interface Mark {
  wall: number
  cpu: number
  /** Photos that are through. */
  done: number
}

function between(from: Mark, to: Mark, photos: number): Cost {
  return { wall: (to.wall - from.wall) / photos, cpu: (to.cpu - from.cpu) / photos }
}

/** One queue until it has brought so many photos on; `late` is where the last tenth of them began. */
async function worked(setting: Setting, queue: QueueName, photos: number, signal: AbortSignal) {
  const { house } = setting
  const mark = async (done: number): Promise<Mark> => {
    const { user, system } = process.cpuUsage()
    const cpu = (user + system) / 1e6 + (await familyCpuSeconds(setting.postgresPid))
    return { wall: performance.now() / 1000, cpu, done }
  }
  const finished = Promise.withResolvers<void>()
  const stop = () => finished.reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  let done = 0
  let late: Promise<Mark> | undefined
  const count = (some: number) => {
    done += some
    if (done >= photos * (1 - tenth)) late ??= mark(done)
    if (done >= photos) finished.resolve()
  }
  const begin = await mark(0)
  const worker = startWorker({ house, queues: [queue], steps: stepsOf(house, count), tools: undefined })
  try {
    await finished.promise
    return { begin, late: (await late)!, end: await mark(done) }
  } finally {
    signal.removeEventListener('abort', stop)
    await worker.drain()
  }
}

function stepsOf(house: House, count: (photos: number) => void): Steps<undefined> {
  const notHere = async () => {
    throw new Error('not a part of this benchmark')
  }
  return {
    'test-source': notHere,
    'survey-source': notHere,
    'thaw-gallery': notHere,
    'build-gallery': notHere,
    'deliver-webhook': notHere,
    'send-mail': notHere,
    'delete-expired': notHere,
    'export-runs': notHere,
    async 'list-gallery'(job) {
      const gallery = await galleryFacts(house, job.payload.galleryId)
      const photos = Array.from({ length: galleryPhotos }, (_, n) =>
        aFoundPhoto(gallery.ref, n, { url: `https://www.example.com/img/s/v-2/p${gallery.ref}${n}.jpg` }),
      )
      const page = { photos, next: null }
      await job.finish((tx) => recordPage(tx, house.queues, { ...gallery, sourceId: gallery.sourceId! }, page, null))
      count(galleryPhotos)
    },
    async 'fetch-photos'(job) {
      await workChunk(job, house, {
        queue: 'fetch-photos',
        from: 'listed',
        parallel: 6,
        each: async (photo) => copied(photo),
      })
      count(job.payload.photoIds.length)
    },
    async 'render-photos'(job) {
      await workChunk(job, house, {
        queue: 'render-photos',
        from: 'stored',
        parallel: 2,
        each: async (photo) => drawn(photo),
      })
      count(job.payload.photoIds.length)
    },
    async 'reconcile-gallery'(job) {
      const gallery = await galleryFacts(house, job.payload.galleryId)
      await job.finish(async (tx) => {
        const verdict = await reconciliationOf(tx, gallery, [])
        if (verdict !== 'moving') await publishGallery(tx, house.queues, gallery, verdict)
      })
      count(galleryPhotos)
    },
  }
}

/** Every fiftieth gallery has photos that fail, every five hundredth photo cannot be had. */
function copied({ id, attempts, galleryId }: ChunkPhoto): Outcome {
  if (galleryId % 50 === 0 && id % 10 === 0) return { id, attempts, to: 'failed', code: 'truncated', detail: 'cut off' }
  if (id % 500 === 0) return { id, attempts, to: 'skipped', code: 'gone_at_source' }
  const sha256 = createHash('sha256').update(String(id)).digest('hex')
  return {
    id,
    attempts,
    to: 'stored',
    sha256,
    bytes: 5_000_000,
    contentType: 'image/jpeg',
    isOriginal: true,
    render: true,
  }
}

function drawn({ id, attempts }: ChunkPhoto): Outcome {
  return { id, attempts, to: 'rendered', rendition: 'ok', width: 4000, height: 3000, takenAt: null }
}

/** What a worker does beside its jobs, as often as `workers/main.ts` does it. */
function chores(house: House): Disposable {
  const every = (seconds: number, chore: () => Promise<unknown>) => {
    let busy = false
    return setInterval(async () => {
      if (busy) return
      busy = true
      await chore().catch(() => {})
      busy = false
    }, seconds * 1000)
  }
  const timers = [every(10, () => sweep(house)), every(5, () => sampleRuns(house))]
  return { [Symbol.dispose]: () => timers.forEach(clearInterval) }
}

/** What a page of the console waits for. */
async function readingTimes(house: House, run: BenchRun, stage: Stage): Promise<Figure[]> {
  const reads = {
    snapshot: () => snapshot(house, run.id),
    'a page of galleries': () => runGalleries(house, run.id, { limit: 200 }),
    'failures by cause': () => runFailures(house, run.id),
  }
  const figures: Figure[] = []
  for (const [name, read] of Object.entries(reads)) {
    const times: number[] = []
    for (let i = 0; i < 7; i++) {
      const began = performance.now()
      await read()
      times.push(performance.now() - began)
    }
    figures.push({ name: `${name}, all ${stage}`, unit: 'ms', value: median(times), target: { most: 200 } })
  }
  return figures
}
