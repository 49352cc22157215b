// The key that signs certificates: Ed25519 (RFC 8032), derived from the house's secret key, so that it is kept where that
// is kept and a restored house signs as before. Its public half is no secret: `/certificate-key` on the console gives it.
import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign, verify } from 'node:crypto'

/** What stands before the 32 bytes of a key in DER (RFC 8410 §7, §4). */
const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex')
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex')

/** Base64 of the signature, 64 bytes, of the text's UTF-8. */
export function signText(secretKey: Buffer, text: string): string {
  return sign(null, Buffer.from(text), privateKey(secretKey)).toString('base64')
}

/** `publicKey` as `publicKeyOf` gives it. False too for what is no key or no signature. */
export function isSigned(publicKey: string, text: string, signature: string): boolean {
  const raw = Buffer.from(publicKey, 'base64')
  if (raw.length !== 32) return false
  const key = createPublicKey({ key: Buffer.concat([publicPrefix, raw]), format: 'der', type: 'spki' })
  return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'))
}

/** Base64 of the 32 bytes of the public key. */
export function publicKeyOf(secretKey: Buffer): string {
  const der = createPublicKey(privateKey(secretKey)).export({ format: 'der', type: 'spki' })
  return der.subarray(publicPrefix.length).toString('base64')
}

/** The same as OpenSSL reads it. */
export function publicKeyPem(secretKey: Buffer): string {
  return createPublicKey(privateKey(secretKey)).export({ format: 'pem', type: 'spki' }).toString()
}

function privateKey(secretKey: Buffer): KeyObject {
  const seed = Buffer.from(hkdfSync('sha256', secretKey, '', 'pass completeness certificates', 32))
  return createPrivateKey({ key: Buffer.concat([privatePrefix, seed]), format: 'der', type: 'pkcs8' })
}
