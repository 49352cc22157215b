import { once } from 'node:events'
import { type IncomingMessage, get as open } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FaultSwitch, InvalidFaults } from './faults.ts'
import type { Sandbox } from './providers.ts'
import { call, control, openSandbox, setsIn, signIn, type WireObject } from './testing.ts'

let sandbox: Sandbox
let original: string
let token: string

beforeEach(async () => {
  sandbox = await openSandbox({ scenario: 'plain', galleries: 1, photos: 3 })
  token = (await signIn(sandbox)).result
  const { result } = await call(sandbox, 'LoadGroupHierarchy', JSON.stringify([sandbox.credentials.loginName]))
  const [set] = setsIn(result)
  const photos = await call<WireObject[]>(sandbox, 'LoadPhotoSetPhotos', `[${set?.Id},0,5]`)
  original = photos.result[0]?.OriginalUrl ?? ''
})
afterEach(() => sandbox.close())

async function faulty(faults: object): Promise<Response> {
  expect((await control(sandbox, 'faults', faults)).status).toBe(200)
  return fetch(original)
}

/** What came, and whether the transfer looked whole to the client. */
async function receive(): Promise<{ headers: IncomingMessage['headers']; bytes: number; complete: boolean }> {
  const [response] = (await once(open(original, { agent: false }), 'response')) as [IncomingMessage]
  let bytes = 0
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  response.on('error', () => undefined)
  await new Promise((resolve) => response.once('close', resolve))
  return { headers: response.headers, bytes, complete: response.complete }
}

describe('faults', () => {
  it('answers 429 with seconds, with a date, or without a header', async () => {
    const seconds = await faulty({ rate429: 1, retryAfter: 7 })
    expect([seconds.status, seconds.headers.get('retry-after')]).toEqual([429, '7'])
    const date = (await faulty({ retryAfter: 'date' })).headers.get('retry-after') ?? ''
    expect(Date.parse(date)).toBeGreaterThan(Date.now() - 1000)
    expect((await faulty({ retryAfter: null })).headers.has('retry-after')).toBe(false)
  })

  it('answers 5xx with HTML, and HTML with 200 where a picture or a list was due', async () => {
    const broken = await faulty({ rate5xx: 1 })
    expect([500, 502, 503, 504]).toContain(broken.status)
    expect(broken.headers.get('content-type')).toContain('text/html')
    const page = await faulty({ reset: true, rateHtml: 1 })
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('Log In')])
    expect((await call(sandbox, 'GetVersion', '[]')).text).toContain('<form')
  })

  it('truncates with a stated length, and without one so that nothing on the wire shows it', async () => {
    const whole = await receive()
    await control(sandbox, 'faults', { rateTruncated: 1 })
    const seen = await Promise.all(Array.from({ length: 12 }, receive))
    expect(seen.every((one) => one.bytes < whole.bytes)).toBe(true)
    const [stated, unstated] = [
      seen.filter((one) => one.headers['content-length']),
      seen.filter((one) => !one.headers['content-length']),
    ]
    expect(stated.length).toBeGreaterThan(0)
    expect(unstated.length).toBeGreaterThan(0)
    expect(stated.every((one) => !one.complete && Number(one.headers['content-length']) === whole.bytes)).toBe(true)
    expect(unstated.every((one) => one.complete && !one.headers['transfer-encoding'])).toBe(true)
  })

  it('resets connections and stalls after the headers', async () => {
    const reset = faulty({ rateReset: 1 }).then((response) => response.arrayBuffer())
    await expect(reset).rejects.toThrow()
    await control(sandbox, 'faults', { reset: true, rateStall: 1 })
    const stalled = await fetch(original, { signal: AbortSignal.timeout(500) })
    expect(stalled.status).toBe(200)
    await expect(stalled.arrayBuffer()).rejects.toThrow(/timeout|aborted/)
  })

  it('lets a token die after some uses, and says so or is silent', async () => {
    await control(sandbox, 'faults', { expireTokenEvery: 2 })
    token = (await signIn(sandbox)).result
    const profile = async () => (await call(sandbox, 'LoadPrivateProfile', '[]', token)).error?.code
    expect([await profile(), await profile(), await profile()]).toEqual([undefined, undefined, 'E_NOTAUTHENTICATED'])
    expect((await call(sandbox, 'GetVersion', '[]', token)).error.code).toBe('E_NOTAUTHENTICATED')
    await control(sandbox, 'faults', { silentExpiry: true })
    expect((await call(sandbox, 'GetVersion', '[]', token)).error).toBeNull()
  })

  it('refuses sign-in: wrong password, locked account, API switched off, blocked at the edge', async () => {
    const code = async (faults: object) => {
      await control(sandbox, 'faults', { reset: true, ...faults })
      return (await signIn(sandbox)).error.code
    }
    expect(await code({ wrongPassword: true })).toBe('E_INVALIDCREDENTIALS')
    expect(await code({ locked: true })).toBe('E_ACCOUNTLOCKED')
    await control(sandbox, 'faults', { reset: true, apiOff: true })
    expect((await call(sandbox, 'GetChallenge', '["x"]')).error.code).toBe('E_NOTAUTHORIZED')
    expect((await faulty({ edgeBlock: true })).status).toBe(403)
  })

  it('renames fields, or empties lists while counts stay', async () => {
    const login = JSON.stringify([sandbox.credentials.loginName])
    await control(sandbox, 'faults', { changedMarkup: true })
    expect((await call(sandbox, 'LoadGroupHierarchy', login)).result).not.toHaveProperty('Elements')
    await control(sandbox, 'faults', { reset: true, emptyLists: true })
    const { result } = await call(sandbox, 'LoadGroupHierarchy', login)
    expect(result).toMatchObject({ Elements: [], ImmediateChildrenCount: 1 })
  })

  it('are drawn alike for the same seed and order', () => {
    const draws = (seed: number) => {
      const faults = new FaultSwitch(seed)
      faults.change({ rate429: 0.2, rate5xx: 0.2, rateTruncated: 0.2, rateReset: 0.1 })
      return Array.from({ length: 300 }, () => faults.draw())
    }
    expect(draws(1)).toEqual(draws(1))
    expect(draws(1)).not.toEqual(draws(2))
    expect(draws(1).filter((fault) => fault?.kind === 'tooMany').length).toBeGreaterThan(30)
  })

  it.each([{ rate500: 1 }, { rate429: 2 }, { retryAfter: 'soon' }, { locked: 1 }, []])(
    'cannot be set to %j',
    (body) => {
      expect(() => new FaultSwitch(1).change(body)).toThrow(InvalidFaults)
    },
  )
})
