// One original on its way: hashed while it flows, kept in memory while it is small and in a temp file beyond that.
import { createHash, randomUUID } from 'node:crypto'
import { closeSync, openSync, writev } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { sniffBytes } from './sniff.ts'

const MiB = 1024 * 1024
/** Up to this a picture stays in memory. Larger ones are written as they come: memory used again is quicker than new. */
const memoryBytes = MiB
/** Handed to the disk together: a thread takes as long to begin as to write this. */
const blockBytes = MiB

export interface Spooled {
  sha256: string
  bytes: number
  /** First and last 64 KiB, for sniffing. */
  head: Buffer
  tail: Buffer
  /** For the store, which may move the file away. */
  body: Uint8Array[] | { path: string }
  remove(): Promise<void>
}

/** More bytes came than one file may have. */
export class TooManyBytes extends Error {
  override name = 'TooManyBytes'
}

/** Throws TooManyBytes, and what the stream throws; nothing is left behind then. `temp` is a folder that exists. */
export async function spool(
  stream: AsyncIterable<Uint8Array>,
  temp: string,
  maxBytes = Number.POSITIVE_INFINITY,
): Promise<Spooled> {
  const hash = createHash('sha256')
  let file: SpoolFile | undefined
  let waiting: Uint8Array[] = []
  let waitingBytes = 0
  let bytes = 0
  let head: Buffer | undefined
  const tail = new Tail()
  try {
    for await (const chunk of stream) {
      hash.update(chunk)
      bytes += chunk.length
      if (bytes > maxBytes) throw new TooManyBytes(`more than ${maxBytes} bytes`)
      waiting.push(chunk)
      waitingBytes += chunk.length
      if (waitingBytes <= (file ? blockBytes : memoryBytes)) continue
      head ??= startOf(waiting)
      file ??= new SpoolFile(join(temp, randomUUID()))
      await file.write(waiting)
      tail.keep(waiting)
      waiting = []
      waitingBytes = 0
    }
    const sha256 = hash.digest('hex')
    if (!file) return { sha256, bytes, ...inMemory(waiting, bytes), remove: async () => {} }
    await file.write(waiting)
    await file.end()
    tail.keep(waiting)
    const { path } = file
    return { sha256, bytes, head: head!, tail: tail.bytes(), body: { path }, remove: () => rm(path, { force: true }) }
  } catch (error) {
    await file?.end().catch(() => {})
    if (file) await rm(file.path, { force: true })
    throw error
  }
}

/** A picture hardly larger than its ends is put together once. */
function inMemory(pieces: Uint8Array[], bytes: number) {
  const body = pieces.length > 1 && bytes <= 2 * sniffBytes ? [Buffer.concat(pieces, bytes)] : pieces
  const tail = new Tail()
  tail.keep(body)
  return { body, head: startOf(body), tail: tail.bytes() }
}

function startOf(pieces: Uint8Array[]): Buffer {
  const [first] = pieces
  if (first && (pieces.length === 1 || first.length >= sniffBytes)) return asBuffer(first).subarray(0, sniffBytes)
  const some: Uint8Array[] = []
  for (let bytes = 0; bytes < sniffBytes && some.length < pieces.length; ) {
    const piece = pieces[some.length]!
    bytes += piece.length
    some.push(piece)
  }
  return Buffer.concat(some).subarray(0, sniffBytes)
}

const asBuffer = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** One block is written while the next one comes in. */
class SpoolFile {
  readonly path: string
  readonly #file: number
  #writing: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.path = path
    this.#file = openSync(path, 'wx', 0o600)
  }

  /** Throws what the block before met. */
  async write(pieces: Uint8Array[]): Promise<void> {
    await this.#writing
    this.#writing = writeAll(this.#file, pieces)
    this.#writing.catch(() => {}) // met at the next block
  }

  async end(): Promise<void> {
    try {
      await this.#writing
    } finally {
      closeSync(this.#file)
    }
  }
}

async function writeAll(file: number, pieces: Uint8Array[]): Promise<void> {
  let left = pieces.reduce((sum, piece) => sum + piece.length, 0)
  // A disk that takes only a part says why at the next try.
  for (let rest = pieces; left > 0; rest = [Buffer.concat(pieces).subarray(-left)]) left -= await writing(file, rest)
}

const writing = (file: number, pieces: Uint8Array[]) =>
  new Promise<number>((resolve, reject) => {
    writev(file, pieces, (error, bytes) => (error ? reject(error) : resolve(bytes)))
  })

/** The last bytes of all that was kept, by its last pieces. */
class Tail {
  #pieces: Uint8Array[] = []

  keep(pieces: Uint8Array[]): void {
    const all = [...this.#pieces, ...pieces]
    let from = all.length
    for (let bytes = 0; bytes < sniffBytes && from > 0; ) bytes += all[--from]!.length
    this.#pieces = all.slice(from)
  }

  bytes(): Buffer {
    const [first] = this.#pieces
    const end = first && this.#pieces.length === 1 ? asBuffer(first) : Buffer.concat(this.#pieces)
    return end.subarray(Math.max(0, end.length - sniffBytes))
  }
}
