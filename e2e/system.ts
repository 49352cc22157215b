// The system under test: `npm start` on an empty data directory, the provider's stand-in beside it, a gate in front.
import { type ChildProcess, spawn } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test as base, type Page } from '@playwright/test'
import { type Connection, connect } from '#db/client.ts'
import { freePort } from '../scripts/ports.ts'
import { scratchFolder } from '../scripts/scratch.ts'
import { type Gate, openGate } from './gate.ts'

const root = join(import.meta.dirname, '..')

export interface System {
  /** The console as the browser sees it: through the gate. */
  url: string
  mediaUrl: string
  dataDir: string
  admin: { email: string; password: string }
  standIn: StandIn
  database: Connection
  gate: Gate
}

interface StandIn {
  endpoints: Record<string, string>
  credentials: Record<string, string>
  /** Switches of `sandbox/faults.ts`. */
  faults(change: Record<string, unknown>): Promise<void>
}

export const test = base.extend<{ signedIn: Page }, { system: System }>({
  system: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from its pattern
    async ({}, use) => {
      await using stack = new AsyncDisposableStack()
      await use(await startSystem(stack))
    },
    { scope: 'worker', timeout: 300_000 },
  ],
  signedIn: async ({ page, system }, use) => {
    const answer = await page.request.post(`${system.url}/api/auth/sign-in/email`, {
      data: system.admin,
      headers: { origin: system.url },
    })
    if (!answer.ok()) throw new Error(`sign-in answered ${answer.status()}`)
    await use(page)
  },
})

export async function startSystem(stack: AsyncDisposableStack): Promise<System> {
  const dataDir = await scratchFolder('pass-e2e')
  stack.defer(() => rm(dataDir, { recursive: true, force: true }))
  const [port, mediaPort] = (await Promise.all([freePort(), freePort()])) as [number, number]
  const gate = await openGate(port)
  stack.defer(() => gate.close())
  const url = `http://localhost:${gate.port}`
  const mediaUrl = `http://localhost:${mediaPort}`
  const standIn = await startStandIn(stack)
  const said = await startEverything(stack, {
    PASS_DATA_DIR: dataDir,
    PORT: `${port}`,
    MEDIA_PORT: `${mediaPort}`,
    CONSOLE_URL: url,
    MEDIA_URL: mediaUrl,
    PASS_DEMO: '0',
    PASS_WORKERS: '1',
    ALLOW_LOCAL_SOURCES: '1',
  })
  const [, email, password] = /Sign in as (\S+) with the password (\S+)/.exec(said)!
  const running = JSON.parse(await readFile(join(dataDir, 'running.json'), 'utf8')) as { databaseUrl: string }
  const database = connect(running.databaseUrl, { max: 2, applicationName: 'e2e' })
  stack.defer(() => database.close())
  return { url, mediaUrl, dataDir, admin: { email: email!, password: password! }, standIn, database, gate }
}

/** Resolves with what it printed once it says how to sign in. */
async function startEverything(stack: AsyncDisposableStack, settings: Record<string, string>): Promise<string> {
  const child = start(stack, ['scripts/start.ts'], settings)
  let said = ''
  for await (const line of createInterface({ input: child.stdout! })) {
    said += `${line}\n`
    if (line.startsWith('Sign in')) return said
  }
  throw new Error(`the system did not start:\n${said}`)
}

async function startStandIn(stack: AsyncDisposableStack): Promise<StandIn> {
  const options = ['--scenario', 'plain', '--galleries', '12', '--photos', '25', '--pictures', 'small']
  const child = start(stack, ['sandbox/main.ts', 'zenfolio', ...options], {})
  for await (const line of createInterface({ input: child.stdout! })) {
    const ready = JSON.parse(line) as { origin: string } & Omit<StandIn, 'faults'>
    return {
      ...ready,
      async faults(change) {
        const body = JSON.stringify(change)
        const answer = await fetch(`${ready.origin}/_sandbox/faults`, { method: 'POST', body })
        if (!answer.ok) throw new Error(`the stand-in answered ${answer.status}`)
      },
    }
  }
  throw new Error('the stand-in did not start')
}

function start(stack: AsyncDisposableStack, args: string[], settings: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, LOG_LEVEL: 'warn', ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  stack.defer(async () => {
    child.kill('SIGTERM')
    child.stdout?.resume()
    await ended
  })
  return child
}
