// The interface that every provider is read through, and its errors. A connector reads one account, never writes to
// it, and knows nothing of our database, queues or store: what it needs comes in by `ConnectorContext`.
import type { Access, FoundFolder, FoundGallery, FoundPhoto, PhotoKind } from '#server/listing.ts'
import type { ProviderId } from '#server/providers.ts'

// What a connector finds is what the ledger enters; the words stand in `server/listing.ts`.
export type { Access, PhotoKind }

/** What a provider offers and the connector brings. The conformance suite is derived from this. */
export interface Abilities {
  folders: boolean
  /** 'none': every gallery has one set with `ref: null`. */
  sets: 'none' | 'flat' | 'nested'
  /** Galleries that only place photos of other galleries. */
  collections: boolean
  covers: boolean
  dates: boolean
  descriptions: boolean
  captions: boolean
  keywords: boolean
  takenAt: boolean
  access: boolean
  /** 'known': the provider tells the password itself; 'required': only that there is one. */
  passwords: 'known' | 'required' | 'none'
  expiry: boolean
  favourites: boolean
  stars: boolean
  videos: 'original' | 'derived' | 'none'
  files: boolean
  /** 'exact': a byte count that differs is an error; 'hint': compare and record. */
  sizes: 'exact' | 'hint' | 'none'
  /** Archived galleries that the provider brings back: asked for by `thaw`, or by probing (no method of its own). */
  thaw: 'asked' | 'probed' | 'none'
}

export interface AccountSummary {
  /** The provider's own id of the account, where it tells one: the same account by other credentials is the same source. */
  ref?: string | null
  /** Name of the account as its owner knows it; never an e-mail address. */
  name: string
  galleries: number | null
  photos: number | null
  bytes: number | null
}

export type SourceFolder = FoundFolder

export type SourceGallery = FoundGallery

export interface SourceSet {
  ref: string | null
  parentRef: string | null
  title: string
  position: number
}

/** What one more look at a single gallery tells, asked once before its photos. */
export interface GalleryDetail {
  description: string | null
  /** `YYYY-MM-DD`. */
  expiresAt: string | null
  access: Access | null
  /** True where a password is needed and the provider does not tell it. */
  passwordUnknown: boolean
  /** The password itself, where the provider tells it. */
  password: string | null
  passwordHint: string | null
  coverRef: string | null
  date: string | null
  /** The provider's own number, told as it is. */
  statedCount: number | null
  /** Photos, videos and files that the listing must come to, where a number can be trusted; null: none can. */
  expectedCount: number | null
  /** Sets in order; a gallery without sets has one with `ref: null`. */
  sets: SourceSet[]
  /**
   * Values that have no place of their own in the library, kept for the report: copyright, categories … `publicUrl` is
   * where visitors find the gallery at the provider.
   */
  extra: Record<string, unknown>
}

export type SourcePhoto = FoundPhoto

/** A piece of the account's listing. Folders may come later than what lies in them; each comes once. */
export interface AccountPage {
  folders: SourceFolder[]
  galleries: SourceGallery[]
  /** Where the next page begins; null after the last. */
  next: string | null
}

export interface Page {
  photos: SourcePhoto[]
  /** Where the next page begins; null after the last. */
  next: string | null
}

export interface FavouriteList {
  ref: string
  galleryRef: string | null
  name: string
  owner: string | null
  /** null: the provider does not tell which. */
  photoRefs: string[] | null
}

/** What of a photo `open` is given back, from the ledger. */
export type PhotoAddress = Pick<SourcePhoto, 'ref' | 'kind' | 'galleryRef' | 'handle'>

export interface Opened {
  /** Errors if it ends early (shorter than `bytes`). */
  stream: AsyncIterable<Uint8Array>
  /** Content-Length of this answer, where told. */
  bytes: number | null
  contentType: string | null
  /** False where the provider only gives a derived file. */
  isOriginal: boolean
}

export interface ThawState {
  ready: boolean
  /** Where the archive does not take our request: the sentence for the person who has to make it. */
  todo?: string
  /** JSON, at most 2 kB, no secret: what the next look needs. */
  ticket: unknown
  /** How long it usually takes, in hours, where the provider's help says so. */
  usualHours: number | null
}

export interface SourceSession {
  account(): Promise<AccountSummary>
  /**
   * Every folder and gallery of the account, lazy, resumable at the `next` of an earlier page. Throws rather than ends
   * early. A gallery that comes twice (a list that moved meanwhile) counts once, at its first place.
   */
  galleries(cursor?: string): AsyncIterable<AccountPage>
  detail(gallery: { ref: string; virtual: boolean }): Promise<GalleryDetail>
  /** Lazy, resumable at the `next` of an earlier page. Throws rather than ends early. */
  photos(gallery: { ref: string; virtual: boolean; statedCount: number | null }, cursor?: string): AsyncIterable<Page>
  /**
   * Of the whole account, or of these galleries where the provider tells them gallery by gallery. Throws NotAvailable
   * where some could not be seen, when those that could are told.
   */
  favourites?(galleryRefs: string[]): AsyncIterable<FavouriteList>
  /**
   * Where `abilities.thaw` is 'asked': asks the provider to bring a gallery back, or looks how far it is. Asked for once:
   * the ticket of the last answer comes back with every later look (undefined at first). `missing`: an original of the
   * gallery that was Thawing, where there was one.
   */
  thaw?(gallery: { ref: string }, ticket?: unknown, missing?: PhotoAddress): Promise<ThawState>
  open(photo: PhotoAddress, range?: { start: number }): Promise<Opened>
  /** The session as JSON, so that another worker goes on with it without signing in again; sealed by the caller. */
  keep(): unknown
}

export interface Connector<Credentials = Record<string, string>> {
  provider: ProviderId
  abilities: Abilities
  /** Requests a second that a host gets to begin with, at the least and at the most. */
  pacing: Record<'page' | 'bytes', PacingBounds>
  /**
   * How long a session of these credentials lives, in hours, where it is known to end, and whether we can sign in again
   * by ourselves. Absent: it lives as long as it must.
   */
  sessionLife?(credentials: Credentials): { hours: number | null; renewable: boolean }
  /** Throws SignInRefused or Challenge. With `context.kept` it goes on with that session and asks nothing. */
  signIn(credentials: Credentials, context: ConnectorContext): Promise<SourceSession>
}

export interface PacingBounds {
  start: number
  least: number
  most: number
}

export interface ConnectorContext {
  endpoints: Record<string, string>
  http: Http
  /** For sign-in forms and pages without an API; everything else goes over `http` with the session that was earned. */
  browser: Browser
  /**
   * Credentials that the provider has replaced (a rotated refresh token): kept before this resolves, so call it before
   * the new ones are used. Whoever signs in next gets these.
   */
  rotate(credentials: Record<string, string>): Promise<void>
  /** What `keep()` of an earlier session gave; undefined: sign in anew. */
  kept?: unknown
  signal: AbortSignal
  /** One line to the log of the run; `shape` is masked by the caller. */
  note(event: string, shape?: unknown): void
}

/** A pool of pages of a headless browser, shared by a worker's sources; held to the same address rules as `Http`. */
export interface Browser {
  /**
   * A page of a fresh context for the time of `work`, closed afterwards. `light` (the default) loads no pictures, fonts
   * or media. Throws SourceUnreachable where no page could be had or the browser ended.
   */
  visit<T>(work: (page: BrowserPage) => Promise<T>, options?: { light?: boolean }): Promise<T>
}

/** Selectors are CSS, or `::-p-text(words)` for an element by its text. Times are seconds, 30 where absent. */
export interface BrowserPage {
  /** Status of the final answer. Throws SourceUnreachable, AddressRefused. */
  goto(url: string, timeoutSeconds?: number): Promise<number>
  url(): string
  title(): Promise<string>
  html(): Promise<string>
  /** The first of these that is visible, or null when the time is over. */
  waitFor(selectors: string[], timeoutSeconds?: number): Promise<string | null>
  /** True as soon as the page's address satisfies `matches`, false when the time is over. */
  waitForUrl(matches: (url: URL) => boolean, timeoutSeconds?: number): Promise<boolean>
  /** Replaces what is in the field, as typed by a person. Throws UnexpectedPage where there is none. */
  fill(selector: string, value: string): Promise<void>
  /** Throws UnexpectedPage where there is none. */
  click(selector: string): Promise<void>
  /** All cookies of this context, HttpOnly ones included. */
  cookies(): Promise<{ name: string; value: string; domain: string; path: string }[]>
  /** The first request of this page, sent already or yet to come, that satisfies `matches`; null when the time is over. */
  request(matches: (request: SeenRequest) => boolean, timeoutSeconds?: number): Promise<SeenRequest | null>
  /** Fails with what the page shows: its masked HTML and a screenshot are kept as evidence. */
  unexpected(expected: string): Promise<UnexpectedPage>
}

export interface SeenRequest {
  url: string
  method: string
  /** Names in lower case. */
  headers: Record<string, string>
}

/**
 * HTTP for connectors: paced by host through all workers, held to public addresses, redirects followed only where
 * asked for and each checked again. 429, and 503 with Retry-After, never come back as an answer: they throw
 * `RateLimited`. Transport faults throw `SourceUnreachable`. Every other status is an answer.
 */
export interface Http {
  request(url: string, options?: HttpOptions): Promise<HttpAnswer>
}

export interface HttpOptions {
  method?: 'GET' | 'POST' | 'PUT'
  headers?: Record<string, string>
  body?: string | Uint8Array
  /** Which budget of the host pays: listing pages, or picture bytes. Default 'page'. */
  lane?: 'page' | 'bytes'
  /** How many redirects to follow; default 0 (a 3xx is an answer). Cookies and authorization stay with their origin. */
  redirects?: number
  /** Until the headers are there. Default 30. */
  timeoutSeconds?: number
  signal?: AbortSignal
}

export interface HttpAnswer {
  status: number
  /** Final address after redirects. */
  url: string
  header(name: string): string | null
  /** All Set-Cookie lines. */
  cookies: string[]
  /** The whole body as text, decompressed; throws `AnswerTooLarge` past the limit (default 64 MiB). */
  text(limitBytes?: number): Promise<string>
  bytes(limitBytes?: number): Promise<Uint8Array>
  /** The body as it flows; throws `Truncated` where it ends before Content-Length. Must be read or discarded. */
  stream: AsyncIterable<Uint8Array>
  discard(): Promise<void>
}

/** The class of an error is its policy (see `workers/run.ts`); nothing reads `message` to decide. */
export class ConnectorError extends Error {
  constructor(message?: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }
}

/** The host asks for fewer requests: its budget shrinks for every worker; costs no attempt. */
export class RateLimited extends ConnectorError {
  readonly host: string
  readonly seconds: number
  constructor(host: string, seconds: number, options?: ErrorOptions) {
    super(`${host} asks to wait ${seconds} s`, options)
    this.host = host
    this.seconds = seconds
  }
}

/** One sign-in for all workers, then the work again; costs no attempt. */
export class SessionExpired extends ConnectorError {}

/** The photo, gallery or account is not there any more: the photo settles as skipped, `gone_at_source`. */
export class NotFound extends ConnectorError {}

/** It is there but cannot be had; `code` says why and becomes the photo's reason. */
export class NotAvailable extends ConnectorError {
  readonly code: string
  constructor(message: string, code = 'not_available', options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** The provider is bringing it back from its archive: the gallery waits, no attempt is counted. */
export class Thawing extends ConnectorError {
  /** How long it usually takes, in hours, where the provider's help says so. */
  readonly usualHours: number | null
  constructor(message: string, usualHours: number | null = null, options?: ErrorOptions) {
    super(message, options)
    this.usualHours = usualHours
  }
}

/** The answer was not recognised: the provider changed, or shows something else. Loud, with masked evidence. */
export class UnexpectedPage extends ConnectorError {
  /** What was expected and where: the field or the selector. */
  readonly expected: string
  readonly evidence: {
    url: string
    status: number
    contentType: string | null
    excerpt: string
    /** PNG, where a browser showed it. */
    screenshot?: Uint8Array
  }
  constructor(expected: string, evidence: UnexpectedPage['evidence'], options?: ErrorOptions) {
    super(`not recognised: ${expected}`, options)
    this.expected = expected
    this.evidence = evidence
  }
}

/** Name or password not taken, API access off, refused at the edge …; `todo` is the sentence for a person. */
export class SignInRefused extends ConnectorError {
  readonly todo: string
  /** Of the session that met it; set by whoever shares sessions. */
  generation?: number
  constructor(todo: string, options?: ErrorOptions) {
    super(todo, options)
    this.todo = todo
  }
}

/** Captcha, second factor, locked account: a person is needed; never worked around. */
export class Challenge extends ConnectorError {
  readonly todo: string
  /** Of the session that met it; set by whoever shares sessions. */
  generation?: number
  constructor(todo: string, options?: ErrorOptions) {
    super(todo, options)
    this.todo = todo
  }
}

/** No answer: refused, reset, timed out, bad certificate, name unknown. Retried. */
export class SourceUnreachable extends ConnectorError {}

/** A body ended before its stated length, or stalled. Retried. */
export class Truncated extends ConnectorError {}

/** A body grew past the limit it was given (a compressed bomb, a page without end). */
export class AnswerTooLarge extends ConnectorError {}

/** The address is none that we may talk to (private, loopback, metadata …). */
export class AddressRefused extends ConnectorError {}

/** The provider answered with a fault of its own (5xx, error object without a code). Retried. */
export class SourceFault extends ConnectorError {
  readonly status: number
  constructor(message: string, status: number, options?: ErrorOptions) {
    super(message, options)
    this.status = status
  }
}
