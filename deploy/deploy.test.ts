import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { lookAtOperationsAnew, operations } from '#server/operations.ts'
import { processEnvironment } from '#server/process-environment.ts'
import { pauseQueue } from '#server/queue-control.ts'
import { type QueueName, queueNames, queues, type WorkerGroup } from '#server/queues.ts'
import { scaling } from '#server/scaling.ts'
import { forgetJobs, type VerbHouse, verbHouse } from '#server/testing.ts'

const root = join(import.meta.dirname, '..')
const read = (path: string) => readFile(join(root, path), 'utf8')
const [compose, dockerfile, keda, example, main, mediaMain, packageJson] = await Promise.all(
  [
    'deploy/compose.yaml',
    'deploy/Dockerfile',
    'deploy/keda.yaml',
    '.env.example',
    'workers/main.ts',
    'server/media/main.ts',
    'package.json',
  ].map(read),
)

const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, found]) => found!)
/** A service of the compose file, as text. */
const services = new Map(
  compose!
    .split(/^services:\n/m)[1]!
    .split(/^volumes:/m)[0]!
    .split(/^ {2}(?=[a-z-]+:\n)/m)
    .slice(1)
    .map((text) => [text.slice(0, text.indexOf(':')), text]),
)
/** What all services of workers have in common. */
const worker = /^x-worker: [\s\S]*?(?=^\S)/m.exec(compose!.slice(compose!.indexOf('x-worker: ')))![0]
const commandOf = (text: string) => JSON.parse(/^ *(?:command: |CMD )(\[.*\])$/m.exec(text)![1]!) as string[]

const known = new Set([
  ...all(example!, /^([A-Z0-9_]+)=/gm),
  ...Object.keys(processEnvironment),
  // Of Node and Next, and of the image of PostgreSQL.
  ...['NODE_ENV', 'NEXT_TELEMETRY_DISABLED', 'POSTGRES_USER', 'POSTGRES_DB', 'POSTGRES_PASSWORD'],
])

test('every variable of compose file and image is one that the system knows', () => {
  const set = all(compose!, /^ {2,}([A-Z0-9_]+): /gm)
  const asked = all(compose!, /\$\{([A-Z0-9_]+)/g)
  const baked = all(dockerfile!, /\b([A-Z][A-Z0-9_]+)=/g)
  expect(set).toEqual(expect.arrayContaining(['DATABASE_URL', 'S3_BUCKET', 'CONSOLE_URL', 'UV_THREADPOOL_SIZE']))
  expect(asked).toEqual(expect.arrayContaining(['PASS_SECRET_KEY', 'POSTGRES_PASSWORD', 'S3_ACCESS_KEY_ID']))
  expect(baked).toEqual(expect.arrayContaining(['NODE_ENV', 'PASS_DATA_DIR', 'CHROME_PATH']))
  expect([...set, ...asked, ...baked].filter((name) => !known.has(name))).toEqual([])
})

test('every process is started as a script of package.json starts it, and every group of workers is there', async () => {
  const { scripts } = JSON.parse(packageJson!) as { scripts: Record<string, string> }
  const bin = (command: string[]) => command.join(' ').replace('node node_modules/next/dist/bin/next', 'next')
  expect(bin(commandOf(services.get('console')!))).toMatch(new RegExp(`^${scripts.console} `))
  expect(bin(commandOf(dockerfile!.slice(dockerfile!.lastIndexOf('\nCMD'))))).toBe(
    bin(commandOf(services.get('console')!)),
  )
  expect(bin(commandOf(services.get('media')!))).toBe(scripts.media)
  const groups = new Set(Object.values(queues).map(({ group }) => group))
  for (const group of groups)
    expect(bin(commandOf(services.get(`worker-${group}`)!))).toBe(`${scripts.worker} ${group}`)
  expect(all(dockerfile!, /npm run ([a-z-]+)/g).filter((name) => !(name in scripts))).toEqual([])
  const [, program] = commandOf(services.get('prepare')!)
  expect(scripts.pass).toContain(program)
  for (const text of services.values())
    for (const path of all(text, /"((?:server|workers)\/[^"]+\.ts)"/g)) expect(await read(path)).not.toBe('')
})

test('whoever is stopped has time to drain', () => {
  const drains = { worker: Number(/drainMilliseconds = ([\d_]+)/.exec(main!)![1]!.replaceAll('_', '')) / 1000 }
  const media = Number(/drainMilliseconds = ([\d_]+)/.exec(mediaMain!)![1]!.replaceAll('_', '')) / 1000
  const grace = (text: string) => Number(/stop_grace_period: (\d+)s/.exec(text)![1])
  expect(grace(worker)).toBeGreaterThan(drains.worker)
  expect(grace(services.get('media')!)).toBeGreaterThan(media)
  for (const name of ['console', 'media', 'postgres']) expect(services.get(name)).toContain('healthcheck:')
  expect(worker).toContain('healthcheck:')
})

test('workers and the media process have the environment that `npm start` gives them', () => {
  const { NODE_OPTIONS, ...rest } = processEnvironment
  for (const [name, value] of Object.entries(rest)) expect(compose).toContain(`  ${name}: "${value}"\n`)
  for (const user of [services.get('media'), worker]) expect(user).toContain('environment: *process-environment\n')
  expect(NODE_OPTIONS).toContain(/NODE_OPTIONS: (.*)/.exec(compose!)![1])
})

test('the image runs as somebody who is not root, on Debian slim, from a stage of its own', () => {
  expect(all(dockerfile!, /^FROM (\S+)/gm)).toEqual(['node:24-bookworm-slim', 'node:24-bookworm-slim'])
  const last = dockerfile!.slice(dockerfile!.lastIndexOf('FROM'))
  expect(last).toMatch(/^USER node$/m)
  expect(last.indexOf('USER node')).toBeLessThan(last.indexOf('ENTRYPOINT'))
})

/** By group, as KEDA would ask them. */
const scalers = new Map(
  keda!
    .split('\n---\n')
    .filter((text) => text.includes('kind: ScaledObject'))
    .map((text) => [/name: worker-(\w+)/.exec(text)![1] as WorkerGroup, text]),
)
const queryOf = (text: string) => text.slice(text.indexOf('query: |') + 'query: |'.length)

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())
beforeEach(async () => {
  await forgetJobs(house)
  await house.pool.query('delete from queue_pauses; delete from workers')
  await workers('render', 1)
})

const workers = (group: string, n: number, more: { state?: string; silent?: number } = {}) =>
  house.pool.query(
    `insert into workers (id, "group", host, pid, version, state, seen_at)
     select gen_random_uuid(), $1, 'here', i, 'v24', $3, now() - make_interval(secs => $4) from generate_series(1, $2) i`,
    [group, n, more.state ?? 'working', more.silent ?? 0],
  )
/** Jobs as the queues hold them; of a run where the queue's are. */
const jobs = (name: QueueName, n: number, more: { state?: string; ago?: number } = {}) =>
  house.pool.query(
    `insert into pgboss.job (name, data, group_id, state, start_after, started_on)
     select $1, '{}', case when $1 not in ('test-source', 'send-mail', 'export-runs') then gen_random_uuid()::text end,
       $3::text::pgboss.job_state, now() - make_interval(secs => $4), now() from generate_series(1, $2)`,
    [name, n, more.state ?? 'created', more.ago ?? 0],
  )

async function expectTheSame(): Promise<Record<string, number>> {
  lookAtOperationsAnew(house)
  const { groups } = await operations(house)
  const rule = Object.fromEntries(groups.map(({ group, wanted }) => [group, wanted.workers]))
  const asked: Record<string, number> = {}
  for (const [group, text] of scalers) {
    const { rows } = await house.pool.query<Record<string, number>>({ text: queryOf(text) })
    asked[group] = Object.values(rows[0]!)[0]!
  }
  expect(asked).toEqual(rule)
  return asked
}

test('the scaler’s query names every queue with its hands, and the bounds of the rule', () => {
  expect([...scalers.keys()].toSorted()).toEqual(['render', 'scrape', 'transfer'])
  for (const [group, text] of scalers) {
    const named = queueNames.filter((name) => queues[name].group === group)
    const values = named.map((name) => `('${name}', ${queues[name].concurrency})`).join(', ')
    expect(queryOf(text)).toContain(`values ${values}`)
    expect(text).toContain(`minReplicaCount: ${scaling.least}\n`)
    expect(text).toContain(`maxReplicaCount: ${scaling.most}\n`)
  }
})

test('the scaler’s query gives the number of the rule: nothing to do, much to do, work in hand, too much', async () => {
  expect(await expectTheSame()).toEqual({ scrape: 2, transfer: 2, render: 2 })
  await jobs('fetch-photos', 65)
  await jobs('render-photos', 20)
  await jobs('render-photos', 5, { state: 'active' })
  await jobs('list-gallery', 40, { ago: -60 })
  await jobs('send-mail', 30, { state: 'active' })
  expect(await expectTheSame()).toEqual({ scrape: 2, transfer: 5, render: 4 })
  await jobs('reconcile-gallery', 1000)
  expect(await expectTheSame()).toMatchObject({ render: 20 })
})

test('the scaler’s query gives the number of the rule: old work, pauses, silent and drained workers, retries', async () => {
  await workers('scrape', 4)
  await workers('scrape', 3, { silent: 60 })
  await workers('all', 2, { state: 'drained' })
  await workers('all', 1)
  await jobs('survey-source', 1, { ago: 61 })
  await jobs('build-gallery', 1, { ago: 59, state: 'retry' })
  expect(await expectTheSame()).toMatchObject({ scrape: 6 })
  await jobs('export-runs', 9, { ago: 90 })
  await jobs('fetch-photos', 500, { ago: 90 })
  await pauseQueue(house, 'olga@pass.test', 'fetch-photos')
  expect(await expectTheSame()).toMatchObject({ transfer: 3 })
  await pauseQueue(house, 'olga@pass.test', 'survey-source')
  expect(await expectTheSame()).toMatchObject({ scrape: 2 })
})
