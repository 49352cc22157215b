// What a tab asks of the console: one subscription, and what its person has it ask for.
import { expect, type Page, type Request } from '@playwright/test'

export interface Traffic {
  /** Before another page is gone to. */
  begin(): void
  /** Lets everything that goes by the clock go once more; what was asked for by `end` nobody asked for. */
  beat(): Promise<void>
  /** One line for each request that nobody asked for, and for subscriptions beyond the first. */
  end(): string[]
}

export async function watchTraffic(page: Page): Promise<Traffic> {
  await page.addInitScript(keepIntervals)
  let asked: Request[] = []
  const open = new Set<Request>()
  const isStream = (request: Request) => request.resourceType() === 'eventsource'
  page.on('request', (request) => {
    if (!new URL(request.url()).pathname.startsWith('/api/')) return
    asked.push(request)
    open.add(request)
  })
  page.on('requestfinished', (request) => open.delete(request))
  page.on('requestfailed', (request) => open.delete(request))
  return {
    begin() {
      open.clear()
    },
    async beat() {
      await expect.poll(() => [...open].filter((request) => !isStream(request)).length).toBe(0)
      asked = []
      await page.evaluate(() => (window as unknown as { beat(): void }).beat())
    },
    end() {
      const streams = [...open].filter(isStream)
      const path = (request: Request) => new URL(request.url()).pathname
      return [
        ...asked.map((request) => `${path(request)} is asked for by the clock`),
        ...streams.slice(1).map((request) => `${path(request)} is a second subscription`),
      ]
    },
  }
}

/** In the page, before anything of it: `beat()` calls whatever an interval would call some time. */
function keepIntervals(): void {
  const calls = new Map<number, () => void>()
  const { setInterval, clearInterval } = window
  const set = (call: () => void, milliseconds?: number) => {
    const id = setInterval(call, milliseconds)
    calls.set(id, call)
    return id
  }
  const clear = (id?: number) => {
    calls.delete(id!)
    clearInterval(id)
  }
  const beat = () => {
    for (const call of calls.values()) call()
  }
  Object.assign(window, { setInterval: set, clearInterval: clear, beat })
}
