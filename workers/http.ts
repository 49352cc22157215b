// The Http of connectors: undici behind the address guard, paced by the budget of each host.
import { type Dispatcher, errors } from 'undici'
import { AddressNotAllowed, allowedUrl, guardedAgent } from '#server/addresses.ts'
import type { Answered } from '#server/host-minutes.ts'
import { type Budget, HostResting, type RateBounds } from '#server/pacing.ts'
import { Answer, SlowWatch } from './answer.ts'
import {
  AddressRefused,
  type Http,
  type HttpAnswer,
  type HttpOptions,
  type PacingBounds,
  RateLimited,
  SourceUnreachable,
} from './connectors/connector.ts'
import { noteRequest } from './trace.ts'

type Pacing = Record<'page' | 'bytes', PacingBounds>

/** How we name ourselves to providers. */
export const product = 'PassGalleryMigration/1'

export interface HttpSettings {
  /** ALLOW_LOCAL_SOURCES. */
  allowLocal: boolean
  /** Absent: unpaced. */
  budget?: Pick<Budget, 'take' | 'limited' | 'refused'>
  /** The connector's bounds. */
  pacing?: Pacing
  userAgent?: string
  /** Ends every request and body. */
  signal?: AbortSignal
  /** Told of every request that went out, once its answer begins or it is clear that none comes. */
  answered?(how: Answered): void
  /** To one origin at a time. Default 64. */
  connections?: number
  /** A body that sends nothing for so long is Truncated. Default 30. */
  stallSeconds?: number
  /** A body below this rate over the whole window is Truncated. Default 1000 bytes/s over 60 s. */
  slowest?: { bytesPerSecond: number; seconds: number }
}

export interface OpenHttp extends Http {
  /** The same connections for one connector, or one job. */
  scoped(scope: { pacing?: Pacing; provider?: string; signal?: AbortSignal }): Http
  /** Closes every connection, also those in use. */
  close(): Promise<void>
}

const politePacing: Pacing = { page: { start: 4, least: 0.2, most: 20 }, bytes: { start: 20, least: 1, most: 200 } }

export function createHttp(settings: HttpSettings): OpenHttp {
  const agent = guardedAgent(settings)
  const served = new Set<string>()
  const watch = new SlowWatch(settings.slowest ?? { bytesPerSecond: 1000, seconds: 60 })
  const scoped: OpenHttp['scoped'] = ({ pacing = settings.pacing ?? politePacing, provider, signal }) => {
    const ends = joinSignals(settings.signal, signal)
    return {
      request: (url, options = {}) => request({ settings, agent, watch, served, pacing, provider }, url, options, ends),
    }
  }
  return {
    ...scoped({}),
    scoped,
    async close() {
      watch.close()
      await agent.destroy()
    },
  }
}

interface Line {
  settings: HttpSettings
  agent: Dispatcher
  watch: SlowWatch
  /** Hosts that served something since they last asked for fewer requests. */
  served: Set<string>
  pacing: Pacing
  /** Whose hosts these are. */
  provider: string | undefined
}

/** One request on its way: what a redirect changes. */
interface Call {
  url: URL
  method: NonNullable<HttpOptions['method']>
  headers: Record<string, string>
  body: HttpOptions['body']
}

async function request(line: Line, address: string, options: HttpOptions, ends?: AbortSignal): Promise<HttpAnswer> {
  const signal = joinSignals(ends, options.signal)
  const redirects = options.redirects ?? 0
  let call: Call = {
    url: guarded(address, line.settings),
    method: options.method ?? 'GET',
    headers: headersOf(options, line.settings),
    body: options.body,
  }
  for (let left = redirects; ; left--) {
    const answer = await once(line, call, options, signal)
    const location = redirects > 0 && redirectStatuses.has(answer.status) ? answer.header('location') : null
    if (location === null) return answer
    await answer.discard()
    if (left === 0) throw new SourceUnreachable(`${call.url.host} redirects more than ${redirects} times`)
    call = redirected(call, answer.status, location, line.settings)
  }
}

async function once(
  { settings, agent, watch, served, pacing, provider }: Line,
  call: Call,
  options: HttpOptions,
  signal?: AbortSignal,
) {
  const { url, method, headers, body } = call
  const lane = options.lane ?? 'page'
  const { budget } = settings
  if (budget) await turn(budget, url.host, lane, { ...pacing[lane], provider }, signal)
  signal?.throwIfAborted()
  let data: Dispatcher.ResponseData
  const at = new Date()
  const note = (status: number | null, contentType: string | null, problem: string | null) =>
    noteRequest(() => ({
      at,
      method,
      url: url.href,
      milliseconds: Date.now() - at.getTime(),
      status,
      contentType,
      problem,
    }))
  const began = performance.now()
  const answered = (status: number | null, isLimited = false) =>
    settings.answered?.({ host: url.host, lane, provider, status, isLimited, milliseconds: performance.now() - began })
  try {
    data = await agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method,
      headers,
      body,
      signal,
      headersTimeout: (options.timeoutSeconds ?? 30) * 1000,
      bodyTimeout: (settings.stallSeconds ?? 30) * 1000,
    })
  } catch (error) {
    note(null, null, (error as Error).message)
    signal?.throwIfAborted()
    if (error instanceof AddressNotAllowed) throw new AddressRefused(url.host, { cause: error })
    if (error instanceof errors.InvalidArgumentError) throw error
    answered(null)
    throw new SourceUnreachable(`${url.host} does not answer`, { cause: error })
  }
  const answer = new Answer(url, data, watch, signal)
  note(answer.status, answer.header('content-type'), null)
  const after = answer.status === 429 || answer.status === 503 ? retryAfterSeconds(answer) : null
  answered(answer.status, answer.status === 429 || after !== null)
  if (answer.status === 429 || after !== null) {
    await answer.discard()
    const fruitless = !served.delete(url.host)
    throw new RateLimited(
      url.host,
      budget ? await budget.limited(url.host, after, answer.status, fruitless) : (after ?? 1),
    )
  }
  served.add(url.host)
  if (answer.status === 403) await budget?.refused(url.host)
  return answer
}

async function turn(
  budget: Pick<Budget, 'take'>,
  host: string,
  lane: string,
  bounds: RateBounds,
  signal?: AbortSignal,
) {
  try {
    await budget.take(host, lane, bounds, signal)
  } catch (error) {
    if (error instanceof HostResting) throw new RateLimited(host, error.seconds, { cause: error })
    throw error
  }
}

function guarded(address: string | URL, settings: HttpSettings): URL {
  try {
    return allowedUrl(address, settings)
  } catch (error) {
    throw new AddressRefused('an address that we do not talk to', { cause: error })
  }
}

function headersOf({ lane, headers = {} }: HttpOptions, { userAgent }: HttpSettings): Record<string, string> {
  const sent: Record<string, string> = {
    'user-agent': userAgent ?? product,
    accept: '*/*',
    'accept-encoding': lane === 'bytes' ? 'identity' : 'gzip, deflate, br',
  }
  for (const name in headers) sent[name.toLowerCase()] = headers[name]!
  return sent
}

const redirectStatuses = new Set([301, 302, 303, 307, 308])
const secretHeaders = /^(authorization|proxy-authorization|cookie|x-.*(token|key|auth|session|secret).*)$/

function redirected(call: Call, status: number, location: string, settings: HttpSettings): Call {
  if (!URL.canParse(location, call.url)) throw new SourceUnreachable(`${call.url.host} redirects to no address`)
  const url = guarded(new URL(location, call.url), settings)
  const asGet = status === 303 || (call.method === 'POST' && (status === 301 || status === 302))
  const elsewhere = url.origin !== call.url.origin
  if (elsewhere && !asGet && call.body !== undefined) {
    throw new SourceUnreachable(`${call.url.host} redirects a ${call.method} with its body to another host`)
  }
  const kept = Object.entries(call.headers).filter(
    ([name]) => !(elsewhere && secretHeaders.test(name)) && !(asGet && name.startsWith('content-')) && name !== 'host',
  )
  return {
    url,
    method: asGet ? 'GET' : call.method,
    headers: Object.fromEntries(kept),
    body: asGet ? undefined : call.body,
  }
}

/** 0.1 to 3600; null without a header that can be read. A date counts from the answer's own, so that clocks may differ. */
function retryAfterSeconds(answer: HttpAnswer): number | null {
  const value = answer.header('retry-after')?.trim()
  if (!value) return null
  const now = Date.parse(answer.header('date') ?? '') || Date.now()
  const seconds = /^\d+(\.\d+)?$/.test(value) ? Number(value) : (Date.parse(value) - now) / 1000
  return Number.isNaN(seconds) ? null : Math.min(3600, Math.max(0.1, seconds))
}

const joined = new WeakMap<AbortSignal, WeakMap<AbortSignal, AbortSignal>>()

/** The same two signals give the same third, so that thousands of requests do not pile up on a long-lived one. */
function joinSignals(a: AbortSignal | undefined, b: AbortSignal | undefined): AbortSignal | undefined {
  if (!a || !b || a === b) return a ?? b
  const ofA = joined.get(a) ?? new WeakMap<AbortSignal, AbortSignal>()
  const both = ofA.get(b) ?? AbortSignal.any([a, b])
  joined.set(a, ofA.set(b, both))
  return both
}
