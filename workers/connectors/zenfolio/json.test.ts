import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseLossless } from './json.ts'

test('keeps every digit of an id past 2^53, as a string', () => {
  expect(parseLossless('{"Id":562597392871954814,"ParentGroups":[562597392652020926,1710182934435540554]}')).toEqual({
    Id: '562597392871954814',
    ParentGroups: ['562597392652020926', '1710182934435540554'],
  })
  expect(parseLossless('[-9223372036854775808 , 9223372036854775807]')).toEqual([
    '-9223372036854775808',
    '9223372036854775807',
  ])
})

test('leaves the largest exact integer a number and makes the next one a string', () => {
  expect(parseLossless('[9007199254740991,9007199254740992]')).toEqual([9007199254740991, '9007199254740992'])
})

test('touches no digits inside strings, fractions or exponents', () => {
  expect(
    parseLossless('["562597392871954814","\\"562597392871954814,\\\\",1234567890123456789.5,12345678901234567890e2]'),
  ).toEqual([
    '562597392871954814',
    '"562597392871954814,\\',
    Number('1234567890123456789.5'),
    Number('12345678901234567890e2'),
  ])
})

test('any document of 64-bit ids and any text comes back exactly', () => {
  const id = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  const leaf = fc.oneof(
    id,
    fc.string({ unit: 'binary' }),
    fc.stringMatching(/^["\\0-9:,{}[\] -]{0,40}$/),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
  )
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('tree'), { maxLength: 6 }),
      fc.dictionary(fc.string(), tie('tree'), { maxKeys: 6, noNullPrototype: true }),
    ),
  }))
  fc.assert(
    fc.property(tree, fc.boolean(), (value, spaced) => {
      expect(parseLossless(write(value, spaced ? ' \n' : ''))).toEqual(asRead(value))
    }),
    { numRuns: 200 },
  )
})

test('agrees with JSON.parse about what is JSON at all', () => {
  const soup = fc.stringMatching(/^[-"\\0-9eE.:,{}[\]a \n]{0,60}$/)
  const long = fc.constantFrom(
    '12345678901234567890',
    '-12345678901234567890',
    '012345678901234567',
    '"',
    '{',
    ':',
    ',',
    '}',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        soup,
        fc.array(long, { maxLength: 8 }).map((parts) => parts.join('')),
      ),
      (text) => {
        expect(accepts(parseLossless, text)).toBe(accepts(JSON.parse, text))
      },
    ),
    { numRuns: 1500 },
  )
})

test('reads eight megabytes of ids in linear time', () => {
  const text = `[${Array.from({ length: 400_000 }, (_, i) => `56259739287195${String(i).padStart(5, '0')}`).join(',')}]`
  expect(parseLossless(text)).toHaveLength(400_000) // quadratic would be hours
})

function write(value: unknown, space: string): string {
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return `[${space}${value.map((v) => write(v, space)).join(`,${space}`)}${space}]`
  if (value !== null && typeof value === 'object')
    return `{${Object.entries(value)
      .map(([k, v]) => `${JSON.stringify(k)}${space}:${space}${write(v, space)}`)
      .join(`${space},`)}}`
  return JSON.stringify(value)
}

function asRead(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()
  if (typeof value === 'number') {
    const written = JSON.stringify(value)
    return /^-?\d+$/.test(written) && !Number.isSafeInteger(value) ? written : JSON.parse(written)
  }
  if (Array.isArray(value)) return value.map(asRead)
  if (value !== null && typeof value === 'object')
    return JSON.parse(JSON.stringify(Object.fromEntries(Object.entries(value).map(([k, v]) => [k, asRead(v)]))))
  return value
}

function accepts(parse: (text: string) => unknown, text: string): boolean {
  try {
    parse(text)
    return true
  } catch (error) {
    expect(error).toBeInstanceOf(SyntaxError)
    return false
  }
}
