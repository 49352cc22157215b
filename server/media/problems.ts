// Every refusal of this process in one shape: `application/problem+json` (RFC 9457) with a stable code (faults.md §3).
import { databaseIsAway } from '#server/availability.ts'
import { InvalidInstructions } from '#server/instructions.ts'
import { log } from '#server/log.ts'
import { QuotaExceeded } from '#server/rate-limits.ts'
import { Refusal } from '#server/refusal.ts'
import { StoreFull, StoreRefused, StoreUnavailable } from '#server/store/store.ts'
import { type FaultCode, faults } from '#server/uploads/check.ts'
import { HoldLost } from '#server/uploads/loose.ts'

/** On every answer: other people's bytes never become a page of ours, and any page may show them as pictures. */
export const guards = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': 'sandbox',
  'Cross-Origin-Resource-Policy': 'cross-origin',
}

/** `more`: members that say where or what: `pointer`, `imageId`. */
export function problem(
  status: number,
  code: string,
  title: string,
  headers: Record<string, string> = {},
  more: Record<string, string> = {},
): Response {
  return new Response(JSON.stringify({ type: 'about:blank', title, status, code, ...more }), {
    status,
    headers: { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store', ...guards, ...headers },
  })
}

export function refusalOf(code: FaultCode): Refusal {
  const { status, title } = faults[code]
  return new Refusal(code, status, title)
}

/** What one value of a request is not. `pointer` is a JSON pointer (RFC 6901) to it. */
export class InvalidParameter extends Refusal {
  override name = 'InvalidParameter'
  readonly pointer: string
  constructor(pointer: string, reason: string) {
    super('invalid_parameter', 422, `${pointer}: ${reason}`)
    this.pointer = pointer
  }
}

/** More is asked at once than this process takes. */
export class Busy extends Refusal {
  override name = 'Busy'
  readonly retryAfterSeconds = 1
  constructor() {
    super('rate_limited', 429, 'Too much comes at once: send it again in a moment.')
  }
}

/** One text for what does not exist and for what belongs to somebody else. */
export const notFound = () => problem(404, 'not_found', 'There is nothing here.')

export const notAllowed = (allow: string) => problem(405, 'method_not_allowed', `Use ${allow}.`, { Allow: allow })

/** What was thrown, as an answer; what nobody expected is logged and tells the caller nothing. */
export function answerTo(error: unknown): Response {
  if (error instanceof InvalidInstructions)
    return problem(400, 'invalid_instructions', error.message, {}, { pointer: error.pointer })
  if (error instanceof InvalidParameter)
    return problem(error.status, error.code, error.message, {}, { pointer: error.pointer })
  if (error instanceof QuotaExceeded || error instanceof Busy)
    return problem(error.status, error.code, error.message, { 'Retry-After': `${error.retryAfterSeconds}` })
  if (error instanceof Refusal) return problem(error.status, error.code, error.message)
  if (error instanceof StoreFull) return problem(507, 'insufficient_storage', 'There is no room left.')
  const passes = [StoreUnavailable, StoreRefused, HoldLost].some((kind) => error instanceof kind)
  if (passes || databaseIsAway(error)) return unavailable()
  log.error({ err: error }, 'media')
  return problem(500, 'internal_error', 'Something went wrong here.')
}

const retrySeconds = 5

const unavailable = () =>
  problem(503, 'temporarily_unavailable', 'Try again soon.', { 'Retry-After': `${retrySeconds}` })
