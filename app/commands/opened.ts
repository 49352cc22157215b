'use client'
import { useSyncExternalStore } from 'react'

let opened = false
const listeners = new Set<() => void>()

const set = (value: boolean) => {
  opened = value
  for (const listener of listeners) listener()
}

export const openCommands = () => set(true)
export const closeCommands = () => set(false)

/** Whether the command menu is open. */
export function useOpened(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => opened,
    () => false,
  )
}
