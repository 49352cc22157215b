import type { RequestBook } from '../requests.ts'
import type { Exchange, Reply, Site } from '../server.ts'
import { credential } from './cookies.ts'
import { ApiError, BadParameters, Broken } from './errors.ts'
import { bare, Digits, parseLossless } from './json.ts'
import { type Caller, methods, type Service } from './methods.ts'
import { page } from './pages.ts'

/** The API's host: JSON-RPC over POST at one address, refused at the edge without an application name. */

const path = '/api/1.8/zfapi.asmx'
const writing =
  /^(Add|Create|Collection(Add|Remove)|Delete|Move|Reindex|Remove|Reorder|Replace|Rotate|Set|Share|Undelete|Update)/
/** Agents of libraries, and browsers that the documentation forbids to pose as. */
const refusedAgents = /^(node|undici|axios|got|curl|wget|python|java|okhttp|go-http|libwww|ruby|php|mozilla|dart|$)/i

interface Call {
  id: unknown
  method: string
  params: unknown
}

export function apiSite(service: Service, requests: RequestBook): Site {
  return {
    page,
    note: (exchange) => note(exchange, requests),
    answer: (exchange) => answer(exchange, service, requests),
  }
}

/** Writes and unknown methods are remembered even where a fault or the edge keeps them from being answered. */
function note(exchange: Exchange, requests: RequestBook): void {
  const inPath = exchange.url.pathname.slice(path.length + 1)
  const name = callIn(exchange)?.method ?? (exchange.url.pathname.startsWith(`${path}/`) ? inPath : null)
  if (name === null) {
    if (exchange.method !== 'GET' && exchange.method !== 'HEAD') {
      requests.unknownMethod(`${exchange.method} ${exchange.url.pathname}`)
    }
    return
  }
  requests.method(name)
  if (writing.test(name)) requests.write(name)
  else if (!Object.hasOwn(methods, name)) requests.unknownMethod(name)
  if (name === 'Authenticate' || name === 'AuthenticatePlain') requests.signIns++
}

function answer(exchange: Exchange, service: Service, requests: RequestBook): Reply {
  if (!named(exchange)) return page('edge', 403)
  if (exchange.url.pathname !== path) return page('broken', 404)
  if (exchange.method !== 'POST') return page('broken', exchange.method === 'GET' ? 200 : 405)
  if (!/^application\/json\s*(;|$)/i.test(exchange.headers['content-type'] ?? '')) return page('broken', 500)
  const call = callIn(exchange)
  if (!call) return page('broken', 500)
  const run = Object.hasOwn(methods, call.method) ? methods[call.method] : undefined
  if (!run) {
    if (!writing.test(call.method)) return page('broken', 500)
    return refusal(call, 'E_NOTAUTHORIZED', 'This stand-in is not written to.', requests)
  }
  try {
    const caller = callerOf(exchange, call.method, service)
    return json(call, run(call.params, caller, service), null, service)
  } catch (error) {
    if (error instanceof Broken) return page('broken', 500)
    if (error instanceof ApiError) return refusal(call, error.code, error.message, requests)
    if (!(error instanceof BadParameters)) throw error
    requests.refused++
    return json(
      call,
      null,
      { message: 'An unexpected error has occurred. Please try again later.', error: null },
      service,
    )
  }
}

function callerOf(exchange: Exchange, method: string, { signIn, faults }: Service): Caller {
  const token = credential(exchange, 'x-zenfolio-token', 'zf_token')
  const signingIn = method === 'GetChallenge' || method.startsWith('Authenticate')
  if (faults.current.apiOff) throw new ApiError('E_NOTAUTHORIZED', 'API access is disabled for this account.')
  const state = signingIn ? 'absent' : signIn.use(token)
  if (state === 'dead') throw new ApiError('E_NOTAUTHENTICATED', 'The authentication token has expired.')
  return {
    owner: state === 'alive',
    realms: signIn.unlocked(credential(exchange, 'x-zenfolio-keyring', 'zf_keyring')),
    hasToken: token !== null,
    secure: exchange.headers['x-forwarded-proto'] === 'https',
  }
}

function named(exchange: Exchange): boolean {
  const application = credential(exchange, 'x-zenfolio-user-agent', 'zf_ua')
  return Boolean(application?.trim()) && !refusedAgents.test(exchange.headers['user-agent'] ?? '')
}

function callIn(exchange: Exchange): Call | null {
  if (exchange.method !== 'POST' || exchange.url.pathname !== path) return null
  try {
    const call = parseLossless(exchange.body.toString('utf8'))
    if (typeof call !== 'object' || call === null || !('method' in call) || typeof call.method !== 'string') return null
    return { id: 'id' in call ? call.id : null, method: call.method, params: 'params' in call ? call.params : null }
  } catch {
    return null
  }
}

function refusal(call: Call, code: string, message: string, requests: RequestBook): Reply {
  requests.refused++
  return json(call, null, { code, message })
}

function json(call: Call, result: unknown, error: unknown, service?: Service): Reply {
  const text = JSON.stringify({ id: call.id instanceof Digits ? bare(call.id.text) : call.id, result, error })
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'private, max-age=0' },
    body: service?.faults.current.changedMarkup ? renamed(text) : text,
  }
}

/** As if the service had been rewritten overnight: well-formed, and nothing where it was. */
function renamed(text: string): string {
  return text
    .replaceAll('"Elements":', '"Children":')
    .replaceAll('"Photos":', '"Items":')
    .replaceAll('"OriginalUrl":', '"SourceUrl":')
    .replaceAll('"FileName":', '"Name":')
}
