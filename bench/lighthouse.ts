// What Lighthouse says of every page, light and dark, signed in: accessibility has to be without fault, the rest is told.
import lighthouse, { type Config, desktopConfig } from 'lighthouse'
import puppeteer, { type Browser } from 'puppeteer'
import { chromePath } from '#server/chrome.ts'
import { type Look, outsidePages, staffPages } from '../e2e/every-page.ts'
import { placesOf } from '../e2e/places.ts'
import { renewScenes } from '../e2e/scenes.ts'
import { startSystem } from '../e2e/system.ts'
import type { Figure, Findings } from './figures.ts'
import type { Bench } from './setting.ts'

const themes = ['light', 'dark'] as const
type Theme = (typeof themes)[number]

interface Said {
  /** Of 100. */
  scores: Record<string, number>
  /** What of accessibility is not as it should be: the rule and where. */
  faults: string[]
}

export async function lighthouseBench({ signal, say }: Bench): Promise<Findings> {
  await using stack = new AsyncDisposableStack()
  say('Starting the system …')
  const system = await startSystem(stack)
  const places = await placesOf(system)
  const executablePath = await chromePath()
  const figures: Figure[] = []
  const faults: string[] = []
  for (const isSignedIn of [false, true])
    for (const theme of themes) {
      const browser = await puppeteer.launch({ executablePath, args: ['--no-sandbox'] })
      try {
        await prepare(browser, system.url, theme, isSignedIn ? system.admin : null)
        await renewScenes(system.database.db, places)
        for (const { name, path } of distinct((isSignedIn ? staffPages : outsidePages)(places))) {
          signal.throwIfAborted()
          const said = await asked(browser, `${system.url}${path}`, theme)
          say(`${name}, ${theme}: ${said.scores.accessibility} ${said.faults.join('; ')}`)
          faults.push(...said.faults.map((fault) => `${name}, ${theme}: ${fault}`))
          figures.push(...figuresOf(`${name}, ${theme}`, said))
        }
      } finally {
        await browser.close()
      }
    }
  return {
    figures,
    notes: [
      ...faults,
      'each page as it comes, at a desk, without a slowed network; performance and best practices of the light ones, for information',
    ],
  }
}

/** States of one page that are brought about by pressing something are axe's: `e2e/axe.spec.ts`. */
const distinct = (looks: Look[]) => [...new Map(looks.toReversed().map((look) => [look.path, look])).values()].reverse()

async function prepare(
  browser: Browser,
  origin: string,
  theme: Theme,
  person: { email: string; password: string } | null,
): Promise<void> {
  const page = await browser.newPage()
  await page.goto(`${origin}/sign-in`)
  await page.evaluate(
    async (theme, person) => {
      localStorage.setItem('mantine-color-scheme-value', theme)
      const headers = { 'content-type': 'application/json' }
      if (person) await fetch('/api/auth/sign-in/email', { method: 'POST', headers, body: JSON.stringify(person) })
    },
    theme,
    person,
  )
  await page.close()
}

async function asked(browser: Browser, url: string, theme: Theme): Promise<Said> {
  const config: Config = {
    ...desktopConfig,
    settings: {
      ...desktopConfig.settings,
      onlyCategories: theme === 'light' ? ['accessibility', 'best-practices', 'performance'] : ['accessibility'],
      throttlingMethod: 'provided',
      disableStorageReset: true,
      // A live page never stops talking.
      maxWaitForLoad: 5000,
    },
  }
  const port = Number(new URL(browser.wsEndpoint()).port)
  const told = await lighthouse(url, { port, logLevel: 'error' }, config)
  if (!told) throw new Error(`Lighthouse said nothing of ${url}`)
  const { categories, audits, finalDisplayedUrl, runtimeError } = told.lhr
  if (runtimeError) throw new Error(`${url}: ${runtimeError.message}`)
  if (new URL(finalDisplayedUrl).pathname !== new URL(url).pathname)
    throw new Error(`${url} led to ${finalDisplayedUrl}`)
  // Of what could not be judged there is no score.
  const scores = Object.values(categories).flatMap(({ id, score }) =>
    score === null ? [] : [[id, Math.round(score * 100)] as const],
  )
  const failed = categories.accessibility!.auditRefs.filter(({ id, weight }) => weight > 0 && audits[id]?.score === 0)
  return {
    scores: Object.fromEntries(scores),
    faults: failed.map(({ id }) => `${id} at ${placeOf(audits[id]!.details)}`),
  }
}

function placeOf(details: unknown): string {
  const { items = [] } = (details ?? {}) as { items?: { node?: { selector?: string; explanation?: string } }[] }
  return items.map(({ node }) => `${node?.selector} (${node?.explanation?.replaceAll(/\s+/g, ' ')})`).join('; ')
}

function figuresOf(name: string, { scores }: Said): Figure[] {
  const of = (id: string) => (scores[id] === undefined ? [] : [{ name: `  ${id}`, unit: 'of 100', value: scores[id] }])
  return [
    { name, unit: 'of 100', value: scores.accessibility ?? 0, target: { least: 100 } },
    ...of('performance'),
    ...of('best-practices'),
  ]
}
