// Listing an account, pacing off, against the same requests sent bare to the same stand-in: by the connector alone, and
// through workers, ledger and queues. And what it takes in memory: an account of 500,000 photos, a gallery of 10,000.
import { availableParallelism } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { createClient } from '#server/clients.ts'
import type { ProviderId } from '#server/providers.ts'
import { queues } from '#server/queues.ts'
import { createMigration } from '#server/runs.ts'
import { addSource } from '#server/sources.ts'
import { connectorOf } from '#workers/connectors/index.ts'
import { type StandIn, startStandIn } from '#workers/testing.ts'
import { hireCrew } from './crew.ts'
import { compared, type Figure, type Findings } from './figures.ts'
import { peakMemory } from './processes.ts'
import { closeHttp, openSession, type Reading } from './reader.ts'
import { startRecorder } from './recorder.ts'
import type { Replay } from './replay.ts'
import { type Bench, type Setting, setUp } from './setting.ts'

const workers = availableParallelism()
const parallel = queues['list-gallery'].concurrency + queues['build-gallery'].concurrency
/** Requests a second of all workers together, however well the host bears them. */
const mostPaced = connectorOf('zenfolio').pacing.page.most
const account = { galleries: 1000, photos: 50 }
const large = { galleries: 2000, photos: 250 }
const long = { galleries: 1, photos: 10_000 }

export async function listBench({ rounds = 3, photos, signal, say }: Bench): Promise<Findings> {
  await using setting = await setUp({ durable: false })
  const { house } = setting
  const pids = await Promise.all(Array.from({ length: workers }, async () => (await house.startWorker('scrape')).pid!))
  await using readers = await hireCrew('reader.ts', { processes: workers, parallel })
  await using crew = await hireCrew('replay.ts', { processes: workers, parallel })
  const speed = { connector: [] as number[], whole: [] as number[], bare: [] as number[] }
  {
    await using place = await anAccount(account)
    say(`${account.galleries} galleries of ${account.photos}: writing down what a listing asks for …`)
    const reading = await theReading(place.standIn)
    await using recorder = await startRecorder(place.standIn.origin)
    await readers.run({ ...reading, endpoints: through(recorder.origin, place.standIn) }, account.galleries)
    const requests = recorder.requests.filter(isAgain)
    const replay: Replay = { origin: place.standIn.origin, requests }
    const turns = [
      async () => speed.connector.push(requests.length / (await readers.run(reading, account.galleries))),
      async () => speed.bare.push(requests.length / (await crew.run(replay, requests.length))),
      async () => {
        const whole = await listed(setting, place.standIn, signal)
        speed.whole.push(whole.requests / whole.seconds)
      },
    ]
    for (let round = 1; round <= rounds; round++) {
      say(`Round ${round} of ${rounds} …`)
      for (const turn of round % 2 === 1 ? turns : turns.toReversed()) await turn()
    }
  }
  const figures: Figure[] = [
    compared('listing by the connector', 'requests/s', speed.connector, speed.bare, { least: 0.6 }),
    compared('listing through workers, ledger and queues', 'requests/s', speed.whole, speed.bare),
    compared(
      '  against the most that its pacing ever allows',
      'requests/s',
      speed.whole,
      speed.whole.map(() => mostPaced),
      { least: 1 },
    ),
    await firstPhoto(setting, signal, say),
  ]
  for (const size of [long, photos ? { galleries: Math.ceil(photos / large.photos), photos: large.photos } : large]) {
    say(`${size.galleries} galleries of ${size.photos}: how much memory …`)
    await using place = await anAccount(size)
    const { seconds } = await listed(setting, place.standIn, signal)
    figures.push({
      name: `${size.galleries * size.photos} photos in ${size.galleries} galleries, listed`,
      unit: 'photos/s',
      value: (size.galleries * size.photos) / seconds,
    })
  }
  await closeHttp()
  figures.push(await peakMemory('peak memory of a worker after all that', pids))
  return {
    figures,
    notes: [
      `${account.galleries} galleries of ${account.photos} photos; ${rounds} rounds in turns; ${workers} processes with ${parallel} requests at once on either side`,
      'bare: the same requests again, answers thrown away; through the workers: from the creation of the run to the last gallery listed and built, every photo a row of the ledger with its place and its job',
      'the stand-in is one process and shares the cores with everything else; PostgreSQL without fsync',
    ],
  }
}

async function anAccount(size: { galleries: number; photos: number }) {
  const flags = Object.entries(size).flatMap(([name, value]) => [`--${name}`, String(value)])
  const standIn = await startStandIn('zenfolio', ['--scenario', 'plain', '--pictures', 'tiny', ...flags])
  return { standIn, [Symbol.asyncDispose]: () => standIn.stop() }
}

async function theReading({ provider, endpoints, credentials }: StandIn): Promise<Reading> {
  const account = { provider: provider as ProviderId, endpoints, credentials }
  const session = await openSession(account)
  const pages = await Array.fromAsync(session.galleries())
  return { ...account, galleries: pages.flatMap((page) => page.galleries) }
}

const through = (origin: string, standIn: StandIn) =>
  Object.fromEntries(
    Object.entries(standIn.endpoints).map(([name, url]) => [name, url.replace(standIn.origin, origin)]),
  )

/** A challenge is answered once. */
const isAgain = ({ body }: { body: string | undefined }) => !/GetChallenge|Authenticate/.test(body ?? '')

let clients = 0

async function started({ house }: Setting, standIn: StandIn): Promise<string> {
  const { host } = new URL(standIn.origin)
  await house.pool.query(
    `insert into host_budgets (host, lane, rate, "least", most, tokens)
     select $1, lane, 1e6, 1, 1e6, 1e6 from unnest(array['page', 'bytes']) as lane on conflict do nothing`,
    [host],
  )
  const client = await createClient(house, 'bench', { name: `Client ${clients++}` })
  const { provider, credentials, endpoints } = standIn
  const source = await addSource(house, 'bench', { clientId: client.id, provider, credentials, endpoints })
  const run = await createMigration(house, 'bench', { sourceId: source.id, renditions: ['none'], autoStart: true })
  return run.id
}

async function listed(setting: Setting, standIn: StandIn, signal: AbortSignal) {
  const { pool } = setting.house
  const asked = async () => (await standIn.requests()).total
  const before = await asked()
  const began = performance.now()
  const run = await started(setting, standIn)
  for (;;) {
    await pause(50, undefined, { signal })
    const { rows } = await pool.query<{ state: string; todo: string | null; left: number | null }>(
      `select r.state, r.todo, (select count(*) filter (where listed_at is null or built_at is null)::int
         from galleries where run_id = r.id) as left from runs r where id = $1`,
      [run],
    )
    const { state, todo, left } = rows[0]!
    if (state === 'blocked') throw new Error(`the run waits: ${todo}`)
    if (state === 'running' && left === 0) break
  }
  const seconds = (performance.now() - began) / 1000
  const requests = (await asked()) - before
  // What nobody is to copy.
  await pool.query(`delete from pgboss.job where group_id = $1`, [run])
  await pool.query(`update runs set state = 'cancelled', finished_at = now() where id = $1`, [run])
  return { seconds, requests }
}

/** Copying begins with the first page, not behind the last one. */
async function firstPhoto(setting: Setting, signal: AbortSignal, say: Bench['say']): Promise<Figure> {
  const { house } = setting
  await using place = await anAccount(account)
  say('How soon the first photo is safe …')
  const transfer = await house.startWorker('transfer')
  const run = await started(setting, place.standIn)
  const { rows } = await house.pool.query<{ at: Date }>('select created_at as at from runs where id = $1', [run])
  for (let stored = 0; stored === 0; ) {
    await pause(25, undefined, { signal })
    const counted = await house.pool.query<{ stored: number | null; listing: number }>(
      `select sum(stored + rendered + published)::int as stored, count(*) filter (where listed_at is null)::int as listing
       from galleries where run_id = $1`,
      [run],
    )
    stored = counted.rows[0]!.stored ?? 0
    if (stored > 0 && counted.rows[0]!.listing === 0)
      throw new Error('all was listed before the first photo was stored')
  }
  const seconds = (Date.now() - rows[0]!.at.getTime()) / 1000
  await house.pool.query(`update runs set state = 'cancelled', finished_at = now() where id = $1`, [run])
  await house.pool.query(`delete from pgboss.job where group_id = $1`, [run])
  transfer.kill('SIGTERM')
  return { name: 'first photo stored after the run was asked for', unit: 's', value: seconds, target: { most: 10 } }
}
