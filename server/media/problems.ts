// Every refusal of this process in one shape: `application/problem+json` (RFC 9457) with a stable code (faults.md §3).
import { databaseIsAway } from '#server/availability.ts'
import { log } from '#server/log.ts'
import { Refusal } from '#server/refusal.ts'
import { StoreFull, StoreRefused, StoreUnavailable } from '#server/store/store.ts'

/** On every answer: other people's bytes never become a page of ours, and any page may show them as pictures. */
export const guards = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': 'sandbox',
  'Cross-Origin-Resource-Policy': 'cross-origin',
}

export function problem(status: number, code: string, title: string, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify({ type: 'about:blank', title, status, code }), {
    status,
    headers: { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store', ...guards, ...headers },
  })
}

/** One text for what does not exist and for what belongs to somebody else. */
export const notFound = () => problem(404, 'not_found', 'There is nothing here.')

export const notAllowed = (allow: string) => problem(405, 'method_not_allowed', `Use ${allow}.`, { Allow: allow })

/** What was thrown, as an answer; what nobody expected is logged and tells the caller nothing. */
export function answerTo(error: unknown): Response {
  if (error instanceof Refusal) return problem(error.status, error.code, error.message)
  if (error instanceof StoreFull) return problem(507, 'insufficient_storage', 'There is no room left.')
  if (error instanceof StoreUnavailable || error instanceof StoreRefused || databaseIsAway(error)) return unavailable()
  log.error({ err: error }, 'media')
  return problem(500, 'internal_error', 'Something went wrong here.')
}

const retrySeconds = 5

const unavailable = () =>
  problem(503, 'temporarily_unavailable', 'Try again soon.', { 'Retry-After': `${retrySeconds}` })
