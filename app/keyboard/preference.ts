'use client'
import { useLocalStorage } from '@mantine/hooks'

/** Whether single keys do something in this browser (WCAG 2.1.4: they can be switched off). */
export function useSingleKeys() {
  return useLocalStorage<boolean>({ key: 'pass-single-keys', defaultValue: true, getInitialValueInEffect: true })
}
