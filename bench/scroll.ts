// Lists of 100,000 rows, scrolled with wheel and keys at their top and at their end, in a real browser on a production
// build: how many frames come in time, against an empty page that is scrolled in the same way between them.
import { type Browser, chromium, type Page } from '@playwright/test'
import type { Db } from '#db/client.ts'
import { chromePath } from '#server/chrome.ts'
import { signIn } from '../e2e/places.ts'
import { startSystem } from '../e2e/system.ts'
import { seedGalleries, seedPhotos, seedRuns, settle } from './console-seed.ts'
import { compared, type Figure, type Findings, median } from './figures.ts'
import { type Frames, framesDuring, held, wheel } from './frames.ts'
import type { Bench } from './setting.ts'

const manyRows = 100_000
const speed = 3000 // pixels a second: a wheel turned fast
const pixels = 9000
const strokesPerSecond = 30 // a key held down

interface List {
  name: string
  path: string
  row: string
  /** What scrolls: the window, or a part of the page. */
  box: string | null
  keys: string[]
}

export async function scrollBench({ photos: rows = manyRows, rounds = 3, signal, say }: Bench): Promise<Findings> {
  await using stack = new AsyncDisposableStack()
  say('Starting the system …')
  const system = await startSystem(stack)
  say(`Entering three times ${rows} rows …`)
  const lists = await seeded(system.database.db, rows)
  const browser = await chromium.launch({ executablePath: await chromePath(), args: ['--no-sandbox'] })
  stack.defer(() => browser.close())
  const empty = await emptyPage(browser)
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  await signIn(page, system, system.admin)
  const figures: Figure[] = []
  for (const list of lists) {
    signal.throwIfAborted()
    say(`${list.name} …`)
    await page.goto(`${system.url}${list.path}`)
    await page.locator(list.row).first().waitFor()
    figures.push(...(await measured(`${list.name}, at the top`, page, empty, list, rounds)))
    const began = performance.now()
    await toTheEnd(page, list, rows, signal)
    say(`  at its end after ${((performance.now() - began) / 1000).toFixed(0)} s`)
    figures.push(...(await measured(`${list.name}, at the end of ${rows}`, page, empty, list, rounds)))
    figures.push({
      name: `  elements in the page with ${rows} rows behind it`,
      unit: '',
      value: await page.evaluate(() => document.querySelectorAll('*').length),
      target: { most: 5000 },
    })
  }
  return {
    figures,
    notes: [
      `share of the time in frames that came within 17 and 34 ms; wheel at ${speed} px/s down and up, keys at ${strokesPerSecond} a second`,
      'baseline: an empty page as tall, scrolled in the same way before each',
    ],
  }
}

async function seeded(db: Db, rows: number): Promise<List[]> {
  await seedRuns(db, rows, ['done'], 'Hundred Thousand Runs')
  const run = await seedGalleries(db, rows)
  const gallery = await seedPhotos(db, rows)
  await settle(db)
  return [
    { name: 'runs', path: '/runs?tab=done', row: '[data-row]', box: null, keys: ['j', 'PageDown', 'PageUp'] },
    {
      name: 'galleries of a run',
      path: `/runs/${run}`,
      row: '[role=table][aria-label=Galleries] a',
      box: '[role=table][aria-label=Galleries]',
      keys: ['PageDown', 'PageUp', 'ArrowDown'],
    },
    {
      name: 'pictures of a gallery',
      path: `/galleries/${gallery}`,
      row: '[role=list][aria-label=Pictures] button',
      box: null,
      keys: ['PageDown', 'PageUp', 'ArrowDown'],
    },
  ]
}

async function emptyPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  await page.setContent('<main style="height: 5600000px"></main>')
  return page
}

async function measured(name: string, page: Page, empty: Page, list: List, rounds: number): Promise<Figure[]> {
  const [of, base]: [Frames[], Frames[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    await empty.bringToFront()
    base.push(await framesDuring(empty, () => scrolled(empty, null, list.keys)))
    await page.bringToFront()
    of.push(await framesDuring(page, () => scrolled(page, list.box, list.keys)))
  }
  const both = (what: keyof Frames) => [of.map((each) => each[what]), base.map((each) => each[what])] as const
  return [
    compared(`${name}: in frames within 17 ms`, 'of the time', ...both('smooth'), { least: 0.9 }),
    compared('  within 34 ms', 'of the time', ...both('fair'), { least: 0.95 }),
    {
      name: '  the longest frame',
      unit: 'ms',
      value: median(both('longest')[0]),
      baseline: median(both('longest')[1]),
    },
    {
      name: '  in tasks above 50 ms',
      unit: 'ms/s',
      value: median(both('blocked')[0]),
      baseline: median(both('blocked')[1]),
    },
  ]
}

async function scrolled(page: Page, box: string | null, keys: string[]): Promise<void> {
  const session = await page.context().newCDPSession(page)
  const area = box ? await page.locator(box).boundingBox() : null
  const at = area ? { x: area.x + area.width / 2, y: area.y + Math.min(area.height, 200) / 2 } : { x: 700, y: 500 }
  await wheel(session, at, pixels, speed)
  if (box) await page.locator(box).focus()
  for (const key of keys) await held(page, key, strokesPerSecond, strokesPerSecond)
  await session.detach()
}

/** Down and down again, as pages come, until all of it is there; stands a little before the end. */
async function toTheEnd(page: Page, { box, row }: List, rows: number, signal: AbortSignal): Promise<void> {
  let before = -1
  for (let still = 0; still < 15; ) {
    signal.throwIfAborted()
    const tall = await page.evaluate(
      (box) =>
        new Promise<number>((resolve) => {
          const scroller = box ? document.querySelector(box)! : document.scrollingElement!
          scroller.scrollTo(0, scroller.scrollHeight)
          setTimeout(() => resolve(scroller.scrollHeight), 100)
        }),
      box,
    )
    const busy = await page.evaluate((row) => document.querySelector(row) === null, row)
    still = tall === before && !busy ? still + 1 : 0
    before = tall
  }
  await page.evaluate(
    ([box, back]) => {
      const scroller = box ? document.querySelector(box)! : document.scrollingElement!
      scroller.scrollBy(0, -back)
    },
    [box, pixels + 20_000] as const,
  )
  const told = await page.evaluate(() => document.querySelector('[role=table]')?.getAttribute('aria-rowcount'))
  if (told && Number(told) < rows) throw new Error(`only ${told} of ${rows} rows came`)
}
