// The bytes of a put: read once, counted and hashed as they flow, handed on in blocks.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { ChecksumMismatch, type FileBody, type PutOptions } from './store.ts'

export type Body = Uint8Array | Uint8Array[] | Readable | FileBody

/** Runs one put: a stream that fails before anybody reads it harms nothing, and whatever happens it is closed. */
export async function holding<T>(body: Body, put: () => Promise<T>): Promise<T> {
  if (inMemory(body) || isFile(body)) return put()
  body.on('error', () => {}) // the reader meets the same error
  try {
    return await put()
  } finally {
    body.destroy()
  }
}

/** A body that lies in memory, in order; null for others. Throws ChecksumMismatch and the signal's reason. */
export function piecesOf(body: Body, options: PutOptions): Uint8Array[] | null {
  if (!inMemory(body)) return null
  const pieces = Array.isArray(body) ? body : [body]
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0)
  check(options, bytes, () => (options.proven ? options.sha256 : hashOf(pieces)))
  options.signal?.throwIfAborted()
  return pieces
}

function inMemory(body: Body): body is Uint8Array | Uint8Array[] {
  return body instanceof Uint8Array || Array.isArray(body)
}

/** A body that lies on this machine's disk. */
export function isFile(body: Body): body is FileBody {
  return 'path' in body && !('pipe' in body)
}

function hashOf(pieces: Uint8Array[]): string {
  const sha256 = createHash('sha256')
  for (const piece of pieces) sha256.update(piece)
  return sha256.digest('hex')
}

/** All of a small body; throws ChecksumMismatch, the signal's reason, or what the stream throws. */
export async function wholeBody(body: Body, options: PutOptions): Promise<Uint8Array> {
  const pieces = piecesOf(body, options)
  if (pieces) return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, options.bytes)
  let whole: Uint8Array = Buffer.alloc(0)
  for await (const block of blocksOf(body, options, options.bytes, 1)) whole = block
  return whole
}

/**
 * Blocks of `blockBytes`, the last one shorter. Memory is `buffers` blocks, used in turn: a block is valid until `buffers`
 * further ones were asked for. A checksum or length that is wrong throws ChecksumMismatch, at the latest after the last block.
 */
export async function* blocksOf(
  from: Body,
  options: PutOptions,
  blockBytes: number,
  buffers: number,
): AsyncGenerator<Uint8Array, void, void> {
  if (inMemory(from)) {
    const whole = await wholeBody(from, options)
    for (let at = 0; at < whole.length; at += blockBytes) yield whole.subarray(at, at + blockBytes)
    return
  }
  const body = isFile(from) ? createReadStream(from.path) : from
  const { signal, bytes } = options
  const stop = () => body.destroy()
  signal?.addEventListener('abort', stop, { once: true })
  try {
    signal?.throwIfAborted()
    const sha256 = createHash('sha256')
    const ring: Buffer[] = []
    let turn = 0
    let filled = 0
    let read = 0
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      read += chunk.length
      if (read > bytes) break
      sha256.update(chunk)
      for (let at = 0; at < chunk.length; ) {
        const block = ring[turn] ?? Buffer.allocUnsafeSlow(Math.min(blockBytes, bytes))
        ring[turn] = block
        const some = chunk.subarray(at, at + block.length - filled)
        block.set(some, filled)
        filled += some.length
        at += some.length
        if (filled < block.length) continue
        yield block
        turn = (turn + 1) % buffers
        filled = 0
      }
    }
    signal?.throwIfAborted()
    if (filled > 0) yield ring[turn]!.subarray(0, filled)
    check(options, read, () => sha256.digest('hex'))
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

function check(expected: PutOptions, bytes: number, sha256: () => string): void {
  if (bytes > expected.bytes) throw new ChecksumMismatch(`more than ${expected.bytes} bytes came`)
  if (bytes < expected.bytes) throw new ChecksumMismatch(`${bytes} bytes came, not ${expected.bytes}`)
  const found = sha256()
  if (found !== expected.sha256) throw new ChecksumMismatch(`SHA-256 is ${found}, not ${expected.sha256}`)
}
