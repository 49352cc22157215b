// What is kept of a failure where a person has asked for evidence: the requests that led there, masked.
import { recordEvidence } from '#server/evidence.ts'
import type { House } from '#server/house.ts'
import { log } from '#server/log.ts'
import { masked } from './masking.ts'
import { policyOf } from './policy.ts'
import { StaleAttempt } from './run.ts'
import { harOf, type TracedRequest, traced } from './trace.ts'

export interface Captured {
  runId: string
  /** null: the survey of the whole account. */
  galleryId: number | null
  step: string
  /** What was worked on, as a person finds it. */
  what: string
  signal: AbortSignal
}

/** Runs `work`; what it throws goes on as it is, whether or not its requests could be kept. */
export function captured<T>(house: House, about: Captured, work: () => Promise<T>): Promise<T> {
  return traced(work, (error, requests) =>
    keep(house, about, error as Error, requests).catch((fault: Error) =>
      log.warn({ runId: about.runId, err: fault.message }, 'evidence is not kept'),
    ),
  )
}

async function keep(house: House, about: Captured, error: Error, requests: TracedRequest[]): Promise<void> {
  if (error instanceof StaleAttempt) return
  const policy = policyOf(error, about.signal)
  // What is only sent again later, or waits for the provider, has not failed.
  if (policy.kind !== 'attempt' && policy.kind !== 'settle' && policy.kind !== 'person') return
  const last = requests.at(-1)
  const page = {
    expected: masked(`${about.what}: ${error.message}`),
    url: masked(last?.url ?? ''),
    status: last?.status ?? 0,
    contentType: 'application/json',
    excerpt: harOf(requests),
  }
  await recordEvidence(house, about.runId, about.galleryId, about.step, policy.code, page, 'captured')
}
