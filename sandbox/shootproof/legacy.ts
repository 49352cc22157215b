import type { RequestBook } from '../requests.ts'
import type { Exchange, Reply } from '../server.ts'
import { page } from './pages.ts'
import type { Service } from './service.ts'
import { type Brand, type Event, type Photo, titleOf } from './world.ts'

/** The old RPC at `/v2`: token as a parameter, ids as text, open events only, HTTP 200 whatever happened. */

const rowsOfPage = 15

type Parameters = URLSearchParams
type Method = (parameters: Parameters, service: Service) => Record<string, unknown>

class Failed extends Error {}

const methods: Record<string, Method> = {
  'sp.studio.info': (_, { world }) => ({
    name: world.brands[0] ? titleOf(world.brands[0]) : '',
    user: { first_name: 'Anna', last_name: 'Licht' },
    homepage_url: 'https://studiolicht.shootproof.com',
    plan: { type: 'pro', used: '100', allowed: '25000' },
  }),
  'sp.brand.get_list': (_, { world }) => ({ brands: world.brands.map(brandInfo) }),
  'sp.event.get_list': (parameters, { world }) => ({
    events: world.brands
      .filter(({ id }) => !parameters.has('brand_id') || parameters.get('brand_id') === String(id))
      .flatMap(({ events }) => events.filter(({ active }) => active))
      .map(({ id, name }) => ({ id: String(id), name })),
  }),
  'sp.event.get_photos': (parameters, service) => {
    const event = openEvent(parameters, service)
    return photosPage(event.count, (index) => event.photo(index), parameters, service)
  },
  'sp.album.get_list': (parameters, service) => ({
    albums: openEvent(parameters, service).albums.map(({ id, name }) => ({ id: String(id), name })),
  }),
}

export function noteLegacy(exchange: Exchange, requests: RequestBook): void {
  const name = parametersOf(exchange).get('method') ?? ''
  if (Object.hasOwn(methods, name)) requests.method(name)
  else if (/^sp\.\w+\.(get|info|photo_exists)/.test(name)) requests.unknownMethod(name)
  else requests.write(`${exchange.method} /v2 ${name}`)
}

export function answerLegacy(exchange: Exchange, service: Service): Reply {
  if (exchange.method !== 'GET' && exchange.method !== 'POST') return page('broken', 405)
  const parameters = parametersOf(exchange)
  const name = parameters.get('method') ?? ''
  const run = Object.hasOwn(methods, name) ? methods[name] : undefined
  try {
    if (service.tokens.use(parameters.get('access_token')) !== 'alive') throw new Failed('invalid_token')
    if (service.faults.current.apiOff) throw new Failed('access_denied')
    if (!run) throw new Failed('invalid_method')
    return reply({ stat: 'ok', ...run(parameters, service) })
  } catch (error) {
    if (!(error instanceof Failed)) throw error
    service.requests.refused++
    return reply({ stat: 'fail', code: error.message, msg: 'The request failed.' })
  }
}

function parametersOf({ url, headers, body }: Exchange): Parameters {
  const all = new URLSearchParams(url.search)
  if (/^application\/x-www-form-urlencoded/.test(headers['content-type'] ?? ''))
    for (const [name, value] of new URLSearchParams(body.toString('utf8'))) all.set(name, value)
  if (/^multipart\/form-data/.test(headers['content-type'] ?? ''))
    for (const [, name, value] of body.toString('utf8').matchAll(/name="([^"]+)"\r\n\r\n([^\r]*)\r\n/g))
      all.set(name ?? '', value ?? '')
  return all
}

function openEvent(parameters: Parameters, { world }: Service): Event {
  const event = world.event(parameters.get('event_id') ?? '')
  if (!event?.active) throw new Failed('invalid_event')
  return event
}

function photosPage(
  count: number,
  at: (index: number) => Photo | undefined,
  parameters: Parameters,
  { addresses }: Service,
): Record<string, unknown> {
  const current = Number(parameters.get('page') ?? 1)
  const photos: unknown[] = []
  for (let index = (current - 1) * rowsOfPage; index < Math.min(current * rowsOfPage, count); index++) {
    const photo = at(index)
    if (photo)
      photos.push({ id: String(photo.id), name: photo.name, url: { original: addresses.original(String(photo.id)) } })
  }
  return { total_pages: String(Math.max(1, Math.ceil(count / rowsOfPage))), photos }
}

const brandInfo = (brand: Brand) => ({ id: String(brand.id), name: titleOf(brand) })

function reply(body: Record<string, unknown>): Reply {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}
