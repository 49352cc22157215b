import type { ShownPage } from '#server/evidence.ts'
import { masked } from './masking.ts'
import type { Policy } from './policy.ts'

type Unrecognised = NonNullable<Extract<Policy, { kind: 'attempt' }>['evidence']>

/** As it may be kept. */
export function maskedPage(evidence: Unrecognised): ShownPage {
  return { ...evidence, url: masked(evidence.url), excerpt: masked(evidence.excerpt) }
}

/** For the attempt of a photo: what was expected, and what came. */
export function evidenceLine({ expected, url, status, contentType }: Unrecognised): string {
  return `expected ${expected}; ${masked(url) || 'the answer'} was ${contentType ?? 'of no type'} with status ${status}`
}
