// The body of a request as it flows: bounded in time, never in memory for longer than it takes to hand it on.
import type { IncomingMessage } from 'node:http'
import { Refusal } from '#server/refusal.ts'

export interface Patience {
  /** A sender that brings fewer bytes in so many seconds, while it is waited for, is not waited for any longer. */
  bytes: number
  seconds: number
  /** A sender that has announced what it may not send, and stops for so many seconds, waits for our answer. */
  hushSeconds: number
}

const usualPatience: Patience = { bytes: 30_000, seconds: 30, hushSeconds: 5 }

/**
 * Chunks as they come; where the reader stops early the connection stays, so that it can be answered. `refused` says
 * what is wrong with what was announced, as far as is known. Throws Refusal `incomplete_body` where the sender is gone,
 * `request_timeout` where it drips, and what `refused` gives.
 */
export async function* flowing(
  incoming: IncomingMessage,
  refused: () => Refusal | null = () => null,
  patience: Patience = usualPatience,
): AsyncGenerator<Buffer, void, void> {
  const chunks: AsyncIterator<Buffer> = incoming.iterator({ destroyOnReturn: false })
  const slow = Promise.withResolvers<never>()
  slow.promise.catch(() => {})
  let bytes = 0
  let waits = false
  let hushed = false
  const watch = setInterval(() => {
    if (waits && bytes < patience.bytes) slow.reject(new Refusal('request_timeout', 408, 'The body comes too slowly.'))
    bytes = 0
  }, patience.seconds * 1000)
  const listen = setInterval(() => {
    const refusal = waits && hushed && refused()
    if (refusal) slow.reject(refusal)
    hushed = true
  }, patience.hushSeconds * 1000)
  try {
    for (;;) {
      waits = true
      const coming = chunks.next()
      coming.catch(() => {}) // met in the race, or by nobody
      const next = await Promise.race([coming, slow.promise])
      waits = false
      if (next.done) break
      bytes += next.value.length
      hushed = false
      yield next.value
    }
    if (!incoming.complete) throw incomplete()
  } catch (error) {
    if (incoming.errored || incoming.destroyed) throw incomplete(error)
    throw error
  } finally {
    clearInterval(watch)
    clearInterval(listen)
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

/**
 * Reads a small body for nothing, so that its sender, who may not look for an answer before all is sent, is there to
 * read one. Never throws.
 */
export async function passOver(incoming: IncomingMessage): Promise<void> {
  if (!(Number(incoming.headers['content-length']) <= passedOverBytes)) return
  try {
    for await (const _ of flowing(incoming)) {
      // what will be sent again
    }
  } catch {
    // whoever is gone needs no answer
  }
}

const passedOverBytes = 1_000_000

/** Before a byte is read. Throws Refusal `file_too_large`. */
export function checkLength(incoming: IncomingMessage, mostBytes: number): void {
  if (Number(incoming.headers['content-length'] ?? 0) > mostBytes)
    throw tooLarge(`A request has at most ${mostBytes} bytes.`)
}

const tooLarge = (title: string) => new Refusal('file_too_large', 413, title)
const incomplete = (cause?: unknown) => new Refusal('incomplete_body', 400, 'The body ended early.', { cause })
