import { expect, test } from 'vitest'
import { providers } from '#server/providers.ts'
import { Challenge, SessionExpired, SignInRefused, SourceFault, Truncated, UnexpectedPage } from '../connector.ts'
import { shootproof } from './connector.ts'
import { problem, Raw, script, signInPage } from './testing.ts'

const tokenPath = 'POST /oauth2/authorization/token'
const given = { clientId: 'pass', refreshToken: 'first' }
const tokens = (access: string, refresh: string) => ({
  stat: 'ok',
  access_token: access,
  refresh_token: refresh,
  token_type: 'bearer',
  expires_in: 1_209_600,
})
const fail = (code: string, status = 200, msg = 'No.') => new Raw(status, JSON.stringify({ stat: 'fail', code, msg }))

/** As ShootProof: each refresh token works once. */
function rotating() {
  let valid = 'first'
  let count = 0
  return (asked: { body: string }) => {
    if (new URLSearchParams(asked.body).get('refresh_token') !== valid) return fail('invalid_grant')
    valid = `refresh-${++count}`
    return tokens(`access-${count}`, valid)
  }
}

test('the new refresh token is kept before the access token is used', async () => {
  const order: string[] = []
  const site = await script({
    [tokenPath]: rotating(),
    'GET /studio/me': ({ headers }) => {
      order.push(`me ${headers.authorization}`)
      return {}
    },
  })
  const rotate = async (credentials: Record<string, string>) => {
    await Promise.resolve()
    order.push(`kept ${credentials.clientId} ${credentials.refreshToken}`)
  }
  const session = await shootproof.signIn(given, { ...site.context, rotate })
  expect(order).toEqual(['kept pass refresh-1', 'me Bearer access-1'])
  expect(session.keep()).toEqual({ accessToken: 'access-1' })
  const [refresh] = site.asked
  expect(refresh?.headers['content-type']).toBe('application/x-www-form-urlencoded')
  expect(Object.fromEntries(new URLSearchParams(refresh?.body))).toEqual({
    grant_type: 'refresh_token',
    refresh_token: 'first',
    client_id: 'pass',
    scope: 'studio',
  })
})

test('a token that could not be kept is not used', async () => {
  const site = await script({ [tokenPath]: rotating() })
  const rotate = () => Promise.reject(new Error('the database is away'))
  await expect(shootproof.signIn(given, { ...site.context, rotate })).rejects.toThrow('the database is away')
  expect(site.asked.map(({ what }) => what)).toEqual([tokenPath])
})

test('the code of a redirect is exchanged with the same address and scope, and a refresh token kept in its place', async () => {
  const site = await script({ [tokenPath]: () => tokens('access', 'refresh') })
  const code = { clientId: 'pass', code: 'abc', redirectUri: 'https://console.example/back?x=1' }
  await site.signIn(code, null)
  expect(Object.fromEntries(new URLSearchParams(site.asked[0]?.body))).toEqual({
    grant_type: 'authorization_code',
    code: 'abc',
    client_id: 'pass',
    redirect_uri: 'https://console.example/back?x=1',
    scope: 'studio',
  })
  expect(site.rotated).toEqual([{ clientId: 'pass', refreshToken: 'refresh' }])
})

test('a code that brings no refresh token leaves its access token behind, since it works once', async () => {
  const site = await script({ [tokenPath]: () => ({ stat: 'ok', access_token: 'only' }) })
  await site.signIn({ clientId: 'pass', code: 'abc', redirectUri: 'https://console.example/' }, null)
  expect(site.rotated).toEqual([{ accessToken: 'only' }])
})

test('a refresh whose answer was lost ends with a sentence for the owner, not with endless tries', async () => {
  const answer = rotating()
  let lost = true
  const site = await script({
    [tokenPath]: (asked) => {
      const whole = answer(asked)
      if (!lost) return whole
      lost = false
      return new Raw(200, JSON.stringify(whole).slice(0, 30), { 'content-type': 'application/json' })
    },
  })
  await expect(site.signIn(given, null)).rejects.toBeInstanceOf(Truncated)
  const error = await site.signIn(given, null).catch((thrown) => thrown)
  expect(error).toBeInstanceOf(SignInRefused)
  expect(error.todo).toContain('connect the account again')
  expect(site.rotated).toEqual([])
})

test.each([
  ['invalid_grant', 200, SignInRefused, 'refresh token'],
  ['invalid_grant', 400, SignInRefused, 'refresh token'],
  ['invalid_client', 401, SignInRefused, 'client id'],
  ['something_new', 200, SignInRefused, 'refresh token'],
  ['server_error', 500, SourceFault, ''],
  ['temporarily_unavailable', 200, SourceFault, ''],
])('stat "fail" with %s and HTTP %i is told by its class', async (code, status, type, words) => {
  const site = await script({ [tokenPath]: () => fail(code, status) })
  const error = await site.signIn(given, null).catch((thrown) => thrown)
  expect(error).toBeInstanceOf(type)
  expect(error.todo ?? '').toContain(words)
})

test('a captcha, a second factor or a locked account at the token address is a challenge', async () => {
  const site = await script({ [tokenPath]: () => fail('access_denied', 200, 'This account is locked.') })
  await expect(site.signIn(given, null)).rejects.toBeInstanceOf(Challenge)
})

test('tokens under other names are loud, and their answer stays out of the evidence', async () => {
  const site = await script({ [tokenPath]: () => ({ stat: 'ok', token: 'secret-one' }) })
  const error = await site.signIn(given, null).catch((thrown) => thrown)
  expect(error).toBeInstanceOf(UnexpectedPage)
  expect(error.expected).toContain('access_token')
  expect(JSON.stringify(error.evidence)).not.toContain('secret-one')
})

test('an access token that is over asks for a new one', async () => {
  const site = await script({ 'GET /studio/me': () => problem(401, 'unauthorized') })
  const error = await site.signIn({ accessToken: 'old' }, null).catch((thrown) => thrown)
  expect(error).toBeInstanceOf(SignInRefused)
  expect(error.todo).toContain('access token is over')
})

test('an access token may be pasted with the word Bearer', async () => {
  const site = await script({})
  await site.signIn({ accessToken: 'Bearer pasted' }, null)
  expect(site.asked[0]?.headers.authorization).toBe('Bearer pasted')
})

test('a sign-in page that passes by right after the refresh is no refusal', async () => {
  let first = true
  const site = await script({
    [tokenPath]: rotating(),
    'GET /studio/me': () => {
      if (!first) return {}
      first = false
      return signInPage
    },
  })
  await expect(site.signIn(given, null)).resolves.toBeDefined()
})

test('a session whose token has died says so in the middle of the work', async () => {
  const site = await script({ 'GET /studio/brand': () => problem(401, 'unauthorized') })
  const session = await site.signIn()
  await expect(session.account()).rejects.toBeInstanceOf(SessionExpired)
})

test('the address of the owner’s yes names the code flow, our client, the way back and the scope', () => {
  const { oauth, endpoints } = providers.shootproof
  const request = { clientId: 'pass', redirectUri: 'https://console.example/back?a=b', state: 's t' }
  const url = new URL(oauth.authorizeUrl(endpoints, request))
  expect(url.origin + url.pathname).toBe('https://auth.shootproof.com/oauth2/authorization/new')
  expect(Object.fromEntries(url.searchParams)).toEqual({
    response_type: 'code',
    client_id: 'pass',
    redirect_uri: 'https://console.example/back?a=b',
    scope: 'studio',
    state: 's t',
  })
})
