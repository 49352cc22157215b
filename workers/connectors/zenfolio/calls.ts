// JSON-RPC with Zenfolio: the only methods that can be called at all, and what its errors mean.
import type { z } from 'zod'
import { fieldOf, isHtml, masked, parsed, unexpected } from '../answers.ts'
import {
  Challenge,
  type ConnectorContext,
  type ConnectorError,
  type HttpAnswer,
  NotAvailable,
  NotFound,
  SessionExpired,
  SignInRefused,
  SourceFault,
  Thawing,
  Truncated,
  UnexpectedPage,
} from '../connector.ts'
import { isSignInPage, speaksOfArchive, todo, usualThawHours } from './answers.ts'
import { parseLossless } from './json.ts'
import * as wire from './wire.ts'

/** Mandatory on every call, and must name the application honestly. */
const application = 'PassGalleryMigration/1.0 (+https://passgallery.com)'
export const applicationHeaders = { 'user-agent': application, 'x-zenfolio-user-agent': application }

type Level = 'Level1' | 'Level2' | 'Full'

/** Parameters are positional. Ids go as strings: Zenfolio takes them so, and no JSON writer can round them. */
interface Parameters {
  GetChallenge: [loginName: string]
  Authenticate: [challenge: number[], proof: number[]]
  AuthenticatePlain: [loginName: string, password: string]
  LoadPrivateProfile: []
  LoadGroupHierarchy: [loginName: string]
  LoadGroup: [groupId: string, level: Level, includeChildren: boolean]
  LoadPhotoSet: [photoSetId: string, level: Level, includePhotos: boolean]
  LoadPhotoSetPhotos: [photoSetId: string, startingIndex: number, numberOfPhotos: number]
  LoadPhotoSetPhotoSizes: [photoSetId: string, startingIndex: number, numberOfPhotos: number]
  LoadPhoto: [photoId: string, level: Level]
  LoadGalleryFiles: [photoSetId: string, startingIndex: number, numberOfFiles: number]
  LoadAccessRealm: [realmId: string]
  LoadSharedFavoritesSets: []
  GetDownloadOriginalKey: [photoIds: string[], password: string]
}

/** The whitelist. A token may write everything, so a method that is not here cannot be sent. */
const reads = {
  GetChallenge: wire.authChallenge,
  Authenticate: wire.token,
  AuthenticatePlain: wire.token,
  LoadPrivateProfile: wire.user,
  LoadGroupHierarchy: wire.group,
  LoadGroup: wire.group,
  LoadPhotoSet: wire.photoSet,
  LoadPhotoSetPhotos: wire.photo.array().nullable(),
  LoadPhotoSetPhotoSizes: wire.photoSize.array(),
  LoadPhoto: wire.photo,
  LoadGalleryFiles: wire.galleryFile.array().nullable(),
  LoadAccessRealm: wire.accessRealm,
  LoadSharedFavoritesSets: wire.favoritesSet.array().nullable(),
  GetDownloadOriginalKey: wire.token,
} as const satisfies Record<keyof Parameters, z.ZodType>

type Method = keyof Parameters
type Result<M extends Method> = z.output<(typeof reads)[M]>

/** Sent without a token (an old one would be refused); their answers stay out of all evidence. */
const signInMethods: ReadonlySet<Method> = new Set(['GetChallenge', 'Authenticate', 'AuthenticatePlain'])
/** Some galleries take two minutes; the tree of a large account is long. */
const slowMethods: ReadonlySet<Method> = new Set(['LoadGroupHierarchy', 'LoadPhotoSetPhotos'])

/** An error object of Zenfolio, not yet judged. `code` is null where it sent none. */
export class Refusal extends Error {
  override name = 'Refusal'
  readonly code: string | null
  readonly said: string
  readonly page: UnexpectedPage
  readonly status: number
  constructor(method: Method, code: string | null, said: string, page: UnexpectedPage) {
    super(`${method}: ${code ?? 'no code'}`)
    this.code = code
    this.said = said
    this.page = page
    this.status = page.evidence.status
  }
}

export class Calls {
  readonly endpoint: URL
  readonly token: string | null
  readonly secrets: readonly string[]
  readonly context: ConnectorContext
  #lastId = 0

  constructor(context: ConnectorContext, token: string | null, secrets: readonly string[] = []) {
    this.context = context
    this.token = token
    this.secrets = token ? [token, ...secrets] : secrets
    this.endpoint = new URL(context.endpoints.api ?? '')
  }

  /** Throws connector errors only. "No such object" and "not authorized" count only while the session is alive. */
  async call<M extends Method>(method: M, ...parameters: Parameters[M]): Promise<Result<M>> {
    try {
      return await this.ask(method, ...parameters)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      throw await this.#meaningOf(error, method)
    }
  }

  /** As `call`, but leaves Zenfolio's own error objects (`Refusal`) to the caller. */
  async ask<M extends Method>(method: M, ...parameters: Parameters[M]): Promise<Result<M>> {
    const id = ++this.#lastId
    const tokenless = signInMethods.has(method)
    const answer = await this.context.http.request(this.endpoint.href, {
      method: 'POST',
      headers: {
        ...applicationHeaders,
        'content-type': 'application/json',
        accept: 'application/json',
        ...(this.token && !tokenless ? { 'x-zenfolio-token': this.token } : {}),
      },
      body: JSON.stringify({ method, params: parameters, id }),
      timeoutSeconds: slowMethods.has(method) ? 120 : 30,
      signal: this.context.signal,
    })
    const text = await answer.text()
    const odd = (expected: string) => unexpected(expected, answer, tokenless ? null : text, this.secrets)
    const body = this.#bodyOf(answer, text, method, odd)

    const refused = body.error ?? (body.result == null && body.message ? { message: body.message } : null)
    if (refused) {
      const { code, message } =
        typeof refused === 'string' ? { code: null, message: refused } : { code: null, ...refused }
      if (speaksOfArchive(message ?? '')) throw archived()
      throw new Refusal(
        method,
        code || null,
        masked(message ?? '', this.secrets),
        odd(`an error of ${method} that is known`),
      )
    }
    if (answer.status >= 500) throw new SourceFault(`${method} answered ${answer.status}`, answer.status)
    if (body.id != null && String(body.id) !== String(id)) throw odd(`${method}: the id of the call`)
    const result = reads[method].safeParse(body.result)
    if (!result.success) throw odd(`${method}: ${fieldOf(result.error, 'result')}`)
    return result.data as Result<M>
  }

  /**
   * Throws SessionExpired where the session has ended. Asked before anything is believed missing or complete: a dead
   * token may count as none, and then hidden things are simply not there.
   */
  async proveAlive(): Promise<void> {
    await this.call('LoadPrivateProfile')
  }

  /** For answers that are well formed and still cannot be right. `excerpt` names fields, not values. */
  unexpected(expected: string, excerpt = ''): UnexpectedPage {
    return unexpected(expected, { url: this.endpoint.href, status: 200, header: () => 'application/json' }, excerpt, [])
  }

  #bodyOf(answer: HttpAnswer, text: string, method: Method, odd: (expected: string) => UnexpectedPage) {
    const json = parsed(text, parseLossless)
    const body = wire.envelope.safeParse(json)
    if (body.success) return body.data
    if (json !== undefined) throw odd(`${method}: ${fieldOf(body.error, 'result')}`)

    if (answer.status === 401 && this.token) throw new SessionExpired(`${method} answered 401`)
    if (answer.status === 403) throw new SignInRefused(todo.edge)
    const html = isHtml(answer.header('content-type'), text)
    if (html && isSignInPage(text)) throw this.token ? new SessionExpired(`a sign-in page for ${method}`) : odd('JSON')
    if (speaksOfArchive(text)) throw archived()
    if (answer.status >= 500) throw new SourceFault(`${method} answered ${answer.status}`, answer.status)
    if (answer.status === 200 && !html && /^\s*([{[]|$)/.test(text))
      throw new Truncated(`the answer of ${method} broke off`)
    throw odd(`${method}: JSON`)
  }

  async #meaningOf(refusal: Refusal, method: Method): Promise<ConnectorError> {
    const options = { cause: refusal }
    switch (refusal.code) {
      case null:
      case 'E_UNSPECIFIEDERROR':
        return new SourceFault(`${method} failed: ${refusal.said}`, refusal.status, options)
      case 'E_NOTAUTHENTICATED':
        return new SessionExpired(`${method}: not authenticated`, options)
      case 'E_NOSUCHOBJECT':
      case 'E_NOTAUTHORIZED':
        if (method === 'LoadPrivateProfile') return new SessionExpired(`${method}: ${refusal.code}`, options)
        await this.proveAlive()
        return refusal.code === 'E_NOSUCHOBJECT'
          ? new NotFound(`${method}: no such object`, options)
          : new NotAvailable(`${method}: not authorized`, 'not_available', options)
      case 'E_ACCOUNTLOCKED':
        return new Challenge(todo.locked, options)
      case 'E_INVALIDCREDENTIALS':
        return new SignInRefused(todo.wrongPassword, options)
      case 'E_CONNECTIONISNOTSECURE':
        return new SignInRefused(todo.notSecure, options)
      default:
        return new UnexpectedPage(`${method} without the error ${refusal.code}`, refusal.page.evidence, options)
    }
  }
}

function archived(): Thawing {
  return new Thawing('Zenfolio is bringing it back from its archive', usualThawHours)
}
