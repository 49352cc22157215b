import { setTimeout as pause } from 'node:timers/promises'
import type { OddFiles } from '../odd-files.ts'
import type { Originals, Served } from '../originals.ts'
import { counted, ranged } from '../ranges.ts'
import type { RequestBook } from '../requests.ts'
import type { Exchange, Reply, Site } from '../server.ts'
import { credential } from './cookies.ts'
import { originalKey, type Service } from './methods.ts'
import { page } from './pages.ts'
import { mayDownload } from './viewer.ts'
import { extension, urlToken } from './wire.ts'
import { type AnySet, effectiveAccess, type Photo } from './world.ts'

/** The host of the originals: plain GETs with ranges, refused where access is restricted and nobody is signed in. */

/** A gateway's patience with storage that does not answer. */
const gatewaySeconds = 120

const photoPath = /^\/img\/(v0|s\/v-2)\/p(\d{1,19})(?:-(\d+))?\.(\w+)$/
const filePath = /^\/raw\/v-2\/f(\d{1,19})\/[^/]*$/

export function originalsSite(service: Service, originals: Originals, oddFiles: OddFiles, requests: RequestBook): Site {
  return {
    page,
    note(exchange) {
      if (exchange.method !== 'GET' && exchange.method !== 'HEAD') {
        requests.write(`${exchange.method} ${exchange.url.pathname}`)
      }
    },
    async answer(exchange) {
      if (exchange.method !== 'GET' && exchange.method !== 'HEAD') return page('broken', 405)
      const file = filePath.exec(exchange.url.pathname)?.[1]
      if (file !== undefined) return rawFile(file, exchange, service, originals, requests)
      const [, version, id, size, suffix] = photoPath.exec(exchange.url.pathname) ?? []
      const photo = id === undefined ? undefined : service.world.photo(id)
      if (!photo || version !== (photo.legacy ? 'v0' : 's/v-2')) return page('broken', 404)
      if (size === undefined ? photo.isVideo || suffix !== extension(photo) : !(photo.isVideo && size === '200')) {
        return sized(photo, size, exchange, oddFiles, requests)
      }
      return restricted(photo, exchange, service) ?? original(photo, exchange, service, originals, requests)
    },
  }
}

async function original(
  photo: Photo,
  exchange: Exchange,
  service: Service,
  originals: Originals,
  requests: RequestBook,
): Promise<Reply> {
  const frozen = await thaw(photo.gallery, exchange, service)
  return frozen ?? sent(await originals(photo.content), `${photo.id}.${photo.sequence}`, exchange, requests)
}

async function rawFile(
  id: string,
  exchange: Exchange,
  service: Service,
  originals: Originals,
  requests: RequestBook,
): Promise<Reply> {
  const found = service.world.file(id)
  if (!found) return page('broken', 404)
  const refused = restricted(found.gallery, exchange, service)
  return refused ?? sent(await originals(found.file.content), `f${id}`, exchange, requests)
}

/** 404 where a visitor may not know that it exists, 403 where only the bytes are kept back or the token has died. */
function restricted(of: Photo | AnySet, exchange: Exchange, { world, signIn }: Service): Reply | null {
  const token = signIn.use(credential(exchange, 'x-zenfolio-token', 'zf_token'))
  const viewer = {
    owner: token === 'alive',
    realms: signIn.unlocked(credential(exchange, 'x-zenfolio-keyring', 'zf_keyring')),
  }
  const keys = exchange.url.searchParams.get('key')?.split('.') ?? []
  if (mayDownload(of, viewer, world, keys.includes(originalKey(world, of.id)))) return null
  const { type } = effectiveAccess(of).access
  return page('broken', token === 'absent' && (type === 'Private' || type === 'UserList') ? 404 : 403)
}

/** Storage that is cold says nothing until it is thawed; what waited meanwhile is given up by the gateway. */
async function thaw(set: AnySet, exchange: Exchange, { cold }: Service): Promise<Reply | null> {
  if (set.cold === null || cold.isThawed(set.id)) return null
  const wait = Math.min(cold.millisecondsLeft(set.id), gatewaySeconds * 1000)
  await pause(wait, undefined, { signal: exchange.signal }).catch(() => undefined)
  return page('broken', 504)
}

async function sized(
  photo: Photo,
  size: string | undefined,
  exchange: Exchange,
  oddFiles: OddFiles,
  requests: RequestBook,
): Promise<Reply> {
  if (size === undefined) return page('broken', 404)
  if (exchange.url.searchParams.get('tk') !== urlToken(photo.id)) return page('broken', 403)
  requests.sized++
  return { status: 200, headers: { 'content-type': 'image/jpeg' }, body: await oddFiles('sized', 'sized') }
}

function sent(served: Served, version: string, exchange: Exchange, requests: RequestBook): Reply {
  return counted(ranged(served, `"${version}.${served.bytes.length}"`, exchange), exchange, requests)
}
