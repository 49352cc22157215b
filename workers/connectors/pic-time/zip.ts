// A ZIP with one file in it, read while it flows: nothing of it is held but the end.
import { pipeline } from 'node:stream'
import { crc32, createInflateRaw } from 'node:zlib'
import { Truncated } from '../connector.ts'
import { beginning } from './flow.ts'

const signatures = { file: 0x04034b50, directory: 0x02014b50, end: 0x06054b50 }
const stored = 0
const deflated = 8
/** Sizes of this value stand elsewhere: in the directory, or in an extra field of 64 bits. */
const elsewhere = 0xffffffff
/** The directory of one file, its descriptor and the end record, with names of 64 kB and a comment. */
const tailBytes = 256 * 1024

export interface Unzipped {
  /** Throws Truncated where the file is not whole by its length and checksum. */
  stream: AsyncIterable<Uint8Array>
  /** Of the file, where told before it. */
  bytes: number | null
}

/** `odd` makes the error of a ZIP that is not one file. Folders before it are passed over. */
export async function onlyFile(source: AsyncIterable<Uint8Array>, odd: (expected: string) => Error): Promise<Unzipped> {
  let rest = source
  for (;;) {
    const { head, stream } = await beginning(rest, 30)
    if (head.length < 30) throw new Truncated('the ZIP has no file')
    if (head.readUInt32LE(0) !== signatures.file) throw odd('a ZIP with a file')
    const [flags, method] = [head.readUInt16LE(6), head.readUInt16LE(8)]
    const told = { packed: head.readUInt32LE(18), bytes: head.readUInt32LE(22) }
    const nameBytes = head.readUInt16LE(26)
    const headerBytes = 30 + nameBytes + head.readUInt16LE(28)
    const header = await beginning(stream, headerBytes)
    const isFolder = header.head.subarray(30, 30 + nameBytes).at(-1) === 0x2f
    rest = skipped(header.stream, headerBytes)
    if (isFolder && told.packed === 0) continue
    if (method !== stored && method !== deflated) throw odd('a ZIP that is stored or deflated')
    const isTold = (flags & 8) === 0 && told.packed !== elsewhere && told.bytes !== elsewhere
    return { stream: fileOf(rest, method, odd), bytes: isTold ? told.bytes : null }
  }
}

async function* fileOf(
  source: AsyncIterable<Uint8Array>,
  method: number,
  odd: (expected: string) => Error,
): AsyncGenerator<Uint8Array> {
  const entry: { sum?: number; bytes?: number } = {}
  const packed = withoutTail(source, entry, odd)
  let sum = 0
  let bytes = 0
  for await (const chunk of method === stored ? packed : inflated(packed)) {
    sum = crc32(chunk, sum)
    bytes += chunk.length
    yield chunk
  }
  if (sum !== entry.sum || bytes !== entry.bytes) throw new Truncated('the file in the ZIP is not whole')
}

/** The packed bytes, ended by what the directory at the end says of them. */
async function* withoutTail(
  source: AsyncIterable<Uint8Array>,
  entry: { sum?: number; bytes?: number },
  odd: (expected: string) => Error,
): AsyncGenerator<Uint8Array> {
  let held = Buffer.alloc(0)
  let given = 0
  for await (const chunk of source) {
    held = Buffer.concat([held, chunk])
    // In larger pieces than they come, so that the tail is not copied with every one.
    if (held.length < 4 * tailBytes) continue
    const ready = held.subarray(0, held.length - tailBytes)
    given += ready.length
    yield ready
    held = held.subarray(ready.length)
  }
  const end = held.lastIndexOf(Buffer.from('PK\u0005\u0006', 'latin1'))
  if (end < 0 || held.length < end + 22) throw new Truncated('the ZIP has no end')
  const at = end - held.readUInt32LE(end + 12)
  if (at < 0 || held.readUInt32LE(at) !== signatures.directory) throw odd('a ZIP whose directory is at its end')
  const last = lastEntry(held.subarray(at, end))
  if (last?.files !== 1) throw odd('a ZIP with exactly one file')
  Object.assign(entry, { sum: last.sum, bytes: last.bytes })
  if (last.packed < given || last.packed - given > at) throw odd('a ZIP whose sizes agree')
  yield held.subarray(0, last.packed - given)
}

/** How many files a directory lists, and sizes and checksum of the last one. */
function lastEntry(directory: Buffer) {
  let files = 0
  let last: { sum: number; packed: number; bytes: number } | undefined
  for (let at = 0; at + 46 <= directory.length && directory.readUInt32LE(at) === signatures.directory; ) {
    const nameBytes = directory.readUInt16LE(at + 28)
    const extraBytes = directory.readUInt16LE(at + 30)
    const name = directory.subarray(at + 46, at + 46 + nameBytes)
    const extra = directory.subarray(at + 46 + nameBytes, at + 46 + nameBytes + extraBytes)
    if (name.at(-1) !== 0x2f) {
      files++
      last = { sum: directory.readUInt32LE(at + 16), ...sizes(directory, at, extra) }
    }
    at += 46 + nameBytes + extraBytes + directory.readUInt16LE(at + 32)
  }
  return last && { files, ...last }
}

/** Sizes of 64 bits stand in the extra field 1, in this order, only those that did not fit. */
function sizes(directory: Buffer, at: number, extra: Buffer): { packed: number; bytes: number } {
  let [packed, bytes] = [directory.readUInt32LE(at + 20), directory.readUInt32LE(at + 24)]
  for (let field = 0; field + 4 <= extra.length; field += 4 + extra.readUInt16LE(field + 2)) {
    if (extra.readUInt16LE(field) !== 1) continue
    let value = field + 4
    const next = () => {
      value += 8
      return value <= extra.length ? Number(extra.readBigUInt64LE(value - 8)) : 0
    }
    if (bytes === elsewhere) bytes = next()
    if (packed === elsewhere) packed = next()
  }
  return { packed, bytes }
}

async function* inflated(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const inflate = createInflateRaw()
  pipeline(packed, inflate, () => {}) // its error is the inflater's
  try {
    yield* inflate as AsyncIterable<Uint8Array>
  } catch (error) {
    if (!(error instanceof Error && 'errno' in error)) throw error
    throw new Truncated('the file in the ZIP does not inflate', { cause: error })
  }
}

async function* skipped(stream: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes
  for await (const chunk of stream) {
    if (chunk.length > left) yield chunk.subarray(left)
    left = Math.max(0, left - chunk.length)
  }
}
