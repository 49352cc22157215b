import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createBrowser, type OpenBrowser } from '#workers/browser.ts'
import { createHttp, type OpenHttp } from '#workers/http.ts'
import { type StandIn, standIn } from '../conformance/stand-in.ts'
import { Challenge, SignInRefused, type SourceSession } from '../connector.ts'
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
