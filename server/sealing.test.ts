import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { open, SealBroken, seal } from './sealing.ts'

const key = randomBytes(32)
const place = ['client-1', 'source-1', 'credentials']

test('a sealed value opens in its own place', () => {
  const plain = { loginName: 'anna', password: 'pässwörd ✓' }
  expect(open(key, seal(key, plain, place), place)).toEqual(plain)
})

test('a sealed value does not show what it holds, and no two are equal', () => {
  const [one, two] = [seal(key, { password: 'visible' }, place), seal(key, { password: 'visible' }, place)]
  expect(one.toString('latin1')).not.toContain('visible')
  expect(one.equals(two)).toBe(false)
})

test.each([
  ['another client', ['client-2', 'source-1', 'credentials']],
  ['another source', ['client-1', 'source-2', 'credentials']],
  ['another purpose', ['client-1', 'source-1', 'session']],
  ['the same letters cut elsewhere', ['client-1s', 'ource-1', 'credentials']],
  ['fewer names', ['client-1', 'source-1']],
])('a sealed value moved to %s does not open', (_, elsewhere) => {
  const sealed = seal(key, { token: 't' }, place)
  expect(() => open(key, sealed, elsewhere)).toThrow(SealBroken)
})

test('a sealed value does not open with another key', () => {
  expect(() => open(randomBytes(32), seal(key, { token: 't' }, place), place)).toThrow(SealBroken)
})

test('a sealed value with any byte changed, or cut short, does not open', () => {
  const sealed = seal(key, { token: 't' }, place)
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed)
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
    expect(() => open(key, changed, place)).toThrow(SealBroken)
  }
  for (const length of [0, 1, 12, 28, sealed.length - 1])
    expect(() => open(key, sealed.subarray(0, length), place)).toThrow(SealBroken)
})
