// The body of a request as it flows: bounded in time, never in memory for longer than it takes to hand it on.
import type { IncomingMessage } from 'node:http'
import { Refusal } from '#server/refusal.ts'

export interface Slowest {
  /** A sender that brings less in so many seconds, while it is waited for, is not waited for any longer. */
  bytes: number
  seconds: number
}

const slowestTaken: Slowest = { bytes: 30_000, seconds: 30 }

/**
 * Chunks as they come; where the reader stops early the connection stays, so that it can be answered. Throws Refusal
 * `incomplete_body` where the sender is gone, `request_timeout` where it drips.
 */
export async function* flowing(
  incoming: IncomingMessage,
  slowest: Slowest = slowestTaken,
): AsyncGenerator<Buffer, void, void> {
  const chunks: AsyncIterator<Buffer> = incoming.iterator({ destroyOnReturn: false })
  const slow = Promise.withResolvers<never>()
  slow.promise.catch(() => {})
  let bytes = 0
  let waits = false
  const watch = setInterval(() => {
    if (waits && bytes < slowest.bytes) slow.reject(new Refusal('request_timeout', 408, 'The body comes too slowly.'))
    bytes = 0
  }, slowest.seconds * 1000)
  try {
    for (;;) {
      waits = true
      const coming = chunks.next()
      coming.catch(() => {}) // met in the race, or by nobody
      const next = await Promise.race([coming, slow.promise])
      waits = false
      if (next.done) break
      bytes += next.value.length
      yield next.value
    }
    if (!incoming.complete) throw incomplete()
  } catch (error) {
    if (incoming.errored || incoming.destroyed) throw incomplete(error)
    throw error
  } finally {
    clearInterval(watch)
  }
}

/** All of a body that is text. Throws Refusal `file_too_large`, and as above. */
export async function wholeOf(incoming: IncomingMessage, mostBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of flowing(incoming)) {
    bytes += chunk.length
    if (bytes > mostBytes) throw tooLarge(`A request of this kind has at most ${mostBytes} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, bytes)
}

/** Before a byte is read. Throws Refusal `file_too_large`. */
export function checkLength(incoming: IncomingMessage, mostBytes: number): void {
  if (Number(incoming.headers['content-length'] ?? 0) > mostBytes)
    throw tooLarge(`A request has at most ${mostBytes} bytes.`)
}

const tooLarge = (title: string) => new Refusal('file_too_large', 413, title)
const incomplete = (cause?: unknown) => new Refusal('incomplete_body', 400, 'The body ended early.', { cause })
