'use client'
import { at, duration } from '../format.ts'
import { useNow } from '../live/use-now.ts'
import { State } from '../states/state.tsx'
import type { StateWords } from '../states/states.ts'

/** So long before its end somebody is asked for the next session. */
const askSeconds = 30 * 60

/** Whether a session that only a person can renew ends soon, or should have ended. */
export function isEnding(endsAt: Date | null, now: number): boolean {
  return endsAt !== null && endsAt.getTime() - now < askSeconds * 1000
}

/** The countdown of a session that was handed over; amber from when the next one is asked for. */
export function SessionEnds({ endsAt }: { endsAt: Date }) {
  const now = useNow()
  const seconds = (endsAt.getTime() - now) / 1000
  const words: StateWords = {
    family: isEnding(endsAt, now) ? 'needs-you' : 'waiting',
    icon: 'clock',
    word: seconds > 0 ? `session ends in ${roughly(seconds)}, at ${at(endsAt, now)}` : 'session may end any moment',
  }
  return <State of={words} size="xs" />
}

/** Seconds only count in the last minutes. */
export const roughly = (seconds: number) =>
  duration(seconds > 600 ? Math.round(seconds / 60) * 60 : seconds).replace(/ 0 [sh]$/, '')
