// The system a command works with: the one that runs already, or one of its own for as long as the command lasts.
import { mkdir, readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { databaseIsAway } from '#server/availability.ts'
import { claimDataDir, type DataDir, DataDirError, type RunningSystem, runningSystem } from '#server/datadir.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '#server/embedded.ts'
import { type Env, env } from '#server/env.ts'
import { type House, openHouse } from '#server/house.ts'
import { prepareDatabase } from '#server/prepare.ts'
import { anyWorker, commandName, oneStarterAtATime, otherCommands } from '#server/presence.ts'
import { Refusal } from '#server/refusal.ts'
import { startWorkers, type Workers } from './children.ts'

export interface System {
  house: House
  /** What a child process needs to work with the same system. */
  childEnv: Record<string, string | undefined>
  /** The workers that somebody else ran may have gone: then starts some here. */
  keepServed(): Promise<void>
  /** Stops what was started here, in order, after other commands that rely on it; at once when `signal` is aborted. */
  close(signal: AbortSignal, say: (sentence: string) => void): Promise<void>
}

const startingSeconds = 120 // another command may be making a new cluster and starting workers

/** `workers`: the command needs somebody to do the work. Throws DataDirError, PostgresDidNotStart, WorkersDidNotStart. */
export async function openSystem(options: { workers: boolean }): Promise<System> {
  const values = env()
  if (values.DATABASE_URL) return ofDatabase({ ...values, DATABASE_URL: values.DATABASE_URL }, options)
  for (const deadline = Date.now() + startingSeconds * 1000; ; ) {
    try {
      const running = await runningSystem(values.PASS_DATA_DIR)
      if (running) return await attached(values, running, options)
      return await ofOwn(values, await claimDataDir(values.PASS_DATA_DIR), options)
    } catch (error) {
      // Another one is just starting, or just stopping.
      const changing = databaseIsAway(error) || (error instanceof DataDirError && error.code === 'already_running')
      if (!changing || Date.now() > deadline) throw error
      await delay(200)
    }
  }
}

type Reachable = Env & { DATABASE_URL: string }

async function ofDatabase(values: Reachable, options: { workers: boolean }): Promise<System> {
  if (!values.PASS_SECRET_KEY) {
    throw new Refusal(
      'secret_key_missing',
      503,
      'DATABASE_URL is set and PASS_SECRET_KEY is not: set the key its data was sealed with.',
    )
  }
  await prepareDatabase(values)
  return withWorkersWhereNone(values, options)
}

async function attached(values: Env, running: RunningSystem, options: { workers: boolean }): Promise<System> {
  const key = values.PASS_SECRET_KEY ?? (await readFile(join(values.PASS_DATA_DIR, 'secret.key'), 'utf8')).trim()
  return withWorkersWhereNone({ ...values, DATABASE_URL: running.databaseUrl, PASS_SECRET_KEY: key }, options)
}

async function withWorkersWhereNone(values: Reachable, options: { workers: boolean }): Promise<System> {
  const house = await openHouse(values, { applicationName: commandName(), connections: 4 })
  const childEnv = childEnvOf(values)
  let workers: Workers | undefined
  const anybody = () => anyWorker(house)
  const keepServed = async () => {
    if (workers || (await anybody())) return
    await oneStarterAtATime(values.DATABASE_URL, async () => {
      if (!(await anybody())) workers = await workersFor(values, childEnv)
    })
  }
  const close: System['close'] = async (signal, say) => {
    if (workers) await lastOut(house, signal, say)
    await workers?.stop()
    await house.close()
  }
  try {
    if (options.workers) await keepServed()
    return { house, childEnv, keepServed, close }
  } catch (error) {
    await house.close()
    throw error
  }
}

async function ofOwn(values: Env, dir: DataDir, options: { workers: boolean }): Promise<System> {
  let postgres: LastingPostgres | undefined
  let workers: Workers | undefined
  let house: House | undefined
  const stopAll = async () => {
    await workers?.stop()
    if (house) await house.close()
    await postgres?.stop()
    await dir.release()
  }
  try {
    postgres = await lastingPostgres(join(dir.path, 'postgres'))
    const secretKey = values.PASS_SECRET_KEY ?? dir.secretKey
    const reachable = { ...values, DATABASE_URL: postgres.url, PASS_SECRET_KEY: secretKey }
    await prepareDatabase(reachable)
    house = await openHouse(reachable, { applicationName: commandName(), connections: 4 })
    const childEnv = childEnvOf(reachable)
    if (options.workers) workers = await workersFor(values, childEnv)
    const { CONSOLE_URL: consoleUrl, MEDIA_URL: mediaUrl } = values
    // Only now: a second command that sees this system finds its workers too.
    await dir.publish({ pid: process.pid, databaseUrl: postgres.url, consoleUrl, mediaUrl })
    const opened = house
    return {
      house,
      childEnv,
      // Ours are started again as they end.
      async keepServed() {},
      async close(signal, say) {
        await lastOut(opened, signal, say)
        await stopAll()
      },
    }
  } catch (error) {
    await stopAll()
    throw error
  }
}

interface LastingPostgres {
  url: string
  stop(): Promise<void>
}

/** Started again at the same address whenever it ends without being told to. */
async function lastingPostgres(dir: string): Promise<LastingPostgres> {
  let stopping = false
  let current: EmbeddedPostgres = await startEmbeddedPostgres({ dir })
  const port = Number(new URL(current.url).port)
  const watch = async () => {
    while (!stopping) {
      await current.exited
      if (!stopping) current = await startEmbeddedPostgres({ dir, port })
    }
    // Told to stop while it was being started again.
    await current.stop()
  }
  // Where it cannot be started again, queries fail and the command says that the database is away.
  const watching = watch().catch(() => {})
  return {
    url: current.url,
    async stop() {
      stopping = true
      await current.stop()
      await watching
    },
  }
}

async function workersFor(values: Env, childEnv: Record<string, string | undefined>): Promise<Workers> {
  await mkdir(values.PASS_DATA_DIR, { recursive: true })
  const count = values.PASS_WORKERS ?? availableParallelism()
  return startWorkers({ count, env: childEnv, logFile: join(values.PASS_DATA_DIR, 'workers.log') })
}

function childEnvOf(values: Reachable): Record<string, string | undefined> {
  const { DATABASE_URL, PASS_SECRET_KEY, PASS_DATA_DIR } = values
  return { ...process.env, DATABASE_URL, PASS_SECRET_KEY, PASS_DATA_DIR }
}

/** Other commands follow what our workers do: they are not left without. */
async function lastOut(house: House, signal: AbortSignal, say: (sentence: string) => void): Promise<void> {
  const others = () => otherCommands(house, commandName()).catch(() => false)
  if (signal.aborted || !(await others())) return
  say('Other pass commands still work with what this one started; it ends after them.')
  while (!signal.aborted && (await others())) await delay(500, undefined, { signal }).catch(() => {})
}
