// One page of a visit, as connectors use it.
import type { BrowserContext, CDPSession, Frame, HTTPRequest, HTTPResponse, Page, Protocol } from 'puppeteer'
import { type AddressRules, allowedUrl } from '#server/addresses.ts'
import {
  AddressRefused,
  type BrowserPage,
  type SeenRequest,
  SourceUnreachable,
  type UnexpectedPage,
} from '../connectors/connector.ts'
import { unexpectedPage } from './evidence.ts'
import type { Gateway } from './gateway.ts'

export interface PageOptions extends AddressRules {
  gateway: Gateway
  light: boolean
  userAgent: string
  /** The end of the visit. */
  signal: AbortSignal
}

/** Without these a page still works; a person would miss them. */
const heavy: ReadonlySet<string> = new Set(['Image', 'Font', 'Media'])
/** Requests of one page that are remembered. */
const mostRequests = 5000
/** A field or button that is about to be there. */
const presentMilliseconds = 3000

/** Throws SourceUnreachable. */
export async function openPage(context: BrowserContext, options: PageOptions): Promise<VisitPage> {
  try {
    const page = await context.newPage()
    await page.setUserAgent({ userAgent: options.userAgent })
    await hold(await page.createCDPSession(), options)
    return new VisitPage(page, options)
  } catch (error) {
    throw new SourceUnreachable('no page could be had', { cause: error })
  }
}

/**
 * Holds the requests of a page and its frames: gives the gateway its credentials, which Chrome then remembers for its
 * context, and no site any; stops what is heavy where the visit is to be light.
 */
async function hold(session: CDPSession, options: PageOptions): Promise<void> {
  const { light, gateway } = options
  const { username, password } = gateway
  // A request that the page has given up meanwhile is not answered any more.
  const answer: typeof session.send = (...command) => session.send(...command).catch(() => undefined as never)
  session.on('Fetch.requestPaused', ({ requestId, resourceType }) => {
    if (light && heavy.has(resourceType))
      void answer('Fetch.failRequest', { requestId, errorReason: 'BlockedByClient' })
    else void answer('Fetch.continueRequest', { requestId })
  })
  session.on('Fetch.authRequired', ({ requestId, authChallenge }) => {
    const authChallengeResponse =
      authChallenge.source === 'Proxy'
        ? ({ response: 'ProvideCredentials', username, password } as const)
        : ({ response: 'CancelAuth' } as const)
    void answer('Fetch.continueWithAuth', { requestId, authChallengeResponse })
  })
  // Frames of another site have a process of their own, and wait until they are held as well.
  session.on('sessionattached', (frame) => {
    void hold(frame, options)
      .then(() => frame.send('Runtime.runIfWaitingForDebugger'))
      .catch(() => {})
  })
  const patterns = (light ? ['Document', ...heavy] : ['Document']) as Protocol.Network.ResourceType[]
  await session.send('Fetch.enable', {
    handleAuthRequests: true,
    patterns: patterns.map((resourceType) => ({ resourceType })),
  })
  await session.send('Target.setAutoAttach', {
    autoAttach: true,
    waitForDebuggerOnStart: true,
    flatten: true,
    filter: [{ type: 'iframe' }],
  })
}

export class VisitPage implements BrowserPage {
  /** Throws SourceUnreachable when the page's own process has crashed. */
  readonly crashed: Promise<never>
  readonly #page: Page
  readonly #options: PageOptions
  readonly #requests: HTTPRequest[] = []
  readonly #waiting = new Set<(request: HTTPRequest) => unknown>()
  /** What was typed: kept out of all evidence. */
  readonly #typed = new Set<string>()
  #navigation: HTTPRequest | undefined
  #answer: HTTPResponse | undefined

  constructor(page: Page, options: PageOptions) {
    this.#page = page
    this.#options = options
    this.crashed = new Promise((_, reject) => {
      page.once('error', (error) => reject(new SourceUnreachable('the page crashed', { cause: error })))
    })
    page.on('dialog', (dialog) => void dialog.dismiss().catch(() => {}))
    page.on('request', (request) => this.#see(request))
    page.on('response', (response) => {
      if (this.#isDocument(response.request())) this.#answer = response
    })
  }

  async goto(url: string, timeoutSeconds = 30): Promise<number> {
    this.#judge(url)
    this.#navigation = undefined
    try {
      const answer = await this.#page.goto(url, { timeout: timeoutSeconds * 1000, waitUntil: 'domcontentloaded' })
      // Within a document there is none: the last one stands.
      return (answer ?? this.#answer)?.status() ?? 200
    } catch (error) {
      const failed = this.#destination(url)
      if (this.#options.gateway.refused.has(failed)) throw new AddressRefused(failed, { cause: error })
      throw new SourceUnreachable(`${failed} does not answer in the browser`, { cause: error })
    }
  }

  url(): string {
    return this.#page.url()
  }

  title(): Promise<string> {
    return this.#read(() => this.#page.title())
  }

  html(): Promise<string> {
    return this.#read(() => this.#page.content())
  }

  async waitFor(selectors: string[], timeoutSeconds = 30): Promise<string | null> {
    const over = new AbortController()
    const options = { visible: true, timeout: timeoutSeconds * 1000, signal: over.signal }
    try {
      const found = await Promise.any(
        selectors.map(async (selector) => {
          await (await this.#page.waitForSelector(selector, options))?.dispose()
          return selector
        }),
      )
      // Of several that are there, the first one named.
      for (const selector of selectors.slice(0, selectors.indexOf(found))) {
        if (await this.#isVisible(selector)) return selector
      }
      return found
    } catch {
      this.#throwIfClosed()
      return null
    } finally {
      over.abort()
    }
  }

  waitForUrl(matches: (url: URL) => boolean, timeoutSeconds = 30): Promise<boolean> {
    const fits = () => {
      const url = URL.parse(this.#page.url())
      return url !== null && matches(url)
    }
    return this.#until(timeoutSeconds, false, (end) => {
      const moved = (frame: Frame) => frame === this.#page.mainFrame() && fits() && end(true)
      this.#page.on('framenavigated', moved)
      if (fits()) end(true)
      return () => this.#page.off('framenavigated', moved)
    })
  }

  async fill(selector: string, value: string): Promise<void> {
    this.#typed.add(value)
    await this.#act(selector, async (field) => {
      await field.focus()
      await field.evaluate((element) => {
        if (element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement) element.select()
      })
      await this.#page.keyboard.press('Backspace')
      await field.type(value)
    })
  }

  async click(selector: string): Promise<void> {
    await this.#act(selector, (element) => element.click())
  }

  async cookies(): Promise<{ name: string; value: string; domain: string; path: string }[]> {
    const cookies = await this.#read(() => this.#page.browserContext().cookies())
    return cookies.map(({ name, value, domain, path }) => ({ name, value, domain, path }))
  }

  request(matches: (request: SeenRequest) => boolean, timeoutSeconds = 30): Promise<SeenRequest | null> {
    return this.#until(timeoutSeconds, null as SeenRequest | null, (end) => {
      const look = (request: HTTPRequest) => matches(seen(request)) && end(seen(request))
      this.#waiting.add(look)
      this.#requests.some(look)
      return () => this.#waiting.delete(look)
    })
  }

  unexpected(expected: string): Promise<UnexpectedPage> {
    return unexpectedPage(this.#page, expected, this.#answer, [...this.#typed])
  }

  /** The first that is visible, soon; what cannot be done with it is as good as not there. */
  async #act(
    selector: string,
    act: (element: NonNullable<Awaited<ReturnType<Page['waitForSelector']>>>) => Promise<void>,
  ) {
    try {
      const element = await this.#page.waitForSelector(selector, { visible: true, timeout: presentMilliseconds })
      await act(element!)
      await element!.dispose()
    } catch (error) {
      this.#throwIfClosed(error)
      throw await this.unexpected(selector)
    }
  }

  async #isVisible(selector: string): Promise<boolean> {
    const element = await this.#page.$(selector).catch(() => null)
    return (await element?.isVisible().catch(() => false)) ?? false
  }

  /** A look that met a page on its way to the next one is taken again there. */
  async #read<T>(look: () => Promise<T>): Promise<T> {
    for (let again = 0; ; again++) {
      try {
        return await look()
      } catch (error) {
        this.#throwIfClosed(error)
        if (again === 3) throw new SourceUnreachable('the page does not answer', { cause: error })
      }
    }
  }

  /** What `watch` comes to, or `none` when the time or the visit is over. */
  #until<T>(seconds: number, none: T, watch: (end: (value: T) => void) => () => void): Promise<T> {
    return new Promise((resolve) => {
      const end = (value: T) => {
        clearTimeout(timer)
        this.#options.signal.removeEventListener('abort', over)
        resolve(value)
        queueMicrotask(() => stop())
      }
      const over = () => end(none)
      const timer = setTimeout(over, seconds * 1000)
      this.#options.signal.addEventListener('abort', over)
      const stop = watch(end)
    })
  }

  #throwIfClosed(cause?: unknown): void {
    if (this.#page.isClosed() || !this.#page.browser().connected) {
      throw new SourceUnreachable('the page was closed', { cause })
    }
  }

  /** The host that a navigation came to, past its redirects. */
  #destination(url: string): string {
    return URL.parse(this.#navigation?.url() ?? url)?.host ?? ''
  }

  #judge(url: string): void {
    try {
      allowedUrl(url, this.#options)
    } catch (error) {
      throw new AddressRefused('an address that we do not talk to', { cause: error })
    }
  }

  #see(request: HTTPRequest): void {
    if (this.#isDocument(request)) this.#navigation = request
    if (this.#requests.length < mostRequests) this.#requests.push(request)
    for (const look of this.#waiting) look(request)
  }

  #isDocument(request: HTTPRequest): boolean {
    return request.isNavigationRequest() && request.frame() === this.#page.mainFrame()
  }
}

const seen = (request: HTTPRequest): SeenRequest => ({
  url: request.url(),
  method: request.method(),
  headers: request.headers(),
})
