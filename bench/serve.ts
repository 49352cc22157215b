// Pictures from the media process against nginx with the same files, asked by one process; all of them share the cores.
import { randomBytes, randomUUID } from 'node:crypto'
import { link, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { instructionsHash, parseInstructions } from '#server/instructions.ts'
import { jsonb } from '#server/jsonb.ts'
import { imagePath, signedImagePath } from '#server/signing.ts'
import { originalKey, renditionKey } from '#server/store/store.ts'
import { compared, type Figure, type Findings, median } from './figures.ts'
import { nginxVersion, startLoad, startMedia, startNginx } from './hosts.ts'
import { cpuSeconds, familyCpuSeconds, peakMegabytes } from './processes.ts'
import { type Bench, type Setting, setUp } from './setting.ts'

const connections = 32
const pictureBytes = 100_000
const largeBytes = 5_000_000
const hot = 100 // pictures that are asked for again and again
/** Each turn is short, so that what else the machine does meets everybody alike. */
const turns = 20
const againRequests = 1000 // a turn
const largeRequests = 20

export async function serveBench(bench: Bench): Promise<Findings> {
  const { rounds = 5, photos: first = 3000, say } = bench
  const version = await nginxVersion()
  await using setting = await setUp({ durable: false })
  const { house } = setting
  say(`Writing ${first} pictures …`)
  const files = await writeFiles(setting, first, pictureBytes)
  const open = await published(setting, files.slice(0, hot), 'public')
  const secret = await published(setting, files.slice(0, hot), 'private')
  const large = await published(setting, await writeFiles(setting, 1, largeBytes), 'public')

  await using media = await startMedia(setting)
  await using nginx = version ? await startNginx(setting) : undefined
  await using load = await startLoad()

  async function used(of: Server): Promise<number> {
    if (of === 'nginx') return familyCpuSeconds(nginx!.pid)
    return (await cpuSeconds([media.pid])) + (await familyCpuSeconds(setting.postgresPid))
  }
  /** Everybody has a turn, and another. */
  async function inTurns(asked: Asked[], bytes: number): Promise<Map<Measured, Round>> {
    const able = asked.filter(({ of }) => of === 'media' || nginx)
    const sums = new Map(able.map(({ what }): [Measured, Round] => [what, { count: 0, rates: [], cpuSeconds: 0 }]))
    for (let turn = 0; turn < turns; turn++) {
      for (const { what, of, paths } of inOrder(able, turn)) {
        const port = of === 'media' ? media.port : nginx!.port
        const these = paths(turn)
        const before = await used(of)
        const seconds = await load.run({ port, paths: these, connections, bytes }, bench.signal)
        const sum = sums.get(what)!
        sum.count += these.length
        sum.rates.push(these.length / seconds)
        sum.cpuSeconds += (await used(of)) - before
      }
    }
    return sums
  }
  const over = (paths: string[], count: number) => () =>
    Array.from({ length: count }, (_, n) => paths[n % paths.length]!)
  const portion = (paths: string[]) => (turn: number) => paths.filter((_, n) => n % turns === turn)
  const again = (count: number): Asked[] => {
    const signed = secret.ids.map((id) => signedImagePath(house, id, 'web', { seconds: 3600 }))
    const plain = open.ids.map((id) => imagePath(id, 'web'))
    return [
      { what: 'again', of: 'media', paths: over(plain, count) },
      { what: 'signed', of: 'media', paths: over(signed, count) },
      { what: 'nginxAgain', of: 'nginx', paths: over(open.paths, count) },
    ]
  }
  const originals: Asked[] = [
    { what: 'large', of: 'media', paths: over([imagePath(large.ids[0]!, null)], largeRequests) },
    { what: 'nginxLarge', of: 'nginx', paths: over(large.originals, largeRequests) },
  ]

  say('Warming up …')
  await inTurns(again(againRequests), pictureBytes)
  const seen: Map<Measured, Round>[] = []
  for (let round = 1; round <= rounds; round++) {
    say(`Round ${round} of ${rounds} …`)
    // Nobody has asked for these before, by no name that the file ever had.
    const unseen = await published(setting, files, 'public')
    const once: Asked[] = [
      { what: 'first', of: 'media', paths: portion(unseen.ids.map((id) => imagePath(id, 'web'))) },
      { what: 'nginxFirst', of: 'nginx', paths: portion(unseen.paths) },
    ]
    seen.push(
      new Map([
        ...(await inTurns(again(againRequests), pictureBytes)),
        ...(await inTurns(once, pictureBytes)),
        ...(await inTurns(originals, largeBytes)),
      ]),
    )
  }
  const against = (name: string, one: Measured, other: Measured, target?: Figure['target']): Figure[] => {
    if (!seen[0]?.has(other)) return []
    const rate = (of: Measured) => seen.map((round) => median(round.get(of)!.rates))
    const cpu = (of: Measured) => seen.map((round) => (round.get(of)!.cpuSeconds * 1e6) / round.get(of)!.count)
    return [
      compared(name, 'requests/s', rate(one), rate(other), target),
      compared('  CPU of it, PostgreSQL included', 'µs/request', cpu(one), cpu(other)),
    ]
  }
  return {
    figures: [
      ...against('100 kB again and again, against nginx', 'again', 'nginxAgain', { least: 0.6 }),
      ...against('100 kB, each for the first time, against nginx', 'first', 'nginxFirst', { least: 0.15 }),
      ...against('100 kB with a signature against without', 'signed', 'again', { least: 0.9 }),
      ...against('5 MB original, streamed, against nginx', 'large', 'nginxLarge'),
      {
        name: 'peak memory of the media process',
        unit: 'MB',
        value: (await peakMegabytes(media.pid)) ?? 0,
        target: { most: 512 },
      },
    ],
    notes: [
      `${rounds} rounds of ${turns} turns each, of which the median counts; ${connections} connections; in each round ${turns * againRequests} requests for ${hot} pictures, ${first} pictures asked for once, ${turns * largeRequests} requests for one original`,
      version
        ? `${version}: one process, sendfile, no log, the same headers`
        : 'nginx is not installed (as root: apt-get install nginx-light; systemctl disable --now nginx): not compared',
    ],
  }
}

/** Another order each turn: whoever comes after another server finds the processor's caches full of that one's bytes. */
function inOrder<T>(all: T[], turn: number): T[] {
  const first = Math.floor(turn / 2) % all.length
  const order = [...all.slice(first), ...all.slice(0, first)]
  return turn % 2 === 0 ? order : order.toReversed()
}

type Server = 'media' | 'nginx'
type Measured = 'again' | 'nginxAgain' | 'signed' | 'first' | 'nginxFirst' | 'large' | 'nginxLarge'

interface Asked {
  what: Measured
  of: Server
  paths(turn: number): string[]
}

interface Round {
  count: number
  /** Requests a second, of each turn. */
  rates: number[]
  /** Of whoever answered. */
  cpuSeconds: number
}

interface File {
  path: string
  sha256: Buffer
}

/** Random bytes: nobody looks into them. */
async function writeFiles({ folder }: Setting, count: number, bytes: number): Promise<File[]> {
  const dir = join(folder, 'files', `${bytes}`)
  await mkdir(dir, { recursive: true })
  const files: File[] = []
  for (let n = 0; n < count; n++) {
    const path = join(dir, `${n}`)
    await writeFile(path, randomBytes(bytes), { mode: 0o644 })
    files.push({ path, sha256: randomBytes(32) })
  }
  return files
}

interface Published {
  ids: string[]
  /** Of the renditions, and of the originals, at nginx. */
  paths: string[]
  originals: string[]
}

/** A client of its own with one photo for each file, which is its original and its `web` rendition too. */
async function published({ house, folder }: Setting, files: File[], access: 'public' | 'private'): Promise<Published> {
  const clientId = randomUUID()
  const instructions = parseInstructions({ format: 'webp' })
  const hash = instructionsHash(instructions)
  const bytes = Number(files[0]!.path.split('/').at(-2))
  const ids = files.map(() => randomUUID())
  await house.pool.query('insert into clients (id, name) values ($1, $2)', [clientId, `bench ${clientId}`])
  await house.pool.query(
    `with run as (
       insert into runs (client_id, kind, state, renditions, created_by) values ($1::uuid, 'upload', 'done', '{}', 'bench') returning id
     ), gallery as (
       insert into galleries (client_id, run_id, ref, title, position, ordinal) select $1::uuid, id, 'g', 'g', 0, 0 from run returning id, run_id
     ), file as (
       select * from unnest($2::uuid[], $3::bytea[]) as file(public_id, sha256)
     ), asset as (
       insert into assets (client_id, sha256, bytes, content_type) select $1::uuid, sha256, $4::int, 'image/webp' from file
     ), made as (
       insert into renditions (client_id, sha256, hash, extension, content_type, bytes, file_sha256, width, height, level)
       select $1::uuid, sha256, $5, 'webp', 'image/webp', $4::int, sha256(public_id::text::bytea), 1, 1, 'strict' from file
     )
     insert into photos (public_id, client_id, run_id, gallery_id, ref, kind, state, filename, sha256, bytes, content_type, access)
     select public_id, $1::uuid, run_id, gallery.id, public_id::text, 'photo', 'published', 'a.webp', sha256, $4::int, 'image/webp', $6::access
     from file, gallery`,
    [clientId, ids, files.map(({ sha256 }) => sha256), bytes, hash, access],
  )
  await house.pool.query(
    `insert into wanted_renditions (photo_id, name, instructions, hash, code)
     select id, 'web', $2::jsonb, $3, 'ok' from photos where client_id = $1`,
    [clientId, jsonb(instructions), hash],
  )
  await house.pool.query('analyze photos, assets, renditions, wanted_renditions')
  const keys = files.map(({ sha256 }) => {
    const hex = sha256.toString('hex')
    return { original: originalKey(clientId, hex), web: renditionKey(clientId, hex, hash, 'webp') }
  })
  for (const [n, { path }] of files.entries()) {
    for (const key of Object.values(keys[n]!)) {
      const stored = join(folder, 'data', 'objects', key)
      await mkdir(dirname(stored), { recursive: true })
      await link(path, stored)
    }
  }
  return { ids, paths: keys.map(({ web }) => `/${web}`), originals: keys.map(({ original }) => `/${original}`) }
}
