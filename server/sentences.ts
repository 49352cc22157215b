// What a person at a terminal is told when the system cannot work: one sentence that says what to do, and a stable code.
import { DatabaseNewer } from '#db/migrate.ts'
import { databaseIsAway } from './availability.ts'
import { DataDirError } from './datadir.ts'
import { PostgresDidNotStart } from './embedded.ts'
import { WrongEnvironment } from './env.ts'
import { StoreError } from './store/store.ts'

/** `internal_error` where nobody expected it; never a stack trace. */
export function sentenceOf(error: unknown): { sentence: string; code: string } {
  if (error instanceof DataDirError) return { sentence: error.message, code: error.code }
  if (error instanceof DatabaseNewer) return { sentence: error.message, code: 'database_newer' }
  if (error instanceof PostgresDidNotStart) return { sentence: error.message, code: 'postgres_did_not_start' }
  if (error instanceof WrongEnvironment)
    return { sentence: `wrong environment: ${error.message}`, code: 'wrong_environment' }
  if (error instanceof StoreError) {
    return { sentence: `the object store does not answer as it should (${error.name})`, code: 'store_unavailable' }
  }
  const { code, message } = error instanceof Error ? (error as NodeJS.ErrnoException) : { message: String(error) }
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return { sentence: 'the disk is full: make room, then try again', code: 'disk_full' }
  if (databaseIsAway(error)) {
    const sentence = 'the database does not answer: look whether it runs, then try again'
    return { sentence, code: 'temporarily_unavailable' }
  }
  const [firstLine] = message.split('\n')
  return { sentence: `something went wrong that nobody expected: ${firstLine}`, code: 'internal_error' }
}
