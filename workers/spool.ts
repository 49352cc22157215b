// One original on its way: hashed while it flows, kept in memory while it is small and in a temp file beyond that.
import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { sniffBytes } from '#server/sniff.ts'

/** Up to this a picture stays in memory: most originals, and sixteen of them at once stay below 130 MiB. */
const memoryBytes = 8 * 1024 * 1024

export interface Spooled {
  sha256: string
  bytes: number
  /** First and last 64 KiB, for sniffing. */
  head: Buffer
  tail: Buffer
  /** To be read once, by the store. */
  body(): Uint8Array[] | Readable
  remove(): Promise<void>
}

/** Throws what the stream throws; nothing is left behind then. */
export async function spool(stream: AsyncIterable<Uint8Array>, temp: string): Promise<Spooled> {
  const hash = createHash('sha256')
  const chunks: Uint8Array[] = []
  let file: { handle: FileHandle; path: string } | undefined
  let bytes = 0
  let head = Buffer.alloc(0)
  let tail: Uint8Array[] = []
  let tailBytes = 0
  try {
    for await (const chunk of stream) {
      hash.update(chunk)
      bytes += chunk.length
      if (!file) {
        chunks.push(chunk)
        if (bytes <= memoryBytes) continue
        const path = join(temp, randomUUID())
        file = { path, handle: await open(path, 'wx', 0o600) }
        head = Buffer.concat(chunks, Math.min(bytes, sniffBytes))
        for (const kept of chunks) await file.handle.writeFile(kept)
        tail = [...chunks]
        tailBytes = bytes
        chunks.length = 0
      } else {
        await file.handle.writeFile(chunk) // unlike write(), never only a part of it
        tail.push(chunk)
        tailBytes += chunk.length
      }
      while (tailBytes - tail[0]!.length >= sniffBytes) tailBytes -= tail.shift()!.length
    }
    const sha256 = hash.digest('hex')
    if (file) {
      await file.handle.close()
      const { path } = file
      return {
        sha256,
        bytes,
        head,
        tail: lastOf(Buffer.concat(tail)),
        body: () => createReadStream(path),
        remove: () => rm(path, { force: true }),
      }
    }
    return {
      sha256,
      bytes,
      head: Buffer.concat(chunks, Math.min(bytes, sniffBytes)),
      tail: lastOf(Buffer.concat(endOf(chunks))),
      body: () => chunks,
      remove: async () => {},
    }
  } catch (error) {
    await file?.handle.close().catch(() => {})
    if (file) await rm(file.path, { force: true })
    throw error
  }
}

/** As many of the last chunks as hold the tail. */
function endOf(chunks: Uint8Array[]): Uint8Array[] {
  let from = chunks.length
  for (let bytes = 0; bytes < sniffBytes && from > 0; ) bytes += chunks[--from]!.length
  return chunks.slice(from)
}

function lastOf(buffer: Buffer): Buffer {
  return buffer.subarray(Math.max(0, buffer.length - sniffBytes))
}
