// Rendering takes all of a processor that it is given. Where other processes share the machine, those that somebody waits
// for (the media API, the console, PostgreSQL) come first.
import { readdirSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'

const niceness = 10

/** This process and what it starts from now on, its threads included. Changes nothing where that is not allowed, or done. */
export function yieldToOthers(): void {
  for (const thread of ['0', ...threads()])
    try {
      if (getPriority(Number(thread)) < niceness) setPriority(Number(thread), niceness)
    } catch {
      // ended meanwhile, or not allowed
    }
}

/** Linux keeps one priority a thread: those that run already do not follow the process. */
function threads(): string[] {
  try {
    return readdirSync('/proc/self/task')
  } catch {
    return []
  }
}
