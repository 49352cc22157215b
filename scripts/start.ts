// `npm start`: the whole system on one machine, up in order and down in order. `--dev` runs the console from source;
// `--afresh`: whoever starts it throws its data away before the next start.
import { mkdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'
import { claimDataDir, type DataDir } from '#server/datadir.ts'
import { startEmbeddedPostgres } from '#server/embedded.ts'
import { type Env, parseEnv } from '#server/env.ts'
import { type House, openHouse } from '#server/house.ts'
import { log } from '#server/log.ts'
import { prepareDatabase } from '#server/prepare.ts'
import { processEnvironment } from '#server/process-environment.ts'
import { sentenceOf } from '#server/sentences.ts'
import { BuildFailed, buildConsole } from './build.ts'
import { ChildDidNotStart, type ChildPlan, child } from './child.ts'
import { ensureChrome } from './chrome.ts'
import { type Demo, demo } from './demo.ts'
import { howToSignIn, isEmpty, startDemo } from './first-start.ts'
import { PortInUse, requireFreePort } from './ports.ts'
import { type Service, supervisor } from './supervisor.ts'

const dev = process.argv.includes('--dev')
const afresh = process.argv.includes('--afresh')
const tell = (line: string) => process.stdout.write(`${line}\n`)
const drainSeconds = 30
const embedded = !process.env.DATABASE_URL

const stopping = untilAskedToStop()
const services = supervisor(tell, stopping)
let dataDir: DataDir | undefined
try {
  await bringUp(parseEnv(process.env))
  await new Promise((resolve) => stopping.addEventListener('abort', resolve, { once: true }))
} catch (error) {
  if (!stopping.aborted) {
    tell(notStarted(error))
    process.exitCode = 1
  }
}
await services.stop()
await dataDir?.release()
if (stopping.aborted)
  tell(afresh ? 'Stopped. The next demo begins anew.' : 'Stopped. The next start goes on where this one was.')
process.exit()

async function bringUp(given: Env): Promise<void> {
  dataDir = await claimDataDir(given.PASS_DATA_DIR)
  await requireFreePort('PORT', given.PORT, given.HOST)
  await requireFreePort('MEDIA_PORT', given.MEDIA_PORT, given.HOST, given.PORT)
  await mkdir(join(dataDir.path, 'logs'), { recursive: true })
  const browser = ensureChrome(tell).catch((error: Error) => {
    tell(`No browser: ${error.message}`)
    return undefined
  })
  if (!dev) await buildConsole(tell, stopping)
  // What the system writes from here on is for nobody else; children inherit it.
  process.umask(0o077)

  const DATABASE_URL = given.DATABASE_URL ?? (await embeddedDatabase(dataDir))
  const env = { ...given, DATABASE_URL, PASS_SECRET_KEY: given.PASS_SECRET_KEY ?? dataDir.secretKey }
  await prepareDatabase(env)
  const house = await openHouse(env, { applicationName: 'start' })
  const signIn = await openForBusiness(house, browser).finally(() => house.close())

  const { CONSOLE_URL: consoleUrl, MEDIA_URL: mediaUrl } = env
  await dataDir.publish({ pid: process.pid, databaseUrl: DATABASE_URL, consoleUrl, mediaUrl })
  tell(`
Pass Gallery Migration is running.
  Console   ${consoleUrl}
  Media     ${mediaUrl}
  Logs      ${relative(process.cwd(), join(dataDir.path, 'logs'))}
${signIn}
Ctrl-C drains and stops everything.`)
}

/** Starts what answers and works; says how to sign in. */
async function openForBusiness(house: House, browser: Promise<string | undefined>): Promise<string> {
  const logs = join(house.env.PASS_DATA_DIR, 'logs')
  const shown = await openDemo(await demo(house.env, embedded && (await isEmpty(house)), tell))
  const { answering, working } = system(house.env, shown !== null, await browser)
  tell('Starting console, media and workers …')
  await services.start(...answering.map((plan) => child(plan, logs, tell)))
  await services.start(...working.map((plan) => child(plan, logs, tell)))
  if (shown?.isNew) await beginDemo(house, shown)
  return howToSignIn(house)
}

/** As a service: comes back at the same address when it was killed. */
async function embeddedDatabase({ path }: DataDir): Promise<string> {
  let url = ''
  const service: Service = {
    name: 'postgres',
    async start() {
      const port = url ? Number(new URL(url).port) : undefined
      const logFile = join(path, 'logs/postgres.log')
      const postgres = await startEmbeddedPostgres({ dir: join(path, 'postgres'), logFile, port })
      url = postgres.url
      return { exited: postgres.exited.then(() => 'ended'), stop: postgres.stop }
    },
  }
  tell('Starting PostgreSQL …')
  await services.start(service)
  return url
}

function system(env: Env, local: boolean, chrome: string | undefined) {
  const host = env.HOST === '0.0.0.0' ? '127.0.0.1' : env.HOST.includes(':') ? '[::1]' : env.HOST
  const common = {
    ...process.env,
    NODE_ENV: dev ? 'development' : 'production',
    NEXT_TELEMETRY_DISABLED: '1',
    DATABASE_URL: env.DATABASE_URL,
    PASS_DATA_DIR: env.PASS_DATA_DIR,
    PASS_SECRET_KEY: env.PASS_SECRET_KEY,
    CHROME_PATH: chrome ?? process.env.CHROME_PATH,
    ALLOW_LOCAL_SOURCES: local || env.ALLOW_LOCAL_SOURCES ? '1' : '0',
  }
  const metricsPort = env.METRICS_PORT ?? 9464 // OpenTelemetry's own
  const next = ['node_modules/next/dist/bin/next', dev ? 'dev' : 'start', '-H', env.HOST, '-p', `${env.PORT}`]
  const answering: ChildPlan[] = [
    {
      name: 'console',
      args: next,
      env: { ...common, METRICS_PORT: `${metricsPort}` },
      ready: { url: `http://${host}:${env.PORT}/api/health` },
      drainSeconds,
    },
    {
      name: 'media',
      args: ['server/media/main.ts'],
      env: { ...common, ...processEnvironment, METRICS_PORT: `${metricsPort + 1}` },
      ready: { url: `http://${host}:${env.MEDIA_PORT}/health` },
      drainSeconds,
    },
  ]
  const working = Array.from({ length: env.PASS_WORKERS ?? availableParallelism() }, (_, i) => ({
    name: `worker-${i + 1}`,
    args: ['workers/main.ts', 'all', '--yield'],
    env: { ...common, ...processEnvironment, METRICS_PORT: `${metricsPort + 2 + i}` },
    ready: { line: isReady },
    drainSeconds,
  }))
  return { answering, working }
}

function isReady(line: unknown): boolean {
  return (line as { event?: unknown } | null | undefined)?.event === 'ready'
}

/** The system is as good without it. */
async function openDemo(wanted: Demo | null): Promise<Demo | null> {
  try {
    if (wanted) await services.start(wanted.service)
    return wanted
  } catch (error) {
    if (!(error instanceof ChildDidNotStart)) throw error
    tell(`The demo's sandbox stays away: ${error.message}`)
    return null
  }
}

async function beginDemo(house: House, shown: Demo): Promise<void> {
  await startDemo(house, shown.source())
  await shown.remember()
  tell('A demo migration from the sandbox has been started; PASS_DEMO=0 leaves it out.')
}

function untilAskedToStop(): AbortSignal {
  const asked = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      tell(asked.signal.aborted ? `Still draining; at most ${drainSeconds} s a group.` : 'Draining and stopping …')
      asked.abort()
    })
  }
  return asked.signal
}

/** What a person can act on, in one sentence with its code. */
function notStarted(error: unknown): string {
  const own = [[PortInUse, 'port_in_use'] as const, [BuildFailed, 'build_failed'] as const]
  const known = [...own, [ChildDidNotStart, 'service_did_not_start'] as const].find(([kind]) => error instanceof kind)
  const { sentence, code } = known ? { sentence: (error as Error).message, code: known[1] } : sentenceOf(error)
  if (code === 'internal_error') log.debug({ err: error }, 'start')
  return `Not started: ${sentence} [${code}]`
}
