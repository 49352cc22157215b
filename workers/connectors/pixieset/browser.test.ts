import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createBrowser, type OpenBrowser } from '#workers/browser.ts'
import { createHttp, type OpenHttp } from '#workers/http.ts'
import { type StandIn, standIn } from '../conformance/stand-in.ts'
import { type Browser, type BrowserPage, Challenge, SignInRefused, type SourceSession } from '../connector.ts'
import { todo } from './answers.ts'
import { throughForm } from './browser.ts'
import { pixieset } from './connector.ts'
import type { Credentials } from './signin.ts'

let place: StandIn
let http: OpenHttp
let browser: OpenBrowser

beforeAll(async () => {
  http = createHttp({ allowLocal: true })
  browser = createBrowser({ allowLocal: true })
  const account = ['--scenario', 'plain', '--galleries', '1', '--photos', '2', '--pictures', 'tiny']
  place = await standIn('pixieset', ...account, '--sign-in', 'password').start()
})
afterEach(() => place.faults({}))
afterAll(async () => {
  await browser?.close()
  await http?.close()
  await place?.stop()
})

function signIn(): Promise<SourceSession> {
  const { signal } = new AbortController()
  return pixieset.signIn(place.credentials as Credentials, {
    endpoints: place.endpoints,
    http,
    browser: browser.scoped({ signal }),
    rotate: async () => {},
    signal,
    note: () => {},
  })
}

test('fills in the form once, and goes on over HTTP with the cookies of the dashboard', async () => {
  const session = await signIn()
  const [page] = await Array.fromAsync(session.galleries())
  expect(page?.galleries).toHaveLength(1)
  expect(await place.requests()).toMatchObject({ signIns: 1, writes: [], unknown: [] })
}, 60_000)

test('a wrong password is tried once and then asked for', async () => {
  const before = (await place.requests()).signIns
  await place.faults({ wrongPassword: true })
  await expect(signIn()).rejects.toBeInstanceOf(SignInRefused)
  expect((await place.requests()).signIns - before).toBe(1)
}, 60_000)

test.each(['locked', 'edgeBlock'] as const)(
  '%s ends in the sentence for a person',
  async (fault) => {
    await place.faults({ [fault]: true })
    await expect(signIn()).rejects.toBeInstanceOf(Challenge)
  },
  60_000,
)

/** Stays at the address of the form, and shows these selectors once it was sent. */
function staying(shown: string[], html: string): Browser {
  let sent = false
  const page = {
    goto: async () => 200,
    title: async () => 'Pixieset',
    html: async () => html,
    fill: async () => {},
    click: async () => {
      sent = true
    },
    waitFor: async (selectors) => selectors.find((one) => !sent || shown.includes(one)) ?? null,
    waitForUrl: async () => false,
  } satisfies Partial<BrowserPage>
  return { visit: (work) => work(page as unknown as BrowserPage) }
}

test.each([
  [
    'another page, which asks for a code',
    [],
    '<h1>Enter the code we sent you</h1><input name="code">',
    todo.notDashboard,
  ],
  ['the form again', ['#UserLogin_password'], '<input id="UserLogin_password">', todo.wrongPassword],
  ['the form with a check for programs', ['#UserLogin_password'], '<div class="cf-turnstile"></div>', todo.challenge],
])('after the form, at its address, %s', async (_, shown, html, said) => {
  const context = { browser: staying(shown, html), endpoints: place.endpoints } as Parameters<typeof throughForm>[1]
  await expect(throughForm({ email: 'a@example.com', password: 'x' }, context)).rejects.toMatchObject({ todo: said })
})
