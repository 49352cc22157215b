// Part of a file to a caller with as little work as node allows: two blocks in turn, one being read while the other is
// being sent, and used again for the next caller. A stream allocates each block anew, at several times the cost.
import { type FileHandle, open } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'

export interface FilePart {
  /** Closed by whoever sends it. */
  handle: FileHandle
  start: number
  /** Inclusive. */
  end: number
}

/** null where it cannot be opened or is not as long as it should be. */
export async function openPart(path: string, bytes: number, range?: { start: number; end: number }) {
  const handle = await open(path, 'r').catch(() => null)
  if (!handle) return null
  const found = await handle.stat().catch(() => null)
  if (found?.size === bytes) return { handle, start: 0, end: bytes - 1, ...range } satisfies FilePart
  await handle.close()
  return null
}

const blockBytes = 128 * 1024
const mostSpare = 64 // pairs
const spare: [Buffer, Buffer][] = []

/** Ends the response, or destroys it and rejects: with what the disk says, or with CallerLeft. */
export async function sendPart({ handle, start, end }: FilePart, response: ServerResponse): Promise<void> {
  const left = Promise.withResolvers<never>()
  left.promise.catch(() => {})
  const leave = () => left.reject(new CallerLeft())
  response.once('close', leave)
  const pair = spare.pop() ?? [Buffer.allocUnsafeSlow(blockBytes), Buffer.allocUnsafeSlow(blockBytes)]
  let [reading, sending] = pair
  let sent = Promise.resolve()
  try {
    for (let at = start; at <= end; ) {
      const { bytesRead } = await handle.read(reading, 0, Math.min(blockBytes, end + 1 - at), at)
      if (bytesRead === 0) throw new Error(`the file ends at byte ${at}`)
      await Promise.race([sent, left.promise])
      ;[reading, sending] = [sending, reading]
      sent = write(response, sending.subarray(0, bytesRead))
      at += bytesRead
    }
    await Promise.race([sent, left.promise])
    response.end()
    if (spare.length < mostSpare) spare.push(pair)
  } catch (error) {
    response.destroy()
    throw error
  } finally {
    response.off('close', leave)
    await handle.close()
  }
}

/** The caller went away before everything was sent. */
export class CallerLeft extends Error {
  override name = 'CallerLeft'
}

/** Resolves once the system has taken the bytes. */
function write(response: ServerResponse, bytes: Buffer): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  promise.catch(() => {}) // nobody may be waiting for it any more
  response.write(bytes, (error) => (error ? reject(new CallerLeft()) : resolve()))
  return promise
}
