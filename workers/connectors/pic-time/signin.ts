// How a session begins: the two-step form in a browser, the Cookie header of a browser that somebody signed in with, or
// a session that another worker kept.
import { z } from 'zod'
import {
  type BrowserPage,
  type ConnectorContext,
  SessionExpired,
  SignInRefused,
  SourceFault,
  UnexpectedPage,
} from '../connector.ts'
import { errorOf, isSignInAddress, signOf, todo } from './answers.ts'
import { Calls } from './calls.ts'
import { Cookies } from './cookies.ts'
import { selectors } from './selectors.ts'

export type Credentials = { email: string; password: string } | { cookie: string; baseUrl: string }

const keptSession = z.object({ cookie: z.string().min(1), baseUrl: z.string().min(1) })
type KeptSession = z.output<typeof keptSession>

export interface SignedIn {
  calls: Calls
  kept: KeptSession
}

/** Throws SignInRefused or Challenge with the sentence for a person. Asks nothing with `context.kept`. */
export async function begin(credentials: Credentials, context: ConnectorContext): Promise<SignedIn> {
  const password = 'password' in credentials ? [credentials.password] : []
  if (context.kept !== undefined) return opened(keptSession.parse(context.kept), context, password)
  if ('password' in credentials) {
    const signedIn = opened(await throughForm(credentials, context), context, password)
    await signedIn.calls.call('dashboard', {})
    return signedIn
  }
  const baseUrl = context.endpoints.base || credentials.baseUrl
  const signedIn = opened({ cookie: credentials.cookie, baseUrl }, context, password)
  await look(signedIn.calls)
  return signedIn
}

function opened(kept: KeptSession, context: ConnectorContext, given: string[]): SignedIn {
  const base = URL.parse(kept.baseUrl)
  if (!base || !/^https?:$/.test(base.protocol)) throw new SignInRefused(todo.baseUrl)
  const cookies = new Cookies(kept.cookie)
  const calls = new Calls(context, new URL(base.origin), cookies, given)
  return { calls, kept: { cookie: cookies.header(), baseUrl: base.origin } }
}

/** Twice, because a single page of the sign-in may be a hiccup, and a person is asked after this. */
async function look(calls: Calls, again = true): Promise<void> {
  try {
    await calls.call('dashboard', {})
  } catch (error) {
    if (error instanceof UnexpectedPage && error.evidence.status === 404)
      throw new SignInRefused(todo.baseUrl, { cause: error })
    if (!(error instanceof SessionExpired)) throw error
    if (!again) throw new SignInRefused(todo.cookieOver, { cause: error })
    await look(calls, false)
  }
}

/** Patience with each step, and how often the page is looked at meanwhile. */
const stepSeconds = 30
const lookEverySeconds = 4

async function throughForm(
  { email, password }: { email: string; password: string },
  context: ConnectorContext,
): Promise<KeptSession> {
  // The form itself would not let it go.
  if (!/^\S+@\S+$/.test(email)) throw new SignInRefused(todo.wrongPassword)
  const login = new URL(context.endpoints.login ?? '')
  const signedIn = await context.browser.visit(async (page) => {
    const status = await page.goto(new URL('/professional#dash', login).href)
    if (status === 429 || status >= 500) throw new SourceFault(`the sign-in answered ${status}`, status)
    await field(page, selectors.email)
    await page.fill(selectors.email, email)
    await page.click(await field(page, selectors.next))
    const asked = await field(page, selectors.password)
    await page.fill(asked, password)
    await page.click((await page.waitFor([selectors.login, selectors.next], stepSeconds)) ?? selectors.login)
    const base = await landing(page, login, context)
    const cookies = (await page.cookies()).filter(({ domain }) => isFor(base.hostname, domain))
    if (cookies.length === 0) throw await page.unexpected('cookies of the account after the sign-in')
    return { cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; '), baseUrl: base.origin }
  })
  return signedIn
}

/** The selector of what is wanted once it is there. Whether a step is a new page is not known: no navigation is awaited. */
async function field(page: BrowserPage, wanted: string | string[]): Promise<string> {
  for (let waited = 0; waited < stepSeconds; waited += lookEverySeconds) {
    const found = await page.waitFor([wanted].flat(), lookEverySeconds)
    if (found) return found
    await throwIfRefused(page)
  }
  throw await page.unexpected(`the sign-in form: ${[wanted].flat().join(' or ')}`)
}

/**
 * The account's origin. Landing there is the sign of success; an account that lives at the address of the sign-in
 * itself shows its dashboard there.
 */
async function landing(page: BrowserPage, login: URL, { endpoints }: ConnectorContext): Promise<URL> {
  const wanted = endpoints.base ? new URL(endpoints.base).origin : null
  const isLanding = (url: URL) =>
    (wanted ? url.origin === wanted : url.origin !== login.origin) && !isSignInAddress(url)
  for (let waited = 0; waited < stepSeconds; waited += lookEverySeconds) {
    if (await page.waitForUrl(isLanding, lookEverySeconds)) return new URL(new URL(page.url()).origin)
    await throwIfRefused(page)
  }
  const url = new URL(page.url())
  if (/^\/professional\b/.test(url.pathname) && !isSignInAddress(url)) return new URL(url.origin)
  throw await page.unexpected("the account's own origin after the sign-in")
}

async function throwIfRefused(page: BrowserPage): Promise<void> {
  const html = await page.html()
  const sign = signOf(html)
  if (sign === 'block' || sign === 'human') throw errorOf(sign)
  if (selectors.isFault(html)) throw new SourceFault('the sign-in shows an error page', 500)
  if (selectors.refusal(html)) throw new SignInRefused(todo.wrongPassword)
}

/** As a browser decides it: a domain with a leading dot holds for what is below it, any other for itself. */
function isFor(host: string, domain: string): boolean {
  const parent = domain.replace(/^\./, '')
  return host === parent || (domain.startsWith('.') && host.endsWith(`.${parent}`))
}
