// What a tab asks of the console: one subscription, and what its person has it ask for; and what of it is held back.
import { expect, type Page, type Request, type Route } from '@playwright/test'

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

export interface HeldBack {
  /** Resolves once it has been asked for. */
  asked(): Promise<void>
  /** Lets it through, and whatever is asked for later. */
  release(): Promise<void>
}

/** Keeps from the server what the page asks of a procedure, and from the page its answer. */
export async function holdBack(page: Page, procedure: string): Promise<HeldBack> {
  const path = '/api/trpc/'
  const isOf = ({ pathname }: URL) =>
    pathname.startsWith(path) && pathname.slice(path.length).split(',').includes(procedure)
  const held: Route[] = []
  let isHeld = true
  const hold = (route: Route) => (isHeld ? void held.push(route) : route.continue())
  await page.route(isOf, hold)
  return {
    asked: () => expect.poll(() => held.length, { intervals: [20] }).toBeGreaterThan(0),
    async release() {
      isHeld = false
      await Promise.all(held.map((route) => route.continue()))
      await page.unroute(isOf, hold)
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
