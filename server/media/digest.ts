// Content-Digest (RFC 9530): what the sender says the bytes are.
import { createHash } from 'node:crypto'
import type { Received } from '#server/uploads/receive.ts'
import { InvalidParameter } from './problems.ts'

/** SHA-256 in hex; undefined where none is stated. Throws InvalidParameter. */
export function statedDigest(header: string | string[] | undefined): string | undefined {
  const stated = /(?:^|,)\s*sha-256\s*=\s*([^,]*)/i.exec(String(header ?? ''))
  if (!stated) return undefined
  const [, coded] = /^:([A-Za-z0-9+/]{43}=):$/.exec(stated[1]!.trim()) ?? []
  if (!coded) throw new InvalidParameter('Content-Digest', 'a SHA-256 is written as sha-256=:<base64>:')
  return Buffer.from(coded, 'base64').toString('hex')
}

/**
 * The digest of a request: of its whole content, as the RFC has it, or of the one file in it, as senders do who know
 * nothing of the wrapping.
 */
export function wholeDigest(header: string | string[] | undefined) {
  const stated = statedDigest(header)
  const hash = createHash('sha256')
  return {
    over(body: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
      return stated === undefined ? body : hashed(body, hash)
    },
    /** Asked once, when all of the body was read. */
    agrees(files: Received[]): boolean {
      if (stated === undefined || hash.digest('hex') === stated) return true
      const [only] = files
      return files.length === 1 && only !== undefined && 'sha256' in only && only.sha256 === stated
    },
  }
}

async function* hashed(body: AsyncIterable<Buffer>, hash: ReturnType<typeof createHash>): AsyncGenerator<Buffer> {
  for await (const chunk of body) {
    hash.update(chunk)
    yield chunk
  }
}
