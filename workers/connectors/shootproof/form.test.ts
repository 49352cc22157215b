import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBrowser } from '#workers/browser.ts'
import { createHttp } from '#workers/http.ts'
import { type StandIn, standIn } from '../conformance/stand-in.ts'
import { Challenge, SignInRefused } from '../connector.ts'
import { shootproof } from './connector.ts'

let place: StandIn
const http = createHttp({ allowLocal: true })
const browser = createBrowser({ allowLocal: true })

beforeAll(async () => {
  const flags = [
    '--scenario',
    'plain',
    '--galleries',
    '3',
    '--photos',
    '2',
    '--pictures',
    'tiny',
    '--sign-in',
    'password',
  ]
  place = await standIn('shootproof', ...flags).start()
}, 60_000)
afterAll(async () => {
  await browser.close()
  await http.close()
  await place.stop()
})

function signIn(password = place.credentials.password ?? '') {
  const { signal } = new AbortController()
  return shootproof.signIn(
    { email: place.credentials.email ?? '', password },
    {
      endpoints: place.endpoints,
      http,
      browser: browser.scoped({ signal }),
      rotate: () => Promise.reject(new Error('nothing to rotate')),
      signal,
      note: () => {},
    },
  )
}

describe('the studio’s own form', () => {
  test('gives the bearer that the panel itself uses, and the account is read with it', async () => {
    const session = await signIn()
    expect((await session.account()).galleries).toBe(3)
    expect(session.keep()).toEqual({ accessToken: expect.stringMatching(/^\S{20,}$/) })
  }, 60_000)

  test('is tried once with a wrong password, which ends with a sentence', async () => {
    const before = (await place.requests()).signIns
    const error = await signIn('wrong').catch((thrown) => thrown)
    expect(error).toBeInstanceOf(SignInRefused)
    expect(error.todo).toContain('did not take this e-mail and password')
    expect((await place.requests()).signIns - before).toBe(1)
  }, 60_000)

  test('stops at a locked account for a person', async () => {
    await place.faults({ locked: true })
    await expect(signIn()).rejects.toBeInstanceOf(Challenge)
    await place.faults({})
  }, 60_000)

  test('stops for a person where the edge refuses us', async () => {
    await place.faults({ edgeBlock: true })
    await expect(signIn()).rejects.toBeInstanceOf(SignInRefused)
    await place.faults({})
  }, 60_000)

  test('wrote nothing anywhere', async () => {
    const { writes, unknown } = await place.requests()
    expect({ writes, unknown }).toEqual({ writes: [], unknown: [] })
  })
})
