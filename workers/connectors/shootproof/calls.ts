// The Studio API: the only addresses that can be asked at all, all of them by GET, and what its answers mean.
import type { z } from 'zod'
import { fieldOf, isHtml, parsed, unexpected } from '../answers.ts'
import {
  Challenge,
  type ConnectorContext,
  type HttpAnswer,
  NotAvailable,
  NotFound,
  SessionExpired,
  SignInRefused,
  SourceFault,
  Truncated,
  type UnexpectedPage,
} from '../connector.ts'
import { isChallenge, isSignInAddress, isSignInPage, todo } from './answers.ts'
import { parseExact } from './json.ts'
import * as wire from './wire.ts'

/** The whitelist. A token may write everything, so an address that is not here cannot be asked. */
const reads = {
  me: { path: '/me', answer: wire.user },
  brands: { path: '/brand', answer: wire.list(wire.brand) },
  categories: { path: '/brand/{brand}/event-category', answer: wire.list(wire.eventCategory) },
  events: { path: '/brand/{brand}/event', answer: wire.list(wire.event) },
  event: { path: '/brand/{brand}/event/{event}', answer: wire.one(wire.event) },
  albums: { path: '/brand/{brand}/event/{event}/album', answer: wire.list(wire.album) },
  photos: { path: '/brand/{brand}/event/{event}/photo', answer: wire.list(wire.photo) },
  photo: { path: '/brand/{brand}/event/{event}/photo/{photo}', answer: wire.one(wire.photo) },
} as const satisfies Record<string, { path: string; answer: z.ZodType }>

const originalPath = '/brand/{brand}/event/{event}/photo/{photo}/original'

type Read = keyof typeof reads
type Result<R extends Read> = z.output<(typeof reads)[R]['answer']>
export type Ids = Partial<Record<'brand' | 'event' | 'photo', string>>

/** Items asked for at once: what a public client asks; the server's most is unknown and its `meta` is what counts. */
const rows = 100
/** Some lists are long; the most that a gateway usually waits. */
const patienceSeconds = 60

export class Calls {
  readonly context: ConnectorContext
  readonly token: string
  readonly secrets: readonly string[]
  readonly #noted = new Set<string>()

  constructor(context: ConnectorContext, token: string, secrets: readonly string[] = []) {
    this.context = context
    this.token = token
    this.secrets = [token, ...secrets]
  }

  /**
   * Throws connector errors only. "Not found" and "forbidden" count only while the session is alive, and NotFound may
   * still mean "forbidden": ShootProof often answers so.
   */
  async read<R extends Read>(read: R, ids: Ids = {}, page?: number): Promise<Result<R>> {
    const query = page === undefined ? '' : `?page=${page}&rows=${rows}`
    const answer = await this.#get(pathOf(reads[read].path, ids) + query)
    const text = await answer.text()
    if (answer.status !== 200) throw await this.refusal(read, answer, text)
    const json = this.#jsonOf(read, answer, text)
    const result = reads[read].answer.safeParse(json)
    if (!result.success) throw this.unexpected(`${read}: ${fieldOf(result.error, 'answer')}`, answer, text)
    return result.data as Result<R>
  }

  /** The answer of a photo's `/original`, whatever it is: usually a redirect to the bytes. */
  askOriginal(ids: Required<Ids>): Promise<HttpAnswer> {
    return this.#get(pathOf(originalPath, ids))
  }

  /** Throws SessionExpired where the session has ended. Asked before anything is believed missing. */
  async proveAlive(): Promise<void> {
    await this.read('me')
  }

  /** What an answer other than 200 means. */
  async refusal(what: string, answer: HttpAnswer, text: string): Promise<Error> {
    const { status } = answer
    const html = isHtml(answer.header('content-type'), text)
    if (status === 401) return new SessionExpired(`${what} answered 401`)
    if (status >= 300 && status < 400)
      return leadsToSignIn(answer)
        ? new SessionExpired(`${what} leads to the sign-in`)
        : this.unexpected(`${what}: no redirect`, answer, text)
    if (html && isSignInPage(text)) return new SessionExpired(`a sign-in page for ${what}`)
    if (status === 403 && html) return isChallenge(text) ? new Challenge(todo.challenge) : new SignInRefused(todo.edge)
    if (status >= 500) return new SourceFault(`${what} answered ${status}`, status)
    if (html || ![403, 404, 409, 410].includes(status))
      return this.unexpected(`${what}: ${complaintOf(text, status)}`, answer, text)
    if (what === 'me') return new SignInRefused(todo.noAccess)
    await this.proveAlive()
    return status === 404 || status === 410
      ? new NotFound(`${what} answered ${status}`)
      : new NotAvailable(`${what} answered ${status}`)
  }

  unexpected(expected: string, answer: Parameters<typeof unexpected>[1], text: string | null): UnexpectedPage {
    return unexpected(expected, answer, text, this.secrets)
  }

  /** For answers that are well formed and still cannot be right. `excerpt` names fields, not values. */
  wrong(expected: string, read: Read, ids: Ids, excerpt = ''): UnexpectedPage {
    const url = this.#address(pathOf(reads[read].path, ids))
    return this.unexpected(expected, { url, status: 200, header: () => 'application/json' }, excerpt)
  }

  /** Once a session: what the provider's documents leave open, for whoever looks at the first live account. */
  noteOnce(event: string, shape?: unknown): void {
    if (this.#noted.has(event)) return
    this.#noted.add(event)
    this.context.note(event, shape)
  }

  #get(path: string): Promise<HttpAnswer> {
    return this.context.http.request(this.#address(path), {
      headers: { authorization: `Bearer ${this.token}`, accept: 'application/vnd.shootproof+json' },
      timeoutSeconds: patienceSeconds,
      signal: this.context.signal,
    })
  }

  #address(path: string): string {
    return `${endpoint(this.context, 'api')}/studio${path}`
  }

  #jsonOf(what: string, answer: HttpAnswer, text: string): unknown {
    const json = parsed(text, parseExact)
    if (json !== undefined) return json
    const html = isHtml(answer.header('content-type'), text)
    if (html && isSignInPage(text)) throw new SessionExpired(`a sign-in page for ${what}`)
    if (!html && /^\s*([{[]|$)/.test(text)) throw new Truncated(`the answer of ${what} broke off`)
    throw this.unexpected(`${what}: JSON`, answer, text)
  }
}

/** Without a slash at its end. */
export function endpoint(context: ConnectorContext, name: 'api' | 'auth' | 'studio'): string {
  return new URL(context.endpoints[name] ?? '').href.replace(/\/+$/, '')
}

function pathOf(template: string, ids: Ids): string {
  return template.replace(/\{(\w+)\}/g, (_, name: keyof Ids) => encodeURIComponent(ids[name] ?? ''))
}

/** True where the answer redirects to the sign-in. */
export function leadsToSignIn(answer: HttpAnswer): boolean {
  const location = answer.header('location') ?? ''
  return URL.canParse(location, answer.url) && isSignInAddress(new URL(location, answer.url))
}

/** The problem's slug and the names of the properties it complains of, without values. */
function complaintOf(text: string, status: number): string {
  const told = wire.problem.safeParse(parsed(text, parseExact))
  const slug = told.success ? /#(?:error-)?([\w-]+)$/.exec(told.data.type ?? '')?.[1] : undefined
  const properties = told.success ? Object.keys(told.data.info?.errors ?? {}) : []
  return [`no HTTP ${status}`, slug, ...properties].filter(Boolean).join(' ')
}
