// migrate and resume: find or make the run, follow it, say how it ended, write the report.
import { findOrCreateClient } from '#server/clients.ts'
import { providers } from '#server/providers.ts'
import { notFound, Refusal } from '#server/refusal.ts'
import { createMigration, resumeRun, runFacts } from '#server/runs.ts'
import { addSource, credentialsOf, providerOf, replaceCredentials } from '#server/sources.ts'
import { runDetail } from '#server/views.ts'
import type { Migrate } from './args.ts'
import { type ExitCode, exit, say } from './endings.ts'
import { bytes, count, duration } from './figures.ts'
import { readCredentials, requireWritable, saveReport } from './files.ts'
import { followRun } from './follow.ts'
import { jsonLines, liveBlock, plainLines, type Shows } from './progress.ts'
import type { System } from './system.ts'

/** Opened only once what was typed is known to make sense. */
export type Opening = () => Promise<System>

export async function migrate(wanted: Migrate, opening: Opening, stop: AbortSignal): Promise<ExitCode> {
  const provider = providerOf(wanted.provider)
  const unknown = Object.keys(wanted.endpoints).find((name) => !Object.hasOwn(providers[provider].endpoints, name))
  if (unknown !== undefined) {
    const known = Object.keys(providers[provider].endpoints).join(', ')
    throw new Refusal(
      'unknown_endpoint',
      422,
      `${providers[provider].title} has no endpoint “${unknown}”; it has ${known}.`,
    )
  }
  const credentials = credentialsOf(provider, await readCredentials(wanted.credentials))
  if (wanted.report) await requireWritable(wanted.report)

  const system = await opening()
  const { house } = system
  const name = wanted.client ?? credentials.loginName ?? credentials.email ?? providers[provider].title
  const client = await findOrCreateClient(house, 'cli', name)
  const source = await addSource(house, 'cli', {
    clientId: client.id,
    provider,
    credentials,
    endpoints: wanted.endpoints,
  })
  const { id, existed } = await createMigration(house, 'cli', {
    sourceId: source.id,
    renditions: wanted.renditions,
    only: wanted.only.length > 0 ? wanted.only : undefined,
    autoStart: !wanted.plan,
  })
  if (existed) {
    say(`this account is being moved already: going on with run ${id}`)
    const { state } = await runFacts(house, id)
    if (state === 'paused' || state === 'blocked') await resumeRun(house, 'cli', id)
  }
  return toTheEnd(system, id, wanted, stop)
}

export async function resume(
  wanted: { run: string; credentials?: string; report?: string; json: boolean },
  opening: Opening,
  stop: AbortSignal,
): Promise<ExitCode> {
  requireRunId(wanted.run)
  const credentials = wanted.credentials === undefined ? undefined : await readCredentials(wanted.credentials)
  if (wanted.report) await requireWritable(wanted.report)

  const system = await opening()
  const { house } = system
  const { state, sourceId } = await runFacts(house, wanted.run)
  if (credentials !== undefined && sourceId) await replaceCredentials(house, 'cli', sourceId, credentials)
  if (['surveying', 'running', 'paused', 'blocked'].includes(state)) await resumeRun(house, 'cli', wanted.run)
  return toTheEnd(system, wanted.run, { ...wanted, plan: false }, stop)
}

/** Run ids are UUIDs; anything else is no run of ours. */
export function requireRunId(run: string): void {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(run)) throw notFound('run')
}

type House = System['house']
type Shown = { plan: boolean; report?: string; json: boolean }

async function toTheEnd(system: System, runId: string, wanted: Shown, stop: AbortSignal): Promise<ExitCode> {
  const { house, keepServed } = system
  if (!wanted.json) say(`run ${runId}`)
  const display = displayFor(wanted.json)
  // The plan comes before the last line of JSON.
  const withPlan: Shows = wanted.plan && wanted.json ? { ...display, end: () => {} } : display
  const ending = await followRun(house, runId, { display: withPlan, stop, planOnly: wanted.plan, keepServed })
  if (wanted.plan && ending.exit === exit.done) await printPlan(house, runId, wanted.json)
  if (withPlan !== display) display.end(ending.snapshot, [])
  if (ending.sentence) say(ending.sentence, ending.code ?? undefined)
  if (wanted.report) await saveReport(house, runId, wanted.report)
  return ending.exit
}

function displayFor(json: boolean): Shows {
  if (json) return jsonLines(process.stdout)
  return process.stderr.isTTY ? liveBlock(process.stderr) : plainLines(process.stderr)
}

async function printPlan(house: House, runId: string, json: boolean): Promise<void> {
  const { plan, fields } = await runDetail(house, runId)
  if (json) {
    process.stdout.write(`${JSON.stringify({ type: 'plan', run: runId, ...plan, fields })}\n`)
    return
  }
  const lines = planOrder.map((name) => `${words(name).padEnd(18)} ${planValue(name, plan?.[name])}`)
  const missing = Object.entries(fields).filter(([, how]) => how !== 'kept')
  const along = missing.map(([name, how]) => `${words(name).padEnd(18)} ${words(how)}`)
  process.stdout.write(`${[...lines, ...along].join('\n')}\n`)
  say(`\`pass resume ${runId}\` starts it.`)
}

const planOrder = [
  'account',
  'folders',
  'galleries',
  'collections',
  'photos',
  'bytes',
  'favouriteLists',
  'secondsExpected',
]

function planValue(name: string, value: unknown): string {
  if (name === 'bytes' && typeof value === 'number') return bytes(value)
  if (name === 'secondsExpected' && Array.isArray(value)) return duration(value as [number, number])
  if (typeof value === 'number') return count(value)
  return typeof value === 'string' ? value : 'not stated'
}

/** `favouriteLists` → `favourite lists`. */
const words = (name: string) => name.replaceAll('_', ' ').replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
