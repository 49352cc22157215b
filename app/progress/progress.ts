// How far photos are, as parts of one bar that always add up to everything that was found.
export interface Counts {
  found: number
  stored: number
  rendered: number
  published: number
  skipped: number
  failed: number
}

export type PartName = 'verified' | 'rendered' | 'copied' | 'skipped' | 'failed' | 'rest'

export interface Part {
  name: PartName
  photos: number
  /** Of everything, 0 to 1. */
  share: number
}

/** `expected` is what the provider states: while listing goes on the bar is measured against it, and never runs backwards. */
export function partsOf(counts: Counts, expected: number | null): Part[] {
  const whole = Math.max(counts.found, expected ?? 0)
  const { published, rendered, stored, skipped, failed } = counts
  const rest = whole - published - rendered - stored - skipped - failed
  const parts: [PartName, number][] = [
    ['verified', published],
    ['rendered', rendered],
    ['copied', stored],
    ['rest', rest],
    ['skipped', skipped],
    ['failed', failed],
  ]
  return parts.map(([name, photos]) => ({ name, photos, share: whole > 0 ? photos / whole : 0 }))
}

/** Copied, rendered and verified as people count: a verified photo is rendered and copied too. */
export function reached(counts: Counts) {
  const { stored, rendered, published } = counts
  return { copied: stored + rendered + published, rendered: rendered + published, verified: published }
}
