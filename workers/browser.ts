// The pool of browser pages of a worker process.
import { type Browser, SourceUnreachable } from './connectors/connector.ts'

export interface OpenBrowser {
  /** The pool as one source sees it: a context of its own, ended by `signal`. */
  scoped(options: { signal: AbortSignal }): Browser
  close(): Promise<void>
}

export interface BrowserOptions {
  /** Loopback may be talked to. */
  allowLocal: boolean
}

export function createBrowser(_options: BrowserOptions): OpenBrowser {
  return {
    scoped: () => ({
      visit: async () => {
        throw new SourceUnreachable('no browser')
      },
    }),
    close: async () => {},
  }
}
