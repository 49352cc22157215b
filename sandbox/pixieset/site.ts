import type { Exchange, Reply, Site } from '../server.ts'
import { escaped, html, json, page, redirect } from './pages.ts'
import { isRead, noteLeak, type Service } from './service.ts'
import { cookiesOf } from './sessions.ts'
import type { Wire } from './wire.ts'
import { type Collection, type ContentSet, type Photo, photosOf } from './world.ts'

/** What visitors see: the portal, the pages of a collection, the gate, and the list that its script loads. */

const perLoad = 40
/** Wrong passwords until the gate wants a captcha. */
const triesBeforeCaptcha = 3

export function clientSite(service: Service, wire: Wire): Site {
  const { world, requests } = service
  const byKey = new Map(world.collections.map((collection) => [collection.urlKey, collection]))
  const entered = new Map<string, Set<string>>()
  const wrong = new Map<string, number>()
  const visitor = (exchange: Exchange) => cookiesOf(exchange).get('PHPSESSID') ?? ''
  const mayEnter = (collection: Collection, exchange: Exchange) =>
    collection.password === null || entered.get(visitor(exchange))?.has(collection.urlKey) === true

  function gate(collection: Collection, exchange: Exchange): Reply {
    const form = (error: string) =>
      html(
        200,
        `<title>${escaped(collection.name)}</title><form method="post"><input type="password" id="GuestLoginForm_password" name="GuestLoginForm[password]">${error}<button>ENTER</button></form>`,
      )
    if (exchange.method !== 'POST') return form('')
    const key = `${visitor(exchange)} ${collection.urlKey}`
    const tries = wrong.get(key) ?? 0
    if (tries >= triesBeforeCaptcha) return form('<div class="g-recaptcha">Please prove that you are a person.</div>')
    const given = new URLSearchParams(exchange.body.toString('utf8'))
    const password = given.get('GuestLoginForm[password]') ?? given.get('CollectionGuestLoginForm[password]')
    if (password !== collection.password) {
      wrong.set(key, tries + 1)
      return form('<div class="errorMessage">Password is incorrect.</div>')
    }
    const session = visitor(exchange) || `visitor${entered.size}`
    entered.set(session, (entered.get(session) ?? new Set()).add(collection.urlKey))
    return redirect(`/${collection.urlKey}/`, `PHPSESSID=${session}`)
  }

  return {
    page,
    note(exchange) {
      noteLeak(exchange, requests, 'the portal')
      const isGate = exchange.method === 'POST' && exchange.url.pathname.startsWith('/guestlogin/')
      if (isGate) requests.method('POST guestlogin')
      else if (!isRead(exchange)) requests.write(`${exchange.method} ${exchange.url.pathname}`)
      else requests.method('portal')
    },
    answer(exchange) {
      const [first = '', second = '', ...more] = exchange.url.pathname.split('/').filter(Boolean)
      if (first === 'guestlogin') {
        const collection = byKey.get(second)
        return collection ? gate(collection, exchange) : page('broken', 404)
      }
      if (!isRead(exchange)) return page('broken', 405)
      if (first === '') return portal(service, wire)
      if (first === 'client' && second === 'loadphotos') return loadPhotos(exchange, service, wire, byKey, mayEnter)
      const collection = byKey.get(first)
      if (!collection || collection.expired || more.length > 0) return page('broken', 404)
      if (!mayEnter(collection, exchange))
        return redirect(`/guestlogin/${first}/?return=${encodeURIComponent(`/${first}/`)}`)
      return collectionPage(collection, second, exchange)
    },
  }
}

function portal({ world }: Service, wire: Wire): Reply {
  const items = world.collections
    .filter(({ hidden, expired }) => !hidden && !expired)
    .map((collection) => {
      const cover = wire.picture(collection.coverHash ?? 'c'.repeat(32), 'medium', 'jpg')
      const lock = collection.password === null ? '' : '<span class="lock"></span>'
      return `<div class="collection-item"><a href="/${collection.urlKey}/" style="background-image:url(${cover});background-position:50% 30%"></a><p class="name">${lock}${escaped(collection.name)}</p><p class="date">6th September, 2025</p></div>`
    })
  return html(200, `<title>${escaped(world.businessName)}</title><div class="collections">${items.join('\n')}</div>`)
}

/** A script call whose data is no JSON: bare keys, single quotes, escapes. */
function initOf(collection: Collection, slug: string): string {
  const text = (value: string) =>
    `'${value.replace(/[^ \w]/gu, (char) => (char.length === 1 && char < '\u0080' ? `\\x${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}` : char))}'`
  const sets = collection.sets
    .filter((set) => !set.private)
    .map((set, rank) => `{rank:${rank},'slug':${text(set.slug)}}`)
  return `PixiesetClient.init({collectionId: ${collection.id}, 'collectionUrlKey': ${text(collection.urlKey)}, collectionName: ${text(collection.name)}, currentGallery: ${text(slug)}, allGalleries: [${sets.join(',')}], favKey: '', clientDownloads: ${collection.downloads}});`
}

function collectionPage(collection: Collection, slug: string, { url }: Exchange): Reply {
  const [first] = collection.sets
  const data = url.searchParams.get('json') === '1'
  if (slug === '' && collection.coverPage && !data)
    return html(
      200,
      `<title>${escaped(collection.name)}</title><a class="js-scroll-past-cover" href="/${collection.urlKey}/${first?.slug ?? ''}/">View Gallery</a>`,
    )
  const set = collection.sets.find((one) => one.slug === slug) ?? (slug === '' ? first : undefined)
  if (slug !== '' && (!set || set.private)) return page('broken', 404)
  return html(
    200,
    `<title>${escaped(collection.name)}</title><script>${initOf(collection, set?.slug ?? '')}</script><div id="back-top-btn"></div>`,
  )
}

function loadPhotos(
  exchange: Exchange,
  { world }: Service,
  wire: Wire,
  byKey: Map<string, Collection>,
  mayEnter: (collection: Collection, exchange: Exchange) => boolean,
): Reply {
  const query = exchange.url.searchParams
  const said = (content: string, status = 'error') => json(200, { status, content, isLastPage: true })
  if (exchange.headers['x-requested-with'] !== 'XMLHttpRequest') return page('broken', 400)
  const collection = byKey.get(query.get('cuk') ?? '')
  if (!collection || collection.id !== query.get('cid')) return said('Collection not found.')
  if (!mayEnter(collection, exchange)) return said('Please log in.')
  const list = collection.favourites.find(({ id }) => id === query.get('fk'))
  const set = collection.sets.find(({ slug, private: isPrivate }) => slug === query.get('gs') && !isPrivate)
  if (!list && !set) return said('Gallery not found.')
  const all = list ? list.photos.map((id) => world.photo(id)) : [...photosOf(set as ContentSet)]
  const shown = all.filter((photo) => photo !== undefined && !photo.private && !photo.set.private) as Photo[]
  const from = (Math.max(1, Number(query.get('page')) || 1) - 1) * perLoad
  const photos = shown.slice(from, from + perLoad).map((photo) => clientPhoto(photo, wire))
  const content = photos.length === 0 ? '' : JSON.stringify(photos)
  return json(200, { status: 'success', content, isLastPage: from + perLoad >= shown.length })
}

function clientPhoto(photo: Photo, wire: Wire): Record<string, unknown> {
  const path = (size: string) => wire.picture(photo.hash, size, 'jpg')
  return {
    id: Number(photo.id),
    idhash: photo.hash.slice(0, 8),
    name: photo.name,
    isPrivate: false,
    width: 240,
    height: '360',
    maxWidth: 0,
    maxHeight: 0,
    gallerySlug: photo.set.slug,
    pathThumb: path('thumb'),
    pathSmall: path('small'),
    pathMedium: path('medium'),
    pathLarge: path('large'),
    pathXlarge: path('xlarge'),
    pathXxlarge: path('xxlarge'),
  }
}
