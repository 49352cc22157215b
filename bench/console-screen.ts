// What somebody in front of the console waits for: a change in the ledger, an answer to a click, a page.
import { setTimeout as delay } from 'node:timers/promises'
import type { Browser, Page } from '@playwright/test'
import { sql } from 'drizzle-orm'
import type { Db } from '#db/client.ts'
import { announce } from '../e2e/ledger.ts'
import { type Figure, median } from './figures.ts'

/** From the change's commit to its word on the screen, on the page where `row` of a run shows its state. */
export async function changeToScreen(
  page: Page,
  db: Db,
  run: string,
  selector: string,
  rounds: number,
): Promise<number[]> {
  const took: number[] = []
  for (let round = 0; round < rounds; round++) {
    const state = round % 2 === 0 ? 'paused' : 'running'
    const seen = page.evaluate(
      ([selector, state]) =>
        new Promise<number>((resolve) => {
          const look = () => {
            const words = document.querySelector(selector)?.textContent ?? ''
            if (/paused/i.test(words) === (state === 'paused')) resolve(Date.now())
            else requestAnimationFrame(look)
          }
          look()
        }),
      [selector, state] as const,
    )
    const began = Date.now()
    await db.execute(sql`
      update runs set state = ${state}::run_state, resume_to = case when ${state} = 'paused' then 'running' end::run_state, state_at = now() where id = ${run}`)
    await announce(db, run)
    took.push((await seen) - began)
    await delay(400 + 100 * (round % 5)) // no rhythm that the console's own could fall in with
  }
  return took
}

export function spread(name: string, took: number[], most: number): Figure[] {
  return [
    { name: `${name}, median`, unit: 'ms', value: median(took), target: { most } },
    { name: '  longest', unit: 'ms', value: Math.max(...took), target: { most } },
  ]
}

/** Longest from press to paint of what was pressed since `begin`, as the browser's own event timing tells. */
export async function watchInteractions(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    const told = { longest: 0 }
    Object.assign(window, { interactions: told })
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as PerformanceEventTiming[])
        if (entry.interactionId) told.longest = Math.max(told.longest, entry.duration)
    }).observe({ type: 'event', durationThreshold: 16, buffered: true } as PerformanceObserverInit)
  })
  return async () => {
    await delay(200)
    return page.evaluate(() => (window as unknown as { interactions: { longest: number } }).interactions.longest)
  }
}

/** From a press of `link` to `selector` on the screen. */
export async function pressToScreen(page: Page, link: string, selector: string): Promise<number> {
  await page.evaluate(
    ([link, selector]) => {
      const told = { took: 0 }
      Object.assign(window, { opening: told })
      document.querySelector(link)!.addEventListener(
        'click',
        () => {
          const began = performance.now()
          const look = () => {
            if (document.querySelector(selector)) requestAnimationFrame(() => (told.took = performance.now() - began))
            else requestAnimationFrame(look)
          }
          requestAnimationFrame(look)
        },
        { capture: true, once: true },
      )
    },
    [link, selector] as const,
  )
  await page.locator(link).first().click()
  const told = await page.waitForFunction(
    () => (window as unknown as { opening: { took: number } }).opening.took || null,
  )
  return (await told.jsonValue())!
}

/** A page for the first time, in a browser that has nothing of it: until `words` stand on it. */
export async function firstLoad(
  browser: Browser,
  origin: string,
  cookies: Parameters<ReturnType<Page['context']>['addCookies']>[0],
  path: string,
  words: string,
): Promise<number> {
  const context = await browser.newContext({ locale: 'en-GB' })
  await context.addCookies(cookies)
  const page = await context.newPage()
  await page.goto(`${origin}${path}`, { waitUntil: 'commit' })
  const told = await page.waitForFunction(
    (words) => (document.querySelector('main')?.textContent?.includes(words) ? performance.now() : null),
    words,
    { polling: 'raf' },
  )
  const took = (await told.jsonValue())!
  await context.close()
  return took
}
