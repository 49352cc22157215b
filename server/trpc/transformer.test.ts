import fc from 'fast-check'
import superjson from 'superjson'
import { describe, expect, it } from 'vitest'
import { transformer } from './transformer.ts'

const through = (value: unknown) => transformer.deserialize(JSON.parse(JSON.stringify(transformer.serialize(value))))

const anything = fc.anything({ withDate: true, withMap: true, withSet: true, withBigInt: true, withObjectString: true })

describe('what travels between console and browser', () => {
  it('arrives as superjson would have it arrive', () => {
    fc.assert(
      fc.property(anything, (value) => {
        expect(through(value)).toEqual(superjson.parse(superjson.stringify(value)))
      }),
    )
  })

  it('keeps moments, and what is absent, wherever they stand', () => {
    const view = {
      at: new Date(0),
      rows: [
        { at: null, count: 3 },
        { at: new Date(5), count: undefined },
      ],
    }
    expect(through(view)).toStrictEqual(view)
  })

  it('is written without a word more where it is plain JSON', () => {
    const rows = [{ title: 'Wedding', path: ['2024'], count: 3, gone: null, chosen: true }]
    expect(transformer.serialize(rows)).toEqual({ json: rows })
  })
})
