import { createHmac, randomBytes } from 'node:crypto'
import type { OddFiles } from '../odd-files.ts'
import type { Served } from '../originals.ts'
import { counted, ranged } from '../ranges.ts'
import type { RequestBook } from '../requests.ts'
import type { Exchange, Reply, Site } from '../server.ts'
import { page } from './pages.ts'
import type { Service } from './service.ts'
import { manifest, projectFolder } from './wire.ts'
import type { Photo, Project } from './world.ts'

/** An address of an original holds for so long. */
const addressSeconds = 15
const originalPath = /^\/hires\/(?:[^/]+\/)+(\d+)$/

/** Addresses of originals: signed for this process, and soon over. */
export class Cdn {
  readonly #key = randomBytes(32)
  readonly #origin: () => string

  constructor(origin: () => string) {
    this.#origin = origin
  }

  address(project: Project, photo: Photo): string {
    const expires = Date.now() + addressSeconds * 1000
    const path = `/hires/${projectFolder(project)}/${photo.id}`
    return `${this.#origin()}${path}?se=${expires}&sig=${this.#signature(path, String(expires))}`
  }

  isValid({ pathname, searchParams }: URL): boolean {
    const expires = searchParams.get('se') ?? ''
    return Number(expires) > Date.now() && searchParams.get('sig') === this.#signature(pathname, expires)
  }

  #signature(path: string, expires: string): string {
    return createHmac('sha256', this.#key).update(`${path} ${expires}`).digest('base64url')
  }
}

/** The storage behind the CDN: originals by signed addresses, manifests and web-sized pictures for anybody. */
export function cdnSite(service: Service, oddFiles: OddFiles, requests: RequestBook): Site {
  return {
    page,
    note({ method, url, headers }) {
      if (method !== 'GET' && method !== 'HEAD') requests.write(`${method} ${url.pathname}`)
      if (headers.cookie !== undefined) requests.unknownMethod('a cookie at the CDN')
    },
    async answer(exchange) {
      if (exchange.method !== 'GET' && exchange.method !== 'HEAD') return page('broken', 405)
      const id = originalPath.exec(exchange.url.pathname)?.[1]
      return id === undefined
        ? publicData(exchange, service, oddFiles, requests)
        : original(id, exchange, service, oddFiles, requests)
    },
  }
}

async function original(
  id: string,
  exchange: Exchange,
  { world, cdn, archive, originals }: Service,
  oddFiles: OddFiles,
  requests: RequestBook,
): Promise<Reply> {
  const found = world.photo(id)
  if (!cdn.isValid(exchange.url)) return storageError(403, 'AuthenticationFailed')
  if (!found) return storageError(404, 'BlobNotFound')
  if (!archive.isAtHand(found.project, found.photo)) return storageError(409, 'BlobArchived')
  const served: Served = found.project.bounded
    ? { bytes: await oddFiles('sized', `photo ${id}`), contentType: 'image/jpeg' }
    : await originals(found.photo.content)
  const reply = ranged(served, `"${id}.${served.bytes.length}"`, exchange)
  return counted(reply, exchange, requests, found.project.bounded ? 'sized' : 'originals')
}

async function publicData(
  { url }: Exchange,
  { world }: Service,
  oddFiles: OddFiles,
  requests: RequestBook,
): Promise<Reply> {
  const [, folder = '', rest = ''] =
    /^\/pictures\/(.+?)\/(gallery\.json\.txt|lowres\/\d+\.jpg|homepage\/smallres\/.+)$/.exec(url.pathname) ?? []
  const project = world.projects.find((one) => projectFolder(one) === folder)
  if (!project || project.status === 15) return storageError(404, 'BlobNotFound')
  if (rest === 'gallery.json.txt')
    return { status: 200, headers: { 'content-type': 'text/plain' }, body: JSON.stringify(manifest(project)) }
  requests.sized++
  return { status: 200, headers: { 'content-type': 'image/jpeg' }, body: await oddFiles('sized', `photo ${rest}`) }
}

function storageError(status: number, code: string): Reply {
  const body = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>.</Message></Error>`
  return { status, headers: { 'content-type': 'application/xml' }, body }
}
