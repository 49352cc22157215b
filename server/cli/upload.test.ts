// `pass upload` as it is typed, with workers of its own.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '#db/testing.ts'

let database: TestDatabase
let dir: string
let env: NodeJS.ProcessEnv

beforeAll(async () => {
  database = await testDatabase()
  dir = await mkdtemp(join(tmpdir(), 'pass-upload-'))
  const own = { DATABASE_URL: database.url, PASS_SECRET_KEY: randomBytes(32).toString('base64'), PASS_DATA_DIR: dir }
  env = { ...process.env, ...own, PASS_WORKERS: '1' }
})
afterAll(async () => {
  await database.drop()
  await rm(dir, { recursive: true })
})

function start(...args: string[]) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], { env })
  const lines: Line[] = []
  const waits = new Set<{ until: (line: Line) => boolean; met(): void }>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = JSON.parse(line) as Line
    lines.push(said)
    for (const wait of waits) if (wait.until(said)) wait.met()
  })
  const ended = Promise.all([text(child.stderr), once(child, 'exit')])
  return {
    child,
    /** Resolves with the first line of which that is true. */
    said: (until: (line: Line) => boolean) => new Promise<void>((met) => waits.add({ until, met })),
    ended: ended.then(([stderr, [exit]]) => ({ exit: exit as number, stderr, last: lines.at(-1)! })),
  }
}

interface Line {
  type: string
  run: string
  state: string
  totals: Record<string, number>
}

const upload = (folder: string, ...more: string[]) =>
  start('upload', folder, '--client', 'Anna', '--renditions', 'thumb', '--json', ...more)

async function folderOf(name: string, files: Record<string, Buffer | string>): Promise<string> {
  const folder = join(dir, 'pictures', name)
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), bytes)
  }
  return folder
}

async function picture(seed: number): Promise<Buffer> {
  const background = { r: (seed * 53) % 256, g: (seed * 7) % 256, b: seed % 256 }
  return sharp({ create: { width: 40, height: 30, channels: 3, background } })
    .jpeg()
    .toBuffer()
}

type ReportLine = { type: string; [field: string]: unknown }

async function reportOf(file: string): Promise<ReportLine[]> {
  return (await readFile(file, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ReportLine)
}

test('a folder becomes galleries and sets in its order; what is no picture is said, and the same again takes only what is missing', async () => {
  const folder = await folderOf('weddings', {
    'Smith/IMG_10.jpg': await picture(10),
    'Smith/IMG_9.jpg': await picture(9),
    'Smith/Party/1.jpg': await picture(1),
    'Jones/same.jpg': await picture(9),
    'Jones/notes.txt': 'not a picture',
    'Jones/.DS_Store': 'nobody means this',
  })
  const report = join(dir, 'report.ndjson')
  const first = await upload(folder, '--report', report).ended
  expect(first.stderr).toMatch(/skipped: 1/)
  expect(first.exit).toBe(3)
  expect(first.last).toMatchObject({
    type: 'result',
    state: 'done_with_problems',
    totals: { galleries: 2, found: 5, published: 4, skipped: 1, failed: 0 },
  })
  const lines = await reportOf(report)
  const galleries = lines.filter(({ type }) => type === 'gallery').map(({ title, sets }) => ({ title, sets }))
  expect(galleries).toMatchObject([
    { title: 'Jones', sets: [{ ref: null, photos: ['weddings/Jones/notes.txt', 'weddings/Jones/same.jpg'] }] },
    {
      title: 'Smith',
      sets: [
        { ref: null, photos: ['weddings/Smith/IMG_9.jpg', 'weddings/Smith/IMG_10.jpg'] },
        { ref: 'Party', title: 'Party', photos: ['weddings/Smith/Party/1.jpg'] },
      ],
    },
  ])
  const photos = lines.filter(({ type }) => type === 'photo')
  expect(photos.filter(({ filename }) => filename === 'notes.txt')).toMatchObject([
    { state: 'skipped', code: 'not_an_image' },
  ])
  const twins = photos.filter(({ filename }) => filename === 'same.jpg' || filename === 'IMG_9.jpg')
  expect(new Set(twins.map(({ key }) => key)).size).toBe(1)

  const again = await upload(folder).ended
  expect(again.last).toMatchObject({ run: first.last.run, totals: first.last.totals })

  await folderOf('weddings', { 'Smith/IMG_9b.jpg': await picture(99), 'Jones/notes.txt': await picture(77) })
  const more = await upload(folder).ended
  expect(more.exit).toBe(0)
  expect(more.last).toMatchObject({
    run: first.last.run,
    state: 'done',
    totals: { found: 6, published: 6, skipped: 0 },
  })
  expect(await readdir(join(dir, 'tmp'))).toEqual([])
}, 180_000)

test('one that is stopped in the middle goes on with the same command, and nothing is doubled', async () => {
  const pictures = await Promise.all(Array.from({ length: 120 }, (_, n) => picture(n)))
  const files = Object.fromEntries(pictures.map((bytes, n) => [`${n + 1}.jpg`, bytes]))
  const folder = await folderOf('many', files)
  const first = upload(folder, '--gallery', 'Many')
  await first.said(({ totals }) => totals.stored! + totals.published! > 0)
  first.child.kill('SIGTERM')
  const stopped = await first.ended
  expect(stopped.exit).toBe(4)
  expect(stopped.last.totals.published).toBeLessThan(120)
  const second = await upload(folder, '--gallery', 'Many').ended
  expect(second.exit).toBe(0)
  expect(second.last).toMatchObject({
    run: stopped.last.run,
    state: 'done',
    totals: { galleries: 1, found: 120, published: 120 },
  })
}, 180_000)

test.each([
  ['is not there', async () => join(dir, 'nowhere')],
  ['is empty', async () => folderOf('empty', { '.hidden': 'x' })],
])('a folder that %s is said at once', async (_, folder) => {
  const { exit, stderr } = await start('upload', await folder(), '--client', 'Anna').ended
  expect(exit).toBe(2)
  expect(stderr).toMatch(/unreadable_folder|nothing_announced/)
})
