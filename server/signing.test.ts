import { randomBytes, randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkSignature, maxSignedSeconds, signedImagePath } from './signing.ts'

const key = randomBytes(32)
const now = new Date('2026-11-22T12:00:00Z')
const later = (seconds: number) => new Date(now.getTime() + seconds * 1000)

function check(address: string, at: Date, secret = key) {
  const [path, query] = address.split('?') as [string, string]
  return checkSignature(secret, path, new URLSearchParams(query), at)
}

test('a signed address is good for the seconds asked for, and at most half as long again', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: maxSignedSeconds }),
      fc.integer({ min: 0, max: 10 ** 8 }),
      (seconds, start) => {
        const address = signedImagePath(key, randomUUID(), 'web', { seconds, now: later(start) })
        expect(check(address, later(start + seconds - 1))).toMatchObject({ ok: true })
        expect(check(address, later(start + 1.5 * seconds + 1))).toEqual({ ok: false, code: 'signature_expired' })
      },
    ),
  )
})

test('an address stays the same within its window of half its life, so that browsers keep the picture', () => {
  const id = randomUUID()
  const addresses = [1, 60, 900, 1800].map((s) => signedImagePath(key, id, 'thumb', { seconds: 3600, now: later(s) }))
  expect(new Set(addresses).size).toBe(1)
})

test('any change of any character makes it invalid, wherever it is', () => {
  const address = signedImagePath(key, randomUUID(), 'web', { seconds: 3600, now })
  for (let at = 0; at < address.length; at++) {
    if ('?&='.includes(address[at]!)) continue
    const changed = address.slice(0, at) + (address[at] === 'A' ? 'B' : 'A') + address.slice(at + 1)
    expect(check(changed, now), changed).toEqual({ ok: false, code: 'signature_invalid' })
  }
})

test.each([
  ['another rendition', (a: string) => a.replace('/web?', '/thumb?')],
  ['the original instead of a rendition', (a: string) => a.replace('/web?', '?')],
  ['no signature', (a: string) => a.replace(/&sig=.*/, '')],
  ['no parameters', (a: string) => a.replace(/\?.*/, '?')],
  ['one more parameter', (a: string) => `${a}&download=1`],
  ['a parameter twice', (a: string) => `${a}&exp=9999999999`],
  ['a longer signature', (a: string) => `${a}A`],
  ['a key that is not in use', (a: string) => a.replace(/kid=k(\d+)/, (_, n) => `kid=k${Number(n) + 1}`)],
])('%s is invalid', (_, change) => {
  expect(check(change(signedImagePath(key, randomUUID(), 'web', { seconds: 60, now })), now)).toEqual({
    ok: false,
    code: 'signature_invalid',
  })
})

test('another secret does not open it', () => {
  expect(check(signedImagePath(key, randomUUID(), null, { seconds: 60, now }), now, randomBytes(32)).ok).toBe(false)
})

test('the key changes with time: the one before is still believed, the one before that is not', () => {
  const day = 24 * 3600
  const longest = signedImagePath(key, randomUUID(), null, { seconds: maxSignedSeconds, now })
  expect(check(longest, later(maxSignedSeconds - 1))).toMatchObject({ ok: true })
  expect(check(longest, later(29 * day))).toEqual({ ok: false, code: 'signature_expired' })
  expect(check(longest, later(61 * day))).toEqual({ ok: false, code: 'signature_invalid' })
  const kid = (address: string) => new URLSearchParams(address.split('?')[1]).get('kid')
  expect(kid(longest)).not.toBe(kid(signedImagePath(key, randomUUID(), null, { seconds: 60, now: later(31 * day) })))
})
