// Every state as people read it: a family (its colour, used for nothing else), an icon and a word.
import type { Stand } from '#server/stands.ts'
import type { IconName } from '../icons.tsx'

export type Family = 'moving' | 'waiting' | 'recovers' | 'needs-you' | 'safe'

export interface StateWords {
  family: Family
  icon: IconName
  word: string
}

const say = (family: Family, icon: IconName, word: string): StateWords => ({ family, icon, word })

export const runStates = {
  surveying: say('moving', 'moving', 'looking'),
  planned: say('waiting', 'play', 'ready to start'),
  running: say('moving', 'moving', 'moving'),
  paused: say('waiting', 'circlePause', 'paused'),
  blocked: say('needs-you', 'alert', 'needs you'),
  done: say('safe', 'circleCheck', 'done'),
  done_with_problems: say('needs-you', 'alert', 'done with problems'),
  cancelled: say('waiting', 'circleStop', 'cancelled'),
  failed: say('needs-you', 'circleX', 'failed'),
} as const satisfies Record<string, StateWords>

/** What keeps a run that should move from moving. */
const stands = {
  stalled: say('needs-you', 'alert', 'stalled'),
  held: say('waiting', 'circlePause', 'held back'),
  limited: say('recovers', 'clock', 'waits for provider'),
  queued: say('waiting', 'dashed', 'queued'),
  retrying: say('recovers', 'retry', 'retrying'),
  sender: say('waiting', 'clock', 'waits for files'),
} as const satisfies Record<Stand, StateWords>

/** A run that has work and nobody who does it is never shown as moving. */
export function wordsOfRun({ state, stand }: { state: string; stand?: Stand | null }): StateWords {
  return stand ? stands[stand] : wordsOf(runStates, state)
}

const galleryStates = {
  found: say('waiting', 'dashed', 'found'),
  planned: say('waiting', 'dashed', 'waits its turn'),
  waiting: say('recovers', 'clock', 'waits for provider'),
  copying: say('moving', 'moving', 'moving'),
  verified: say('safe', 'check', 'verified'),
  published: say('safe', 'circleCheck', 'safe'),
  attention: say('needs-you', 'alert', 'needs you'),
} as const satisfies Record<string, StateWords>

/** A gallery of the account held against what is here. */
export const differences = {
  new: say('moving', 'plus', 'new'),
  changed: say('moving', 'retry', 'changed'),
  moved: say('moving', 'arrow', 'moved'),
  same: say('safe', 'check', 'the same'),
  gone: say('waiting', 'archive', 'gone there'),
} as const satisfies Record<string, StateWords>

export const photoStates = {
  listed: say('waiting', 'dashed', 'found'),
  stored: say('moving', 'moving', 'copied'),
  rendered: say('moving', 'moving', 'rendered'),
  published: say('safe', 'circleCheck', 'safe'),
  skipped: say('waiting', 'skip', 'skipped'),
  failed: say('needs-you', 'alert', 'failed'),
  gone: say('waiting', 'archive', 'gone at the provider'),
} as const satisfies Record<string, StateWords>

export const healthStates = {
  untested: say('waiting', 'dashed', 'not tested'),
  ok: say('safe', 'circleCheck', 'connected'),
  refused: say('needs-you', 'alert', 'sign-in refused'),
  challenge: say('needs-you', 'alert', 'asks for a person'),
  unreachable: say('recovers', 'clock', 'not reachable'),
} as const satisfies Record<string, StateWords>

/** Nothing moves in a run that stands still or is over, whatever its galleries were doing. */
const open = {
  paused: say('waiting', 'circlePause', 'stands still'),
  blocked: say('waiting', 'circlePause', 'stands still'),
  failed: say('waiting', 'circleStop', 'not finished'),
  cancelled: say('waiting', 'circleStop', 'not finished'),
  stalled: say('waiting', 'circlePause', 'stands still'),
  held: say('waiting', 'circlePause', 'stands still'),
  sender: stands.sender,
} as const satisfies Record<string, StateWords>

/** A gallery that is being copied, as its run's stand, or else its state, lets it. */
export function wordsOfCopying(run: string): StateWords {
  return Object.hasOwn(open, run) ? open[run as keyof typeof open] : galleryStates.copying
}

/** A gallery whose photos did not all come is not shown as plainly safe. */
export function wordsOfGallery({ state, failed }: { state: string; failed: number }, run = 'running'): StateWords {
  if (state === 'copying') return wordsOfCopying(run)
  const words = wordsOf(galleryStates, state)
  return failed > 0 && words.family === 'safe' ? say('needs-you', 'alert', 'with problems') : words
}

/** A state this console does not know yet is shown by its own name, never as something it is not. */
export function wordsOf(states: Record<string, StateWords>, state: string): StateWords {
  return states[state] ?? say('waiting', 'dashed', state.replaceAll('_', ' '))
}
