import { type Fault, FaultSwitch } from '../faults.ts'
import type { Exchange, Reply, Site } from '../server.ts'
import { form, html, page } from './pages.ts'
import type { Service } from './service.ts'
import { accessSeconds } from './tokens.ts'

/** The host that gives tokens: the page where the owner says yes, and the address that exchanges codes and refreshes. */
export function authSite(service: Service): Site {
  return {
    page,
    note({ method, url }) {
      const { requests } = service
      if (url.pathname === newPath) requests.method(`${method} authorization`)
      else if (url.pathname === tokenPath) requests.method('token')
      else if (method === 'GET') requests.unknownMethod(`GET ${url.pathname}`)
      else requests.write(`${method} ${url.pathname}`)
      if (url.pathname === tokenPath && method === 'POST') requests.signIns++
    },
    answer(exchange) {
      const { method, url } = exchange
      if (url.pathname === newPath && method === 'GET') return consentPage(url, service)
      if (url.pathname === newPath && method === 'POST') return consented(exchange, service)
      if (url.pathname === tokenPath) return method === 'POST' ? tokens(exchange, service) : page('broken', 405)
      return page('broken', 404)
    },
  }
}

const newPath = '/oauth2/authorization/new'
const tokenPath = '/oauth2/authorization/token'

/**
 * For this host's listener: faults strike before a token is given, never after, since every answer that was lost would
 * lock the account out. `lostTokens` does that by name.
 */
export class FaultsBefore extends FaultSwitch {
  readonly #of: FaultSwitch

  constructor(of: FaultSwitch) {
    super(0)
    this.#of = of
  }

  override draw(): Fault | null {
    const fault = this.#of.draw()
    return fault && 'share' in fault ? null : fault
  }
}

/** Registered with ShootProof by hand; here every address of this machine is. */
const isRegistered = (address: string) =>
  address === 'self' || /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?\//.test(address)

function requestIn(
  url: URL,
  { world }: Service,
): { clientId: string; redirectUri: string; scope: string; state: string | null } | null {
  const of = (name: string) => url.searchParams.get(name) ?? ''
  const redirectUri = of('redirect_uri')
  const known = of('response_type') === 'code' && of('client_id') === world.clientId && isRegistered(redirectUri)
  if (!known || !of('scope').split(' ').includes('studio')) return null
  return { clientId: of('client_id'), redirectUri, scope: of('scope'), state: url.searchParams.get('state') }
}

function consentPage(url: URL, service: Service): Reply {
  if (!requestIn(url, service)) return html('<h1>Invalid request</h1>', 400)
  return html(`<h1>Connect with ShootProof</h1>${form.replace('action="/login"', '').replace('Log in', 'Allow')}`)
}

function consented({ url, body }: Exchange, service: Service): Reply {
  const request = requestIn(url, service)
  const fields = new URLSearchParams(body.toString('utf8'))
  const { email, password } = service.world
  if (!request) return html('<h1>Invalid request</h1>', 400)
  if (fields.get('email') !== email || fields.get('password') !== password || service.faults.current.wrongPassword)
    return consentPage(url, service)
  const code = service.tokens.code(request.clientId, request.redirectUri, request.scope)
  if (request.redirectUri === 'self') return html(`<h1>Your code</h1><code>${code}</code>`)
  const back = new URL(request.redirectUri)
  back.searchParams.set('code', code)
  if (request.state !== null) back.searchParams.set('state', request.state)
  return { status: 302, headers: { location: back.href } }
}

function tokens({ headers, body }: Exchange, service: Service): Reply {
  const { faults } = service
  if (!/^application\/x-www-form-urlencoded/.test(headers['content-type'] ?? '')) return failed('invalid_request')
  if (faults.current.locked) return failed('access_denied', 'This account is locked. Contact support.')
  if (faults.current.apiOff) return failed('unauthorized_client')
  if (faults.current.wrongPassword) return failed('invalid_grant')
  const fields = new URLSearchParams(body.toString('utf8'))
  const of = (name: string) => fields.get(name) ?? ''
  if (of('scope') === '') return failed('invalid_scope')
  if (fields.has('client_id') && of('client_id') !== service.world.clientId) return failed('invalid_client')
  const given = granted(fields, of, service)
  if (given === 'unsupported_grant_type') return failed(given)
  if (!given) return failed('invalid_grant')
  const text = JSON.stringify({
    stat: 'ok',
    access_token: given.access,
    refresh_token: given.refresh,
    token_type: 'bearer',
    expires_in: accessSeconds,
  })
  return reply(faults.current.lostTokens ? text.slice(0, 30) : text)
}

function granted(fields: URLSearchParams, of: (name: string) => string, service: Service) {
  switch (of('grant_type')) {
    case 'authorization_code':
      return service.tokens.exchange(of('code'), of('client_id'), of('redirect_uri'), of('scope'))
    case 'refresh_token':
      return service.tokens.refresh(of('refresh_token'), fields.get('client_id'), of('scope'))
    default:
      return 'unsupported_grant_type'
  }
}

/** Refusals come with 200: what happened is in `stat`. */
function failed(code: string, msg = 'The request could not be completed.'): Reply {
  return reply(JSON.stringify({ stat: 'fail', code, msg }))
}

function reply(body: string): Reply {
  return { status: 200, headers: { 'content-type': 'application/json', 'cache-control': 'no-store' }, body }
}
