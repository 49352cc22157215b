// Requests to the account's own origin: the only methods that can be called at all, and what their answers mean.
import type { z } from 'zod'
import { fieldOf, isHtml, masked, parsed, unexpected } from '../answers.ts'
import {
  Challenge,
  type ConnectorContext,
  type HttpAnswer,
  NotAvailable,
  SessionExpired,
  SourceFault,
  Truncated,
  type UnexpectedPage,
} from '../connector.ts'
import { errorOf, isSignInAddress, signOf, todo } from './answers.ts'
import type { Cookies } from './cookies.ts'
import * as wire from './wire.ts'

type JobId = string | number

interface Bodies {
  dashboard: Record<string, never>
  loadProject: { projectId: number }
  projectPhotos2: { projectId: number; photoIds: number[] | null }
  getDownloadInfo: { userJobId: JobId; startIndex: 0; maxFiles: 0 }
  savePackage: ExportOnly
  sendPhotos: { pref: { boundHeight: -1; boundWidth: -1; jpgQuality: -1; noMobilities: true } }
  getDownloadInfo2: { mode: 1 | 2; projectId: number; userJobId: JobId }
}

/** The one thing that `savePackage` may carry; every other list of it changes the account and stays empty. */
interface ExportOnly {
  saveBatch: ReturnType<typeof exportBatch>
  pcpClientId: ''
}

/** The whitelist: a session may write everything, so a method that is not here cannot be sent. */
const reads = {
  dashboard: wire.dashboard,
  loadProject: wire.project,
  projectPhotos2: wire.contents,
  getDownloadInfo: wire.download,
  savePackage: wire.exported,
  sendPhotos: wire.job,
  getDownloadInfo2: wire.asked,
} as const satisfies Record<keyof Bodies, z.ZodType>

type Method = keyof Bodies
type Result<M extends Method> = z.output<(typeof reads)[M]>

/** Methods inside a gallery; the others are the photographer's. */
const inGallery: ReadonlySet<Method> = new Set(['sendPhotos', 'getDownloadInfo2'])

/** 200 with nothing in `d`: the soft block, unless what was asked for is gone. */
export class NothingInside extends Challenge {}

/** 404, or a gallery's methods refused: means something only while the session is proved alive. */
export class Refused extends NotAvailable {
  readonly page: UnexpectedPage
  constructor(page: UnexpectedPage) {
    super(page.message)
    this.page = page
  }
}

export class Calls {
  readonly context: ConnectorContext
  readonly base: URL
  readonly #cookies: Cookies
  readonly #given: readonly string[]
  readonly #noted = new Set<string>()

  /** `base` is the account's origin; the cookies go nowhere else. `given`: further secrets that evidence may not show. */
  constructor(context: ConnectorContext, base: URL, cookies: Cookies, given: readonly string[] = []) {
    this.context = context
    this.base = base
    this.#cookies = cookies
    this.#given = given
  }

  /** Shorter values of cookies are no secrets: a digit struck out everywhere would leave evidence without numbers. */
  get secrets(): string[] {
    return [...this.#cookies.secrets(), ...this.#given].filter((secret) => secret.length > 3)
  }

  /** `virtualPath` names the gallery for methods inside one. Throws connector errors only. */
  async call<M extends Method>(method: M, body: Bodies[M], virtualPath?: string): Promise<Result<M>> {
    const service = inGallery.has(method) ? `${galleryPath(virtualPath ?? '')}/services.asmx` : '/!servicesp.asmx'
    const answer = await this.#send(`${service}/${method}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=UTF-8',
        accept: 'application/json',
        ...(method === 'savePackage' ? { origin: this.base.origin, referer: `${this.base.origin}/professional` } : {}),
      },
      body: JSON.stringify(body),
      // Whole accounts and galleries of 10,000 photos come in one answer.
      timeoutSeconds: 120,
    })
    const text = await answer.text()
    const data = this.#dataOf(answer, text, method)
    const result = reads[method].safeParse(data)
    if (!result.success) throw this.unexpected(`${method}: ${fieldOf(result.error, 'd')}`, answer, text)
    this.#note(method, data)
    return result.data as Result<M>
  }

  /** An address of the account's own origin or one that its answers named; cookies stay with their origin. */
  async get(address: URL, headers: Record<string, string> = {}, timeoutSeconds = 60): Promise<HttpAnswer> {
    return this.#send(address, { method: 'GET', headers, lane: 'bytes', timeoutSeconds })
  }

  unexpected(expected: string, answer?: HttpAnswer, text: string | null = ''): UnexpectedPage {
    const nowhere = { url: this.base.href, status: 200, header: () => 'application/json' }
    return unexpected(expected, answer ?? nowhere, text, this.secrets)
  }

  async #send(address: string | URL, options: Parameters<ConnectorContext['http']['request']>[1]): Promise<HttpAnswer> {
    const url = new URL(address, this.base)
    const isHome = url.origin === this.base.origin
    const answer = await this.context.http.request(url.href, {
      ...options,
      headers: { ...options?.headers, ...(isHome ? { cookie: this.#cookies.header() } : {}) },
      signal: this.context.signal,
    })
    if (isHome) this.#cookies.take(answer.cookies)
    return answer
  }

  /** What is in `d`. */
  #dataOf(answer: HttpAnswer, text: string, method: Method): unknown {
    const { status } = answer
    const location = status >= 300 && status < 400 ? answer.header('location') : null
    if (location !== null && URL.canParse(location, answer.url) && isSignInAddress(new URL(location, answer.url)))
      throw new SessionExpired(`${method} is redirected to the sign-in page`)
    const sign = isHtml(answer.header('content-type'), text) ? signOf(text, new URL(answer.url)) : null
    if (sign === 'block' || sign === 'human') throw errorOf(sign)
    if (status === 401 || (status === 403 && !inGallery.has(method)))
      throw new SessionExpired(`${method} answered ${status}`)
    if (status >= 500) throw new SourceFault(`${method} answered ${status}`, status)
    const odd = (expected: string) => this.unexpected(expected, answer, text)
    if ((status === 403 || status === 404) && method !== 'dashboard') throw new Refused(odd(`${method}: an answer`))
    if (sign === 'signIn') throw errorOf(sign)
    if (status !== 200) throw odd(`${method}: an answer`)

    const json = parsed(text)
    if (json === undefined && /^\s*([{[]|$)/.test(text)) throw new Truncated(`the answer of ${method} broke off`)
    const body = wire.envelope.safeParse(json)
    if (!body.success) throw odd(`${method}: JSON with d`)
    if (body.data.Message) throw new SourceFault(`${method}: ${masked(body.data.Message, this.secrets)}`, status)
    if (!('d' in body.data)) throw odd(`${method}: d`)
    if (isEmpty(body.data.d)) throw new NothingInside(todo.blocked)
    return body.data.d
  }

  /** Once for each method: the keys and types that came, so that what nobody has sourced can be seen. */
  #note(method: Method, data: unknown): void {
    if (this.#noted.has(method)) return
    this.#noted.add(method)
    this.context.note(`Pic-Time: shape of ${method}`, shapeOf(data))
  }
}

/** The batch of an export: `-1` is the original; no photo ids would be the whole project. */
export function exportBatch(projectId: number, photoIds: number[], dtoRevision: number) {
  const request = { projectId, target: '', message: '', width: -1, height: -1, quality: -1 }
  return {
    projectCreate: { newProjectIds: [], newSceneIds: [], newSelectionIds: [] },
    projectProps: [],
    artPricing: [],
    projectSelectionProps: [],
    projectScenesProps: [],
    projectSelections: [],
    campaignsUpdate: [],
    projectExport: [{ ...request, photoIds, ticketFields: [], type: 'download' }],
    projectComments: [],
    setupPricing: [],
    setupBrand: [],
    setupAccount: [],
    actions: { publish: [], sceneReorder: [], photosReorder: [] },
    // Where the number comes from is not known; an export changes nothing that it could protect.
    dtoRevision,
    ignoreDtoRevision: false,
  }
}

export function galleryPath(virtualPath: string): string {
  return `/-${virtualPath.split('/').map(encodeURIComponent).join('/')}`
}

function isEmpty(data: unknown): boolean {
  if (data === null || data === undefined || data === '') return true
  return typeof data === 'object' && Object.keys(data).length === 0
}

/** Keys and types without a single value; of a list its length and the shape of its first entry. */
function shapeOf(data: unknown, depth = 4): unknown {
  if (data === null || typeof data !== 'object') return data === null ? 'null' : typeof data
  if (depth === 0) return Array.isArray(data) ? 'list' : 'object'
  if (Array.isArray(data)) {
    const isRow = data.length > 0 && data.every((entry) => entry === null || typeof entry !== 'object')
    return isRow ? data.map((entry) => shapeOf(entry, 0)) : [data.length, shapeOf(data[0], depth - 1)]
  }
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, shapeOf(value, depth - 1)]))
}
