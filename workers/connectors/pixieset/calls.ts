// Reads of Pixieset's owner API: the only addresses that can be asked at all, and what its answers mean. GET only.
import type { z } from 'zod'
import { isHtml, parsed } from '../answers.ts'
import {
  Challenge,
  type ConnectorContext,
  type HttpAnswer,
  NotAvailable,
  NotFound,
  SessionExpired,
  SourceFault,
  Truncated,
  type UnexpectedPage,
} from '../connector.ts'
import { isChallenge, isSignInPage, shapeOf, todo, unexpected } from './answers.ts'
import { BrokenOff, readElements } from './elements.ts'

const patienceSeconds = 30
/** Large sets have been seen to run into limits of 45 s. */
const setPatienceSeconds = 180

/** The whitelist: the session may write everything, so an address that is not made here cannot be asked. */
const addresses = {
  account: () => '/data/bootstrap',
  listings: (page: number) => `/dashboard_listings?page=${page}`,
  collection: (ref: string) => `/collections/${segment(ref)}`,
  sets: (ref: string) => `/collections/${segment(ref)}/galleries`,
  overview: (ref: string) => `/collections/${segment(ref)}/before_show`,
  favourites: (ref: string, page: number) =>
    `/collections/${segment(ref)}/favorites${page === 1 ? '' : `?page=${page}`}`,
  set: (ref: string) => `/galleries/${segment(ref)}?expand=photos.starred%2Cvideos`,
  original: (ref: string) => `/photos/${segment(ref)}/download`,
} as const

type Address = keyof typeof addresses
type Parameters<A extends Address> = (typeof addresses)[A] extends (...parameters: infer P) => string ? P : never

function segment(ref: string): string {
  if (!/^[\w-]+$/.test(ref)) throw new TypeError('not an id of Pixieset')
  return ref
}

export class Calls {
  readonly context: ConnectorContext
  readonly galleries: string
  readonly secrets: readonly string[]
  readonly #cookie: string
  readonly #noted = new Set<string>()

  /** `cookie` is the whole Cookie header of a signed-in browser. */
  constructor(context: ConnectorContext, cookie: string, secrets: readonly string[] = []) {
    this.context = context
    this.galleries = (context.endpoints.galleries ?? '').replace(/\/+$/, '')
    this.#cookie = cookie
    const values = cookie.split(';').map((pair) => pair.slice(pair.indexOf('=') + 1).trim())
    this.secrets = [cookie, ...values.filter((value) => value.length >= 6), ...secrets]
  }

  /** The parsed JSON. Throws connector errors only; "gone" and "forbidden" count only while the session is alive. */
  async read<A extends Address>(address: A, ...parameters: Parameters<A>): Promise<Body> {
    const answer = await this.ask(address, ...parameters)
    const text = await this.#textOf(answer, address)
    return this.#jsonOf(answer, text, address)
  }

  /** A whole set, its photos and videos one by one as they flow. Resolves with the rest of the answer. */
  async readSet(ref: string, each: (key: 'photos' | 'videos', element: unknown) => void): Promise<Body> {
    const answer = await this.ask('set', ref)
    if (answer.status !== 200 || isHtml(answer.header('content-type'), '')) {
      const text = await this.#textOf(answer, 'set')
      return this.#jsonOf(answer, text, 'set')
    }
    const head = new Head(answer.stream)
    try {
      const rest = await readElements(head.chunks(), ['photos', 'videos'], (key, element) =>
        each(key as 'photos' | 'videos', element),
      )
      return this.#body(answer, rest, 'set')
    } catch (error) {
      if (!(error instanceof BrokenOff || error instanceof SyntaxError)) throw error
      if (!/^\s*([{[]|$)/.test(head.text)) throw this.#page(answer, head.text, 'set')
      if (error instanceof BrokenOff) throw new Truncated('a set broke off', { cause: error })
      throw unexpected('set: JSON', answer, head.text, this.secrets)
    }
  }

  /** The answer itself, redirects included. */
  async ask<A extends Address>(address: A, ...parameters: Parameters<A>): Promise<HttpAnswer> {
    const path = (addresses[address] as (...all: Parameters<A>) => string)(...parameters)
    return this.context.http.request(`${this.galleries}/api/v1${path}`, {
      headers: {
        accept: 'application/json',
        'x-requested-with': 'XMLHttpRequest',
        referer: `${this.galleries}/collections`,
        cookie: this.#cookie,
      },
      lane: address === 'original' ? 'bytes' : 'page',
      timeoutSeconds: address === 'set' ? setPatienceSeconds : patienceSeconds,
      signal: this.context.signal,
    })
  }

  /** Throws SessionExpired where the session has ended. Asked before anything is believed gone or forbidden. */
  async proveAlive(): Promise<void> {
    await this.read('account')
  }

  /** What an answer means that is not what was asked for; reads its body. */
  async meaningOf(answer: HttpAnswer, address: Address): Promise<Error> {
    const text = await answer.text(1024 * 1024)
    return this.#trouble(answer, text, address)
  }

  /** Notes the names of fields, once for each event. */
  note(event: string, value?: unknown): void {
    if (this.#noted.has(event)) return
    this.#noted.add(event)
    this.context.note(event, value === undefined ? undefined : shapeOf(value))
  }

  async #textOf(answer: HttpAnswer, address: Address): Promise<string> {
    const text = await answer.text()
    if (answer.status !== 200) throw await this.#trouble(answer, text, address)
    return text
  }

  #jsonOf(answer: HttpAnswer, text: string, address: Address): Body {
    const json = parsed(text)
    if (json !== undefined) return this.#body(answer, json, address)
    const html = isHtml(answer.header('content-type'), text)
    if (!html && /^\s*([{[]|$)/.test(text)) throw new Truncated(`the answer to ${address} broke off`)
    throw this.#page(answer, text, address)
  }

  #body(answer: HttpAnswer, json: unknown, address: Address): Body {
    const odd = (expected: string) => unexpected(`${address}: ${expected}`, answer, JSON.stringify(json), this.secrets)
    return {
      json,
      odd,
      as(schema, value, path) {
        const read = schema.safeParse(value)
        if (read.success) return read.data
        throw odd(fieldOf(read.error, path))
      },
    }
  }

  /** A page with status 200 where JSON was due. */
  #page(answer: HttpAnswer, text: string, address: Address): Error {
    if (isChallenge(answer, text)) return new Challenge(todo.challenge)
    if (isSignInPage(text)) return new SessionExpired(`a sign-in page for ${address}`)
    return unexpected(`${address}: JSON`, answer, text, this.secrets)
  }

  async #trouble(answer: HttpAnswer, text: string, address: Address): Promise<Error> {
    const { status } = answer
    if (status === 401 || this.#leadsToSignIn(answer)) return new SessionExpired(`${address} answered ${status}`)
    if ((status === 403 || status === 503) && isChallenge(answer, text)) return new Challenge(todo.challenge)
    if (status === 403 && isHtml(answer.header('content-type'), text)) return new Challenge(todo.refused)
    if (status === 403 || status === 404 || status === 410) return this.#withheld(answer, text, address)
    if (status === 408 || status === 425 || status >= 500)
      return new SourceFault(`${address} answered ${status}`, status)
    if (isSignInPage(text)) return new SessionExpired(`a sign-in page for ${address}`)
    return unexpected(`${address}: status 200, not ${status}`, answer, text, this.secrets)
  }

  async #withheld(answer: HttpAnswer, text: string, address: Address): Promise<Error> {
    if (address === 'account')
      return answer.status === 403
        ? new Challenge(todo.refused)
        : unexpected(`${address}: status 200, not ${answer.status}`, answer, text, this.secrets)
    try {
      await this.proveAlive()
    } catch (error) {
      return error as Error
    }
    return answer.status === 403
      ? new NotAvailable(`${address}: refused to this account`)
      : new NotFound(`${address}: not there`)
  }

  #leadsToSignIn(answer: HttpAnswer): boolean {
    const location = answer.status >= 300 && answer.status < 400 ? answer.header('location') : null
    return location !== null && isSignInAddress(location, answer.url, this.context.endpoints.accounts)
  }
}

/** `…/login`, and whatever lies at the host where people sign in. */
export function isSignInAddress(location: string, base: string, accounts: string | undefined): boolean {
  if (!URL.canParse(location, base)) return false
  const url = new URL(location, base)
  const atAccounts = accounts !== undefined && URL.canParse(accounts) && url.origin === new URL(accounts).origin
  return /^\/(\w+\/)?login\/?$/.test(url.pathname) || (atAccounts && url.origin !== new URL(base).origin)
}

/** JSON that came, with what to say where it is not as expected. */
export interface Body {
  json: unknown
  /** UnexpectedPage that names the field. */
  odd(expected: string): UnexpectedPage
  /** `value` as the schema reads it; throws UnexpectedPage with the field below `path`. */
  as<S extends z.ZodType>(schema: S, value: unknown, path: string): z.output<S>
}

/** `data.data.collections[2].id: expected string …`. */
function fieldOf(error: z.ZodError, path: string): string {
  const issue = error.issues[0]
  const below = (issue?.path ?? []).map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('')
  return `${path}${below}: ${issue?.message ?? 'not understood'}`
}

/** Hands a stream on and remembers how it began. */
class Head {
  text = ''
  readonly #stream: AsyncIterable<Uint8Array>
  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#stream = stream
  }
  async *chunks(): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.#stream) {
      if (this.text.length < 2000) this.text += new TextDecoder().decode(chunk.subarray(0, 2000))
      yield chunk
    }
  }
}
