// Bytes for the tests of every driver: small ones, and large ones that can go wrong on their way.
import { createHash, hash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'

const KiB = 1024
export const MiB = 1024 * KiB
export const type = 'application/octet-stream'

export function facts(bytes: Uint8Array): { sha256: string; bytes: number } {
  return { sha256: hash('sha256', bytes), bytes: bytes.length }
}

export function* slices(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

export function* endless() {
  for (;;) yield Buffer.alloc(10_000, 'no end')
}

export function flipped(bytes: Uint8Array): Buffer {
  const other = Buffer.from(bytes)
  other[other.length >> 1]! ^= 1
  return other
}

interface Fault {
  flipAt?: number
  stopAt?: number
  breakAt?: number
  error?: Error
  onChunk?: () => void
}

const chunkBytes = 64 * KiB
/** Seven do not go into a part evenly, so no two parts are equal. */
const noise = Array.from({ length: 7 }, () => randomBytes(chunkBytes))

/** Bytes that are not there before they are read, so that holding them all shows. */
export class Large {
  readonly bytes: number
  readonly facts: { sha256: string; bytes: number; contentType: string }

  constructor(bytes: number) {
    this.bytes = bytes
    const sha256 = createHash('sha256')
    for (const chunk of this.chunks()) sha256.update(chunk)
    this.facts = { sha256: sha256.digest('hex'), bytes, contentType: type }
  }

  stream(fault: Fault = {}): Readable {
    return Readable.from(this.chunks(fault), { objectMode: false, highWaterMark: 1 })
  }

  *chunks(fault: Fault = {}) {
    const { flipAt = Infinity, breakAt = Infinity, stopAt = this.bytes } = fault
    for (let at = 0, i = 0; at < stopAt; at += chunkBytes, i++) {
      if (at + chunkBytes > breakAt) throw fault.error
      const some = noise[i % noise.length]!.subarray(0, stopAt - at)
      fault.onChunk?.()
      yield flipAt >= at && flipAt < at + some.length ? flipped(some) : some
    }
  }
}
