import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isKnown, preferred, rangeOf } from './conditions.ts'

const offered = ['image/avif', 'image/webp']
const [avif, webp] = offered as [string, string]

test.each([
  ['names both, equally', 'image/avif,image/webp', avif],
  ['is a browser that knows both', 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8', avif],
  ['is a browser that knows WebP', 'image/webp,image/apng,image/*,*/*;q=0.8', webp],
  ['weighs them', 'image/avif;q=0.3, image/webp;q=0.31', webp],
  ['weighs them in capitals and with blanks', 'IMAGE/AVIF ; Q=0.3 , Image/WebP\t;\tq=0.31', webp],
  ['refuses one', 'image/*, image/webp;q=0', avif],
  ['refuses one behind a wildcard', 'image/*, image/avif;q=0.000', webp],
  ['names one and takes the other less', 'image/webp, */*;q=0.9', webp],
])('a caller who %s (%s) gets %s, whatever the address names', (_, accept, type) => {
  expect(preferred(accept, offered, webp)).toBe(type)
  expect(preferred(accept, offered, avif)).toBe(type)
})

test.each([
  ['says nothing', undefined],
  ['says nothing between its commas', ' , ,'],
  ['takes all', '*/*'],
  ['takes all pictures', 'image/*'],
  ['takes all pictures rather than anything', '*/*;q=0.1, image/*;q=0.2'],
  ['refuses all', '*/*;q=0'],
  ['refuses both', 'image/avif;q=0, image/webp;q=0'],
  ['takes something else', 'image/jxl, text/html'],
  ['takes pages', 'text/*'],
])('a caller who %s gets what the address names', (_, accept) => {
  for (const type of offered) expect(preferred(accept, offered, type)).toBe(type)
})

test.each(['2', '1.1', '-1', '0.1234', '1e9', 'Infinity', '0x1', '', ' 1', '"1"', '.5', '00.5', '1;q=0'])(
  'a weight of %j is none, and what it stands beside is not wished for',
  (weight) => {
    const accept = `image/avif;q=${weight}, image/webp;q=0.1`
    expect(preferred(accept, offered, avif)).toBe(weight === '1;q=0' ? avif : webp)
  },
)

test.each(['image/avif;profile=x', 'image/avif;profile=x;q=1', 'image/avif; x', 'image/', '/avif', 'imageavif'])(
  'what asks for more than the type, or is no type (%s), does not outweigh what is named',
  (odd) => {
    expect(preferred(`${odd}, image/webp;q=0.1`, offered, avif)).toBe(webp)
  },
)

test('whatever is said, one of the two is sent', () => {
  const pieces = fc.constantFrom('image/avif', 'image/webp', 'image/*', '*/*', ';q=', '0', '1', '.', ',', ' ', ';', '"')
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(pieces).map((all) => all.join('')),
      ),
      (accept) => {
        expect(offered).toContain(preferred(accept, offered, webp))
      },
    ),
  )
})

test('a range that is satisfied lies inside, is not empty, and begins where it was asked to', () => {
  const ends = fc.option(fc.nat(2000), { nil: '' as const })
  fc.assert(
    fc.property(ends, ends, fc.nat(1000), (first, last, bytes) => {
      const range = rangeOf(`bytes=${first}-${last}`, undefined, '"x"', bytes)
      if (range === null || range === 'unsatisfiable') return
      expect(range.start).toBeLessThanOrEqual(range.end)
      expect(range.end).toBeLessThan(bytes)
      if (first !== '') expect(range.start).toBe(first)
      else expect(range.end).toBe(bytes - 1)
    }),
  )
})

test('a tag inside another tag is not that tag', () => {
  expect(isKnown('"ab"', '"b"')).toBe(false)
  expect(isKnown('"a", W/"b"', '"b"')).toBe(true)
  expect(isKnown('b', '"b"')).toBe(false)
  expect(isKnown(undefined, '"b"')).toBe(false)
})
