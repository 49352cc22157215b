import type { Originals } from '../originals.ts'
import { counted, ranged } from '../ranges.ts'
import type { Reply, Site } from '../server.ts'
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
      return counted(ranged(await originals(photo.content), null, exchange), exchange, requests)
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
