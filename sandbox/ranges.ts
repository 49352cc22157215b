// The bytes of an original, whole or from where they are asked for, and what is counted of them.
import type { Served } from './originals.ts'
import type { RequestBook } from './requests.ts'
import type { Exchange, Reply } from './server.ts'

/** One range as RFC 9110 has it; If-Range with another ETag gives the whole. */
export function ranged({ bytes, contentType }: Served, etag: string | null, { headers: asked }: Exchange): Reply {
  const headers = { 'content-type': contentType, ...(etag === null ? {} : { etag }), 'accept-ranges': 'bytes' }
  if (etag !== null && asked['if-none-match'] === etag) return { status: 304, headers }
  const [range, from, to] = /^bytes=(\d*)-(\d*)$/.exec(asked.range ?? '') ?? []
  const isStale = asked['if-range'] !== undefined && asked['if-range'] !== etag
  if (range === undefined || range === 'bytes=-' || isStale) return { status: 200, headers, body: bytes }
  const start = from ? Number(from) : Math.max(0, bytes.length - Number(to))
  const end = from && to ? Math.min(Number(to), bytes.length - 1) : bytes.length - 1
  if (start > end) return { status: 416, headers: { ...headers, 'content-range': `bytes */${bytes.length}` } }
  const part = { ...headers, 'content-range': `bytes ${start}-${end}/${bytes.length}` }
  return { status: 206, headers: part, body: bytes.subarray(start, end + 1) }
}

/** The same reply, once it is noted that these bytes went out. */
export function counted(
  reply: Reply,
  { method }: Exchange,
  requests: RequestBook,
  as: 'originals' | 'sized' = 'originals',
): Reply {
  if (method === 'GET' && reply.status < 300) {
    requests[as]++
    requests.bytes += reply.body?.length ?? 0
  }
  return reply
}
