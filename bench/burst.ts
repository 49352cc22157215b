// 15,000 small pictures offered in a minute to the real media process, one request each: what becomes of every one, and
// how fast the queue drains against a bare Sharp loop with the same operations.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { createClient } from '#server/clients.ts'
import { parseInstructions } from '#server/instructions.ts'
import { createKey } from '#server/keys.ts'
import { queues } from '#server/queues.ts'
import type { BareRender } from './bare-render.ts'
import { type Crew, hireCrew } from './crew.ts'
import { drain, type Speed, unmade } from './drain.ts'
import { compared, type Findings, median } from './figures.ts'
import { startMedia } from './hosts.ts'
import type { Offer, Offered } from './offer.ts'
import { drawSmall, marked } from './pictures.ts'
import { cpuSeconds, peakMegabytes } from './processes.ts'
import { type Bench, type Setting, setUp } from './setting.ts'

const seconds = 60
const workers = availableParallelism()
/** Pictures of one chunk at once, in `workers/steps/render-photos.ts`. */
const chunkParallel = 2
/** Of the bare loop, each time. */
const bareCount = 400
/** Of the queue, each between two of the bare loop. */
const turns = 8
const instructions = { resize: { width: 640, height: 640 }, format: 'webp', quality: 80 } as const

export async function burstBench({ photos: count = 15_000, signal, say }: Bench): Promise<Findings> {
  await using setting = await setUp({ durable: true })
  const { house } = setting
  const picture = await drawSmall()
  const { id: clientId } = await createClient(house, 'bench', { name: 'Burst' })
  const { key } = await createKey(house, 'bench', { clientId, scopes: ['upload'] })
  const pids = await Promise.all(Array.from({ length: workers }, async () => (await house.startWorker('render')).pid!))
  await using media = await startMedia(setting)
  await using crew = await hireCrew('bare-render.ts', {
    processes: workers,
    parallel: queues['render-photos'].concurrency * chunkParallel,
  })
  const bare = await bareLoop(setting, crew, picture)
  await bare(100)

  say(`Offering ${count} pictures of ${Math.round(picture.length / 1000)} kB in ${seconds} s …`)
  const offer: Offer = {
    ...{ port: media.port, key, count, seconds, picture: picture.toString('base64') },
    instructions: JSON.stringify(instructions),
  }
  const seen = await offered(offer)
  const accepted = seen.completed.length + seen.processing.length
  const waiting = await unmade(setting)
  say(`${accepted} accepted, ${seen.refused} told to come again; ${waiting} wait to be made …`)
  const drained = await drain(setting, { signal }, { turns, workers: pids, bare: () => bare(bareCount) })
  const lost = accepted - (await published(setting, [...seen.completed, ...seen.processing]))
  const doubled = (await counted(setting, 'select count(*)::int as n from photos')) - accepted

  const rate = median(drained.map(({ ours }) => ours.rate))
  const others = Object.values(seen.others).reduce((sum, n) => sum + n, 0)
  const perCore = rate / workers
  const cores = (perSecond: number) => Math.ceil(perSecond / perCore)
  return {
    figures: [
      {
        name: `accepted or told 429 with Retry-After, of ${count}`,
        unit: 'images',
        value: accepted + seen.refused,
        target: { least: count },
      },
      { name: '  accepted', unit: 'images', value: accepted },
      { name: '5xx, other answers or none', unit: 'images', value: others, target: { most: 0 } },
      { name: 'accepted and lost, or doubled', unit: 'images', value: lost + Math.abs(doubled), target: { most: 0 } },
      {
        name: 'peak memory of the media process',
        unit: 'MB',
        value: (await peakMegabytes(media.pid)) ?? 0,
        target: { most: 512 },
      },
      compared(
        'the queue drains, against the bare loop',
        'images/s',
        drained.map(({ ours }) => ours.rate),
        drained.map(({ bare }) => bare.rate),
        { least: 0.9 },
      ),
      compared(
        '  CPU of it, PostgreSQL included',
        'ms/image',
        drained.map(({ ours }) => ours.cpu),
        drained.map(({ bare }) => bare.cpu),
      ),
      { name: '  for each core', unit: 'images/s', value: perCore },
      { name: 'until the answer, median', unit: 'ms', value: seen.milliseconds.median },
      { name: '  99 of 100', unit: 'ms', value: seen.milliseconds.most },
    ],
    notes: [
      `${Math.round(picture.length / 1000)} kB each, to 640 px WebP; one request each, offered over ${seen.seconds.toFixed(1)} s; ${accepted - waiting} were made until the last answer, ${waiting} after it, in ${turns} turns with the bare loop`,
      `answered at once: ${seen.completed.length}, to be asked about: ${seen.processing.length}, to come again: ${seen.refused}${others > 0 ? `, others: ${JSON.stringify(seen.others)}` : ''}`,
      `${perCore.toFixed(1)} images a second and core: ${cores(167)} cores for 167/s (10,000 a minute), ${cores(10_000 / 28)} cores for 10,000 in 28 s`,
      `${workers} worker processes, PostgreSQL, the media process and the sender on the same cores; PostgreSQL and the store with fsync, the bare loop without`,
    ],
  }
}

/** Resolves with the last answer. */
async function offered(offer: Offer): Promise<Offered> {
  const child: ChildProcess = fork(join(import.meta.dirname, 'offer.ts'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  await once(child, 'message')
  const gone = once(child, 'exit').then(() => {
    throw new Error('the process that offers ended')
  })
  child.send(offer)
  const [answers] = (await Promise.race([once(child, 'message'), gone])) as [Offered]
  gone.catch(() => {})
  child.disconnect()
  return answers
}

async function bareLoop({ folder }: Setting, crew: Crew, picture: Buffer) {
  const dir = join(folder, 'bare-originals')
  await mkdir(dir)
  for (let n = 0; n < bareCount; n++) await writeFile(join(dir, `${n}.jpg`), marked(picture, `bare ${n}`))
  const paths = (await readdir(dir)).map((name) => join(dir, name))
  return async (count: number): Promise<Speed> => {
    const out = join(folder, 'bare')
    await mkdir(out)
    const settings: BareRender = { paths, renditions: { web: parseInstructions(instructions) }, out }
    const before = await cpuSeconds(crew.pids)
    const took = await crew.run(settings, count)
    const cpu = ((await cpuSeconds(crew.pids)) - before) * 1000
    await rm(out, { recursive: true })
    return { rate: count / took, cpu: cpu / count }
  }
}

async function counted({ house }: Setting, text: string, values: unknown[] = []): Promise<number> {
  const { rows } = await house.pool.query<{ n: number }>(text, values)
  return rows[0]!.n
}

/** How many of these images are ready, with their rendition. */
function published(setting: Setting, ids: string[]): Promise<number> {
  return counted(
    setting,
    `select count(*)::int as n from photos p where p.public_id = any($1::uuid[]) and p.state = 'published' and p.rendition = 'ok'
       and exists (select from renditions r where r.client_id = p.client_id and r.sha256 = p.sha256)`,
    [ids],
  )
}
