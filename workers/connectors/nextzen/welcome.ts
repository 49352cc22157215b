// The sign-in page of the dashboard, in a browser: its form is filled in, and the bearer is read off the page's own requests.
import { load } from 'cheerio'
import {
  type BrowserPage,
  Challenge,
  type ConnectorContext,
  type SeenRequest,
  SignInRefused,
  SourceFault,
} from '../connector.ts'
import { isClassic, speaksOfLock, todo } from './answers.ts'

const form = { email: '#email', password: '#password' }
/** The button is known by its words. */
const buttons = [
  // Before "Log in with …" of another service, which may stand above the form.
  'form:has(#password) [type="submit"]::-p-text(Log in)',
  'button::-p-text(Log in)',
  'button::-p-text(Log In)',
  'button::-p-text(LOG IN)',
  '[role="button"]::-p-text(Log in)',
  'form:has(#password) [type="submit"]',
  '::-p-text(Log in)',
]
const captchas = [
  'iframe[src*="captcha" i]',
  'iframe[src*="challenges.cloudflare.com" i]',
  '.g-recaptcha',
  '.h-captcha',
  '.cf-turnstile',
  '[id*="captcha" i]',
]
const secondSteps = [
  'input[autocomplete="one-time-code"]',
  'input[name*="code" i]',
  'input[id*="code" i]',
  'input[name*="otp" i]',
  'input[id*="otp" i]',
]
/** Next.js reads out its pages in an alert of its own. */
const alerts = ['[role="alert"]:not(#__next-route-announcer__)', '[aria-invalid="true"]', '[class*="error" i]']

/** How long the page may take to sign in. */
const patienceSeconds = 30
/** A complaint and a bearer may come together: the bearer counts. */
const graceSeconds = 3

/** Tries once. Throws SignInRefused or Challenge with the sentence for a person, UnexpectedPage where the page has changed. */
export function bearerFromWelcome(
  { email, password }: { email: string; password: string },
  context: ConnectorContext,
): Promise<string> {
  const app = (context.endpoints.app ?? '').replace(/\/+$/, '')
  return context.browser.visit(async (page) => {
    await arrive(page, app)
    const bearers = new Bearers(page, app)
    const signedIn = bearers.next().then((bearer) => ({ bearer }))
    await page.fill(form.email, email)
    await page.fill(form.password, password)
    const button = await page.waitFor(buttons, 5)
    if (!button) throw await page.unexpected('::-p-text(Log in)')
    const shown = new Set(await visible(page, [...captchas, ...secondSteps, ...alerts]))
    bearers.count()
    await page.click(button)

    const complaints = [...alerts, ...secondSteps, ...captchas].filter((selector) => !shown.has(selector))
    const complained = page.waitFor(complaints, patienceSeconds).then(() => ({ bearer: null }))
    const { bearer } = await Promise.race([signedIn, complained])
    const found = bearer ?? (await bearers.next(graceSeconds))
    if (found !== null) return found
    throw await reasonOf(page)
  })
}

async function arrive(page: BrowserPage, app: string): Promise<void> {
  const status = await page.goto(`${app}/welcome`)
  if (isClassic({ url: page.url(), status, header: () => null }, await page.html()))
    throw new SignInRefused(todo.classic)
  if (status === 403) throw new SignInRefused(todo.edge)
  if (status === 429 || status >= 500) throw new SourceFault(`the sign-in page answered ${status}`, status)
  const found = await page.waitFor([form.email, ...captchas], patienceSeconds)
  if (found === form.email) return
  if (found !== null) throw new Challenge(todo.captcha)
  throw await page.unexpected(form.email)
}

/** Bearers of the page's requests to Zenfolio; those from before the sign-in are a visitor's and do not count. */
class Bearers {
  readonly #page: BrowserPage
  readonly #app: URL
  readonly #visitors = new Set<string>()
  #counts = false

  constructor(page: BrowserPage, app: string) {
    this.#page = page
    this.#app = new URL(app)
  }

  count(): void {
    this.#counts = true
  }

  async next(seconds = patienceSeconds): Promise<string | null> {
    let found: string | null = null
    await this.#page.request((request) => {
      const bearer = this.#bearerOf(request)
      if (bearer === null || this.#visitors.has(bearer)) return false
      if (!this.#counts) this.#visitors.add(bearer)
      else found = bearer
      return this.#counts
    }, seconds)
    return found
  }

  #bearerOf({ url, headers }: SeenRequest): string | null {
    const bearer = /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1]
    return bearer && isZenfolios(new URL(url), this.#app) ? bearer : null
  }
}

/** The dashboard's own host, and what else it asks under Zenfolio's name; on this machine, this machine. */
function isZenfolios(url: URL, app: URL): boolean {
  if (url.host === app.host) return true
  const ofZenfolio = ({ protocol, hostname }: URL) => protocol === 'https:' && /(^|\.)zenfolio\.com$/.test(hostname)
  const local = ({ hostname }: URL) => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
  return (ofZenfolio(app) && ofZenfolio(url)) || (local(app) && local(url))
}

async function visible(page: BrowserPage, selectors: string[]): Promise<string[]> {
  const found = await Promise.all(selectors.map((selector) => page.waitFor([selector], 0.5)))
  return found.filter((selector) => selector !== null)
}

/** Why no bearer came, as far as the page says. */
async function reasonOf(page: BrowserPage): Promise<Error> {
  const html = await page.html()
  const shown = load(html)
  const has = (selectors: string[]) => shown(selectors.join(', ')).length > 0
  const said = shown(alerts.join(', ')).text()
  if (isClassic({ url: page.url(), status: 200, header: () => null }, html)) return new SignInRefused(todo.classic)
  if (has(secondSteps)) return new Challenge(todo.secondFactor)
  if (speaksOfLock(said)) return new Challenge(todo.locked)
  if (/captcha|robot/i.test(said) || (said.trim() === '' && has(captchas))) return new Challenge(todo.captcha)
  if (has([form.password])) return new SignInRefused(todo.wrongPassword)
  return page.unexpected('a request with "authorization: Bearer" after the sign-in')
}
