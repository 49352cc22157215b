// A ZIP archive of pictures, taken apart: what it says of itself is checked before a byte of it is unpacked, and again
// while it flows.
import { crc32 } from 'node:zlib'
import yauzl, { type Entry, type ZipFile } from 'yauzl'
import { Refusal } from '../refusal.ts'
import type { Spooled } from '../spool.ts'
import { maxFileBytes, type Received, type Reception } from './receive.ts'

const MB = 1_000_000

export const maxArchiveBytes = 2000 * MB
const entriesAtMost = 10_000
/** All that is in it. */
const unpackedBytes = 10_000 * MB
/** A picture of one colour without compression of its own shrinks to less, but nobody sends those by the megabyte. */
const mostShrunk = 200

/** The beginning of every ZIP archive that is not empty. */
export function mayBeArchive(head: Uint8Array): boolean {
  return head[0] === 0x50 && head[1] === 0x4b && head[2] === 3 && head[3] === 4
}

/**
 * Its files in their order, without folders and what systems put beside them. Throws Refusal `invalid_parameter` for
 * what is no archive, is encrypted, or names a path or a link that leads elsewhere; `too_many_items`, `file_too_large`.
 */
export async function unpack(reception: Reception, clientId: string, archive: Spooled): Promise<Received[]> {
  const received: Received[] = []
  let zip: ZipFile | undefined
  try {
    const { body } = archive
    const options = { autoClose: false, strictFileNames: true }
    zip = await (Array.isArray(body)
      ? yauzl.fromBufferPromise(Buffer.concat(body), options)
      : yauzl.openPromise(body.path, options))
    if (zip.entryCount > entriesAtMost)
      throw new Refusal('too_many_items', 413, `At most ${entriesAtMost} files come at once.`)
    const entries: Entry[] = []
    for await (const entry of zip.eachEntry()) entries.push(entry)
    for (const entry of picturesOf(entries, archive.bytes))
      received.push(await receive(reception, clientId, zip, entry))
    return received
  } catch (error) {
    await reception.drop(received)
    // yauzl throws bare errors for whatever is wrong with an archive; everything else has a class or a code.
    const isOfArchive = error instanceof Error && error.constructor === Error && !('code' in error)
    throw isOfArchive ? odd('The archive cannot be read, or names a path that leads elsewhere.', error) : error
  } finally {
    zip?.close()
  }
}

function picturesOf(entries: Entry[], archiveBytes: number): Entry[] {
  let packed = 0
  let unpacked = 0
  for (const entry of entries) {
    if (entry.isEncrypted()) throw odd('The archive is encrypted.')
    if (!isFile(entry)) throw odd('The archive holds a link.')
    packed += entry.compressedSize
    unpacked += entry.uncompressedSize
    const swells = entry.uncompressedSize > MB && entry.uncompressedSize > mostShrunk * entry.compressedSize
    // Files that overlap are one way to pack a bomb, and no program packs so.
    if (swells || packed > archiveBytes || unpacked > unpackedBytes)
      throw new Refusal('file_too_large', 413, 'The archive holds more than its size allows.')
  }
  return entries.filter(({ fileName }) => !fileName.endsWith('/') && !isBeside(fileName))
}

/** Archives made on Unix tell the kind of file; 0 where they do not. */
function isFile({ externalFileAttributes, fileName }: Entry): boolean {
  const kind = (externalFileAttributes >>> 16) & 0o170000
  return kind === 0 || kind === 0o100000 || (kind === 0o040000 && fileName.endsWith('/'))
}

const isBeside = (path: string) => /^__MACOSX\/|(^|\/)(\.[^/]*|Thumbs\.db|desktop\.ini)$/i.test(path)

async function receive(reception: Reception, clientId: string, zip: ZipFile, entry: Entry): Promise<Received> {
  const filename = entry.fileName.replace(/^.*\//s, '').slice(0, 255)
  if (entry.uncompressedSize > maxFileBytes) return { filename, code: 'file_too_large' }
  if (!entry.canDecodeFileData()) return { filename, code: 'corrupt_image' }
  try {
    const stream = await zip.openReadStreamPromise(entry)
    return await reception.receive(clientId, { filename, stream: checkedSum(stream, entry.crc32) })
  } catch (error) {
    const isOfEntry = error instanceof DamagedEntry || (error instanceof Error && /^Z_/.test(codeOf(error)))
    if (isOfEntry || (error as Error).constructor === Error) return { filename, code: 'corrupt_image' }
    throw error
  }
}

class DamagedEntry extends Error {
  override name = 'DamagedEntry'
}

async function* checkedSum(stream: AsyncIterable<Buffer>, expected: number): AsyncGenerator<Buffer> {
  let sum = 0
  for await (const chunk of stream) {
    sum = crc32(chunk, sum)
    yield chunk
  }
  if (sum !== expected) throw new DamagedEntry()
}

const codeOf = (error: Error) => String((error as NodeJS.ErrnoException).code ?? '')
const odd = (title: string, cause?: unknown) => new Refusal('invalid_parameter', 422, title, { cause })
