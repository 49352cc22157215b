// Bytes of an original as they flow.
import { Truncated } from './connector.ts'

/** Without the first `start` bytes. Throws Truncated where there are not even those. */
export async function* behind(stream: AsyncIterable<Uint8Array>, start: number): AsyncGenerator<Uint8Array> {
  let left = start
  for await (const chunk of stream) {
    if (chunk.length > left) yield chunk.subarray(left)
    left = Math.max(0, left - chunk.length)
  }
  if (left > 0) throw new Truncated('the original is shorter than what was fetched of it')
}

export async function* nothing(): AsyncGenerator<Uint8Array> {}
