// The class of an error is its policy, mapped once. Nothing reads `message` to decide.

import { databaseIsAway } from '#server/availability.ts'
import { HostResting } from '#server/pacing.ts'
import { Refusal } from '#server/refusal.ts'
import { ChecksumMismatch, NoSuchObject, StoreFull, StoreRefused, StoreUnavailable } from '#server/store/store.ts'
import * as source from './connectors/connector.ts'

export type Policy =
  /** Sent again later; costs no attempt. */
  | { kind: 'later'; code: string; seconds: number }
  /** Costs an attempt; the caller's backoff decides when. `evidence` is kept, masked. */
  | { kind: 'attempt'; code: string; evidence?: Evidence }
  /** It cannot be had: settled now, with the reason. */
  | { kind: 'settle'; code: string }
  /** The run waits for a person. `generation` of the session that met it: with a later one it is mended. */
  | { kind: 'person'; code: string; todo: string; generation?: number }
  /** The provider is bringing it back. */
  | { kind: 'thaw'; usualHours: number | null }
  /** This worker is stopping, or the run was paused: left for another. */
  | { kind: 'stopped' }

/** Of a page that was not recognised; not masked yet. */
export type Evidence = Pick<source.UnexpectedPage, 'expected'> & source.UnexpectedPage['evidence']

export function policyOf(error: unknown, signal: AbortSignal): Policy {
  if (signal.aborted) return { kind: 'stopped' }
  if (error instanceof source.RateLimited) return { kind: 'later', code: 'rate_limited', seconds: error.seconds }
  if (error instanceof HostResting) return { kind: 'later', code: 'host_resting', seconds: error.seconds }
  if (error instanceof source.Thawing) return { kind: 'thaw', usualHours: error.usualHours }
  if (error instanceof source.NotFound) return { kind: 'settle', code: 'gone_at_source' }
  if (error instanceof source.NotAvailable) return { kind: 'settle', code: error.code }
  if (error instanceof source.SignInRefused) return unsigned('sign_in_refused', error)
  if (error instanceof source.Challenge) return unsigned('challenge', error)
  if (error instanceof source.SessionExpired) return { kind: 'attempt', code: 'session_expired' }
  if (error instanceof source.UnexpectedPage) {
    return { kind: 'attempt', code: 'unexpected_page', evidence: { expected: error.expected, ...error.evidence } }
  }
  if (error instanceof source.Truncated) return { kind: 'attempt', code: 'truncated' }
  if (error instanceof source.AnswerTooLarge) return { kind: 'attempt', code: 'answer_too_large' }
  if (error instanceof source.AddressRefused) return { kind: 'attempt', code: 'address_refused' }
  if (error instanceof source.SourceUnreachable) return { kind: 'attempt', code: 'source_unreachable' }
  if (error instanceof source.SourceFault) return { kind: 'attempt', code: 'source_error' }
  if (error instanceof StoreFull)
    return { kind: 'person', code: 'insufficient_storage', todo: 'The object store is full: make room, then resume.' }
  if (error instanceof StoreRefused)
    return {
      kind: 'person',
      code: 'store_refused',
      todo: 'The object store refuses us: check its bucket and credentials, then resume.',
    }
  if (error instanceof StoreUnavailable) return { kind: 'later', code: 'store_unavailable', seconds: 5 }
  if (error instanceof ChecksumMismatch) return { kind: 'attempt', code: 'checksum_mismatch' }
  if (error instanceof NoSuchObject) return { kind: 'attempt', code: 'object_missing' }
  if (error instanceof Refusal) return { kind: 'person', code: error.code, todo: error.message }
  if (isDiskFull(error))
    return {
      kind: 'person',
      code: 'insufficient_storage',
      todo: 'The disk for temporary files is full: make room, then resume.',
    }
  if (isDatabaseFault(error)) return { kind: 'later', code: 'database_unavailable', seconds: 2 }
  return { kind: 'attempt', code: 'unknown_error' }
}

function unsigned(code: string, { todo, generation }: source.SignInRefused | source.Challenge): Policy {
  return { kind: 'person', code, todo, ...(generation === undefined ? {} : { generation }) }
}

/** Seconds until a photo, gallery or survey that failed `attempts` times is tried again; null: that was the last. */
export function nextTrySeconds(attempts: number): number | null {
  const waits = [1, 2, 4, 8, 20, 60, 300]
  const wait = waits[attempts]
  return wait === undefined ? null : wait * (0.75 + Math.random() / 2)
}

const diskFull = new Set(['ENOSPC', 'EDQUOT'])

function isDiskFull(error: unknown): boolean {
  return diskFull.has(codeOf(error) ?? '')
}

/** Connection lost, server starting or stopping, deadlock, serialisation: SQLSTATE classes 08, 40, 53, 57 and sockets. */
export function isDatabaseFault(error: unknown): boolean {
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    const code = codeOf(e)
    if (code && (/^(08|40|53|57)/.test(code) || code === '55P03' || /^E(CONN|PIPE|TIMEDOUT|HOSTUNREACH)/.test(code)))
      return true
    if (e.name === 'DrizzleQueryError' && e.cause instanceof Error && codeOf(e.cause) === undefined) return true
  }
  return databaseIsAway(error)
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : undefined
}
