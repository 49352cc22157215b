// Renditions through the whole pipeline (queue, ledger, store, Sharp in worker processes) against a bare Sharp loop with
// the same operations on the same files; and what a second rendition costs.
import { hash } from 'node:crypto'
import { link, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { type Instructions, parseInstructions } from '#server/instructions.ts'
import { settle } from '#server/ledger.ts'
import { recordPage } from '#server/listing.ts'
import { queues } from '#server/queues.ts'
import { originalKey } from '#server/store/store.ts'
import type { BareRender } from './bare-render.ts'
import { type Crew, hireCrew } from './crew.ts'
import { compared, type Findings, median } from './figures.ts'
import { drawLarge, marked } from './pictures.ts'
import { cpuSeconds, familyCpuSeconds, peakMegabytes } from './processes.ts'
import { aFoundPhoto, aRunningMigration, type Bench, type Setting, setUp } from './setting.ts'

const workers = availableParallelism()
/** Pictures of one chunk at once, in `workers/steps/render-photos.ts`. */
const chunkParallel = 2
const drawings = 6

const one = {
  web: parseInstructions({ resize: { width: 1200, height: 1200 }, watermark: { text: '© Anna Weber' }, quality: 80 }),
}
const large = { large: parseInstructions({ resize: { width: 2048, height: 2048 }, quality: 80 }) }
const both = { ...large, small: parseInstructions({ resize: { width: 400, height: 400 }, quality: 80 }) }

type Renditions = Record<string, Instructions>

interface Original {
  path: string
  sha256: string
  bytes: number
}

export async function renderBench(bench: Bench): Promise<Findings> {
  const { photos: count = 80, rounds = 3, signal, say } = bench
  await using setting = await setUp({ durable: true })
  say(`Drawing ${drawings} pictures of 4000×3000 and ${count} originals from them …`)
  const originals = await draw(setting, count)
  const pids = await Promise.all(
    Array.from({ length: workers }, async () => (await setting.house.startWorker('render')).pid!),
  )
  await using crew = await hireCrew('bare-render.ts', {
    processes: workers,
    parallel: queues['render-photos'].concurrency * chunkParallel,
  })

  const measure = (renditions: Renditions) => whole(setting, pids, originals, renditions, signal)
  const bare = (renditions: Renditions) => alone(setting, crew, originals, renditions)
  say('Warming up …')
  const few = originals.slice(0, 8)
  await whole(setting, pids, few, one, signal)
  await alone(setting, crew, few, one)

  const seen = { whole: [] as Round[], bare: [] as Round[], large: [] as Round[], both: [] as Round[] }
  for (let round = 1; round <= rounds; round++) {
    say(`Round ${round} of ${rounds} …`)
    // In turns, and the other way round every second time: what else the machine does meets both.
    const turns = [
      async () => seen.whole.push(await measure(one)),
      async () => seen.bare.push(await bare(one)),
      async () => seen.large.push(await measure(large)),
      async () => seen.both.push(await measure(both)),
    ]
    for (const turn of round % 2 === 1 ? turns : turns.toReversed()) await turn()
  }
  const perSecond = (all: Round[]) => all.map(({ seconds }) => count / seconds)
  const milliseconds = (all: Round[], of: 'seconds' | 'cpuSeconds') => all.map((round) => (round[of] * 1000) / count)
  const peaks = await Promise.all(pids.map((pid) => peakMegabytes(pid)))
  const difference = Math.abs(
    median(seen.whole.map(({ bytes }) => bytes)) / median(seen.bare.map(({ bytes }) => bytes)) - 1,
  )
  if (difference > 0.01) throw new Error('the pipeline and the bare loop made different pictures')
  return {
    figures: [
      compared('1200 px, text watermark, WebP 80', 'photos/s', perSecond(seen.whole), perSecond(seen.bare), {
        least: 0.9,
      }),
      compared(
        '  CPU of it, PostgreSQL included',
        'ms/photo',
        milliseconds(seen.whole, 'cpuSeconds'),
        milliseconds(seen.bare, 'cpuSeconds'),
      ),
      compared(
        '2048 px and 400 px against 2048 px alone',
        'ms/photo',
        milliseconds(seen.both, 'seconds'),
        milliseconds(seen.large, 'seconds'),
        { most: 1.15 },
      ),
      compared(
        '  CPU of it',
        'ms/photo',
        milliseconds(seen.both, 'cpuSeconds'),
        milliseconds(seen.large, 'cpuSeconds'),
      ),
      {
        name: 'peak memory of a worker',
        unit: 'MB',
        value: Math.max(...peaks.map((peak) => peak ?? 0)),
        target: { most: 512 },
      },
    ],
    notes: [
      `${count} originals of 4000×3000, ${(originals.reduce((sum, { bytes }) => sum + bytes, 0) / count / 1e6).toFixed(1)} MB each; ${rounds} rounds in turns; ${workers} processes on either side, as many pictures at once`,
      'from the commit that enqueues to the end of the last job; PostgreSQL and the store with fsync, the bare loop without',
    ],
  }
}

interface Round {
  seconds: number
  cpuSeconds: number
  /** Of all renditions. */
  bytes: number
}

async function draw({ folder }: Setting, count: number): Promise<Original[]> {
  const scenes = await drawLarge(drawings)
  const dir = join(folder, 'originals')
  await mkdir(dir)
  const originals: Original[] = []
  for (let i = 0; i < count; i++) {
    const bytes = marked(scenes[i % scenes.length]!, `original ${i}`)
    const path = join(dir, `${i}.jpg`)
    await writeFile(path, bytes)
    originals.push({ path, sha256: hash('sha256', bytes), bytes: bytes.length })
  }
  return originals
}

/** A client of its own, whose originals are stored already. */
async function whole(
  setting: Setting,
  pids: number[],
  originals: Original[],
  renditions: Renditions,
  signal: AbortSignal,
): Promise<Round> {
  const { house } = setting
  const run = await aRunningMigration(setting, { renditions, galleries: 1 })
  const gallery = run.galleries[0]!
  for (const { path, sha256 } of originals) {
    const stored = join(house.env.PASS_DATA_DIR, 'objects', originalKey(run.clientId, sha256))
    await mkdir(dirname(stored), { recursive: true })
    await link(path, stored)
  }
  const photos = originals.map((_, n) => aFoundPhoto(gallery.ref, n, null))
  await house.db.transaction((tx) => recordPage(tx, house.queues, gallery, { photos, next: null }, null))
  const { rows } = await house.pool.query<{ id: number }>('select id from photos where gallery_id = $1 order by id', [
    gallery.id,
  ])
  const used = async () => (await cpuSeconds(pids)) + (await familyCpuSeconds(setting.postgresPid))

  const before = await used()
  const began = await house.db.transaction(async (tx) => {
    const outcomes = rows.map(({ id }, i) => {
      const { sha256, bytes } = originals[i]!
      const stored = { sha256, bytes, contentType: 'image/jpeg', isOriginal: true, render: true }
      return { id, attempts: 0, to: 'stored' as const, ...stored }
    })
    await settle(tx, house.queues, run, 'fetch-photos', 'listed', outcomes)
    const now = await tx.execute<{ now: Date }>(sql`select clock_timestamp() as now`)
    return new Date(now.rows[0]!.now)
  })
  for (let left = 1; left > 0; ) {
    await pause(50, undefined, { signal })
    const counted = await house.pool.query<{ left: number }>(
      'select listed + stored as left from galleries where id = $1',
      [gallery.id],
    )
    left = counted.rows[0]!.left
  }
  const cpu = (await used()) - before
  const ended = await house.pool.query<{ at: Date }>(
    `select max(completed_on) as at from pgboss.job where name = 'render-photos' and group_id = $1`,
    [run.id],
  )
  const made = await house.pool.query<{ made: number; bytes: number }>(
    'select count(*)::int as made, sum(bytes)::int8 as bytes from renditions where client_id = $1',
    [run.clientId],
  )
  const { made: number, bytes } = made.rows[0]!
  if (number !== originals.length * Object.keys(renditions).length) throw new Error(`${number} renditions were made`)
  await rm(join(house.env.PASS_DATA_DIR, 'objects', run.clientId), { recursive: true })
  return { seconds: (ended.rows[0]!.at.getTime() - began.getTime()) / 1000, cpuSeconds: cpu, bytes }
}

async function alone(setting: Setting, crew: Crew, originals: Original[], renditions: Renditions): Promise<Round> {
  const out = join(setting.folder, 'bare')
  await mkdir(out)
  const settings: BareRender = { paths: originals.map(({ path }) => path), renditions, out }
  const before = await cpuSeconds(crew.pids)
  const seconds = await crew.run(settings, originals.length)
  const cpu = (await cpuSeconds(crew.pids)) - before
  const bytes = await sizeOf(out)
  await rm(out, { recursive: true })
  return { seconds, cpuSeconds: cpu, bytes }
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0
  for (const name of await readdir(folder)) bytes += (await stat(join(folder, name))).size
  return bytes
}
