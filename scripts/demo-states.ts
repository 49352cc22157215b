// `npm run demo`: the whole system on a data directory of its own, made anew each time, with clients and runs in every state.
// Most are rows that stand still to be looked at; three are real migrations of accounts that do not go smoothly.
import { type ChildProcess, spawn } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { findOrCreateClient } from '#server/clients.ts'
import { runningSystem } from '#server/datadir.ts'
import { parseEnv } from '#server/env.ts'
import { type House, openHouse } from '#server/house.ts'
import { createMigration } from '#server/runs.ts'
import { createShareLink } from '#server/share-links.ts'
import { addSource } from '#server/sources.ts'
import { arrange, renewScenes, type Scenes } from '../e2e/scenes.ts'

const accounts = [
  {
    client: 'Flaky & Slow Studio',
    args: ['--scenario', 'plain', '--pictures', 'small', '--galleries', '40', '--photos', '60'],
    faults: { latencyMs: 300, rate5xx: 0.06, rateTruncated: 0.06, rateReset: 0.03, rate429: 0.02, retryAfter: 20 },
  },
  {
    client: 'Broken & Archived',
    args: [
      '--scenario',
      'traps',
      '--pictures',
      'small',
      '--galleries',
      '24',
      '--photos',
      '40',
      '--thaw-seconds',
      '86400',
    ],
    faults: {},
  },
  {
    client: 'Locked Out Photography',
    args: ['--scenario', 'plain', '--pictures', 'tiny', '--galleries', '12', '--photos', '20'],
    faults: { wrongPassword: true },
  },
]

const shown: Record<keyof Omit<Scenes, 'client' | 'hugeGallery'>, string> = {
  surveying: 'looking at the account',
  planned: 'a plan, ready to start',
  repeated: 'a plan of what changed since',
  running: 'moving',
  huge: 'thousands in one gallery, still listing',
  retrying: 'retrying',
  limited: 'the provider asks us to wait',
  archived: 'waits for the provider’s archive',
  paused: 'paused',
  blocked: 'needs you',
  stalled: 'stalled: its worker died',
  upload: 'an upload, broken off',
  troubled: 'done with problems',
  failed: 'failed',
  cancelled: 'cancelled',
  done: 'done and verified',
}

const dataDir = join(process.env.PASS_DATA_DIR ?? '.data', 'demo')
const tell = (line: string) => process.stdout.write(`${line}\n`)
const children: ChildProcess[] = []
const leaving = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, leave)

if (await runningSystem(dataDir)) {
  tell(`A demo is running in ${dataDir} already: stop it first.`)
  process.exit(1)
}
await rm(dataDir, { recursive: true, force: true })
const system = start('scripts/start.ts', ['--afresh'], { PASS_DATA_DIR: dataDir, PASS_DEMO: '1' })
const ended = new Promise<number>((resolve) => system.once('exit', (code) => resolve(code ?? 1)))
for await (const line of createInterface({ input: system.stdout! })) {
  tell(line)
  if (line.startsWith('Ctrl-C') && !leaving.signal.aborted) await furnish().catch(notFurnished)
}
process.exitCode = await ended
// Where it ended by itself, the sandboxes have nobody to serve.
leave('SIGTERM')

/** Once everything answers. */
async function furnish(): Promise<void> {
  const running = (await runningSystem(dataDir))!
  const key = (await readFile(join(dataDir, 'secret.key'), 'utf8')).trim()
  const values = { PASS_DATA_DIR: dataDir, DATABASE_URL: running.databaseUrl, PASS_SECRET_KEY: key }
  const house = await openHouse(parseEnv({ ...process.env, ...values }), { applicationName: 'demo', connections: 4 })
  try {
    tell('\nArranging a run in every state …')
    const scenes = await arrange(house.db)
    await renewScenes(house.db, scenes)
    for (const account of accounts) await beginMigration(house, account)
    const link = await createShareLink(house, 'demo', { clientId: scenes.client, days: 7 })
    const url = running.consoleUrl
    const width = Math.max(...Object.values(shown).map(({ length }) => length))
    for (const [name, words] of Object.entries(shown))
      tell(`  ${words.padEnd(width)}  ${url}/runs/${scenes[name as keyof Scenes]}`)
    tell(`  ${'as the photographer sees it'.padEnd(width)}  ${link.url}`)
    tell(`  and at work: ${accounts.map(({ client }) => client).join(', ')}\n`)
  } finally {
    await house.close()
  }
}

function notFurnished(error: Error): void {
  tell(`The demo is not complete: ${error.message}`)
}

async function beginMigration(house: House, { client, args, faults }: (typeof accounts)[number]): Promise<void> {
  const child = start('sandbox/main.ts', ['zenfolio', ...args], {})
  const { value } = await createInterface({ input: child.stdout! })[Symbol.asyncIterator]().next()
  const { origin, endpoints, credentials } = JSON.parse(value!)
  const answer = await fetch(`${origin}/_sandbox/faults`, { method: 'POST', body: JSON.stringify(faults) })
  await answer.body?.cancel()
  const { id } = await findOrCreateClient(house, 'demo', client)
  const source = await addSource(house, 'demo', { clientId: id, provider: 'zenfolio', endpoints, credentials })
  await createMigration(house, 'demo', { sourceId: source.id, renditions: ['thumb', 'web'], autoStart: true })
}

function start(script: string, args: string[], settings: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  return child
}

/** The terminal sends its Ctrl-C to the children too; whoever sends a signal to this process alone means them as well. */
function leave(signal: NodeJS.Signals): void {
  leaving.abort()
  for (const child of children) if (child.exitCode === null) child.kill(signal === 'SIGINT' ? 'SIGTERM' : signal)
}
