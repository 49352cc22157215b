import type { OddFiles } from '../odd-files.ts'
import type { Originals, Served } from '../originals.ts'
import { counted, ranged } from '../ranges.ts'
import type { Exchange, Reply, Site } from '../server.ts'
import { page } from './pages.ts'
import { isRead, noteLeak, type Service } from './service.ts'

/** Hosts of pictures (public, smaller than the originals), of originals (signed) and of videos (by token). */

function site(service: Service, host: string, answer: (exchange: Exchange) => Promise<Reply> | Reply): Site {
  const { requests } = service
  return {
    page,
    note(exchange) {
      noteLeak(exchange, requests, host)
      if (!isRead(exchange)) requests.write(`${exchange.method} ${exchange.url.pathname}`)
      else requests.method(host)
    },
    answer: (exchange) => (isRead(exchange) ? answer(exchange) : page('broken', 405)),
  }
}

/** xxlarge is not the original; the original's own name opens nothing here. */
export function picturesSite(service: Service, oddFiles: OddFiles): Site {
  return site(service, 'pictures', async ({ url }) => {
    const [, size] = /^\/\d+\/[\da-f]{32}(?:-(\w+))?\.\w+$/.exec(url.pathname) ?? []
    if (size === undefined || size === 'orig') return refused()
    service.requests.sized++
    return { status: 200, headers: { 'content-type': 'image/jpeg' }, body: await oddFiles('sized', `sized ${size}`) }
  })
}

export function originalsSite(service: Service, contents: Originals): Site {
  return site(service, 'originals', async (exchange) => {
    const [, hash] = /\/([\da-f]{32})-orig\.\w+$/.exec(exchange.url.pathname) ?? []
    const photo = hash === undefined ? undefined : service.world.photoByHash(hash)
    if (!photo || !service.signing.isSigned(exchange.url)) return refused()
    return sent(await contents(photo.content), photo.id, exchange, service)
  })
}

export function streamSite(service: Service, contents: Originals): Site {
  return site(service, 'stream', async (exchange) => {
    const [, playbackId = '', name] = /^\/(\w+)(?:\.m3u8|\/([\w.]+))$/.exec(exchange.url.pathname) ?? []
    const video = service.world.video(playbackId)
    if (!video) return page('broken', 404)
    if (!service.signing.isTokenOf(video, exchange.url.searchParams.get('token'))) return refused()
    if (name === undefined)
      return { status: 200, headers: { 'content-type': 'application/vnd.apple.mpegurl' }, body: '#EXTM3U\n' }
    const rendition = video.renditions.find((one) => one.name === name)
    if (!rendition) return page('broken', 404)
    return sent(await contents(rendition.content), playbackId, exchange, service)
  })
}

function refused(): Reply {
  return {
    status: 403,
    headers: { 'content-type': 'application/xml' },
    body: '<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Access denied</Message></Error>',
  }
}

function sent(served: Served, version: string, exchange: Exchange, { requests }: Service): Reply {
  return counted(ranged(served, `"${version}.${served.bytes.length}"`, exchange), exchange, requests)
}
