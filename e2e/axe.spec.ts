// axe finds nothing on any page, in either theme; no relative time stands on one without its exact
// one, and none asks for anything by itself beyond its one subscription.
import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'
import { type Look, outsidePages, type Places, show, staffPages } from './every-page.ts'
import { lesserPages, photographerPages } from './people-scenes.ts'
import { placesOf, signIn } from './places.ts'
import { renewScenes } from './scenes.ts'
import { type System, test } from './system.ts'
import { type Traffic, watchTraffic } from './traffic.ts'

const eyes = [
  { who: 'nobody who is signed in', looksOf: outsidePages, as: () => null },
  { who: 'somebody of the house', looksOf: staffPages, as: ({ admin }: System) => admin },
  {
    who: 'a photographer',
    looksOf: photographerPages,
    as: (_: System, { people }: Places) => people.photographer,
  },
  { who: 'staff', looksOf: lesserPages, as: (_: System, { people }: Places) => people.staff },
]

for (const { who, looksOf, as } of eyes)
  test(`axe finds nothing on any page that ${who} sees, no time without its exact one, no request that nobody made`, async ({
    browser,
    system,
  }) => {
    test.setTimeout(900_000)
    const places = await placesOf(system)
    await renewScenes(system.database.db, places)
    const context = await browser.newContext({ colorScheme: 'light', locale: 'en-GB', reducedMotion: 'reduce' })
    const pages = [await context.newPage(), await context.newPage()]
    const person = as(system, places)
    if (person) await signIn(pages[0]!, system, person)
    const looks = looksOf(places)
    // One page is looked at while the other comes.
    const half = async (page: Page, at: number) => {
      const traffic = await watchTraffic(page)
      for (const look of looks.filter((_, n) => n % 2 === at))
        expect.soft(await violations(page, traffic, system, look)).toEqual([])
    }
    await Promise.all(pages.map(half))
    await context.close()
  })

/** Of rules that hold no element is reported. */
const quick = { resultTypes: ['violations' as const] }

/** One line for each element that something is wrong with. */
async function violations(page: Page, traffic: Traffic, { url }: System, look: Look): Promise<string[]> {
  await page.emulateMedia({ colorScheme: 'light' })
  traffic.begin()
  await show(page, url, look)
  const light = await new AxeBuilder({ page }).options(quick).analyze()
  await traffic.beat()
  await page.emulateMedia({ colorScheme: 'dark' })
  await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', 'dark')
  // Nothing but colours is another in the dark.
  const dark = await new AxeBuilder({ page })
    .options(quick)
    .withRules(['color-contrast', 'link-in-text-block'])
    .analyze()
  const loose = await page.evaluate(looseTimes)
  return [
    ...traffic.end().map((request) => `${look.name}: ${request}`),
    ...loose.map((words) => `${look.name}: “${words}” without its exact time`),
    ...[light, dark].flatMap(({ violations }, index) =>
      violations.flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => {
          const why = failureSummary?.replaceAll(/\s+/g, ' ')
          return `${look.name}, ${index === 0 ? 'light' : 'dark'}: ${id} at ${target.join(' ')}. ${why}`
        }),
      ),
    ),
  ]
}

/** In the page: words for a time that neither mouse nor keyboard can ask for the exact one. */
function looseTimes(): string[] {
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const loose: string[] = []
  while (words.nextNode()) {
    const text = words.currentNode.textContent ?? ''
    if (/\d \w+\.? ago\b|just now/.test(text) && !words.currentNode.parentElement?.closest('[data-moment]'))
      loose.push(text)
  }
  for (const moment of document.querySelectorAll<HTMLElement>('[data-moment]')) {
    const link = moment.closest('a') ?? moment.closest('[data-row]')?.querySelector('a')
    if (moment.tabIndex < 0 && !link) loose.push(moment.textContent)
  }
  return loose
}
