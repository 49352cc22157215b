// The studio's own sign-in form, for owners who cannot connect by OAuth: the panel talks to the same Studio API, so the
// bearer of any of its requests is a session.
import {
  type BrowserPage,
  Challenge,
  type ConnectorContext,
  RateLimited,
  SignInRefused,
  SourceFault,
} from '../connector.ts'
import { isChallenge, isSignInAddress, saysWrongPassword, todo } from './answers.ts'
import { endpoint } from './calls.ts'

const selectors = {
  email: '#email',
  password: '#password',
  submit: ['input[type=submit]', 'button[type=submit]'],
}
/** The form posts and the panel loads; a form that comes back is seen only by its staying. */
const answerSeconds = 20
/** A page shows no Retry-After. */
const restSeconds = 15

/** The access token. Tries once. */
export function tokenOfForm(
  { email, password }: { email: string; password: string },
  context: ConnectorContext,
): Promise<string> {
  return context.browser.visit(async (page) => {
    const address = endpoint(context, 'studio')
    const status = await page.goto(address)
    if (status === 403) throw await refusedAtTheDoor(page)
    if (status === 429) throw new RateLimited(new URL(address).host, restSeconds)
    if (status >= 500) throw new SourceFault(`the studio answered ${status}`, status)
    if (isSignInAddress(new URL(page.url()))) await fillIn(page, email, password)
    return bearerOf(page, context)
  })
}

async function fillIn(page: BrowserPage, email: string, password: string): Promise<void> {
  if ((await page.waitFor([selectors.email])) === null) throw await doubtful(page, selectors.email)
  await page.fill(selectors.email, email)
  await page.fill(selectors.password, password)
  const submit = await page.waitFor(selectors.submit)
  if (submit === null) throw await page.unexpected(selectors.submit.join(', '))
  await page.click(submit)
  if (await page.waitForUrl((url) => !isSignInAddress(url), answerSeconds)) return
  const shown = await page.html()
  if (!saysWrongPassword(shown) && isChallenge(shown)) throw new Challenge(todo.challenge)
  throw new SignInRefused(todo.wrongPassword)
}

async function bearerOf(page: BrowserPage, context: ConnectorContext): Promise<string> {
  const ours = [endpoint(context, 'api'), endpoint(context, 'studio')].map((address) => new URL(address).origin)
  const bearer = /^bearer\s+(\S+)$/i
  const request = await page.request(({ url, headers }) => {
    const { origin, protocol, hostname } = new URL(url)
    const shootproofs = protocol === 'https:' && /(^|\.)shootproof\.com$/.test(hostname)
    return (shootproofs || ours.includes(origin)) && bearer.test(headers.authorization ?? '')
  }, answerSeconds)
  const token = bearer.exec(request?.headers.authorization ?? '')?.[1]
  if (!token) throw await doubtful(page, 'a request of the panel with an authorization header')
  return token
}

async function doubtful(page: BrowserPage, expected: string): Promise<Error> {
  return isChallenge(await page.html()) ? new Challenge(todo.challenge) : page.unexpected(expected)
}

async function refusedAtTheDoor(page: BrowserPage): Promise<Error> {
  return isChallenge(await page.html()) ? new Challenge(todo.challenge) : new SignInRefused(todo.edge)
}
