import type { Exchange, Reply, Site } from '../server.ts'
import { asset, challenge, html, isAsset, json, page, redirect } from './pages.ts'
import { isRead, type Service } from './service.ts'
import { extensionOf, type Fields, type Wire } from './wire.ts'
import { type Collection, photosOf } from './world.ts'

/** The dashboard's host: its pages, the way in from the sign-in, and the API. Everything but reads is refused. */

const perPage = 24

type Answer = (match: string[], exchange: Exchange) => Reply | null

export function galleriesSite(service: Service, wire: Wire): Site {
  const reads = readsOf(service, wire)
  const readAt = (path: string) =>
    reads.map(([name, pattern, run]) => ({ name, match: pattern.exec(path), run })).find(({ match }) => match)
  return {
    page,
    note({ method, url, ...exchange }) {
      const name = pathOf(url) === null ? null : (readAt(pathOf(url) ?? '')?.name ?? null)
      if (!isRead({ method, url, ...exchange })) service.requests.write(`${method} ${url.pathname}`)
      else if (name !== null) service.requests.method(name)
      else if (!pages.test(url.pathname) && !isAsset(url.pathname))
        service.requests.unknownMethod(`${method} ${url.pathname}`)
    },
    answer(exchange) {
      const path = pathOf(exchange.url)
      if (service.faults.current.locked) return challenge()
      if (!isRead(exchange)) return refusedWrite(exchange)
      if (path === null) return dashboardPage(exchange, service)
      if (service.faults.current.apiOff) return json(403, { message: 'This action is unauthorized.' })
      if (service.sessions.use(exchange) === 'dead') return signedOut(exchange, service)
      const read = readAt(path)
      const answer = read?.match ? read.run([...read.match], exchange) : null
      if (answer === null) return json(404, { message: 'Not found.' })
      return service.faults.current.changedMarkup ? { ...answer, body: renamed(String(answer.body ?? '')) } : answer
    },
  }
}

const pages = /^\/(collections(\/.*)?|sso\/\w+)?$/
const pathOf = ({ pathname }: URL) => (pathname.startsWith('/api/v1/') ? pathname.slice('/api/v1'.length) : null)

function readsOf(service: Service, wire: Wire): [name: string, pattern: RegExp, run: Answer][] {
  const { world } = service
  const of = (run: (collection: Collection, exchange: Exchange) => Fields): Answer => {
    return ([, id = ''], exchange) => {
      const collection = world.byId.get(id)
      return collection ? json(200, run(collection, exchange)) : null
    }
  }
  const sets = (collection: Collection) => (service.faults.current.emptyLists ? [] : collection.sets)
  return [
    ['bootstrap', /^\/data\/bootstrap$/, () => json(200, bootstrap(service))],
    ['dashboard_listings', /^\/dashboard_listings$/, (_, { url }) => json(200, listings(url, service, wire))],
    ['collection', /^\/collections\/(\d+)$/, of((collection) => ({ data: wire.collection(collection) }))],
    [
      'edit',
      /^\/collections\/(\d+)\/edit$/,
      of((collection) => ({ data: wire.collection(collection), distinctTags: ['portfolio'] })),
    ],
    [
      'before_show',
      /^\/collections\/(\d+)\/before_show$/,
      of((collection) => ({
        data: {
          collection: { id: Number(collection.id), name: collection.name, photo_count: collection.statedPhotos },
          galleries: collection.sets.map(({ id, name, count }) => ({ id: Number(id), name, photo_count: count })),
        },
      })),
    ],
    [
      'before_download_settings',
      /^\/collections\/(\d+)\/before_download_settings$/,
      of((collection) => ({ data: wire.collection(collection) })),
    ],
    [
      'galleries',
      /^\/collections\/(\d+)\/galleries$/,
      of((collection) => ({ data: sets(collection).map((set) => wire.set(set)) })),
    ],
    ['photos', /^\/collections\/(\d+)\/photos$/, of((collection, { url }) => photosPage(collection, url, wire))],
    ['favorites', /^\/collections\/(\d+)\/favorites$/, of((collection) => favourites(collection, service, wire))],
    [
      'invite_history',
      /^\/collections\/(\d+)\/invite_history$/,
      of(() => ({ data: [{ name: 'Oma', email: 'oma@example.com' }] })),
    ],
    [
      'set',
      /^\/galleries\/(\d+)$/,
      ([, id = ''], { url }) => {
        const set = world.sets.get(id)
        const expand = (url.searchParams.get('expand') ?? '').split(',')
        return set ? json(200, { data: wire.openedSet(set, expand, service.faults.current.emptyLists) }) : null
      },
    ],
    ['download', /^\/photos\/(\d+)\/download$/, ([, id = '']) => download(id, service)],
  ]
}

function bootstrap({ world }: Service): Fields {
  return {
    data: {
      user: { id: world.userId, username: world.userName, email: world.email },
      profile: { business_name: world.businessName, custom_domain: null },
    },
  }
}

function listings(url: URL, service: Service, wire: Wire): Fields {
  const { world, faults, tricky } = service
  const number = Math.max(1, Number(url.searchParams.get('page') ?? 1) || 1)
  const last = Math.max(1, Math.ceil(world.collections.length / perPage))
  const shown = world.collections.slice((number - 1) * perPage, number * perPage)
  // All on the first page, or the last of them on the second only.
  const folders = tricky && last > 1 ? [world.folders.slice(0, -1), world.folders.slice(-1)][number - 1] : world.folders
  return {
    data: {
      data: {
        collections: faults.current.emptyLists ? [] : shown.map((collection) => wire.collection(collection)),
        folders: (folders ?? []).map(({ id, name, parentId }) => ({
          id: Number(id),
          name,
          parent_id: parentId === null ? null : Number(parentId),
        })),
        items: [],
      },
      meta: { current_page: number, last_page: last, total: world.collections.length },
    },
  }
}

function photosPage(collection: Collection, url: URL, wire: Wire): Fields {
  const number = Math.max(1, Number(url.searchParams.get('page') ?? 1) || 1)
  const all = collection.sets.flatMap((set) => [...photosOf(set)])
  return {
    data: all.slice((number - 1) * perPage, number * perPage).map((photo) => wire.photo(photo)),
    meta: { current_page: number, last_page: Math.max(1, Math.ceil(all.length / perPage)), total: all.length },
  }
}

function favourites(collection: Collection, { tricky, faults }: Service, wire: Wire): Fields {
  const asObjects = tricky && Number(collection.id) % 2 === 0
  const lists = faults.current.emptyLists ? [] : collection.favourites.map((list) => wire.favourites(list, asObjects))
  return asObjects ? { data: { data: lists } } : { data: lists }
}

function download(id: string, { world, signing, addresses }: Service): Reply | null {
  const photo = world.photo(id)
  if (!photo) return null
  if (photo.deleted) return json(Number(id) % 2 === 0 ? 404 : 410, { message: 'Not found.' })
  return redirect(`${addresses.originals}${signing.original(photo, extensionOf(photo))}`)
}

/** 401 to what looks like a program's call; whatever else is shown the way to the sign-in, which is a page with 200. */
function signedOut(exchange: Exchange, { addresses, faults }: Service): Reply {
  const accept = exchange.headers.accept ?? ''
  const called = accept.includes('application/json') || exchange.headers['x-requested-with'] === 'XMLHttpRequest'
  if (called && !faults.current.silentExpiry) return json(401, { message: 'Unauthenticated.' })
  return redirect(`${addresses.accounts}/login`)
}

/** The dashboard itself, and the last steps of the single sign-on. */
function dashboardPage(exchange: Exchange, service: Service): Reply {
  const { sessions, addresses } = service
  const { pathname, searchParams } = exchange.url
  if (isAsset(pathname)) return asset()
  if (pathname === '/sso/callback') {
    if (!sessions.tickets.delete(searchParams.get('ticket') ?? '')) return redirect(`${addresses.accounts}/login`)
    const { wsid, seal } = sessions.begin()
    return redirect(`/sso/done?seal=${seal}`, `wsid=${wsid}`)
  }
  if (pathname === '/sso/done') return redirect('/collections', `gd_ca=${searchParams.get('seal')}`)
  if (!pages.test(pathname)) return page('broken', 404)
  if (sessions.use(exchange) === 'dead') return redirect(`${addresses.accounts}/sso?return=collections`)
  return html(200, '<title>Collections</title><meta name="csrf-token" content="t"><div id="app"></div>', {
    'set-cookie': 'GD-XSRF-TOKEN=eyJ0%3D; Path=/',
  })
}

function refusedWrite(exchange: Exchange): Reply {
  const proved = exchange.headers['x-xsrf-token'] ?? exchange.headers['x-csrf-token']
  return proved
    ? json(403, { message: 'This stand-in is not written to.' })
    : json(419, { message: 'CSRF token mismatch.' })
}

/** As if the service had been rewritten overnight: well-formed, and nothing where it was. */
function renamed(text: string): string {
  return text
    .replaceAll('"collections":', '"albums":')
    .replaceAll('"photos":', '"images":')
    .replaceAll('"photo_count":', '"count":')
}
