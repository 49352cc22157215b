import type { Originals, Served } from '../originals.ts'
import type { Exchange, Reply, Site } from '../server.ts'
import { page } from './pages.ts'
import type { Service } from './service.ts'
import type { ZipDesk } from './zips.ts'

/** The second host: signed addresses that are over after a while, and no place for anybody's authorization. */
export function filesSite(service: Service, originals: Originals, zips: ZipDesk): Site {
  const { requests, world, addresses } = service
  return {
    page,
    note({ method, url, headers }) {
      if (method !== 'GET' && method !== 'HEAD') requests.write(`${method} ${url.pathname}`)
      // What a signed-in client must never send here.
      for (const name of ['authorization', 'cookie'] as const)
        if (headers[name] !== undefined) requests.unknownMethod(`${name} at the second host`)
    },
    async answer(exchange) {
      const { method, url, headers } = exchange
      if (method !== 'GET' && method !== 'HEAD') return page('broken', 405)
      if (headers.authorization !== undefined) return refused(400, 'Only one auth mechanism allowed')
      const zip = await zips.answer(url)
      if (zip) return zip
      const id = addresses.photoOf(url)
      const photo = id === null ? undefined : world.anyPhoto(id)
      if (!photo) return refused(403, 'Request has expired')
      const reply = ranged(await originals(photo.content), exchange)
      if (method === 'GET' && reply.status < 300) {
        requests.originals++
        requests.bytes += reply.body?.length ?? 0
      }
      return reply
    },
  }
}

function refused(status: number, message: string): Reply {
  return {
    status,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>${message}</Message></Error>`,
  }
}

/** One range of bytes, as RFC 9110 has it. */
function ranged({ bytes, contentType }: Served, { headers }: Exchange): Reply {
  const common = { 'content-type': contentType, 'accept-ranges': 'bytes' }
  const asked = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '')
  if (!asked) return { status: 200, headers: common, body: bytes }
  const start = Number(asked[1])
  const end = Math.min(asked[2] ? Number(asked[2]) : bytes.length - 1, bytes.length - 1)
  if (start > end) return { status: 416, headers: { ...common, 'content-range': `bytes */${bytes.length}` } }
  const range = `bytes ${start}-${end}/${bytes.length}`
  return { status: 206, headers: { ...common, 'content-range': range }, body: bytes.subarray(start, end + 1) }
}
