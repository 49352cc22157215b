// Signed addresses of private images. Whoever holds one may see that picture until it expires; nobody can make one
// or alter one. The signing key changes by itself, so that a key once lost opens nothing for long.
import { createHmac, createSecretKey, hkdfSync, type KeyObject, timingSafeEqual } from 'node:crypto'

/** The house, or its secret key alone (32 bytes). */
export type Signer = { secretKey: Buffer } | Buffer

/** The longest life of an address. */
export const maxSignedSeconds = 14 * 24 * 3600
// A key signs for this long and is believed for as long again: more than the longest life, rounding included.
const keySeconds = 30 * 24 * 3600

/**
 * `/image/{id}[/{rendition}]?exp=&kid=&sig=`, valid for at least `seconds` (1 to 14 days) and at most half as long
 * again: within such a window the address stays the same, so that browsers find the picture in their cache.
 */
export function signedImagePath(
  signer: Signer,
  publicId: string,
  rendition: string | null,
  options: { seconds: number; now?: Date },
): string {
  const { seconds, now = new Date() } = options
  if (!(seconds >= 1 && seconds <= maxSignedSeconds)) throw new RangeError(`seconds must be 1 to ${maxSignedSeconds}`)
  const at = Math.floor(now.getTime() / 1000)
  const window = Math.max(1, Math.floor(seconds / 2))
  const exp = `${Math.ceil((at + seconds) / window) * window}`
  const kid = keyId(at)
  const path = imagePath(publicId, rendition)
  return `${path}?exp=${exp}&kid=${kid}&sig=${signature(signer, path, exp, kid)}`
}

export function imagePath(publicId: string, rendition: string | null): string {
  return rendition === null ? `/image/${publicId}` : `/image/${publicId}/${encodeURIComponent(rendition)}`
}

export type SignatureCheck =
  | { ok: true; secondsLeft: number }
  | { ok: false; code: 'signature_invalid' | 'signature_expired' }

/** `path` as it was asked for, undecoded, and the parameters beside it. Takes the same time whatever is wrong. */
export function checkSignature(signer: Signer, path: string, query: URLSearchParams, now = new Date()): SignatureCheck {
  const at = Math.floor(now.getTime() / 1000)
  const [exp, kid, sig] = [query.get('exp') ?? '', query.get('kid') ?? '', query.get('sig') ?? '']
  const known = [keyId(at), keyId(at - keySeconds)].includes(kid)
  const right = equal(sig, signature(signer, path, exp, known ? kid : keyId(at)))
  if (!right || !known || query.size !== 3) return { ok: false, code: 'signature_invalid' }
  const secondsLeft = Number(exp) - at
  return secondsLeft > 0 ? { ok: true, secondsLeft } : { ok: false, code: 'signature_expired' }
}

/** Which key signs at that second. */
function keyId(at: number): string {
  return `k${Math.floor(at / keySeconds)}`
}

function signature(signer: Signer, path: string, exp: string, kid: string): string {
  return createHmac('sha256', derivedKey(signer, kid))
    .update(JSON.stringify([path, exp, kid]))
    .digest('base64url')
}

// Text is compared, not bytes: several base64 texts stand for the same bytes, and only one of them was signed.
function equal(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)]
  return timingSafeEqual(a.length === b.length ? a : Buffer.alloc(b.length), b) && a.length === b.length
}

// As objects: made of bytes anew, a key costs six times what signing does.
const derived = new WeakMap<Buffer, Map<string, KeyObject>>()

function derivedKey(signer: Signer, kid: string): KeyObject {
  const secret = Buffer.isBuffer(signer) ? signer : signer.secretKey
  const keys = derived.get(secret) ?? new Map<string, KeyObject>()
  derived.set(secret, keys)
  let key = keys.get(kid)
  if (!key) {
    key = createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', `pass image addresses ${kid}`, 32)))
    keys.set(kid, key)
  }
  return key
}
