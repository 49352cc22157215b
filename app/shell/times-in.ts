'use client'
import { useLocalStorage } from '@mantine/hooks'
import { tellTimesIn } from '../format.ts'

export type TimesIn = 'local' | 'UTC'

/** Which clock moments are told by, in this browser. Whatever shows one has to be drawn anew when it changes. */
export function useTimesIn() {
  const [timesIn, set] = useLocalStorage<TimesIn>({ key: 'pass-times-in', defaultValue: 'local' })
  tellTimesIn(timesIn === 'UTC' ? 'UTC' : undefined)
  return [timesIn, set] as const
}
