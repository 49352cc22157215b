// The parts of an upload: files into the store while the next one comes, fields as text.
import type { IncomingMessage } from 'node:http'
import { Refusal } from '#server/refusal.ts'
import { sniff } from '#server/sniff.ts'
import { type Spooled, TooManyBytes } from '#server/spool.ts'
import { maxArchiveBytes, mayBeArchive, unpack } from '#server/uploads/archive.ts'
import { maxFileBytes, type Received } from '#server/uploads/receive.ts'
import type { Uploads } from '#server/uploads.ts'
import { flowing } from './body.ts'
import { statedDigest, wholeDigest } from './digest.ts'
import { boundaryOf, type Part, partsOf, textOf } from './multipart.ts'
import { InvalidParameter, refusalOf } from './problems.ts'

export interface Parcel {
  /** In the order sent; at least one. */
  files: Received[]
  fields: Record<string, string>
  /** Several files, or an archive: they become one job. */
  isBulk: boolean
}

export const itemsAtMost = 10_000
const fieldBytes = 64 * 1024
/** Fields, boundaries and headers of a request. */
const wrappingBytes = 1_000_000
/** Of one request, while the next file comes in. */
const putsAtOnce = 4

/**
 * Reads the whole body. Throws Refusals for what cannot be read; nothing that came is left behind then. Files that are
 * no pictures are told beside the others.
 */
export async function receiveParts(uploads: Uploads, clientId: string, incoming: IncomingMessage): Promise<Parcel> {
  const boundary = boundaryOf(incoming.headers['content-type'] ?? '')
  const whole = wholeDigest(incoming.headers['content-digest'])
  const fields: Record<string, string> = {}
  const files: Promise<Received[]>[] = []
  const putting = new Set<Promise<Received[]>>()
  let isBulk = false
  const length = Number(incoming.headers['content-length'] ?? 0)
  // Several may be larger together than one may be.
  const refused = () =>
    files.length === 0 && length > maxFileBytes + wrappingBytes ? refusalOf('file_too_large') : null
  try {
    for await (const part of partsOf(whole.over(flowing(incoming, refused)), boundary)) {
      if (part.name !== 'file') {
        if (part.filename !== null || Object.hasOwn(fields, part.name))
          throw new InvalidParameter(
            `/${part.name}`,
            part.filename === null ? 'comes twice' : 'files are sent as “file”',
          )
        Object.defineProperty(fields, part.name, { value: await fieldOf(part), enumerable: true })
        continue
      }
      if (files.length >= itemsAtMost) throw tooMany()
      if (putting.size >= putsAtOnce) await Promise.race(putting)
      const stated = statedDigest(part.headers.get('content-digest'))
      const file = await spooled(uploads, part)
      isBulk ||= file.isArchive || files.length > 0
      const put = file.isArchive ? opened(uploads, clientId, file, stated) : kept(uploads, clientId, file, part, stated)
      files.push(put)
      putting.add(put)
      put.finally(() => putting.delete(put)).catch(() => {})
    }
    if (files.length === 0) throw new Refusal('file_missing', 400, 'Send at least one file, as “file”.')
    const received = (await Promise.all(files)).flat()
    if (received.length > itemsAtMost) throw tooMany()
    if (received.length === 0) throw new Refusal('file_missing', 400, 'The archive holds no files.')
    if (!whole.agrees(received)) throw refusalOf('checksum_mismatch')
    return { files: received, fields, isBulk }
  } catch (error) {
    const received = await Promise.allSettled(files)
    await uploads.drop(received.flatMap((one) => (one.status === 'fulfilled' ? one.value : [])))
    throw error
  }
}

async function spooled(uploads: Uploads, part: Part): Promise<Spooled & { isArchive: boolean }> {
  try {
    const { head, stream } = await begun(part.stream)
    const file = await uploads.spool(stream, mayBeArchive(head) ? maxArchiveBytes : maxFileBytes)
    // Documents are archives too, and no pictures.
    const isArchive = mayBeArchive(head) && (await sniff(file.head)).contentType === 'application/zip'
    return { ...file, isArchive }
  } catch (error) {
    // What follows is not read: it would be for nothing.
    throw error instanceof TooManyBytes ? refusalOf('file_too_large') : error
  }
}

/** The first bytes of a stream, and all of it. */
async function begun(stream: AsyncIterable<Buffer>): Promise<{ head: Buffer; stream: AsyncIterable<Buffer> }> {
  const chunks = stream[Symbol.asyncIterator]()
  let head = Buffer.alloc(0)
  while (head.length < 4) {
    const next = await chunks.next()
    if (next.done) break
    head = Buffer.concat([head, next.value])
  }
  const rest = async function* () {
    if (head.length > 0) yield head
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value
  }
  return { head, stream: rest() }
}

async function kept(
  uploads: Uploads,
  clientId: string,
  file: Spooled,
  { filename }: Part,
  stated: string | undefined,
): Promise<Received[]> {
  return [await uploads.keep(clientId, file, filename && baseName(filename), stated)]
}

async function opened(
  uploads: Uploads,
  clientId: string,
  file: Spooled,
  stated: string | undefined,
): Promise<Received[]> {
  try {
    if (stated !== undefined && stated !== file.sha256) throw refusalOf('checksum_mismatch')
    return await unpack(uploads, clientId, file)
  } finally {
    await file.remove()
  }
}

const tooMany = () => new Refusal('too_many_items', 413, `At most ${itemsAtMost} files come at once.`)

async function fieldOf(part: Part): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of part.stream) {
    bytes += chunk.length
    if (bytes > fieldBytes) throw new InvalidParameter(`/${part.name}`, `has more than ${fieldBytes} bytes`)
    chunks.push(chunk)
  }
  return textOf(Buffer.concat(chunks))
}

/** The last part of a path, whichever system wrote it; null where nothing is left. */
export function baseName(path: string): string | null {
  const name = path
    .replace(/^.*[/\\]/s, '')
    .replace(/[\p{Cc}\u2028\u2029]/gu, '')
    .trim()
  return name === '' || name === '.' || name === '..' ? null : [...name].slice(0, 255).join('')
}
