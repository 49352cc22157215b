// The sign-in page of the stand-in in a real browser, and pages of Classic in its place.
import { inspect } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { providers } from '#server/providers.ts'
import { aSite } from '#server/testing-site.ts'
import { createBrowser, type OpenBrowser } from '#workers/browser.ts'
import { createHttp, type OpenHttp } from '#workers/http.ts'
import { type StandIn, standIn } from '../conformance/stand-in.ts'
import { Challenge, SignInRefused, UnexpectedPage } from '../connector.ts'
import { nextzen } from './connector.ts'

const plain = ['--scenario', 'plain', '--galleries', '2', '--photos', '2', '--pictures', 'tiny']

let browser: OpenBrowser
let http: OpenHttp
let place: StandIn
const signal = new AbortController().signal

beforeAll(async () => {
  browser = createBrowser({ allowLocal: true })
  http = createHttp({ allowLocal: true })
  place = await standIn('nextzen', ...plain, '--sign-in', 'browser').start()
})
afterAll(async () => {
  await browser.close()
  await http.close()
  await place.stop()
})

function signIn(at: Pick<StandIn, 'endpoints' | 'credentials'> = place) {
  const { endpoints, credentials } = at
  return nextzen.signIn(providers.nextzen.credentials.parse(credentials), {
    endpoints,
    http,
    browser: browser.scoped({ signal }),
    rotate: async () => {},
    signal,
    note: () => {},
  })
}

const refusal = (at?: Pick<StandIn, 'endpoints' | 'credentials'>) => signIn(at).catch((reason: unknown) => reason)

test('signs in by the form and takes the bearer of the account, not the visitor’s', async () => {
  const session = await signIn()
  expect(session.keep()).toEqual({ bearer: expect.stringMatching(/^eyJ[^.]+\.[^.]+\.[^.]+$/) })
  expect(await session.account()).toMatchObject({ name: 'Atelier Nordlicht', galleries: 2, photos: 4 })
  const { signIns, writes, unknown } = await place.requests()
  expect({ signIns, writes, unknown }).toEqual({ signIns: 1, writes: [], unknown: [] })
})

test('a wrong password is tried once and told to a person', async () => {
  const before = (await place.requests()).signIns
  const error = await refusal({ ...place, credentials: { ...place.credentials, password: 'wrong one' } })
  expect(error).toBeInstanceOf(SignInRefused)
  expect((error as SignInRefused).todo).toMatch(/did not take this e-mail address and password/)
  expect((await place.requests()).signIns).toBe(before + 1)
})

test('a locked account stops for a person', async () => {
  await place.faults({ locked: true })
  const error = await refusal()
  await place.faults({})
  expect(error).toBeInstanceOf(Challenge)
  expect((error as Challenge).todo).toMatch(/locked/)
})

test.each([
  ['captcha', /proof that a person signs in/],
  ['second-step', /second step/],
])('a page with a %s stops for a person and is not worked around', async (way, todo) => {
  const guarded = await standIn('nextzen', ...plain, '--sign-in', way).start()
  try {
    const error = await refusal(guarded)
    expect(error).toBeInstanceOf(Challenge)
    expect((error as Challenge).todo).toMatch(todo)
  } finally {
    await guarded.stop()
  }
})

test('a changed page is loud, names what was missing and keeps what it shows without the password', async () => {
  const form = '<form><input id="email"><input id="password" type="password"><button>Enter</button></form>'
  const error = await atPage(`<title>New</title>${form}`, refusal)
  expect(error).toBeInstanceOf(UnexpectedPage)
  expect((error as UnexpectedPage).expected).toContain('Log in')
  expect((error as UnexpectedPage).evidence.screenshot).toBeInstanceOf(Uint8Array)
  expect(inspect(error, { depth: 9, maxStringLength: null })).not.toContain(place.credentials.password)
})

test.each([
  ['under that of another service', '<button type="submit">Log in</button>'],
  ['in capitals', '<button>LOG IN</button>'],
])('the button of the form is found %s', async (_, button) => {
  const ask = "event.preventDefault(); fetch('/api/asked', { headers: { authorization: 'Bearer of.the.owner' } })"
  const form = `<form onsubmit="${ask}"><input id="email"><input id="password" type="password">${button}</form>`
  const other = button.includes('Log in') ? '<button onclick="location.href=\'/other\'">Log in with Other</button>' : ''
  const { origin: app, close } = await aSite(({ url }, response) =>
    url?.startsWith('/api/')
      ? response.end(JSON.stringify({ count: 1, galleriesContent: [{ id: 'g1', name: 'One', photoCount: 0 }] }))
      : response.writeHead(200, { 'content-type': 'text/html' }).end(url === '/welcome' ? other + form : ''),
  )
  try {
    const session = await signIn({ endpoints: { app, cdn: app }, credentials: place.credentials })
    expect(session.keep()).toEqual({ bearer: 'of.the.owner' })
  } finally {
    await close()
  }
})

test('a page of Classic in its place names Classic', async () => {
  const classic = '<link rel="stylesheet" href="//cdn.zenfolio.com/zf/css/a.css"><input id="email">'
  const error = await atPage(classic, refusal)
  expect(error).toBeInstanceOf(SignInRefused)
  expect((error as SignInRefused).todo).toMatch(/^This is Zenfolio Classic/)
})

test('a page of the edge is no wrong password', async () => {
  const error = await atPage('<h1>Access denied</h1>', refusal, 403)
  expect(error).toBeInstanceOf(SignInRefused)
  expect((error as SignInRefused).todo).toMatch(/edge/)
})

async function atPage<T>(
  page: string,
  work: (at: Pick<StandIn, 'endpoints' | 'credentials'>) => Promise<T>,
  status = 200,
): Promise<T> {
  const { origin: app, close } = await aSite((_, response) =>
    response.writeHead(status, { 'content-type': 'text/html' }).end(page),
  )
  try {
    return await work({ endpoints: { app, cdn: app }, credentials: place.credentials })
  } finally {
    await close()
  }
}
