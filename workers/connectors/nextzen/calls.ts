// The dashboard's own REST of the new Zenfolio: the four reads that can be sent at all, and what its answers mean.
import type { z } from 'zod'
import { fieldOf, isHtml, parsed } from '../answers.ts'
import {
  Challenge,
  type ConnectorContext,
  type HttpAnswer,
  NotAvailable,
  NotFound,
  SessionExpired,
  SignInRefused,
  SourceFault,
  Thawing,
  Truncated,
  type UnexpectedPage,
} from '../connector.ts'
import {
  isClassic,
  isSignInPage,
  leadsToSignIn,
  speaksOfArchive,
  speaksOfLock,
  todo,
  unexpected,
  usualThawHours,
} from './answers.ts'
import * as wire from './wire.ts'

/** One read. `of`: whose absence a 404 tells; of the account it tells nothing. */
interface Read<Schema extends z.ZodType> {
  name: string
  of: 'account' | 'gallery' | 'photo'
  method: 'GET' | 'PUT'
  path: string
  body?: object
  answer: Schema
  timeoutSeconds: number
}

/**
 * Throws connector errors only. What is not a method here cannot be sent: the bearer may write everything. The bearer goes
 * to the endpoint `app` and nowhere else.
 */
export class Calls {
  readonly context: ConnectorContext
  readonly secrets: readonly string[]
  readonly #bearer: string
  readonly #base: string
  readonly #noted = new Set<string>()

  constructor(context: ConnectorContext, bearer: string, secrets: readonly string[] = []) {
    this.context = context
    this.#bearer = bearer
    this.secrets = [bearer, ...secrets]
    this.#base = (context.endpoints.app ?? '').replace(/\/+$/, '')
  }

  /** Folders and albums of the whole account. */
  tree() {
    return this.#read({
      name: 'folders/tree',
      of: 'account',
      method: 'GET',
      path: '/api/folders/v1/folders/tree',
      answer: wire.tree,
      timeoutSeconds: 120,
    })
  }

  /** A page of the galleries with what the tree does not tell: at most 100, as the dashboard asks. */
  content(skip: number) {
    return this.#read({
      name: 'galleries/content',
      of: 'account',
      method: 'GET',
      path: `/api/folders/v1/galleries/content?active=true&inactive=true&skip=${skip}&take=100`,
      answer: wire.content,
      timeoutSeconds: 60,
    })
  }

  /** All photos and sets of a gallery. */
  photos(galleryRef: string) {
    return this.#read({
      name: 'folders/{id}/photos',
      of: 'gallery',
      method: 'GET',
      path: `/api/folders/v1/folders/${encodeURIComponent(galleryRef)}/photos`,
      answer: wire.galleryPhotos,
      timeoutSeconds: 120,
    })
  }

  /** A signed address of the original, which dies after some hours. The one PUT: it changes nothing. */
  download(albumId: string, photoId: string) {
    return this.#read({
      name: 'photos/download',
      of: 'photo',
      method: 'PUT',
      path: '/api/folders/v1/photos/download',
      body: { albumId, photoId },
      answer: wire.download,
      timeoutSeconds: 30,
    })
  }

  /** Throws SessionExpired where the session has ended. Asked before anything is believed gone or forbidden. */
  async proveAlive(): Promise<void> {
    await this.content(0)
  }

  /** For answers that are well formed and still cannot be right. `excerpt` names fields, not values. */
  unexpected(expected: string, excerpt = ''): UnexpectedPage {
    return unexpected(expected, { url: this.#base, status: 200, header: () => 'application/json' }, excerpt, [])
  }

  async #read<Schema extends z.ZodType>(read: Read<Schema>): Promise<z.output<Schema>> {
    const answer = await this.context.http.request(`${this.#base}${read.path}`, {
      method: read.method,
      headers: {
        authorization: `Bearer ${this.#bearer}`,
        accept: 'application/json',
        ...(read.body ? { 'content-type': 'application/json' } : {}),
      },
      ...(read.body ? { body: JSON.stringify(read.body) } : {}),
      timeoutSeconds: read.timeoutSeconds,
      signal: this.context.signal,
    })
    const text = await answer.text()
    const json = await this.#json(read, answer, text)
    const parsed = read.answer.safeParse(json)
    if (!parsed.success)
      throw unexpected(`${read.name}: ${fieldOf(parsed.error, 'the answer')}`, answer, text, this.secrets)
    this.#note(read.name, json)
    return parsed.data
  }

  /** What came, where it is an answer at all. */
  async #json(read: Read<z.ZodType>, answer: HttpAnswer, text: string): Promise<unknown> {
    const { status } = answer
    const odd = (expected: string) => unexpected(`${read.name}: ${expected}`, answer, text, this.secrets)
    if (status === 401) throw new SessionExpired(`${read.name} answered 401`)
    if (isClassic(answer, text)) throw new SignInRefused(todo.classic)
    if (status >= 300 && status < 400) {
      if (leadsToSignIn(answer.header('location'))) throw new SessionExpired(`${read.name} leads to the sign-in page`)
      throw odd('no redirect')
    }
    const html = isHtml(answer.header('content-type'), text)
    if (status === 403 || status === 423) throw await this.#refusal(read, status, html, text)
    if (status === 404 || status === 410) {
      if (read.of === 'account') throw odd('the address')
      await this.proveAlive()
      throw new NotFound(`${read.name} answered ${status}`)
    }
    if (status >= 400 && speaksOfArchive(text)) throw archived()
    if (status >= 500) throw new SourceFault(`${read.name} answered ${status}`, status)
    if (status >= 400) throw odd(`no refusal (HTTP ${status})`)

    const json = parsed(text)
    if (json !== undefined) return json
    if (html && isSignInPage(text)) throw new SessionExpired(`a sign-in page for ${read.name}`)
    if (!html && /^\s*([{[]|$)/.test(text)) throw new Truncated(`the answer of ${read.name} broke off`)
    throw odd('JSON')
  }

  async #refusal(read: Read<z.ZodType>, status: number, html: boolean, text: string): Promise<Error> {
    if (status === 423 || (!html && speaksOfLock(text))) return new Challenge(todo.locked)
    if (speaksOfArchive(text)) return archived()
    if (html)
      return /captcha|challenge-platform/i.test(text) ? new Challenge(todo.captcha) : new SignInRefused(todo.edge)
    if (read.of === 'account') return new SignInRefused(todo.refused)
    await this.proveAlive()
    return new NotAvailable(`Zenfolio refuses ${read.name}`)
  }

  /** Nothing of this is documented, so the log of the run says once what came: names and types, no values. */
  #note(name: string, json: unknown): void {
    if (this.#noted.has(name)) return
    this.#noted.add(name)
    this.context.note(`shape of ${name}`, shapeOf(json, 5))
  }
}

export function archived(): Thawing {
  return new Thawing('Zenfolio is bringing it back from its archive', usualThawHours)
}

function shapeOf(value: unknown, depth: number): unknown {
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value
  if (depth === 0) return '…'
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0], depth - 1)]
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, 60)
      .map(([key, held]) => [key, shapeOf(held, depth - 1)]),
  )
}
