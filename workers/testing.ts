// For tests that migrate for real: a stand-in, a house of one's own, worker processes that may be killed, and the
// report held against the stand-in's truth.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { findOrCreateClient } from '#server/clients.ts'
import { type Env, parseEnv } from '#server/env.ts'
import { type House, openHouse } from '#server/house.ts'
import { follow } from '#server/live.ts'
import { prepareDatabase } from '#server/prepare.ts'
import { processEnvironment } from '#server/process-environment.ts'
import { writeReport } from '#server/reports.ts'
import { createMigration, type RunState } from '#server/runs.ts'
import { type Snapshot, snapshot } from '#server/snapshots.ts'
import { addSource, handOver } from '#server/sources.ts'

export interface StandIn {
  origin: string
  provider: string
  endpoints: Record<string, string>
  credentials: Record<string, string>
  expected(): Promise<Line[]>
  requests(): Promise<{
    total: number
    writes: unknown[]
    unknown: unknown[]
    byMethod: Record<string, number>
    originals: number
    signIns: number
  }>
  faults(faults: Record<string, unknown>): Promise<void>
  /** What the photographer does to the account; one of each kind where no changes are named. */
  change(changes?: Record<string, unknown>[]): Promise<Record<string, unknown>[]>
  /** A new session as a person would hand it over, where the provider has such. */
  handedOver(): Promise<Record<string, string>>
  stop(): Promise<void>
}

/** Options as `sandbox/main.ts` takes them. */
export async function startStandIn(provider: string, options: string[]): Promise<StandIn> {
  const child = spawned(['sandbox/main.ts', provider, '--port', '0', ...options], process.env)
  const ready = await firstLine(child, 'ready')
  const origin = ready.origin as string
  const ask = async (path: string, body?: unknown) => {
    const answer = await fetch(
      `${origin}/_sandbox/${path}`,
      body === undefined
        ? {}
        : { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } },
    )
    if (!answer.ok) throw new Error(`stand-in: ${path} answered ${answer.status}`)
    return answer.text()
  }
  return {
    ...(ready as {
      origin: string
      provider: string
      endpoints: Record<string, string>
      credentials: Record<string, string>
    }),
    expected: async () => lines(await ask('expected')),
    requests: async () => JSON.parse(await ask('requests')),
    faults: async (faults) => void (await ask('faults', faults)),
    change: async (changes) => JSON.parse(await ask('change', changes ? { changes } : {})).changes,
    handedOver: async () => JSON.parse(await ask('hand-over', {})),
    stop: () => ended(child, 'SIGTERM'),
  }
}

/** It ends with the test's own process, whatever that one ends of. */
function spawned(args: string[], env: NodeJS.ProcessEnv): ChildProcess {
  const child = spawn(process.execPath, ['--import', './scripts/guard.ts', ...args], {
    env,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  child.channel?.unref()
  return child
}

export interface TestHouse extends House {
  /** A worker process of this house; it is ready when this resolves. */
  startWorker(group?: string): Promise<ChildProcess>
  dispose(): Promise<void>
}

/** `url` is a database of one's own; `overrides` are environment variables (S3_BUCKET …). */
export async function testHouse(url: string, overrides: Record<string, string> = {}): Promise<TestHouse> {
  await using begun = new AsyncDisposableStack()
  const dir = await mkdtemp(join(tmpdir(), 'house-'))
  begun.defer(() => rm(dir, { recursive: true, force: true }))
  const values = {
    DATABASE_URL: url,
    PASS_DATA_DIR: dir,
    PASS_SECRET_KEY: randomBytes(32).toString('base64'),
    ALLOW_LOCAL_SOURCES: '1',
    LOG_LEVEL: process.env.LOG_LEVEL ?? 'silent',
    ...overrides,
  }
  const settings = parseEnv(values)
  await prepareDatabase(settings as Env & { DATABASE_URL: string })
  const house = await openHouse(settings)
  begun.defer(() => house.close())
  const workers = new Set<ChildProcess>()
  begun.defer(async () => {
    await Promise.all([...workers].map((worker) => ended(worker, 'SIGTERM')))
  })
  const all = begun.move()
  return {
    ...house,
    async startWorker(group = 'all') {
      const worker = spawned(['workers/main.ts', group], { ...process.env, ...values, ...processEnvironment })
      workers.add(worker)
      worker.once('exit', () => workers.delete(worker))
      await firstLine(worker, 'event')
      return worker
    },
    dispose: () => all.disposeAsync(),
  }
}

/**
 * Hosts bear whatever comes, as a person may set it in the console: a migration that does not try the pacing is not held
 * up by it.
 */
export async function withoutPacing(house: House): Promise<void> {
  await house.pool.query(`
    create function bears_all() returns trigger language plpgsql as
      $$ begin new.rate := 500; new."least" := 500; new.most := 500; return new; end $$;
    create trigger bears_all before insert on host_budgets for each row execute function bears_all()`)
}

/** A migration of the whole stand-in account that starts by itself. */
export async function migrateAll(
  house: House,
  standIn: StandIn,
  options: { renditions?: string[]; only?: string[]; client?: string } = {},
): Promise<string> {
  const client = await findOrCreateClient(house, 'test', options.client ?? 'Anna Weber')
  const source = await addSource(house, 'test', {
    clientId: client.id,
    provider: standIn.provider,
    credentials: standIn.credentials,
    endpoints: standIn.endpoints,
  })
  const run = await createMigration(house, 'test', {
    sourceId: source.id,
    renditions: options.renditions ?? ['thumb'],
    only: options.only,
    autoStart: true,
  })
  return run.id
}

const finalStates: RunState[] = ['done', 'done_with_problems', 'cancelled', 'failed', 'blocked']

/** Resolves with the first snapshot that `until` accepts; by default the run has come to its end. */
export async function reached(
  house: House,
  runId: string,
  until = (seen: Snapshot) => finalStates.includes(seen.state),
): Promise<Snapshot> {
  const done = new AbortController()
  try {
    for await (const _ of follow(house, runId, done.signal)) {
      const seen = await snapshot(house, runId).catch(() => undefined)
      if (seen && until(seen)) return seen
    }
    throw new Error('not reached')
  } finally {
    done.abort()
  }
}

/** A person hands over a new session; resolves once the run goes on with it, however soon it stops again. */
export async function handOverAnew(house: House, runId: string, standIn: StandIn): Promise<void> {
  const resumed = async () => {
    const { rowCount } = await house.pool.query("select from events where run_id = $1 and kind = 'resumed'", [runId])
    return rowCount ?? 0
  }
  const before = await resumed()
  await handOver(house, 'test', await sourceOf(house, runId), await standIn.handedOver())
  const done = new AbortController()
  for await (const _ of follow(house, runId, done.signal)) if ((await resumed()) > before) break
  done.abort()
}

export async function sourceOf(house: House, runId: string): Promise<string> {
  const { rows } = await house.pool.query<{ id: string }>('select source_id as id from runs where id = $1', [runId])
  return rows[0]!.id
}

export type Line = Record<string, unknown> & { type: string }

export async function reportLines(house: House, runId: string): Promise<Line[]> {
  let text = ''
  for await (const part of writeReport(house, runId)) text += part
  return lines(text)
}

/** Every field that the stand-in states, where the report says something else. Empty: no difference. */
export function differences(report: Line[], expected: Line[]): string[] {
  const found: string[] = []
  const keyOf = (line: Line) => [line.type, line.gallery ?? '', line.ref, line.kind === 'file' ? 'file' : ''].join(' ')
  const ours = Map.groupBy(
    report.filter((line) => line.type !== 'run'),
    keyOf,
  )
  const order = (all: Line[], type: string) =>
    all
      .filter((line) => line.type === type)
      .map((line) => line.ref)
      .join(',')
  if (order(report, 'gallery') !== order(expected, 'gallery')) found.push('galleries are in another order')
  for (const line of expected) {
    const [mine, ...more] = ours.get(keyOf(line)) ?? []
    if (!mine) found.push(`${keyOf(line)} is missing`)
    if (more.length > 0) found.push(`${keyOf(line)} is doubled`)
    if (!mine) continue
    for (const [field, value] of Object.entries(line)) {
      // The provider serves what it does not know as octet-stream; we tell what the bytes are.
      if (value === 'application/octet-stream') continue
      if (JSON.stringify(mine[field]) !== JSON.stringify(value))
        found.push(`${keyOf(line)}: ${field} is ${JSON.stringify(mine[field])}, not ${JSON.stringify(value)}`)
    }
    ours.delete(keyOf(line))
  }
  for (const key of ours.keys()) found.push(`${key} is not at the provider`)
  return found
}

function lines(text: string): Line[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line)
}

async function firstLine(child: ChildProcess, key: string): Promise<Record<string, unknown>> {
  const output = createInterface({ input: child.stdout! })
  const gone = new AbortController()
  child.once('exit', (code) => gone.abort(new Error(`it ended with ${code} before it was ready`)))
  for await (const line of output) {
    const said = JSON.parse(line) as Record<string, unknown>
    if (said[key]) {
      child.stdout!.resume()
      return said
    }
  }
  throw gone.signal.reason ?? new Error('it ended before it was ready')
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill(signal)
  await exit
}
