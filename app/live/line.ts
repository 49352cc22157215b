'use client'
// The tab's one line to the console. Whatever is followed goes over it; what has no line of its own is told by it.
import { useSyncExternalStore } from 'react'

interface Line {
  /** Views that follow something. */
  holders: number
  /** How often it came to stand: what was told before is not known. */
  stood: number
  /** How often the console has ended it: a file is written that whoever looks has asked for. */
  ended: number
}

let line: Line = { holders: 0, stood: 0, ended: 0 }
const watchers = new Set<() => void>()

function count(what: keyof Line, by: number): void {
  line = { ...line, [what]: line[what] + by }
  for (const tell of watchers) tell()
}

/** Returns how to let go. */
export function holdLine(): () => void {
  count('holders', 1)
  return () => count('holders', -1)
}

export const lineStands = () => count('stood', 1)
export const lineEnded = () => count('ended', 1)

export function useLine(what: keyof Line): number {
  const look = () => line[what]
  return useSyncExternalStore(subscribe, look, look)
}

function subscribe(tell: () => void): () => void {
  watchers.add(tell)
  return () => watchers.delete(tell)
}
