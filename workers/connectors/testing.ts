// For tests of connectors: a provider of a few scripted answers on loopback, and what a connector asks it with.
import type { RequestListener } from 'node:http'
import { onTestFinished } from 'vitest'
import { aSite } from '#server/testing-site.ts'
import { createBrowser } from '../browser.ts'
import { createHttp } from '../http.ts'
import type { ConnectorContext } from './connector.ts'

export interface Scripted {
  origin: string
  /** All but where the provider is; what the connector notes and rotates is thrown away. */
  context: Omit<ConnectorContext, 'endpoints'>
}

/** Closed when the test ends. */
export async function scripted(answer: RequestListener): Promise<Scripted> {
  const { origin, close } = await aSite(answer)
  const http = createHttp({ allowLocal: true })
  const browser = createBrowser({ allowLocal: true })
  onTestFinished(async () => {
    await browser.close()
    await http.close()
    await close()
  })
  const { signal } = new AbortController()
  const context = { http, browser: browser.scoped({ signal }), rotate: async () => {}, signal, note: () => {} }
  return { origin, context }
}
