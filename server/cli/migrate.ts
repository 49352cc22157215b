// migrate, delta and resume: find or make the run, follow it, say how it ended, write the report.
import { findOrCreateClient } from '#server/clients.ts'
import { checkForChanges, plannedGalleries } from '#server/delta.ts'
import { providers } from '#server/providers.ts'
import { notFound, Refusal } from '#server/refusal.ts'
import { createMigration, resumeRun, runFacts } from '#server/runs.ts'
import { sessionsSentence } from '#server/sessions-needed.ts'
import { addSource, credentialsOf, providerOf, replaceCredentials } from '#server/sources.ts'
import { runDetail } from '#server/views.ts'
import type { Delta, Migrate } from './args.ts'
import { type ExitCode, exit, say } from './endings.ts'
import { bytes, count, duration, table } from './figures.ts'
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
    await requireSameGalleries(house, id, wanted.only)
    await goOnWith(house, id)
  }
  return toTheEnd(system, id, wanted, stop)
}

/** The account of an earlier run once more: only what is new, changed, moved or gone since. */
export async function delta(wanted: Delta, opening: Opening, stop: AbortSignal): Promise<ExitCode> {
  requireRunId(wanted.run)
  if (wanted.report) await requireWritable(wanted.report)

  const system = await opening()
  const { house } = system
  // Not by itself: what is different is said before anything is done.
  const { id, existed } = await checkForChanges(house, 'cli', { runId: wanted.run }, { autoStart: false })
  if (existed) await goOnWith(house, id)
  return toTheEnd(system, id, wanted, stop)
}

/** A run that is open moves what it was made for: never more than somebody asks for now. */
async function requireSameGalleries(house: House, runId: string, only: string[]): Promise<void> {
  if (only.length === 0) return
  const open = await runFacts(house, runId)
  const others = new Set(open.only).symmetricDifference(new Set(only))
  if (open.only !== null && others.size === 0) return
  throw new Refusal(
    'other_galleries',
    409,
    `Run ${runId} of this account is open and moves other galleries than --only names: \`pass resume ${runId}\` ends it, or \`pass cancel ${runId}\`.`,
  )
}

async function goOnWith(house: House, runId: string): Promise<void> {
  say(`this account is being moved already: going on with run ${runId}`)
  const { state } = await runFacts(house, runId)
  if (state === 'paused' || state === 'blocked') await resumeRun(house, 'cli', runId)
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
  if (credentials !== undefined && sourceId) {
    const { offered } = await replaceCredentials(house, 'cli', sourceId, credentials)
    if (offered) say('the old session still works: the new one takes over once it is tried')
  }
  if (['surveying', 'running', 'paused', 'blocked'].includes(state)) await resumeRun(house, 'cli', wanted.run)
  return toTheEnd(system, wanted.run, { ...wanted, plan: false }, stop)
}

/** Run ids are UUIDs; anything else is no run of ours. */
export function requireRunId(run: string): void {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(run)) throw notFound('run')
}

type House = System['house']
type Shown = { plan: boolean; report?: string; json: boolean }

export async function toTheEnd(system: System, runId: string, wanted: Shown, stop: AbortSignal): Promise<ExitCode> {
  const { house, keepServed } = system
  if (!wanted.json) say(`run ${runId}`)
  const display = displayFor(wanted.json)
  // The plan comes before the last line of JSON.
  const withPlan: Shows = wanted.plan && wanted.json ? { ...display, end: () => {} } : display
  const onPlan = wanted.plan || wanted.json ? undefined : () => sayDifference(house, runId)
  const ending = await followRun(house, runId, { display: withPlan, stop, planOnly: wanted.plan, onPlan, keepServed })
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
  const { plan, fields, fates } = await runDetail(house, runId)
  const differing = plan?.repeated ? await differingGalleries(house, runId) : null
  if (json) {
    const differences = differing?.map(({ ref, path, title, difference, reason, chosen }) => {
      return { ref, path, title, difference, reason: reason || null, chosen }
    })
    const line = { type: 'plan', run: runId, ...plan, ...(differences && { differences }), fields }
    process.stdout.write(`${JSON.stringify(line)}\n`)
    return
  }
  const lines = planOrder.map((name) => `${words(name).padEnd(18)} ${planValue(name, plan?.[name])}`)
  const along = fates
    .filter(({ fate }) => fate !== 'kept')
    .map(({ kind, fate, why }) => `${words(kind).padEnd(18)} ${words(fate).padEnd(12)} ${why}`)
  const { handedOver, secondsExpected } = (plan ?? {}) as Planned
  const sessions = handedOver ? [sessionsSentence(handedOver.hours, secondsExpected ?? null)] : []
  process.stdout.write(`${[...lines, ...along, ...sessions].join('\n')}\n`)
  if (differing && differing.length > 0) {
    const rows = differing.map(({ difference, path, title, reason, chosen }) => {
      return [chosen ? difference : 'left out', [...path, title].join(' / '), reason]
    })
    process.stdout.write(`\n${table([['', 'gallery', 'why'], ...rows])}`)
  }
  if (plan?.repeated) say(differenceSentence(plan))
  say(`\`pass resume ${runId}\` starts it.`)
}

interface Planned {
  secondsExpected?: [number, number]
  handedOver?: { hours: number | null } | null
}

const differingGalleries = (house: House, runId: string) =>
  plannedGalleries(house, runId, { differences: ['new', 'changed', 'moved', 'gone'] })

/** Before a repeated migration acts: what it found to be different. */
async function sayDifference(house: House, runId: string): Promise<void> {
  const { plan } = await runDetail(house, runId)
  if (plan?.repeated) say(differenceSentence(plan))
}

function differenceSentence(plan: Record<string, unknown>): string {
  const difference = plan.difference as Record<string, number>
  const parts = ['new', 'changed', 'moved', 'gone', 'same'].filter((kind) => difference[kind]! > 0)
  const said = parts.map((kind) => `${count(difference[kind]!)} ${kind}`).join(', ')
  const untold = difference.untold! > 0 ? `, ${count(difference.untold!)} of the changed only to be looked through` : ''
  return `Against what is here, the account's galleries are: ${said || 'none'}${untold}.`
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
