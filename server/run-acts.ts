// What can be asked of a run in its state, and why not: for the console's buttons and for the verb on many runs alike.
import type { RunState } from './runs.ts'

export const runActs = ['start', 'pause', 'resume', 'cancel', 'retry', 'assign', 'prioritise'] as const
export type RunAct = (typeof runActs)[number]

/** Whose work comes first: before the turns of all others, in its turn, or where nobody else has work. */
export const runPriorities = ['first', 'normal', 'last'] as const
export type RunPriority = (typeof runPriorities)[number]

/** Of one call: short enough to show how far it is, and to stop. */
export const mostInACall = 100

/** Runs in a list that is a file at once; a longer one is written by a worker. */
export const mostStreamed = 1000

const ended: RunState[] = ['done', 'done_with_problems', 'cancelled', 'failed']

/** Why the act does not fit; null where it does. `failed`: photos and galleries to try again; null: not known. */
export function misfit(act: RunAct, { state, failed }: { state: RunState; failed: number | null }): string | null {
  const isOver = ended.includes(state)
  switch (act) {
    case 'start':
      if (state === 'planned') return null
      return isOver
        ? 'It has ended.'
        : state === 'surveying'
          ? 'It is still being looked at.'
          : 'It is started already.'
    case 'pause':
      if (['running', 'surveying', 'blocked'].includes(state)) return null
      return isOver ? 'It has ended.' : state === 'paused' ? 'It is paused already.' : 'It is not started yet.'
    case 'resume':
      if (state === 'paused' || state === 'blocked') return null
      return isOver ? 'It has ended.' : state === 'planned' ? 'It is not started yet.' : 'It moves already.'
    case 'cancel':
      return isOver ? (state === 'cancelled' ? 'It is cancelled already.' : 'It has ended.') : null
    case 'retry':
      if (state === 'cancelled') return 'It was cancelled.'
      if (state === 'planned' || state === 'surveying') return 'It is not started yet.'
      return failed === 0 ? 'Nothing in it failed.' : null
    case 'prioritise':
      return isOver ? 'It has ended.' : null
    case 'assign':
      return null
  }
}
