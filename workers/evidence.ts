import type { ShownPage } from '#server/evidence.ts'
import { masked } from './masking.ts'
import type { Evidence } from './policy.ts'

/** As it may be kept. */
export function maskedPage(evidence: Evidence): ShownPage {
  return { ...evidence, url: masked(evidence.url), excerpt: masked(evidence.excerpt) }
}

/** For the attempt of a photo: what was expected, and what came. */
export function evidenceLine({ expected, url, status, contentType }: Evidence): string {
  return `expected ${expected}; ${masked(url) || 'the answer'} was ${contentType ?? 'of no type'} with status ${status}`
}
