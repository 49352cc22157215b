import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { eq } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import * as tables from '#db/schema.ts'
import { type TestDatabase, testDatabase } from '#db/testing.ts'

let database: TestDatabase
let dir: string
let env: NodeJS.ProcessEnv
const children: ChildProcess[] = []

beforeAll(async () => {
  database = await testDatabase()
  dir = await mkdtemp(join(tmpdir(), 'pass-cli-'))
  const own = { DATABASE_URL: database.url, PASS_SECRET_KEY: randomBytes(32).toString('base64'), PASS_DATA_DIR: dir }
  env = { ...process.env, ...own }
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})
afterAll(async () => {
  await database.drop()
  await rm(dir, { recursive: true })
})

function start(...args: string[]) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], { env })
  children.push(child)
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { child, ended: ended.then(([stdout, stderr, [exit]]) => ({ exit: exit as number, stdout, stderr })) }
}

const pass = (...args: string[]) => start(...args).ended

/** Credentials as the contract has them, readable by nobody else. */
async function credentials(content: string, mode = 0o600): Promise<string> {
  const file = join(dir, `${randomUUID()}.json`)
  await writeFile(file, content)
  await chmod(file, mode)
  return file
}

const good = JSON.stringify({ loginName: 'anna', password: 'geheim-7' })

async function run(state: 'done' | 'running' | 'planned', published = 0) {
  const { db } = database
  const [client] = await db.insert(tables.clients).values({ name: randomUUID() }).returning()
  const clientId = client!.id
  const [made] = await db
    .insert(tables.runs)
    .values({ clientId, kind: 'upload', state, renditions: {}, createdBy: 'test', startedAt: new Date() })
    .returning()
  await db
    .insert(tables.galleries)
    .values({ clientId, runId: made!.id, ref: 'g', title: 'g', position: 0, ordinal: 0, total: published, published })
  return { id: made!.id, name: client!.name, clientId }
}

/** stderr is one sentence with a stable code, and no stack. */
function expectRefused(ended: { exit: number; stdout: string; stderr: string }, code: string) {
  expect(ended).toMatchObject({ exit: 2, stdout: '' })
  expect(ended.stderr).toMatch(new RegExp(`^pass: [^\\n]+ \\(${code}\\)\\n`))
  expect(ended.stderr).not.toMatch(/\n\s+at /)
}

test('wrong use exits 2 with the usage on stderr', async () => {
  const ended = await pass('migrate', '--provider')
  expectRefused(ended, 'wrong_use')
  expect(ended.stderr).toContain('pass migrate --provider <id>')
})

test('--help prints the usage on stdout', async () => {
  expect(await pass('--help')).toMatchObject({ exit: 0, stdout: expect.stringContaining('pass migrate'), stderr: '' })
})

test('credentials that others can get at are refused before any work', async () => {
  const file = await credentials(good, 0o640)
  expectRefused(await pass('migrate', '--provider', 'zenfolio', '--credentials', file), 'credentials_file_open')
})

test('an unknown provider is refused', async () => {
  const file = await credentials(good)
  expectRefused(await pass('migrate', '--provider', 'nobody', '--credentials', file), 'unknown_provider')
})

test('credentials with a key too many are refused and not quoted', async () => {
  const file = await credentials('{"loginName":"a","password":"geheim-7","more":"x"}')
  const ended = await pass('migrate', '--provider', 'zenfolio', '--credentials', file)
  expectRefused(ended, 'invalid_credentials')
  expect(ended.stderr).not.toContain('geheim')
})

test('an endpoint that the provider does not have, and a report that cannot be written, are refused before any work', async () => {
  const migrate = ['migrate', '--provider', 'zenfolio', '--credentials', await credentials(good)]
  expectRefused(await pass(...migrate, '--endpoint', 'nope=http://127.0.0.1:1'), 'unknown_endpoint')
  expectRefused(await pass(...migrate, '--report', '/nowhere/r.ndjson'), 'unwritable_file')
  expect(await database.db.$count(tables.sources)).toBe(0)
})

test('a run that does not exist is refused', async () => {
  expectRefused(await pass('status', randomUUID()), 'not_found')
  expectRefused(await pass('cancel', 'not-an-id'), 'not_found')
})

test('runs and queues print one object a line', async () => {
  const { id, name } = await run('done')
  const lines = (await pass('runs', '--json')).stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines).toContainEqual(
    expect.objectContaining({ id, state: 'done', client: expect.objectContaining({ name }) }),
  )
  const queues = (await pass('queues', '--json')).stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(queues.map(({ name }) => name)).toContain('fetch-photos')
})

test('status prints one snapshot', async () => {
  const { id } = await run('done', 3)
  const { exit, stdout } = await pass('status', id, '--json')
  expect(exit).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ type: 'snapshot', run: id, state: 'done', totals: { published: 3 } })
})

test('report writes the whole file and leaves nothing half written', async () => {
  const { id } = await run('done')
  const out = join(dir, 'report.ndjson')
  expect((await pass('report', id, '--out', out)).exit).toBe(0)
  expect((await readFile(out, 'utf8')).split('\n')[0]).toContain(`"type":"run","version":1,"id":"${id}"`)
  expectRefused(await pass('report', randomUUID(), '--out', join(dir, 'other.ndjson')), 'not_found')
  expect((await readdir(dir)).filter((name) => /other|part/.test(name))).toEqual([])
})

test('a report to a pipe or a device goes into it and does not take its place', async () => {
  const { id } = await run('done')
  const pipe = join(dir, 'pipe')
  await promisify(execFile)('mkfifo', [pipe])
  const [ended, said] = await Promise.all([pass('report', id, '--out', pipe), text(createReadStream(pipe))])
  expect(ended.exit).toBe(0)
  expect(said).toContain(`"type":"run","version":1,"id":"${id}"`)
  expect((await stat(pipe)).isFIFO()).toBe(true)
})

test('verify exits 3 and names the object when one is missing, and 0 when all are there', async () => {
  const { id, clientId } = await run('done')
  expect((await pass('verify', id, '--deep')).exit).toBe(0)
  const [gallery] = await database.db.select().from(tables.galleries).where(eq(tables.galleries.runId, id))
  const sha256 = randomBytes(32)
  await database.db.insert(tables.photos).values({
    clientId,
    runId: id,
    galleryId: gallery!.id,
    ref: 'p7',
    kind: 'photo',
    state: 'published',
    sha256,
    bytes: 1,
  })
  const ended = await pass('verify', id)
  expect(ended.exit).toBe(3)
  expect(ended.stdout).toMatch(new RegExp(`^missing .*p7 .*${sha256.toString('hex')}\n$`))
})

test('user add prints the first password alone', async () => {
  const { exit, stdout } = await pass('user', 'add', 'eva@studio.example', '--role', 'staff')
  expect(exit).toBe(0)
  expect(stdout).toMatch(/^\S{12,}\n$/)
  expectRefused(await pass('user', 'add', 'eva@studio.example', '--role', 'staff'), 'email_taken')
  expectRefused(await pass('user', 'add', 'ida@studio.example', '--role', 'king'), 'invalid_user')
})

test('pause, resume and SIGTERM: the run is paused, the report written, and how to go on is on stderr', async () => {
  // Somebody else's worker that shows itself, so that none is started here.
  const seenAt = new Date(Date.now() + 3_600_000)
  await database.db
    .insert(tables.workers)
    .values({ id: randomUUID(), group: 'all', host: 'elsewhere', pid: 1, version: 'v', seenAt })
  const { id } = await run('running')
  const report = join(dir, `${id}.ndjson`)
  expect((await pass('pause', id)).exit).toBe(0)
  const { child, ended } = start('resume', id, '--json', '--report', report)
  await once(child.stdout, 'data')
  child.kill('SIGTERM')
  const { exit, stdout, stderr } = await ended
  expect(exit).toBe(4)
  expect(stderr).toContain(`pass resume ${id}`)
  expect(JSON.parse(stdout.trimEnd().split('\n').at(-1)!)).toMatchObject({ type: 'result', run: id, state: 'paused' })
  expect(await readFile(report, 'utf8')).toContain('"state":"paused"')
})
