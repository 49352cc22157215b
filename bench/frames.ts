// How evenly a page is drawn while it is scrolled, as its own frames tell.
import type { CDPSession, Page } from '@playwright/test'

export interface Frames {
  /** Share of the time in frames that came with the screen (17 ms) and within two of its beats (34 ms). */
  smooth: number
  fair: number
  longest: number
  /** Milliseconds a second in which the page's own work let nothing through. */
  blocked: number
  frames: number
}

/** Frames from now until `work` is through. */
export async function framesDuring(page: Page, work: () => Promise<unknown>): Promise<Frames> {
  await page.evaluate(() => {
    const told = { intervals: [] as number[], blocked: 0, stop: false }
    Object.assign(window, { frames: told })
    const tasks = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) told.blocked += duration
    })
    tasks.observe({ type: 'longtask' })
    let before: number | undefined
    const next = (at: number) => {
      if (before !== undefined) told.intervals.push(at - before)
      before = at
      if (told.stop) tasks.disconnect()
      else requestAnimationFrame(next)
    }
    requestAnimationFrame(next)
  })
  await work()
  const { intervals, blocked } = await page.evaluate(() => {
    const told = (window as unknown as { frames: { intervals: number[]; blocked: number; stop: boolean } }).frames
    told.stop = true
    return { intervals: told.intervals, blocked: told.blocked }
  })
  const all = intervals.reduce((sum, interval) => sum + interval, 0)
  const within = (most: number) =>
    intervals.filter((interval) => interval < most).reduce((sum, interval) => sum + interval, 0) / all
  return {
    smooth: within(17.5),
    fair: within(34.5),
    longest: Math.max(...intervals),
    blocked: (blocked / all) * 1000,
    frames: intervals.length,
  }
}

/** As a wheel does that is turned steadily: pixels down, and as many up again. */
export async function wheel(
  session: CDPSession,
  at: { x: number; y: number },
  pixels: number,
  pixelsPerSecond: number,
) {
  for (const yDistance of [-pixels, pixels])
    await session.send('Input.synthesizeScrollGesture', {
      ...at,
      yDistance,
      speed: pixelsPerSecond,
      gestureSourceType: 'mouse',
      preventFling: true,
    })
}

/** A key held down: so many strokes, each at its time. */
export async function held(page: Page, key: string, strokes: number, perSecond: number): Promise<void> {
  const began = performance.now()
  for (let stroke = 1; stroke <= strokes; stroke++) {
    await page.keyboard.press(key)
    const left = began + (stroke * 1000) / perSecond - performance.now()
    if (left > 0) await new Promise((resolve) => setTimeout(resolve, left))
  }
}
