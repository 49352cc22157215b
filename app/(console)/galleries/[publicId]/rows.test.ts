import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { justified, layer } from './rows.ts'

const side = fc.option(fc.integer({ min: 1, max: 20_000 }))
const shapes = fc.array(fc.record({ width: side, height: side }), { maxLength: 200 })

describe('justified rows', () => {
  it('hold every picture once and in order, fill the width, and never grow past the target height', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 200, max: 2000 }), (pictures, width) => {
        const rows = justified(pictures, width, 200, 8)
        let next = 0
        for (const [index, row] of rows.entries()) {
          expect(row.first).toBe(next)
          next += row.widths.length
          expect(row.height).toBeLessThanOrEqual(200)
          const filled = row.widths.reduce((sum, w) => sum + w, 0) + 8 * (row.widths.length - 1)
          if (index < rows.length - 1) expect(filled).toBeCloseTo(width, 3)
        }
        expect(next).toBe(pictures.length)
      }),
    )
  })

  it('gives a picture of unknown size a place of three to two', () => {
    const [row] = justified([{ width: null, height: null }], 1000, 200, 8)
    expect(row).toEqual({ first: 0, widths: [300], height: 200 })
  })

  it('are the same, page by page or at once', () => {
    fc.assert(
      fc.property(shapes, fc.nat(200), fc.integer({ min: 200, max: 2000 }), (pictures, cut, width) => {
        const lay = layer(8)
        lay(pictures.slice(0, cut), width, 200)
        expect(lay(pictures, width, 200)).toEqual(justified(pictures, width, 200, 8))
      }),
    )
  })

  it('are laid out anew where the width or a picture is another', () => {
    const lay = layer(8)
    const tall = { width: 100, height: 200 }
    lay([tall, tall, tall], 300, 200)
    expect(lay([tall, tall, tall], 900, 200)).toEqual(justified([tall, tall, tall], 900, 200, 8))
    const wide = { width: 600, height: 200 }
    expect(lay([wide, tall, tall], 900, 200)).toEqual(justified([wide, tall, tall], 900, 200, 8))
  })
})
