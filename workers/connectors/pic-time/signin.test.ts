import { inspect } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBrowser, type OpenBrowser } from '#workers/browser.ts'
import { createHttp, type OpenHttp } from '#workers/http.ts'
import { type StandIn, standIn } from '../conformance/stand-in.ts'
import { type BrowserPage, Challenge, SignInRefused, UnexpectedPage } from '../connector.ts'
import { picTime } from './connector.ts'
import { script } from './testing.ts'

const scene = ['--scenario', 'plain', '--galleries', '3', '--photos', '2', '--pictures', 'tiny']
let place: StandIn
let http: OpenHttp
let browser: OpenBrowser

beforeAll(async () => {
  place = await standIn('pic-time', ...scene).start('--sign-in', 'password')
  http = createHttp({ allowLocal: true })
  browser = createBrowser({ allowLocal: true })
}, 60_000)
afterAll(async () => {
  await browser.close()
  await http.close()
  await place.stop()
})

function signIn(more: Record<string, string> = {}) {
  const signal = new AbortController().signal
  return picTime.signIn(
    { email: '', password: '', ...place.credentials, ...more },
    {
      endpoints: { base: '', ...place.endpoints },
      http,
      browser: browser.scoped({ signal }),
      rotate: async () => {},
      signal,
      note: () => {},
    },
  )
}

test('finds the account by its two-step form, and goes on without the browser', async () => {
  const session = await signIn()
  const { baseUrl, cookie } = session.keep() as { baseUrl: string; cookie: string }
  expect(baseUrl).not.toBe(place.endpoints.login)
  expect(cookie).toMatch(/pt_session=/)
  expect(cookie).not.toMatch(/sst-main/)
  expect(await session.account()).toMatchObject({ galleries: 3, photos: 6, ref: new URL(baseUrl).host })
  expect(await place.requests()).toMatchObject({ signIns: 1, writes: [], unknown: [] })
}, 60_000)

test.each([
  ['a wrong password', { password: 'wrong' }, SignInRefused],
  ['an address that is none', { email: 'nobody' }, SignInRefused],
])(
  '%s is tried once and told',
  async (_, given, type) => {
    const before = await place.requests()
    const error = await signIn(given).catch((reason) => reason)
    expect(error, inspect(error)).toBeInstanceOf(type)
    expect((await place.requests()).signIns - before.signIns).toBeLessThanOrEqual(1)
  },
  60_000,
)

test('a check for humans is left to a person, at either step', async () => {
  for (const faults of [{ locked: true }, { apiOff: true }]) {
    await place.faults(faults)
    const error = await signIn().catch((reason) => reason)
    expect(error, inspect(error)).toBeInstanceOf(Challenge)
    expect(error.todo).toMatch(/browser of your own/)
  }
  await place.faults({})
}, 60_000)

/** A page that shows this and has an e-mail field, and nothing else to fill or press. */
function emailOnly(shown: string): BrowserPage {
  const unexpected = async (expected: string) =>
    new UnexpectedPage(expected, { url: '', status: 200, contentType: null, excerpt: '' })
  return {
    goto: async () => 200,
    url: () => 'https://us.pic-time.com/login',
    title: async () => '',
    html: async () => `<body><input type="email">${shown}</body>`,
    waitFor: async (selectors) => selectors.find((selector) => selector === 'input[type=email]') ?? null,
    waitForUrl: async () => false,
    fill: async () => {},
    click: async (selector) => Promise.reject(await unexpected(selector)),
    cookies: async () => [],
    request: async () => null,
    unexpected,
  }
}

test.each([
  ['a check for humans is left to a person', '<div class="g-recaptcha"></div>', Challenge],
  ['a form that was changed is loud', '<button type="button">Go on</button>', UnexpectedPage],
])('where the first step cannot be sent, %s', async (_, shown, type) => {
  const { context } = await script()
  const visit = { visit: <T>(work: (page: BrowserPage) => Promise<T>) => work(emailOnly(shown)) }
  const signingIn = picTime.signIn({ email: 'a@b.test', password: 'x' }, { ...context, browser: visit })
  await expect(signingIn).rejects.toThrow(type)
})
