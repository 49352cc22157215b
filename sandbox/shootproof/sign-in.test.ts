import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Client, openClient, owner } from './testing.ts'

let client: Client

beforeAll(async () => {
  client = await openClient()
})
afterAll(() => client.sandbox.close())

describe('tokens', () => {
  it('says what was wrong in its answer, with HTTP 200', async () => {
    expect(await client.refresh('nonsense')).toMatchObject({ stat: 'fail', code: 'invalid_grant' })
    const form = { grant_type: 'refresh_token', refresh_token: 'x' }
    expect(await client.tokenCall(form)).toMatchObject({ code: 'invalid_scope' })
    expect(await client.tokenCall({ ...form, scope: 'studio', client_id: 'y' })).toMatchObject({
      code: 'invalid_client',
    })
    expect(await client.tokenCall({ grant_type: 'password', scope: 'studio' })).toMatchObject({
      code: 'unsupported_grant_type',
    })
    expect((await fetch(`${client.sandbox.endpoints.auth}/oauth2/authorization/token`)).status).toBe(405)
  })

  it('replaces both tokens at a refresh: the old refresh token opens nothing', async () => {
    const [one, two] = [await client.handOver(), await client.handOver()]
    const next = await client.refresh(one)
    expect(next).toMatchObject({ stat: 'ok', token_type: 'bearer', expires_in: 1_209_600 })
    expect(next.refresh_token).not.toBe(one)
    expect(await client.refresh(one)).toMatchObject({ stat: 'fail', code: 'invalid_grant' })
    expect(await client.refresh(two)).toMatchObject({ stat: 'ok' })
  })

  it('rotates also where the answer breaks off on the way', async () => {
    const mine = await client.handOver()
    await client.faults({ lostTokens: true })
    await expect(client.refresh(mine)).rejects.toThrow(SyntaxError)
    await client.faults({})
    expect(await client.refresh(mine)).toMatchObject({ stat: 'fail' })
  })

  it('exchanges a code once, for the same address and scope', async () => {
    const { clientId = '' } = client.sandbox.credentials
    const redirect = 'http://127.0.0.1:9/back'
    const query = { response_type: 'code', client_id: clientId, redirect_uri: redirect, scope: 'studio', state: 'mine' }
    const address = `${client.sandbox.endpoints.auth}/oauth2/authorization/new?${new URLSearchParams(query)}`
    expect(await (await fetch(address)).text()).toContain('type="password"')
    const body = new URLSearchParams(owner)
    const allow = async () => {
      const answer = await fetch(address, { method: 'POST', body, redirect: 'manual' })
      const back = new URL(answer.headers.get('location') ?? '')
      expect(back.searchParams.get('state')).toBe('mine')
      return back.searchParams.get('code') ?? ''
    }
    const form = { grant_type: 'authorization_code', client_id: clientId, redirect_uri: redirect, scope: 'studio' }
    expect(await client.tokenCall({ ...form, redirect_uri: `${redirect}?`, code: await allow() })).toMatchObject({
      stat: 'fail',
    })
    const code = await allow()
    expect(await client.tokenCall({ ...form, code })).toMatchObject({ stat: 'ok' })
    expect(await client.tokenCall({ ...form, code })).toMatchObject({ stat: 'fail', code: 'invalid_grant' })
  })

  it.each([
    ['another client', { client_id: 'stranger' }],
    ['an address that is not registered', { redirect_uri: 'https://elsewhere.example/back' }],
    ['no scope', { scope: '' }],
  ])('shows no consent page to %s', async (_, wrong) => {
    const right = {
      response_type: 'code',
      client_id: client.sandbox.credentials.clientId ?? '',
      redirect_uri: 'self',
      scope: 'studio',
    }
    const query = new URLSearchParams({ ...right, ...wrong })
    expect((await fetch(`${client.sandbox.endpoints.auth}/oauth2/authorization/new?${query}`)).status).toBe(400)
  })
})

describe('the studio panel', () => {
  it('sends a visitor to its form, and whoever signs in to a page that asks with a bearer', async () => {
    const studioAt = client.sandbox.endpoints.studio ?? ''
    const door = await fetch(studioAt, { redirect: 'manual' })
    expect(door.headers.get('location')).toBe('/login')
    const form = await (await fetch(`${studioAt}/login`)).text()
    for (const part of ['id="email"', 'id="password"', 'input type="submit"']) expect(form).toContain(part)
    const post = (password: string) =>
      fetch(`${studioAt}/login`, {
        method: 'POST',
        body: new URLSearchParams({ email: owner.email, password }),
        redirect: 'manual',
      })
    expect((await post('wrong')).status).toBe(200)
    const signedIn = await post(owner.password)
    const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? ''
    const home = await fetch(studioAt, { headers: { cookie } })
    expect(new URL(home.url).pathname).toBe(`/v3/${client.brands[0]?.id}/dashboard`)
    expect(await home.text()).toContain('Bearer ')
  })
})
