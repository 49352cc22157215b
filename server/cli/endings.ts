// How a command ends: its exit code (contract §3) and one clear sentence with a stable code, never a stack trace.
import { log } from '#server/log.ts'
import { Refusal } from '#server/refusal.ts'
import { sentenceOf } from '#server/sentences.ts'
import { usage, WrongUse } from './args.ts'
import { WorkersDidNotStart } from './children.ts'

/** Everything published and verified; wrong use; finished with something missing; waits for a person or a thaw. */
export const exit = { done: 0, other: 1, wrongUse: 2, incomplete: 3, waits: 4 } as const
export type ExitCode = (typeof exit)[keyof typeof exit]

export function say(sentence: string, code?: string): void {
  process.stderr.write(`pass: ${sentence.trim()}${code ? ` (${code})` : ''}\n`)
}

/** Says what went wrong on stderr and tells the exit code. */
export function endingOf(error: unknown): ExitCode {
  if (error instanceof WrongUse) {
    say(error.message, 'wrong_use')
    process.stderr.write(usage)
    return exit.wrongUse
  }
  if (error instanceof Refusal) {
    say(error.message, error.code)
    return error.status >= 500 ? exit.other : exit.wrongUse
  }
  const { sentence, code } =
    error instanceof WorkersDidNotStart ? { sentence: error.message, code: 'workers_did_not_start' } : sentenceOf(error)
  say(sentence, code)
  if (code === 'internal_error') log.debug({ err: error }, 'pass')
  return exit.other
}
