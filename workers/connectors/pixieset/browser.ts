// The sign-in form, as its owner would fill it in. What stands between it and the dashboard is a person's to answer.
import { type BrowserPage, Challenge, type ConnectorContext, SignInRefused } from '../connector.ts'
import { todo } from './answers.ts'
import { selectors } from './wire.ts'

/** How long the form may take to lead on; a wrong password stays where it is. */
const formSeconds = 20

/** The Cookie header for the dashboard's host. Throws SignInRefused, Challenge, UnexpectedPage. */
export function throughForm(
  { email, password }: { email: string; password: string },
  { browser, endpoints }: ConnectorContext,
): Promise<string> {
  const accounts = new URL(endpoints.accounts ?? '')
  const dashboard = new URL(`${(endpoints.galleries ?? '').replace(/\/+$/, '')}/collections`)
  return browser.visit(async (page) => {
    const status = await page.goto(new URL('/login', accounts).href)
    if (status === 403 || status === 503 || (await isStopped(page))) throw new Challenge(todo.challenge)
    const form = await page.waitFor([selectors.username])
    if (form === null) throw (await isStopped(page)) ? new Challenge(todo.challenge) : await missing(page, 'username')
    await page.fill(selectors.username, email)
    await page.fill(selectors.password, password)
    await page.click(selectors.submit)
    if (!(await leftForm(page, accounts))) throw await stillAtForm(page)

    await page.goto(dashboard.href)
    const arrived = await page.waitForUrl(
      (url) => url.origin === dashboard.origin && url.pathname.startsWith('/collections'),
      formSeconds,
    )
    if (!arrived) throw new Challenge((await isStopped(page)) ? todo.challenge : todo.notDashboard)
    return cookieHeader(await page.cookies(), dashboard)
  })
}

/** Waits until the form leads on, says that something was wrong, or does neither for too long. */
async function leftForm(page: BrowserPage, accounts: URL): Promise<boolean> {
  const atForm = (url: URL) => url.origin === accounts.origin && url.pathname.startsWith('/login')
  const left = page.waitForUrl((url) => !atForm(url), formSeconds)
  // Leading on may end this wait in any way; the other one tells then.
  const refused = page.waitFor([selectors.signInError], formSeconds).catch(() => null)
  return Promise.race([left, refused.then((shown) => (shown === null ? left : false))])
}

async function isStopped(page: BrowserPage): Promise<boolean> {
  return /^\s*(just a moment|attention required)/i.test(await page.title())
}

const missing = (page: BrowserPage, field: 'username') => page.unexpected(`sign-in form: ${selectors[field]}`)

/**
 * A wrong password answers with the form again; where it says nothing, the check for programs did not let it through.
 * Another page at the same address, as one that asks for a code, says nothing of the password.
 */
async function stillAtForm(page: BrowserPage): Promise<Error> {
  if (await isStopped(page)) return new Challenge(todo.challenge)
  if ((await page.waitFor([selectors.signInError], 1)) !== null) return new SignInRefused(todo.wrongPassword)
  if ((await page.waitFor([selectors.password], 1)) === null) return new Challenge(todo.notDashboard)
  const html = await page.html()
  if (/incorrect|invalid|wrong|not recogni[sz]ed/i.test(html)) return new SignInRefused(todo.wrongPassword)
  return /cf-turnstile|challenges\.cloudflare\.com/i.test(html)
    ? new Challenge(todo.challenge)
    : new SignInRefused(todo.wrongPassword)
}

function cookieHeader(
  cookies: { name: string; value: string; domain: string; path: string }[],
  { hostname, pathname }: URL,
): string {
  const belongs = ({ domain, path }: { domain: string; path: string }) => {
    const bare = domain.replace(/^\./, '')
    return (hostname === bare || hostname.endsWith(`.${bare}`)) && (path === '/' || pathname.startsWith(path))
  }
  // A missing one shows as an ended session when the account is asked for.
  return cookies
    .filter(belongs)
    .map(({ name, value }) => `${name}=${value}`)
    .join('; ')
}
