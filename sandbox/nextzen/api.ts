import type { FaultSwitch } from '../faults.ts'
import type { RequestBook } from '../requests.ts'
import type { Exchange, Reply, Site } from '../server.ts'
import type { Bearers } from './bearers.ts'
import { signedPath } from './originals.ts'
import { type Door, html, page, welcome } from './pages.ts'
import type { Wire } from './wire.ts'
import type { World } from './world.ts'

/** The dashboard's host: its sign-in page, and the REST behind it, which a bearer opens. */

export interface Service {
  world: World
  wire: Wire
  bearers: Bearers
  faults: FaultSwitch
  requests: RequestBook
  door: Door
  /** The most galleries that come at once, whatever is asked. */
  pageMaximum: number
  /** Every second album's originals are named with their host. */
  cdn(): string
}

/** A call that was understood; the paths are those that the dashboard asks. */
type Call =
  | { name: 'sign-in' | 'settings' | 'tree' | 'download' }
  | { name: 'content' | 'accessors'; query: URLSearchParams }
  | { name: 'photos'; albumId: string }

export function apiSite(service: Service): Site {
  return {
    page,
    note: (exchange) => note(exchange, service),
    answer: (exchange) => answer(exchange, service),
  }
}

/** Writes and unknown calls are remembered even where a fault keeps them from being answered. */
function note({ method, url }: Exchange, { requests }: Service): void {
  const call = callOf(method, url)
  if (call) {
    requests.method(call.name)
    if (call.name === 'sign-in') requests.signIns++
    return
  }
  const what = `${method} ${url.pathname}${url.search}`
  if (method !== 'GET' && method !== 'HEAD') requests.write(what)
  else if (url.pathname.startsWith('/api/')) requests.unknownMethod(what)
}

function callOf(method: string, { pathname, searchParams: query }: URL): Call | null {
  if (method === 'POST' && pathname === '/api/account/v1/sign-in') return { name: 'sign-in' }
  if (method === 'PUT' && pathname === '/api/folders/v1/photos/download') return { name: 'download' }
  if (method !== 'GET') return null
  if (pathname === '/api/site/v1/settings') return { name: 'settings' }
  if (pathname === '/api/folders/v1/folders/tree') return { name: 'tree' }
  if (pathname === '/api/folders/v1/galleries/content' && isPage(query)) return { name: 'content', query }
  if (pathname === '/api/folders/v1/folders/accessors' && isPage(query)) return { name: 'accessors', query }
  const [, albumId] = /^\/api\/folders\/v1\/folders\/([^/]+)\/photos$/.exec(pathname) ?? []
  return albumId === undefined ? null : { name: 'photos', albumId: decodeURIComponent(albumId) }
}

const isPage = (query: URLSearchParams) =>
  ['skip', 'take'].every((name) => /^\d{1,9}$/.test(query.get(name) ?? '')) && Number(query.get('take')) > 0

function answer(exchange: Exchange, service: Service): Reply {
  const { method, url } = exchange
  const call = callOf(method, url)
  if (!call) return pageOf(exchange, service)
  if (call.name === 'sign-in') return signIn(exchange, service)
  if (call.name === 'settings') return json(200, { locale: 'en' })
  return refusal(exchange, service) ?? answerOf(call, exchange, service)
}

function pageOf({ method, url }: Exchange, { door }: Service): Reply {
  if (method !== 'GET') return json(405, { message: 'Not here.' })
  if (url.pathname === '/') return { status: 302, headers: { location: '/welcome' } }
  if (url.pathname === '/welcome' || url.pathname === '/dashboard') return html(200, welcome(door))
  return url.pathname.startsWith('/api/') ? json(404, { message: 'No such address.' }) : page('broken', 404)
}

function signIn(exchange: Exchange, { world, bearers, faults, door }: Service): Reply {
  const { email, password } = bodyOf(exchange)
  if (faults.current.locked) return json(423, { message: 'Your account has been locked.' })
  if (faults.current.apiOff) return json(403, { message: 'Forbidden' })
  if (faults.current.wrongPassword || email !== world.email || password !== world.password)
    return json(401, { message: 'The e-mail address or the password is not correct.' })
  return door === 'second-step' ? json(200, { step: 'code' }) : json(200, { bearer: bearers.issue() })
}

/** null where the bearer opens the door. */
function refusal({ headers }: Exchange, { bearers, faults }: Service): Reply | null {
  const { current } = faults
  if (current.locked) return json(403, { message: 'Your account has been locked.' })
  if (current.apiOff) return json(403, { message: 'Forbidden' })
  const bearer = /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1] ?? null
  const state = current.wrongPassword ? 'dead' : bearers.use(bearer)
  if (state === 'alive') return null
  // Where a dead bearer counts as none, whoever comes is shown the way in.
  if (state === 'dead' && current.silentExpiry) return { status: 302, headers: { location: '/welcome' } }
  return json(401, { message: 'Unauthorized' })
}

function answerOf(call: Call, exchange: Exchange, service: Service): Reply {
  const { wire, world, pageMaximum } = service
  switch (call.name) {
    case 'tree':
      return told(wire.tree(), service)
    case 'content':
      return content(call.query, service)
    case 'accessors':
      return told({ count: 0, userAccesses: [] }, service)
    case 'photos': {
      const album = world.albums.get(call.albumId)
      return album ? told(wire.photos(album), service) : json(404, { message: 'No such folder.' })
    }
    default:
      return download(exchange, service)
  }
  function content(query: URLSearchParams, { requests }: Service): Reply {
    const asked = { active: query.get('active') === 'true', inactive: query.get('inactive') === 'true' }
    const [skip, take] = [Number(query.get('skip')), Number(query.get('take'))]
    const all = wire.contents(asked)
    // A known mistake of clients: one request more than there are pages.
    if (skip > 0 && skip >= all.length) requests.unknownMethod(`content past its end: ${skip} of ${all.length}`)
    return told(wire.content(all, skip, Math.min(take, pageMaximum)), service)
  }
}

function download(exchange: Exchange, service: Service): Reply {
  const { world, cdn } = service
  if (!/^application\/json\s*(;|$)/i.test(exchange.headers['content-type'] ?? '')) return json(415, { message: 'JSON' })
  const { albumId, photoId, ...more } = bodyOf(exchange)
  if (typeof albumId !== 'string' || typeof photoId !== 'string' || Object.keys(more).length > 0)
    return json(400, { message: 'albumId and photoId are needed, and nothing else.' })
  const album = world.albums.get(albumId)
  const photo = album?.photo(album.indexOf(photoId) ?? -1)
  if (!album || !photo) return json(404, { message: 'No such photo.' })
  const path = signedPath(world, album, photo)
  const whole = [...world.albums.keys()].indexOf(albumId) % 4 === 3
  return told({ downloadUrl: whole ? `${cdn()}${path}` : path }, service)
}

function bodyOf({ body }: Exchange): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

function told(value: unknown, { faults }: Service): Reply {
  return json(200, value, faults.current.changedMarkup)
}

function json(status: number, value: unknown, changed = false): Reply {
  const text = JSON.stringify(value)
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
    body: changed ? renamed(text) : text,
  }
}

/** As if the dashboard had been rewritten overnight: well-formed, and nothing where it was. */
function renamed(text: string): string {
  return text
    .replaceAll('"folderTree":', '"nodes":')
    .replaceAll('"photos":', '"media":')
    .replaceAll('"fileName":', '"title":')
    .replaceAll('"downloadUrl":', '"link":')
}
