import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { partsOf, reached } from './progress.ts'

const counts = fc
  .record({
    listed: fc.nat(500_000),
    stored: fc.nat(500_000),
    rendered: fc.nat(500_000),
    published: fc.nat(500_000),
    skipped: fc.nat(1000),
    failed: fc.nat(1000),
  })
  .map(({ listed, ...rest }) => ({ ...rest, found: listed + Object.values(rest).reduce((a, b) => a + b) }))

describe('progress', () => {
  it('shows parts that add up to everything found, or to what the provider states where that is more', () => {
    fc.assert(
      fc.property(counts, fc.option(fc.nat(4_000_000)), (all, expected) => {
        const parts = partsOf(all, expected)
        expect(parts.reduce((sum, part) => sum + part.photos, 0)).toBe(Math.max(all.found, expected ?? 0))
        for (const part of parts) expect(part.photos).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  it('counts a verified photo as rendered and copied too', () => {
    expect(reached({ found: 10, stored: 1, rendered: 2, published: 4, skipped: 1, failed: 1 })).toEqual({
      copied: 7,
      rendered: 6,
      verified: 4,
    })
  })
})
