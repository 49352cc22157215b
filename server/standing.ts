// Runs that stand still: what of them goes on meanwhile, and how their clock tells work from waiting.
import { sql } from 'drizzle-orm'

/** Codes of a blocked run that only wants for somebody who is signed in at the provider. */
export const sessionCodes = ['challenge', 'sign_in_refused', 'credentials_missing'] as const

const listed = sessionCodes.map((code) => `'${code}'`).join(', ')

/** SQL, of a row of `runs` by its name or alias: it waits for nothing but a session. */
export const wantsSession = (runs: string) => `(${runs}.state = 'blocked' and ${runs}.code in (${listed}))`

/**
 * SQL, of a row of `runs` by its name or alias: what is stored is rendered, reconciled and published. That needs no
 * session, so a run that waits for one in the middle of its work goes on with it.
 */
export const worksUnsigned = (runs: string) =>
  `(${runs}.state = 'running' or (${wantsSession(runs)} and ${runs}.resume_to = 'running'))`

/** Of `update runs set …`: from now on it waits, or it works again. A run that was never started has no clock. */
export const clock = {
  waits: sql`waits_since = case when started_at is not null then coalesce(waits_since, now()) end`,
  works: sql`waited_seconds = waited_seconds + coalesce(extract(epoch from now() - waits_since), 0), waits_since = null`,
}
