// The pool of browser pages of a worker process. A browser starts with the first visit, serves many at once, makes room
// for a fresh one when it has served enough, and ends when nobody needs it.
import pLimit from 'p-limit'
import type { Resolver } from '#server/addresses.ts'
import { log } from '#server/log.ts'
import { type Chrome, launchChrome } from './browser/chrome.ts'
import { openGateway } from './browser/gateway.ts'
import { openPage } from './browser/page.ts'
import { type Browser, type BrowserPage, SourceUnreachable } from './connectors/connector.ts'
import { product } from './http.ts'

export interface OpenBrowser {
  /** The pool as one source sees it: every visit in a context of its own, ended by `signal`. */
  scoped(options: { signal: AbortSignal }): Browser
  /** Ends every visit and every browser; there are none afterwards. */
  close(): Promise<void>
}

export interface BrowserOptions {
  /** Loopback may be talked to. */
  allowLocal: boolean
  /** Where browsers keep their files while they run. Default: the system's folder for temporary files. */
  temp?: string
  /** Visits at once; further ones wait. Default 16. */
  pages?: number
  /** Visits that one browser serves. Default 100. */
  pagesEach?: number
  /** A browser that holds more serves no further visit. Default 1 GiB. */
  memoryBytes?: number
  /** A browser without a visit ends after this. Default 60. */
  idleSeconds?: number
  resolve?: Resolver
}

export function createBrowser(options: BrowserOptions): OpenBrowser {
  const pool = new Pool(options)
  return {
    scoped: ({ signal }) => ({
      visit: (work, { light = true } = {}) => pool.visit(work, light, signal),
    }),
    close: () => pool.close(),
  }
}

type Work<T> = (page: BrowserPage) => Promise<T>

/** A browser and the visits that are in it. */
interface Seated {
  chrome: Chrome
  userAgent: string
  visits: number
  served: number
  /** Serves those that are in it, and ends with the last. */
  retired: boolean
  idle?: NodeJS.Timeout
}

const GiB = 1024 ** 3
/** A context that takes longer to close has a browser that hangs. */
const closeMilliseconds = 10_000

class Pool {
  readonly #options: BrowserOptions
  readonly #turn: ReturnType<typeof pLimit>
  readonly #all = new Set<Seated>()
  readonly #closing = new AbortController()
  #current: Promise<Seated> | undefined

  constructor(options: BrowserOptions) {
    this.#options = options
    this.#turn = pLimit(options.pages ?? 16)
  }

  visit<T>(work: Work<T>, light: boolean, signal: AbortSignal): Promise<T> {
    // One signal a visit, so that none piles up on a source's own.
    const over = new AbortController()
    const ended = new Promise<never>((_, reject) => {
      const end = () => reject(signal.aborted ? signal.reason : new SourceUnreachable('the browser is closed'))
      if (signal.aborted || this.#closing.signal.aborted) return end()
      for (const each of [signal, this.#closing.signal]) each.addEventListener('abort', end, { signal: over.signal })
    })
    ended.catch(() => over.abort())
    const turn = this.#turn(() => (over.signal.aborted ? ended : this.#seated(work, light, over.signal)))
    return Promise.race([turn, ended]).finally(() => over.abort())
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#current?.catch(() => {})
    await Promise.all([...this.#all].map((seated) => this.#end(seated)))
  }

  async #seated<T>(work: Work<T>, light: boolean, over: AbortSignal): Promise<T> {
    const seated = await this.#seat()
    const gone = seated.chrome.gone.then((): never => {
      throw new SourceUnreachable('the browser ended')
    })
    try {
      return await Promise.race([this.#inContext(seated, work, light, over), gone])
    } finally {
      seated.visits--
      this.#settle(seated)
    }
  }

  async #inContext<T>(seated: Seated, work: Work<T>, light: boolean, over: AbortSignal): Promise<T> {
    const { allowLocal, resolve } = this.#options
    const gateway = await openGateway({ allowLocal, resolve })
    try {
      const { browser } = seated.chrome
      const way = { proxyServer: gateway.address, proxyBypassList: ['<-loopback>'] }
      const context = await browser
        .createBrowserContext({ ...way, downloadBehavior: { policy: 'deny' } })
        .catch((error: unknown) => {
          this.#retire(seated)
          throw new SourceUnreachable('no page could be had', { cause: error })
        })
      try {
        const page = await openPage(context, { allowLocal, gateway, light, userAgent: seated.userAgent, signal: over })
        return await Promise.race([work(page), page.crashed, aborted(over)])
      } finally {
        await this.#leave(seated, context.close())
      }
    } finally {
      await gateway.close()
    }
  }

  async #seat(): Promise<Seated> {
    for (;;) {
      if (this.#closing.signal.aborted) throw new SourceUnreachable('the browser is closed')
      this.#current ??= this.#launch()
      const launching = this.#current
      const seated = await launching.catch((error: unknown) => {
        if (this.#current === launching) this.#current = undefined
        throw new SourceUnreachable('no browser could be had', { cause: error })
      })
      // A fresh one serves at least one visit, however little it may hold.
      const bytes = seated.served > 0 ? await seated.chrome.memoryBytes() : null
      if (bytes !== null && bytes > (this.#options.memoryBytes ?? GiB)) this.#retire(seated)
      if (seated.retired) continue
      clearTimeout(seated.idle)
      seated.visits++
      seated.served++
      if (seated.served >= (this.#options.pagesEach ?? 100)) this.#retire(seated)
      return seated
    }
  }

  async #launch(): Promise<Seated> {
    const chrome = await launchChrome(this.#options.temp).catch((error: Error) => {
      log.warn({ err: error.message.slice(0, 500) }, 'no browser')
      throw error
    })
    const seated: Seated = { chrome, userAgent: '', visits: 0, served: 0, retired: false }
    this.#all.add(seated)
    void chrome.gone.then(() => {
      this.#retire(seated)
      this.#all.delete(seated)
    })
    seated.userAgent = `${await chrome.browser.userAgent()} ${product}`
    return seated
  }

  /** The next visit starts a fresh one. */
  #retire(seated: Seated): void {
    if (seated.retired) return
    seated.retired = true
    this.#current = undefined
    this.#settle(seated)
  }

  #settle(seated: Seated): void {
    if (seated.visits > 0) return
    clearTimeout(seated.idle)
    if (seated.retired) void this.#end(seated)
    else seated.idle = setTimeout(() => this.#retire(seated), (this.#options.idleSeconds ?? 60) * 1000).unref()
  }

  async #end(seated: Seated): Promise<void> {
    clearTimeout(seated.idle)
    seated.retired = true
    await seated.chrome.end()
    this.#all.delete(seated)
  }

  /** A context that does not close is one too many: its browser takes no further visits. */
  async #leave(seated: Seated, closing: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(reject, closeMilliseconds, new Error('a context does not close'))
    })
    await Promise.race([closing, late, seated.chrome.gone]).catch(() => this.#retire(seated))
    clearTimeout(timer)
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
