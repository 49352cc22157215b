// A Node program of ours as a service: its own process group, its output in a log file, what matters on the terminal.
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { type Journal, openJournal } from './journal.ts'
import type { Running, Service } from './supervisor.ts'

export interface ChildPlan {
  name: string
  /** The script and its arguments. */
  args: string[]
  env: Record<string, string | undefined>
  /** It answers when this address does, or when it has printed the line that is recognised. */
  ready: { url: string } | { line: (json: unknown) => boolean }
  /** Between being asked to end and being killed. */
  drainSeconds: number
}

/** It ended, or did not answer in time, before it was of any use. */
export class ChildDidNotStart extends Error {
  override name = 'ChildDidNotStart'
}

const startSeconds = 120 // a cold machine compiles and reads everything once
const guard = pathToFileURL(join(import.meta.dirname, 'guard.ts')).href

/** `logs` is the folder of the log files; `tell` gets the lines that a person at the terminal should see. */
export function child(plan: ChildPlan, logs: string, tell: (line: string) => void): Service {
  const { name } = plan
  return {
    name,
    async start(signal) {
      signal.throwIfAborted()
      const journal = await openJournal(join(logs, `${name}.log`), (line) => tell(`${name}: ${line}`))
      const process = spawn(globalThis.process.execPath, ['--import', guard, ...plan.args], {
        env: plan.env as NodeJS.ProcessEnv,
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      })
      const said = Promise.withResolvers<void>()
      const { ready } = plan
      const running = run(process, plan, journal, (line) => {
        journal.add(line)
        if ('line' in ready && ready.line(json(line))) said.resolve()
      })
      const timeout = AbortSignal.timeout(startSeconds * 1000)
      const ended = running.exited.then((how) => Promise.reject(new ChildDidNotStart(lastWords(name, how, journal))))
      try {
        const giveUp = AbortSignal.any([signal, timeout])
        const answering = 'url' in ready ? answersAt(ready.url, giveUp) : said.promise
        await Promise.race([answering, ended, aborted(giveUp)])
        return running
      } catch (error) {
        await running.stop()
        if (!timeout.aborted) throw error
        throw new ChildDidNotStart(lastWords(name, `did not answer within ${startSeconds} s`, journal))
      }
    },
  }
}

function run(process: ChildProcess, plan: ChildPlan, journal: Journal, each: (line: string) => void): Running {
  const pid = process.pid
  const streams = [process.stdout!, process.stderr!]
  const read = Promise.all(streams.map((stream) => lines(stream, each)))
  const exited = new Promise<string>((resolve) => {
    process.once('error', (error) => resolve(`could not be started (${error.message})`))
    process.once('exit', (code, signal) => resolve(signal ? `was ended by ${signal}` : `exited with ${code}`))
  }).then(async (how) => {
    // What it started goes with it; who left its group may still hold the pipes.
    if (pid) kill(-pid, 'SIGKILL')
    await Promise.race([read, delay(1000, undefined, { ref: false })])
    for (const stream of streams) stream.destroy()
    await journal.close()
    return how
  })
  return {
    exited,
    async stop() {
      if (!pid) return
      process.kill('SIGTERM')
      const enough = new AbortController()
      const late = delay(plan.drainSeconds * 1000, true, { signal: enough.signal }).catch(() => false)
      if (await Promise.race([late, exited.then(() => false)])) kill(-pid, 'SIGKILL')
      enough.abort()
      await exited
    },
  }
}

async function answersAt(url: string, signal: AbortSignal): Promise<void> {
  while (!(await answersNow(url))) await delay(100, undefined, { signal })
}

async function answersNow(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) })
    await answer.body?.cancel()
    return answer.ok
  } catch {
    return false
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

/** Resolves when the stream has ended. */
function lines(stream: Readable, each: (line: string) => void): Promise<void> {
  return new Promise((resolve) => {
    createInterface({ input: stream }).on('line', each).once('close', resolve)
  })
}

function json(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function lastWords(name: string, how: string, journal: Journal): string {
  return `${name} ${how}. Its log (${journal.file}) ends:\n${journal.last()}`
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // Everybody in the group has gone already.
  }
}
