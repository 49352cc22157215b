// Worker processes for as long as a command lasts: started, started again when one dies, stopped in order.
import { type ChildProcess, spawn } from 'node:child_process'
import { open, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { processEnvironment } from '../process-environment.ts'

export interface Workers {
  /** Lets them finish what is in hand; after `drainSeconds` they are ended. May be called again. */
  stop(drainSeconds?: number): Promise<void>
}

export interface WorkersOptions {
  count: number
  env: Record<string, string | undefined>
  /** What they say goes here, appended. */
  logFile: string
}

/** The workers could not be started; the message names their log. */
export class WorkersDidNotStart extends Error {
  override name = 'WorkersDidNotStart'
}

const root = join(import.meta.dirname, '../..')
const readySeconds = 60
const keptLogBytes = 20 * 1024 * 1024
const longestRestMilliseconds = 10_000

/** Resolves once each of them takes jobs. Throws `WorkersDidNotStart`. */
export async function startWorkers(options: WorkersOptions): Promise<Workers> {
  const size = (await stat(options.logFile).catch(() => undefined))?.size ?? 0
  if (size > keptLogBytes) await truncate(options.logFile, 0)
  const stopping = new AbortController()
  const slots = Array.from({ length: options.count }, () => keepRunning(options, stopping.signal))
  const workers: Workers = {
    async stop(drainSeconds = 25) {
      stopping.abort()
      await Promise.all(slots.map((slot) => slot.end(drainSeconds)))
    },
  }
  try {
    await Promise.all(slots.map((slot) => slot.ready))
  } catch (cause) {
    await workers.stop(1)
    throw new WorkersDidNotStart(`the workers did not start: ${options.logFile} says why`, { cause })
  }
  return workers
}

function keepRunning(options: WorkersOptions, stopping: AbortSignal) {
  let child: ChildProcess | undefined
  const first = Promise.withResolvers<void>()
  const late = setTimeout(() => first.reject(new Error(`not ready after ${readySeconds} s`)), readySeconds * 1000)
  first.promise.catch(() => {}).finally(() => clearTimeout(late))

  const over = (async () => {
    for (let rest = 250; !stopping.aborted; ) {
      const startedAt = Date.now()
      child = await launch(options, () => first.resolve())
      // Told to stop while it was being started.
      if (stopping.aborted) child.kill('SIGTERM')
      await ended(child)
      first.reject(new Error('it ended before it was ready'))
      if (stopping.aborted) return
      rest = Date.now() - startedAt > longestRestMilliseconds ? 250 : Math.min(rest * 2, longestRestMilliseconds)
      await delay(rest, undefined, { signal: stopping }).catch(() => {})
    }
  })().catch((error: Error) => first.reject(error))

  return {
    ready: first.promise,
    async end(drainSeconds: number) {
      child?.kill('SIGTERM')
      const hard = setTimeout(() => killGroup(child), drainSeconds * 1000)
      await over
      clearTimeout(hard)
    },
  }
}

/** In a process group of its own: Ctrl-C reaches the command alone, and a hard end takes the worker's browsers along. */
async function launch(options: WorkersOptions, onReady: () => void): Promise<ChildProcess> {
  await using log = await open(options.logFile, 'a', 0o600)
  const child = spawn(process.execPath, ['workers/main.ts', 'all'], {
    cwd: root,
    env: { ...options.env, ...processEnvironment } as NodeJS.Dict<string> as NodeJS.ProcessEnv,
    detached: true,
    // The channel breaks when this process is gone, and the worker ends by itself.
    stdio: ['ignore', 'pipe', log.fd, 'ipc'],
  })
  child.on('error', () => {})
  createInterface({ input: child.stdout! }).on('line', (line) => {
    if (line.includes('"event":"ready"')) onReady()
  })
  return child
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return Promise.resolve()
  return new Promise((resolve) => child.once('exit', () => resolve()))
}

function killGroup(child: ChildProcess | undefined): void {
  if (!child?.pid) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It ended between the look and the signal.
  }
}
