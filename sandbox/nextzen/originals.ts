import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Originals } from '../originals.ts'
import { counted, ranged } from '../ranges.ts'
import type { RequestBook } from '../requests.ts'
import type { Exchange, Site } from '../server.ts'
import { page } from './pages.ts'
import type { Album, Photo, World } from './world.ts'

/** The host of the originals: signed addresses that soon die, and no sign-in of any kind. */

/** Hours in truth; so few here that an address kept from the listing is dead when it is used. */
const addressSeconds = 10
const key = 'the key of the stand-in'

const hmacOf = (path: string, until: string) => createHmac('sha256', key).update(`${path} ${until}`).digest('hex')

/** Path and signature, without a host. */
export function signedPath(world: World, album: Album, photo: Photo): string {
  const file = encodeURIComponent(photo.fileName).replace(/[!'()*]/g, (odd) => `%${odd.charCodeAt(0).toString(16)}`)
  const path = `/${world.siteId}/${album.id}/${photo.id}/${photo.version}/${file}`
  const until = String(Math.ceil(Date.now() / 1000) + addressSeconds)
  return `${path}?fjkss=exp=${until}~hmac=${hmacOf(path, until)}`
}

export function originalsSite(world: World, originals: Originals, requests: RequestBook): Site {
  return {
    page,
    note({ method, url, headers }) {
      if (method !== 'GET' && method !== 'HEAD') requests.write(`${method} ${url.pathname}`)
      if (carriesSignIn(headers)) requests.unknownMethod('a sign-in sent to the host of the originals')
    },
    async answer(exchange) {
      const { method, url, headers } = exchange
      if (method !== 'GET' && method !== 'HEAD') return page('broken', 405)
      if (carriesSignIn(headers)) return page('broken', 400)
      const [, siteId, albumId, photoId] = url.pathname.split('/')
      const album = siteId === world.siteId ? world.albums.get(albumId ?? '') : undefined
      const photo = album?.photo(album.indexOf(photoId ?? '') ?? -1)
      if (!photo) return page('broken', 404)
      if (!isAlive(url)) return page('broken', 403)
      const reply = ranged(await originals(photo.content), `"${photo.id}.${photo.version}"`, exchange)
      return counted(reply, exchange, requests)
    },
  }
}

const carriesSignIn = ({ authorization, cookie }: Exchange['headers']) =>
  authorization !== undefined || cookie !== undefined

function isAlive(url: URL): boolean {
  const [, until, hmac] = /^exp=(\d+)~hmac=([0-9a-f]{64})$/.exec(url.searchParams.get('fjkss') ?? '') ?? []
  if (!until || !hmac || Number(until) * 1000 < Date.now()) return false
  return timingSafeEqual(Buffer.from(hmac), Buffer.from(hmacOf(url.pathname, until)))
}
