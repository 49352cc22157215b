// The console over a ledger of half a million photos and a hundred runs: what its server needs for every page and every
// procedure that a page calls, and what somebody in front of it waits for, in a real browser on a production build.
import { setTimeout as delay } from 'node:timers/promises'
import { chromium, type Page } from '@playwright/test'
import { sql } from 'drizzle-orm'
import { chromePath } from '#server/chrome.ts'
import { type Look, staffPages } from '../e2e/every-page.ts'
import { placesOf, signIn } from '../e2e/places.ts'
import { startSystem } from '../e2e/system.ts'
import { serverTimes, walk } from './console-pages.ts'
import { changeToScreen, firstLoad, pressToScreen, spread, watchInteractions } from './console-screen.ts'
import { type Large, seedLargeRun, seedRuns, settle } from './console-seed.ts'
import type { Figure, Findings } from './figures.ts'
import type { Bench } from './setting.ts'

const manyPhotos = 500_000
const runsInList = 100
const movingRuns = 200
const movingSeconds = 20

export async function consoleBench({ photos = manyPhotos, rounds = 9, signal, say }: Bench): Promise<Findings> {
  await using stack = new AsyncDisposableStack()
  say('Starting the system …')
  const system = await startSystem(stack)
  const { db } = system.database
  const places = await placesOf(system)
  say(`Entering ${photos} photos and ${runsInList} runs …`)
  const large = await seedLargeRun(db, photos)
  const runs = await seedRuns(db, runsInList, ['done', 'running', 'paused', 'done'])
  await settle(db)

  const browser = await chromium.launch({ executablePath: await chromePath(), args: ['--no-sandbox'] })
  stack.defer(() => browser.close())
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  await signIn(page, system, system.admin)
  signal.throwIfAborted()
  const cookies = await context.cookies()
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
  const untold = await firstCertificate(`${system.url}/runs/${large.run}/certificate`, cookie)
  say('Walking every page …')
  const asked = await walk(page, system.url, [...largePages(large), ...staffPages(places)], say)
  await page.goto('about:blank')
  const times = await serverTimes(system.url, cookie, asked, rounds, say)
  signal.throwIfAborted()

  say('A change in the ledger, to the screen …')
  const moving = runs.find((_, index) => (index + 1) % 4 === 1)!
  const figures: Figure[] = []
  const row = `[data-row="${moving}"]`
  await page.goto(`${system.url}/runs`)
  await page.locator(row).waitFor()
  figures.push(
    ...spread('a change in the ledger, in the run list', await changeToScreen(page, db, moving, row, 20), 1000),
  )
  await page.goto(`${system.url}/runs/${large.run}`)
  await page.getByRole('table', { name: 'Galleries' }).getByRole('link').first().waitFor()
  const onRun = await changeToScreen(page, db, large.run, 'main', 20)
  figures.push(...spread(`a change in the ledger, on the page of the run of ${photos}`, onRun, 1000))

  for (const { name, value } of figures) say(`  ${name}: ${value.toFixed(0)} ms`)
  say('Presses and loads …')
  figures.push(...(await presses(page, system.url, row, rounds)))
  for (const [path, words] of [
    ['/', 'Lumen Photography'],
    ['/runs', 'Many Runs Studio'],
    [`/runs/${large.run}`, 'photos safe'],
    [`/galleries/${large.gallery}`, 'DSC_000001.jpg'],
  ] as const) {
    const took: number[] = []
    for (let round = 0; round < Math.min(rounds, 5); round++)
      took.push(await firstLoad(browser, system.url, cookies, path, words))
    figures.push(...spread(`first load of ${path.replace(/[0-9a-f-]{36}/, '…')}`, took, 1500))
  }
  signal.throwIfAborted()

  say(`${movingRuns} runs move …`)
  figures.push(...(await listOfMoving(page, system.url, db)))
  return {
    figures: [...figures, ...times],
    notes: [
      `${photos} photos in one run, ${runsInList} runs beside it, every page of e2e/every-page.ts; each asked for ${rounds} times, one after the other; the median is judged`,
      'server time: over HTTP, signed in, until the last byte; of a subscription until its first view',
      `a certificate goes through galleries that no worker has published, as these were not, once: ${untold.toFixed(0)} s here`,
      'presses: the browser’s own event timing, from the press to the next paint',
    ],
  }
}

/** Seconds. Galleries are gone through when they are published; rows that were only entered are at the first look. */
async function firstCertificate(url: string, cookie: string): Promise<number> {
  const began = performance.now()
  await (await fetch(url, { headers: { cookie } })).arrayBuffer()
  return (performance.now() - began) / 1000
}

function largePages({ run, client, gallery }: Large): Look[] {
  return [
    { name: 'large run', path: `/runs/${run}`, ready: 'photos safe' },
    { name: 'large run, what needs a look', path: `/runs/${run}?state=attention`, ready: 'Wedding 3' },
    { name: 'large run, searched', path: `/runs/${run}?q=wedding+42`, ready: 'Wedding 42' },
    {
      name: 'large run, causes open',
      path: `/runs/${run}`,
      ready: 'Cut off on the way',
      act: (page) =>
        page
          .getByRole('button', { name: /Cut off on the way/, expanded: false })
          .first()
          .click(),
    },
    { name: 'large run, passwords', path: `/runs/${run}/passwords`, ready: /One by one|No gallery needs one/ },
    { name: 'large run, certificate', path: `/runs/${run}/certificate`, ready: /ertificate/ },
    { name: 'a gallery of it', path: `/galleries/${gallery}`, ready: 'DSC_000001.jpg' },
    { name: 'its client', path: `/clients/${client}`, ready: 'Half a Million' },
    { name: 'runs, searched', path: '/runs?q=half+a+million', ready: 'Half a Million' },
    { name: 'runs, by file', path: '/runs?q=DSC_000777.jpg', ready: 'Half a Million' },
  ]
}

async function presses(page: Page, origin: string, row: string, rounds: number): Promise<Figure[]> {
  await page.goto(`${origin}/runs`)
  await page.locator(row).waitFor()
  const longest = await watchInteractions(page)
  for (const tab of [/^paused/, /^all/, /^done \d/, /^all/]) {
    await page.getByRole('group', { name: 'By state' }).getByRole('button', { name: tab }).click()
    await delay(300)
  }
  for (let at = 1; at <= 6; at++) await page.getByRole('table', { name: 'Runs' }).getByRole('checkbox').nth(at).click()
  await page.keyboard.press('Escape')
  for (const key of ['j', 'j', 'k', 'x', 'Escape']) await page.keyboard.press(key)
  await page.keyboard.press('Control+k')
  await page.keyboard.type('studio', { delay: 60 })
  await delay(500)
  await page.keyboard.press('Escape')
  const pressed = await longest()
  const opened: number[] = []
  for (let round = 0; round < rounds; round++) {
    await page.goto(`${origin}/runs`)
    await page.locator(row).waitFor()
    const toRun = () => pressToScreen(page, `${row} a`, 'nav[aria-label="Where this is"]')
    // The first opens it with nothing kept of it.
    await toRun()
    await page.goBack()
    await page.locator(row).waitFor()
    opened.push(await toRun())
  }
  return [
    {
      name: 'presses and keys in the run list, the longest to its paint',
      unit: 'ms',
      value: pressed,
      target: { most: 100 },
    },
    ...spread('from the list into a run that was open before', opened, 200),
  ]
}

/** What the page of the list takes of one core while two hundred runs change three times a second. */
async function listOfMoving(page: Page, origin: string, db: Parameters<typeof changeToScreen>[1]): Promise<Figure[]> {
  const ids = await seedRuns(db, movingRuns, ['running'], 'Two Hundred Movers')
  await page.goto(`${origin}/runs?tab=moving`)
  await page.locator(`[data-row="${ids[0]}"]`).waitFor()
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const used = async () => {
    const { metrics } = await session.send('Performance.getMetrics')
    return metrics.find(({ name }) => name === 'ProcessTime')!.value
  }
  await delay(2000)
  const [before, since] = [await used(), performance.now()]
  while (performance.now() - since < movingSeconds * 1000) {
    const began = performance.now()
    await db.execute(sql`
      update galleries set listed = listed - 1, published = published + 1 where run_id = any(${sql.param(ids)}::uuid[]) and listed > 0 and ref not like '%0'`)
    await db.execute(sql`select pg_notify('pass_run', id) from unnest(${sql.param(ids)}::text[]) id`)
    await delay(Math.max(0, 333 - (performance.now() - began)))
  }
  const share = ((await used()) - before) / ((performance.now() - since) / 1000)
  return [
    { name: `the run list while ${movingRuns} runs move`, unit: 'of one core', value: share, target: { most: 0.5 } },
  ]
}
