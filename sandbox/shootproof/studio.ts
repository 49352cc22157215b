import type { Exchange, Reply, Site } from '../server.ts'
import { answerLegacy, noteLegacy } from './legacy.ts'
import { page } from './pages.ts'
import { bearerOf, type Service } from './service.ts'
import type { Fields } from './wire.ts'
import type { Event, Photo } from './world.ts'
import { answerZip, type ZipDesk } from './zips.ts'

/** The API's host: `/studio` by bearer, `/v2` by parameter. Everything that is no read is refused and remembered. */
export function apiSite(service: Service, zips: ZipDesk): Site {
  return {
    page,
    note: (exchange) => note(exchange, service),
    answer(exchange) {
      const { pathname } = exchange.url
      if (pathname === '/v2') return answerLegacy(exchange, service)
      if (pathname === '/studio' || pathname.startsWith('/studio/')) return answer(exchange, service, zips)
      return page('broken', 404)
    },
  }
}

type Route = (ids: string[], context: { exchange: Exchange; service: Service }) => Reply

const routes: [name: string, path: RegExp, route: Route][] = [
  ['service', /^$/, (_, { service }) => json(200, description(service))],
  ['me', /^\/me$/, (_, { service }) => json(200, { type: 'user', links: service.wire.links('/me') })],
  ['brands', /^\/brand$/, (_, c) => list(c.service.world.brands, c, (brand) => c.service.wire.brand(brand), '/brand')],
  ['brand', /^\/brand\/([^/]+)$/, ([b], c) => json(200, c.service.wire.brand(brandOf(b, c.service)))],
  [
    'categories',
    /^\/brand\/([^/]+)\/event-category$/,
    ([b], c) => {
      const { categories } = brandOf(b, c.service)
      return list(categories, c, (category) => c.service.wire.category(category), `/brand/${b}/event-category`)
    },
  ],
  [
    'events',
    /^\/brand\/([^/]+)\/event$/,
    ([b], c) => list(brandOf(b, c.service).events, c, (event) => c.service.wire.event(event), `/brand/${b}/event`),
  ],
  [
    'event',
    /^\/brand\/([^/]+)\/event\/([^/]+)$/,
    ([b, e], c) => json(200, c.service.wire.event(eventOf(b, e, c.service))),
  ],
  [
    'albums',
    /^\/brand\/([^/]+)\/event\/([^/]+)\/album$/,
    ([b, e], c) => {
      const event = eventOf(b, e, c.service)
      return list(event.albums, c, (album) => c.service.wire.album(event, album), `/brand/${b}/event/${e}/album`)
    },
  ],
  [
    'photos',
    /^\/brand\/([^/]+)\/event\/([^/]+)\/photo$/,
    ([b, e], c) => photoList(eventOf(b, e, c.service), c, `/brand/${b}/event/${e}/photo`),
  ],
  [
    'photo',
    /^\/brand\/([^/]+)\/event\/([^/]+)\/photo\/([^/]+)$/,
    ([b, e, p], c) => json(200, c.service.wire.photo(photoOf(b, e, p, c.service))),
  ],
  [
    'original',
    /^\/brand\/([^/]+)\/event\/([^/]+)\/photo\/([^/]+)\/original$/,
    ([b, e, p], { service }) => original(photoOf(b, e, p, service), service),
  ],
]

const zipPath = /^\/brand\/([^/]+)\/event\/([^/]+)(?:\/album\/([^/]+))?\/zip-bundle$/

/** An RFC 7807 problem. */
class Problem extends Error {
  readonly status: number
  readonly slug: string
  readonly info: Fields | undefined
  constructor(status: number, slug: string, detail: string, info?: Fields) {
    super(detail)
    this.status = status
    this.slug = slug
    this.info = info
  }
}

function note(exchange: Exchange, { requests }: Service): void {
  const { method, url } = exchange
  const path = url.pathname.slice('/studio'.length)
  const name = routes.find(([, pattern]) => pattern.test(path))?.[0]
  if (url.pathname === '/v2') noteLegacy(exchange, requests)
  else if (method === 'POST' && zipPath.test(path)) requests.method('zip-bundle')
  else if (!['GET', 'HEAD', 'OPTIONS'].includes(method)) requests.write(`${method} ${url.pathname}`)
  else if (name) requests.method(name)
  else requests.unknownMethod(`${method} ${url.pathname}`)
}

function answer(exchange: Exchange, service: Service, zips: ZipDesk): Reply {
  const { method, url } = exchange
  if (method === 'OPTIONS') return crossOrigin({ status: 204, headers: { allow: 'GET, HEAD, OPTIONS' } }, service)
  try {
    const path = url.pathname.slice('/studio'.length)
    permit(exchange, path, service)
    const zip = method === 'POST' ? zipPath.exec(path) : null
    if (zip) return answerZip(eventOf(zip[1], zip[2], service), exchange, zips)
    if (method !== 'GET' && method !== 'HEAD') throw new Problem(403, 'forbidden', 'This stand-in is not written to.')
    for (const [, pattern, route] of routes) {
      const ids = pattern.exec(path)
      if (ids) return crossOrigin(route(ids.slice(1).map(decodeURIComponent), { exchange, service }), service)
    }
    throw missing()
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    service.requests.refused++
    return problem(error)
  }
}

/** A dead token is refused by name, or, where it ends silently, finds nothing any more but itself refused. */
function permit(exchange: Exchange, path: string, { tokens, faults }: Service): void {
  const state = tokens.use(bearerOf(exchange.headers.authorization))
  if (state === 'dead' && faults.current.silentExpiry && path !== '/me') throw missing()
  if (state === 'absent')
    throw new Problem(401, 'unauthorized', 'No authorization credentials provided. Send an Authorization header.')
  if (state === 'dead') throw new Problem(401, 'unauthorized', 'The access token expired.')
  if (faults.current.apiOff) throw new Problem(403, 'forbidden', 'You do not have permission to access the API.')
}

function problem({ status, slug, message, info }: Problem): Reply {
  const type = `https://developer.shootproof.com/errors#error-${slug}`
  const body = { type, title: slug.replaceAll('-', ' '), detail: message, status, ...(info ? { info } : {}) }
  const realm = 'Bearer realm="ShootProof Studio Panel API"'
  return {
    status,
    headers: { 'content-type': 'application/problem+json', ...(status === 401 ? { 'www-authenticate': realm } : {}) },
    body: JSON.stringify(body),
  }
}

/** Also what is forbidden. */
const missing = () => new Problem(404, 'not-found', 'The requested resource could not be found.')

function brandOf(id: string | undefined, { world }: Service) {
  const brand = world.brands.find((one) => String(one.id) === id)
  if (!brand) throw missing()
  return brand
}

function eventOf(brand: string | undefined, id: string | undefined, service: Service): Event {
  const event = service.world.event(id ?? '')
  if (!event || event.brand !== brandOf(brand, service)) throw missing()
  return event
}

function photoOf(
  brand: string | undefined,
  event: string | undefined,
  id: string | undefined,
  service: Service,
): Photo {
  const photo = service.world.photo(eventOf(brand, event, service), id ?? '')
  if (!photo) throw missing()
  return photo
}

const asked = new WeakMap<Service, Set<string>>()

function original(photo: Photo, service: Service): Reply {
  const { originals } = photo.event
  if (originals === 404) throw missing()
  if (originals === 403) throw new Problem(403, 'forbidden', 'You do not have permission to download this photo.')
  const before = asked.get(service) ?? new Set()
  asked.set(service, before)
  const id = String(photo.id)
  const late = originals === 'late' && before.size < before.add(id).size
  return { status: 302, headers: { location: service.addresses.original(id, late), 'cache-control': 'no-store' } }
}

/** `page` and `rows`, both 1-based and whole; fewer rows than asked for where that is too many. */
function pageOf({ url }: Exchange, mostRows: number): { current: number; rows: number } {
  const known = ['page', 'rows', 'sortBy', 'sortType']
  const wrong = [...url.searchParams.keys()].filter((name) => !known.includes(name))
  const number = (name: string, absent: number) => {
    const text = url.searchParams.get(name)
    if (text !== null && !/^[1-9]\d{0,8}$/.test(text)) wrong.push(name)
    return text === null ? absent : Number(text)
  }
  const [current, rows] = [number('page', 1), number('rows', 25)]
  if (wrong.length > 0) {
    const errors = Object.fromEntries(wrong.map((name) => [name, { invalid: 'This value is not valid.' }]))
    throw new Problem(400, 'bad-request', 'The request is not valid.', { errors })
  }
  return { current, rows: Math.min(rows, mostRows) }
}

type Context = Parameters<Route>[1]

function list<Item>(all: Item[], context: Context, fields: (item: Item) => Fields, self: string): Reply {
  const { current, rows } = pageOf(context.exchange, context.service.mostRows)
  const items = all.slice((current - 1) * rows, current * rows)
  return envelope(items.map(fields), all.length, current, rows, context, self)
}

/** Photos are computed one by one, so that only those of the page are. */
function photoList(event: Event, context: Context, self: string): Reply {
  const { current, rows } = pageOf(context.exchange, context.service.mostRows)
  const items: Fields[] = []
  for (let index = (current - 1) * rows; index < Math.min(current * rows, event.count); index++) {
    const photo = event.photo(index)
    if (photo) items.push(context.service.wire.photo(photo))
  }
  return envelope(items, event.count, current, rows, context, self)
}

function envelope(
  items: Fields[],
  total: number,
  current: number,
  rows: number,
  { service }: Context,
  self: string,
): Reply {
  const { faults, wire } = service
  return json(
    200,
    {
      type: 'collection',
      items: faults.current.emptyLists ? [] : items,
      links: { self: { href: wire.href(self) }, brand: { href: `${wire.href('/brand')}{/id}`, templated: true } },
      meta: { currentPage: current, rows, totalItems: total, totalPages: Math.ceil(total / rows) },
    },
    faults.current.changedMarkup,
  )
}

function description({ wire }: Service): Fields {
  return {
    type: 'service',
    name: 'ShootProof Studio Panel API',
    time: '2026-01-01T00:00:00+00:00',
    contentType: ['application/vnd.shootproof+json'],
    links: {
      self: { href: wire.href('') },
      me: { href: wire.href('/me') },
      brand: { href: `${wire.href('/brand')}{/id}`, templated: true },
    },
  }
}

function json(status: number, body: Fields, renamed = false): Reply {
  const text = JSON.stringify(body)
  return {
    status,
    headers: { 'content-type': 'application/vnd.shootproof+json' },
    body: renamed ? rewritten(text) : text,
  }
}

/** As if the service had been rewritten overnight: well-formed, and nothing where it was. */
function rewritten(text: string): string {
  return text
    .replaceAll('"photosCount":', '"photoTotal":')
    .replaceAll('"belongsToAlbumIds":', '"albumIds":')
    .replaceAll(/"type":"(event|photo|album)","id":/g, '"type":"$1","uid":')
}

/** The panel's own pages ask from another origin. */
function crossOrigin(reply: Reply, { at }: Service): Reply {
  const allowed = {
    'access-control-allow-origin': at.studio,
    'access-control-allow-headers': 'authorization, accept, content-type',
  }
  return { ...reply, headers: { ...reply.headers, ...allowed } }
}
