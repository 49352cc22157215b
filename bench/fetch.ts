// Originals through the whole pipeline (queue, pacing, session, hash, checks, store, ledger in worker processes) against a
// bare request-hash-write loop, and against `rclone copy` followed by `rclone hashsum`, from one local site.
import { type ChildProcess, execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { sql } from 'drizzle-orm'
import { recordPage } from '#server/listing.ts'
import type { BareFetch } from './bare-fetch.ts'
import { type Crew, hireCrew } from './crew.ts'
import { compared, type Figure, type Findings } from './figures.ts'
import { cpuSeconds, familyCpuSeconds, peakMemory } from './processes.ts'
import { aFoundPhoto, aRunningMigration, type Bench, type Setting, setUp } from './setting.ts'

const workers = availableParallelism()
/** Downloads of one worker at once, in `workers/steps/fetch-photos.ts`. */
const connections = 18

const sizes = [
  { name: '50 kB', bytes: 50_000, photos: 4000, warm: 500 },
  { name: '5 MB', bytes: 5_000_000, photos: 160, warm: 40 },
]

interface Round {
  seconds: number
  cpuSeconds: number
}

export async function fetchBench(bench: Bench): Promise<Findings> {
  const { rounds = 3, say } = bench
  await using setting = await setUp({ durable: true })
  await using site = await startSite()
  const signal = AbortSignal.any([bench.signal, site.gone])
  await unhindered(setting, site.origin)
  const pids = await Promise.all(
    Array.from({ length: workers }, async () => (await setting.house.startWorker('transfer')).pid!),
  )
  await using crew = await hireCrew('bare-fetch.ts', { processes: workers, parallel: connections })
  const rclone = await rcloneVersion()
  const figures: Figure[] = []
  for (const { name, bytes, photos, warm } of sizes) {
    const count = bench.photos ?? photos
    const path = `/${bytes}/${count}/`
    say(`${count} originals of ${name}: warming up …`)
    await whole(setting, pids, site.origin, `/${bytes}/${warm}/`, warm, signal)
    await alone(setting, crew, { origin: site.origin, path: `/${bytes}/${warm}/`, sync: true }, warm)

    const seen = { whole: [] as Round[], synced: [] as Round[], bare: [] as Round[], rclone: [] as Round[] }
    for (let round = 1; round <= rounds; round++) {
      say(`Round ${round} of ${rounds} …`)
      const turns = [
        async () => seen.whole.push(await whole(setting, pids, site.origin, path, count, signal)),
        async () => seen.synced.push(await alone(setting, crew, { origin: site.origin, path, sync: true }, count)),
        async () => seen.bare.push(await alone(setting, crew, { origin: site.origin, path, sync: false }, count)),
        async () => {
          if (rclone) seen.rclone.push(await copied(setting, `${site.origin}${path}`, signal))
        },
      ]
      for (const turn of round % 2 === 1 ? turns : turns.toReversed()) await turn()
    }
    const perSecond = (all: Round[]) => all.map(({ seconds }) => count / seconds)
    const cpu = (all: Round[]) => all.map((round) => (round.cpuSeconds * 1000) / count)
    const against = (what: string, all: Round[], target?: Figure['target']) =>
      compared(`${name} against ${what}`, 'photos/s', perSecond(seen.whole), perSecond(all), target)
    figures.push(
      against('a bare loop with fsync, as the store does', seen.synced, { least: 0.8 }),
      against('a bare loop without fsync', seen.bare),
      compared(`  CPU of it, PostgreSQL included`, 'ms/photo', cpu(seen.whole), cpu(seen.synced)),
    )
    if (rclone) figures.push(against('rclone copy, then hashsum', seen.rclone, { least: 1 }))
  }
  figures.push(await peakMemory('peak memory of a worker', pids))
  return {
    figures,
    notes: [
      `${sizes.map((size) => `${bench.photos ?? size.photos} of ${size.name}`).join(', ')}; ${rounds} rounds in turns; ${workers} processes with ${connections} connections each on either side`,
      'from the commit that enqueues to the end of the last job; PostgreSQL and the store with fsync; the budget of the host at a million requests a second',
      rclone
        ? `${rclone} with as many transfers; it writes without fsync`
        : 'rclone is not installed (Debian package rclone): not compared',
    ],
  }
}

interface RunningSite {
  origin: string
  /** Aborted when it ended by itself. */
  gone: AbortSignal
  [Symbol.asyncDispose](): Promise<void>
}

async function startSite(): Promise<RunningSite> {
  const child: ChildProcess = fork(join(import.meta.dirname, 'site.ts'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const [{ origin }] = (await once(child, 'message')) as [{ origin: string }]
  const gone = new AbortController()
  child.once('exit', () => gone.abort(new Error('the site ended')))
  return {
    origin,
    gone: gone.signal,
    async [Symbol.asyncDispose]() {
      const exit = once(child, 'exit')
      child.disconnect()
      await exit
    },
  }
}

/** What a person does in the console who knows that a host bears it. */
async function unhindered({ house }: Setting, origin: string): Promise<void> {
  await house.pool.query(
    `insert into host_budgets (host, lane, rate, "least", most, tokens) values ($1, 'bytes', 1e6, 1, 1e6, 1e6)`,
    [new URL(origin).host],
  )
}

/** A client of its own, whose photos are listed. */
async function whole(
  setting: Setting,
  pids: number[],
  origin: string,
  path: string,
  count: number,
  signal: AbortSignal,
): Promise<Round> {
  const { house } = setting
  const run = await aRunningMigration(setting, { renditions: {}, galleries: 1, origin })
  const gallery = run.galleries[0]!
  const photos = Array.from({ length: count }, (_, n) =>
    aFoundPhoto(gallery.ref, n, { url: `${origin}${path}${n}.jpg` }),
  )
  const used = async () => (await cpuSeconds(pids)) + (await familyCpuSeconds(setting.postgresPid))

  const before = await used()
  const began = await house.db.transaction(async (tx) => {
    for (let at = 0; at < count; at += 500) {
      const next = at + 500 < count ? String(at + 500) : null
      await recordPage(
        tx,
        house.queues,
        gallery,
        { photos: photos.slice(at, at + 500), next },
        at > 0 ? String(at) : null,
      )
    }
    const now = await tx.execute<{ now: Date }>(sql`select clock_timestamp() as now`)
    return new Date(now.rows[0]!.now)
  })
  for (let left = 1; left > 0; ) {
    await pause(50, undefined, { signal })
    const { rows } = await house.pool.query<{ left: number }>('select listed as left from galleries where id = $1', [
      gallery.id,
    ])
    left = rows[0]!.left
  }
  const cpu = (await used()) - before
  const ended = await house.pool.query<{ at: Date; stored: number }>(
    `select max(completed_on) as at, (select rendered + published from galleries where id = $2) as stored
     from pgboss.job where name = 'fetch-photos' and group_id = $1`,
    [run.id, gallery.id],
  )
  const { at, stored } = ended.rows[0]!
  if (stored !== count) throw new Error(`${stored} of ${count} photos were stored`)
  await rm(join(house.env.PASS_DATA_DIR, 'objects', run.clientId), { recursive: true })
  return { seconds: (at.getTime() - began.getTime()) / 1000, cpuSeconds: cpu }
}

async function alone(setting: Setting, crew: Crew, wanted: Omit<BareFetch, 'out'>, count: number): Promise<Round> {
  const out = join(setting.folder, 'bare')
  await mkdir(out)
  const before = await cpuSeconds(crew.pids)
  const settings: BareFetch = { ...wanted, out }
  const seconds = await crew.run(settings, count)
  const used = (await cpuSeconds(crew.pids)) - before
  await rm(out, { recursive: true })
  return { seconds, cpuSeconds: used }
}

const run = promisify(execFile)

async function rcloneVersion(): Promise<string | null> {
  const said = await run('rclone', ['version']).catch(() => null)
  return said?.stdout.split('\n')[0] ?? null
}

/** As a careful person moves a folder: everything copied, then everything hashed. */
async function copied(setting: Setting, url: string, signal: AbortSignal): Promise<Round> {
  const out = join(setting.folder, 'rclone')
  const common = ['--config', '/dev/null', '--quiet']
  const began = performance.now()
  await run(
    'rclone',
    ['copy', ':http:', out, '--http-url', url, '--transfers', `${workers * connections}`, ...common],
    { signal },
  )
  await run('rclone', ['hashsum', 'sha256', out, ...common], { signal, maxBuffer: 64e6 })
  const seconds = (performance.now() - began) / 1000
  await rm(out, { recursive: true })
  return { seconds, cpuSeconds: 0 }
}
