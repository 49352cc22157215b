// Bytes as they flow: looked at from the front, and taken from any byte on.
import { Truncated } from '../connector.ts'

/** The first `bytes` bytes (fewer where there are no more), and the whole stream from its beginning. */
export async function beginning(
  source: AsyncIterable<Uint8Array>,
  bytes: number,
): Promise<{ head: Buffer; stream: AsyncIterable<Uint8Array> }> {
  const chunks = source[Symbol.asyncIterator]()
  let head = Buffer.alloc(0)
  while (head.length < bytes) {
    const next = await chunks.next()
    if (next.done) break
    head = Buffer.concat([head, next.value])
  }
  return { head: head.subarray(0, bytes), stream: joined(head, chunks) }
}

async function* joined(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (head.length > 0) yield head
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}

/** Without the first `start` bytes. Throws Truncated where there are not even those. */
export async function* from(stream: AsyncIterable<Uint8Array>, start: number): AsyncGenerator<Uint8Array> {
  let left = start
  for await (const chunk of stream) {
    if (chunk.length > left) yield chunk.subarray(left)
    left = Math.max(0, left - chunk.length)
  }
  if (left > 0) throw new Truncated('the original is shorter than what was fetched of it')
}

export async function* nothing(): AsyncGenerator<Uint8Array> {}
