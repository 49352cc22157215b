// One act on many runs: each by its own verb in its own transaction, so that one that is refused stops no other.
import { assignRun } from './assignments.ts'
import type { Actor, House } from './house.ts'
import { log } from './log.ts'
import { prioritiseRun } from './priorities.ts'
import { Refusal } from './refusal.ts'
import { retryRun } from './retry.ts'
import { misfit, type RunAct, type RunPriority } from './run-acts.ts'
import { type FoundRun, matchingRuns, type RunQuery, runsById } from './run-search.ts'
import { cancelRun, pauseRun, type RunState, resumeRun, startRun } from './runs.ts'

/** What somebody may ask for at once: the list of all that match is cut there. */
export const mostAtOnce = 10_000

export interface BulkOptions {
  act: RunAct
  /** Shown with the run: of `pause` and `cancel`. */
  note?: string
  /** E-mail: of `assign`. */
  to?: string
  /** Of `prioritise`. */
  priority?: RunPriority
}

export interface BulkReport {
  done: number
  refused: { id: string; client: string | null; code: string; reason: string }[]
}

export interface Matched {
  ids: string[]
  /** How many of them are in which state: what fits them can be said before anything is done. */
  states: Partial<Record<RunState, number>>
  /** More match than can be asked for at once. */
  cut: boolean
}

/** The ids are fixed before anything is done: what an act changes may match no more. */
export async function matchedRuns(house: House, query: RunQuery): Promise<Matched> {
  const all = await matchingRuns(house, query, mostAtOnce + 1)
  const matched = all.slice(0, mostAtOnce)
  const states: Matched['states'] = {}
  for (const { state } of matched) states[state] = (states[state] ?? 0) + 1
  return { ids: matched.map(({ id }) => id), states, cut: all.length > mostAtOnce }
}

/** At most `mostInACall` runs (`run-acts.ts`); nothing that was not done is left out of the report. */
export async function actOnRuns(
  house: House,
  actor: Actor,
  runIds: string[],
  options: BulkOptions,
): Promise<BulkReport> {
  const report: BulkReport = { done: 0, refused: [] }
  const found = new Map((await runsById(house, runIds)).map((run) => [run.id, run]))
  for (const id of new Set(runIds)) {
    const run = found.get(id)
    const why = run ? await tryIt(house, actor, run, options) : { code: 'not_found', reason: 'There is no such run.' }
    if (why) report.refused.push({ id, client: run?.client.name ?? null, ...why })
    else report.done++
  }
  return report
}

async function tryIt(house: House, actor: Actor, run: FoundRun, options: BulkOptions) {
  const unfit = misfit(options.act, { state: run.state, failed: run.totals.failed + run.attention })
  if (unfit) return { code: 'does_not_fit', reason: unfit }
  try {
    await acts[options.act](house, actor, run.id, options)
    return null
  } catch (error) {
    if (error instanceof Refusal) return { code: error.code, reason: error.message }
    log.error({ err: error, runId: run.id }, 'bulk')
    return { code: 'internal', reason: 'Something went wrong on our side.' }
  }
}

type Act = (house: House, actor: Actor, runId: string, options: BulkOptions) => Promise<unknown>

const acts = {
  start: (house, actor, id) => startRun(house, actor, id),
  pause: (house, actor, id, { note }) => pauseRun(house, actor, id, note),
  resume: (house, actor, id) => resumeRun(house, actor, id),
  cancel: (house, actor, id, { note }) => cancelRun(house, actor, id, note),
  retry: (house, actor, id) => retryRun(house, actor, id),
  assign: (house, actor, id, { to }) => assignRun(house, actor, id, to ?? actor),
  prioritise: (house, actor, id, { priority }) => prioritiseRun(house, actor, id, priority ?? 'first'),
} as const satisfies Record<RunAct, Act>
