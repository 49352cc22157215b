import type { RequestBook } from '../requests.ts'
import type { Exchange, Reply, Site } from '../server.ts'
import { download } from './downloads.ts'
import { broken, Forbidden, galleries, photographers, type Told } from './methods.ts'
import { blockPage, html, page, redirect } from './pages.ts'
import type { Service } from './service.ts'
import { cookieOf, sessionCookie } from './sessions.ts'
import { projectFolder, renamed } from './wire.ts'
import type { Project } from './world.ts'

/** The account's own origin: asmx methods, the dashboard's page, galleries and their downloads. */

const methodPath = /^\/!services([pg])\.asmx\/(\w+)$/
const galleryMethodPath = /^\/-([^/]+)\/services\.asmx\/(\w+)$/
const galleryPagePath = /^\/-([^/]+)(?:\/(gallery|download))?\/?$/

export function accountSite(service: Service, requests: RequestBook): Site {
  return {
    page,
    note: (exchange) => note(exchange, requests),
    answer: (exchange) =>
      exchange.method === 'POST' ? method(exchange, service, requests) : look(exchange, service, requests),
  }
}

/** Remembered even where a fault keeps it from being answered. */
function note({ method, url }: Exchange, requests: RequestBook): void {
  const [, letter, photographer] = methodPath.exec(url.pathname) ?? []
  const inGallery = galleryMethodPath.exec(url.pathname)?.[2]
  const name = photographer ?? inGallery
  if (method === 'POST' && name) {
    requests.method(name)
    const isKnown = letter === 'p' ? Object.hasOwn(photographers, name) : Object.hasOwn(galleries, inGallery ?? '')
    if (!isKnown) writing.test(name) ? requests.write(name) : requests.unknownMethod(name)
  } else if (method !== 'GET' && method !== 'HEAD') requests.write(`${method} ${url.pathname}`)
}

const writing = /^(add|create|delete|move|publish|remove|reorder|photosReorder|sceneReorder|save|set|update|upload)/i

async function method(exchange: Exchange, service: Service, requests: RequestBook): Promise<Reply> {
  const { pathname } = exchange.url
  const name = methodPath.exec(pathname)?.[2]
  const [, virtualPath, inGallery] = galleryMethodPath.exec(pathname) ?? []
  if (!name && !inGallery) return page('broken', 404)
  if (cookieOf(exchange, 'sst-main') !== null) {
    requests.unknownMethod('a method with the cookie sst-main')
    return page('broken', 400)
  }
  const dead = refusal(exchange, service)
  if (dead) return dead
  if (!/^application\/json;\s*charset=utf-8$/i.test(exchange.headers['content-type'] ?? '')) return replyOf(broken)
  const body = bodyOf(exchange)
  if (!body) return replyOf(broken)
  const told = called(name, inGallery, virtualPath, body, service, exchange)
  if (!told) return page('broken', 404)
  if (!(told instanceof Forbidden)) return replyOf(told, service.faults.current.changedMarkup)
  requests.write(told.what)
  requests.refused++
  return replyOf({ d: { error: 'This stand-in is not written to.' } })
}

function called(
  name: string | undefined,
  inGallery: string | undefined,
  virtualPath: string | undefined,
  body: Record<string, unknown>,
  service: Service,
  exchange: Exchange,
): Told | Forbidden | null {
  if (name) return Object.hasOwn(photographers, name) ? (photographers[name]?.(body, service, exchange) ?? null) : null
  const project = service.world.at(decodeURIComponent(virtualPath ?? ''))
  if (!project || !inGallery || !Object.hasOwn(galleries, inGallery)) return null
  return galleries[inGallery]?.(body, service, project) ?? null
}

/** Where nobody is signed in: 403, and with the silent kind of ending the sign-in page as if nothing were wrong. */
function refusal(exchange: Exchange, { sessions, faults }: Service): Reply | null {
  if (faults.current.locked) return html(blockPage())
  if (sessions.isAlive(exchange)) return null
  return faults.current.silentExpiry ? page('signIn', 200) : page('broken', 403)
}

async function look(exchange: Exchange, service: Service, requests: RequestBook): Promise<Reply> {
  if (exchange.method !== 'GET' && exchange.method !== 'HEAD') return page('broken', 405)
  const { sessions, addresses, world } = service
  const { pathname, searchParams } = exchange.url
  switch (pathname) {
    case '/enter': {
      const session = sessions.redeem(searchParams.get('ticket') ?? '')
      return session === null
        ? redirect(`${addresses.login}/login`)
        : redirect('/recorder', { 'set-cookie': sessionCookie(session) })
    }
    case '/recorder':
      return redirect('/professional#dash', { 'set-cookie': 'sst-main=recorded.by.somebody; Path=/' })
    case '/professional':
      return sessions.isAlive(exchange)
        ? html(`<title>Pic-Time</title><div id="app"></div>${mapping(service)}`)
        : redirect(`${addresses.login}/login`)
    case '/portfolio':
      return html(`<title>Portfolio</title>${mapping(service)}`)
  }
  const [, virtualPath, kind] = galleryPagePath.exec(pathname) ?? []
  const project = virtualPath === undefined ? undefined : world.at(decodeURIComponent(virtualPath))
  if (!project) return page('broken', 404)
  if (kind === 'download') return download(project, exchange, service, requests)
  if (project.status === 15) return page('broken', 404)
  return kind === 'gallery' ? galleryPage(project, service) : redirect(`/-${virtualPath}/gallery`)
}

function galleryPage(project: Project, service: Service): Reply {
  const parameters = {
    projectId: Number(project.id),
    projectStorageId: project.storageId,
    projectPathToken: project.pathToken ?? '',
    galleryTS: 133_000_000_000_000_000,
    folder: projectFolder(project).split('/').length,
  }
  return html(
    `<script>initParams = ${JSON.stringify(parameters)};</script><div id="photoStream"></div>${mapping(service)}`,
  )
}

/** Storage ids and their hosts; every other one is written as a bare host. */
function mapping({ addresses }: Service): string {
  const hosts = [11, 12, 13].map((storageId) => ({
    storageId,
    dataDomain: new URL(addresses.cdn).host,
    cdnDomain: storageId % 2 === 0 ? new URL(addresses.cdn).host : addresses.cdn,
  }))
  return `<script>var _pictimeStorageMapping = ${JSON.stringify(hosts)};</script>`
}

function bodyOf({ body }: Exchange): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'))
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? { ...parsed } : null
  } catch {
    return null
  }
}

function replyOf(told: Told, changed = false): Reply {
  if ('reply' in told) return told.reply
  const text = JSON.stringify(told)
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'private, max-age=0' },
    body: changed ? renamed(text) : text,
  }
}
