// Follows a run to its end, to a wait that only a person or the provider can end, or until it is told to stop.
import { setTimeout as delay } from 'node:timers/promises'
import { databaseIsAway } from '#server/availability.ts'
import { type FailureGroup, runFailures } from '#server/failures.ts'
import type { House } from '#server/house.ts'
import { Refusal } from '#server/refusal.ts'
import { cancelRun, pauseRun, startRun } from '#server/runs.ts'
import { type Snapshot, snapshot } from '#server/snapshots.ts'
import { type ExitCode, exit } from './endings.ts'
import type { Shows } from './progress.ts'

export interface Ending {
  exit: ExitCode
  snapshot: Snapshot
  /** Why it did not simply finish, for stderr; null where it did. */
  sentence: string | null
  code: string | null
}

export interface Following {
  display: Shows
  /** Pauses the run. */
  stop: AbortSignal
  /** Ends once the survey is through, with `done`; otherwise a planned run is started. */
  planOnly: boolean
  /** Called once, with the plan ready: before a planned run is started. */
  onPlan?: (now: Snapshot) => Promise<void>
  /** Called while work is ready that no worker takes. */
  keepServed: () => Promise<void>
}

const lookMilliseconds = 400
const causesMilliseconds = 2_000 // counting causes reads every troubled photo
const awaySeconds = 120 // Postgres restarted, or failed over
const stillSeconds = 30 // nothing but the thaw is left to wait for

export async function followRun(
  house: House,
  runId: string,
  { display, stop, planOnly, onPlan, keepServed }: Following,
): Promise<Ending> {
  let failures: { groups: FailureGroup[]; at: number } = { groups: [], at: 0 }
  let moved = { mark: '', at: Date.now() }
  let shown = false
  while (true) {
    const now = await patiently(() => snapshot(house, runId), awaySeconds)
    if (display.failures && Date.now() - failures.at > causesMilliseconds) {
      failures = { groups: await patiently(() => runFailures(house, runId), awaySeconds), at: Date.now() }
    }
    display.show(now, failures.groups)
    if (markOf(now) !== moved.mark) moved = { mark: markOf(now), at: Date.now() }

    if (!shown && planned(now)) {
      shown = true
      if (onPlan) await patiently(() => onPlan(now), awaySeconds)
    }
    const ending = (planOnly ? planned(now) : null) ?? settled(now) ?? frozen(now, moved.at)
    if (ending) return last(house, ending, display)
    if (stop.aborted) return last(house, await paused(house, runId), display)
    if (now.unserved.length > 0) await patiently(keepServed, awaySeconds)
    if (now.state === 'planned') await patiently(() => startRun(house, 'cli', runId), awaySeconds)
    await delay(lookMilliseconds, undefined, { signal: stop }).catch(() => {})
  }
}

async function last(house: House, ending: Ending, display: Shows): Promise<Ending> {
  const { run, totals } = ending.snapshot
  if (ending.code === 'unknown_gallery') {
    // It would stand in the way of the next try.
    await cancelRun(house, 'cli', run, ending.sentence ?? undefined)
    ending = { ...ending, snapshot: await snapshot(house, run) }
  }
  const troubled = totals.failed + totals.skipped > 0
  display.end(ending.snapshot, troubled ? await patiently(() => runFailures(house, run), awaySeconds) : [])
  return ending
}

function planned(now: Snapshot): Ending | null {
  const surveyed = !['surveying', 'blocked', 'paused', 'failed', 'cancelled'].includes(now.state)
  return surveyed ? { exit: exit.done, snapshot: now, sentence: null, code: null } : null
}

/** How a run's own state ends the command; null while it moves. */
function settled(now: Snapshot): Ending | null {
  const end = (code: ExitCode, sentence: string | null) => ({ exit: code, snapshot: now, sentence, code: now.code })
  const why = now.todo ?? ''
  switch (now.state) {
    case 'done':
      return end(exit.done, null)
    case 'done_with_problems':
      return { ...end(exit.incomplete, incomplete(now)), code: 'incomplete' }
    case 'cancelled':
      return end(exit.incomplete, `The run was cancelled. ${why}`)
    case 'failed':
      return end(exit.other, `The run failed. ${why}`)
    case 'blocked':
      // What was asked for does not exist: nobody can help but who asked.
      if (now.code === 'unknown_gallery') return end(exit.wrongUse, why)
      return end(exit.waits, `${why || 'The run waits for a person.'} ${howToResume(now.run)}`)
    case 'paused':
      return end(
        exit.waits,
        `The run is paused${now.stateBy ? ` by ${now.stateBy}` : ''}. ${why} ${howToResume(now.run)}`,
      )
    default:
      return null
  }
}

function incomplete({ totals }: Snapshot): string {
  const parts = [
    totals.failed > 0 && `photos failed: ${totals.failed}`,
    totals.skipped > 0 && `skipped: ${totals.skipped}`,
    totals.attention > 0 && `galleries that need a look: ${totals.attention}`,
  ]
  return `Finished, but ${parts.filter((part) => part !== false).join(', ') || 'something is missing'}.`
}

/** Only galleries that the provider is bringing back are left, and it is not asked again soon. */
export function frozen(now: Snapshot, movedAt: number): Ending | null {
  if (!now.thaw || now.retrying.photos > 0 || now.hosts.length > 0 || Date.now() - movedAt < stillSeconds * 1000)
    return null
  if (Date.parse(now.thaw.askAgainAt) - Date.parse(now.at) < stillSeconds * 1000) return null
  const sentence = `${now.thaw.galleries} galleries are being brought back from the provider's archive. ${howToResume(now.run)}`
  return { exit: exit.waits, snapshot: now, sentence, code: 'thawing' }
}

/** Changes when anything moves; waiting galleries that are asked about again do not move. */
function markOf({ state, totals, galleryStates, stages }: Snapshot): string {
  return JSON.stringify([state, totals, galleryStates, stages.map(({ done }) => done)])
}

async function paused(house: House, runId: string): Promise<Ending> {
  // 20 s of the 30 that we have: the rest is for the workers to put down what is in hand.
  await patiently(async () => {
    try {
      await pauseRun(house, 'cli', runId)
    } catch (error) {
      // It finished meanwhile, or stands still anyway.
      if (!(error instanceof Refusal && error.code === 'wrong_state')) throw error
    }
  }, 20)
  const now = await patiently(() => snapshot(house, runId), 5)
  if (now.state !== 'paused') {
    const own = settled(now)
    if (own) return own
  }
  return { exit: exit.waits, snapshot: now, sentence: `Paused; nothing is lost. ${howToResume(runId)}`, code: 'paused' }
}

const howToResume = (runId: string) => `\`pass resume ${runId}\` goes on.`

/** A database that is away comes back, most times. */
async function patiently<T>(ask: () => Promise<T>, seconds: number): Promise<T> {
  for (const deadline = Date.now() + seconds * 1000; ; ) {
    try {
      return await ask()
    } catch (error) {
      if (!databaseIsAway(error) || Date.now() > deadline) throw error
      await delay(500)
    }
  }
}
