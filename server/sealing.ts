// Secrets at rest: provider credentials, sessions, gallery passwords. AES-256-GCM under the key of the environment,
// bound to the row they belong to, so that a sealed value copied to another client or source does not open.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const version = 1
const nonceBytes = 12 // NIST SP 800-38D's length for random nonces
const tagBytes = 16
const headerBytes = 1 + nonceBytes

/**
 * Version byte, nonce, ciphertext, tag. `key` is 32 bytes; `boundTo` names the row and the purpose
 * (client id, source id, 'credentials') and has to be given again, equal and in order, to open it.
 */
export function seal(key: Buffer, plain: object, boundTo: string[]): Buffer {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
  cipher.setAAD(associated(boundTo))
  const hidden = Buffer.concat([cipher.update(JSON.stringify(plain), 'utf8'), cipher.final()])
  return Buffer.concat([Buffer.of(version), nonce, hidden, cipher.getAuthTag()])
}

/** The value that was sealed. Throws `SealBroken` for another key, another row, or bytes that were changed. */
export function open(key: Buffer, sealed: Uint8Array, boundTo: string[]): unknown {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength)
  if (bytes.length < headerBytes + tagBytes || bytes[0] !== version) throw new SealBroken()
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, headerBytes), { authTagLength: tagBytes })
  decipher.setAAD(associated(boundTo))
  decipher.setAuthTag(bytes.subarray(-tagBytes))
  try {
    const plain = Buffer.concat([decipher.update(bytes.subarray(headerBytes, -tagBytes)), decipher.final()])
    return JSON.parse(plain.toString('utf8'))
  } catch (cause) {
    throw new SealBroken({ cause })
  }
}

/** A sealed value that does not open here; says nothing of what it held. */
export class SealBroken extends Error {
  override name = 'SealBroken'
  constructor(options?: ErrorOptions) {
    super('a sealed value does not open with this key in this place', options)
  }
}

/** JSON keeps ['a', 'bc'] and ['ab', 'c'] apart; the version is covered as well. */
function associated(boundTo: string[]): Buffer {
  return Buffer.from(JSON.stringify([version, ...boundTo]), 'utf8')
}
