import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { Challenge, SessionExpired, SignInRefused, SourceFault, Truncated, UnexpectedPage } from '../connector.ts'
import { pixieset } from './connector.ts'
import { jsonWith, Raw, type Script, script } from './testing.ts'

const cookie = 'wsid=the-session; gd_ca=the-seal'
const signInPage =
  '<html><form><input id="UserLogin_username"><input type="password" id="UserLogin_password"></form></html>'
const challenge = new Raw(403, '<html><title>Just a moment...</title></html>', {
  'content-type': 'text/html',
  'cf-mitigated': 'challenge',
})

const failure = (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable('it went well'),
    (error: unknown) => error,
  )

test('hands on the whole Cookie header, however it was copied, with the headers that work', async () => {
  for (const given of [cookie, `Cookie: ${cookie}\n`, ` ${cookie.replace(' ', '\n  ')}`]) {
    const { signIn, asked, origin } = await script({})
    await signIn({ cookie: given })
    expect(asked).toHaveLength(1)
    expect(asked[0]?.headers).toMatchObject({
      cookie,
      accept: 'application/json',
      'x-requested-with': 'XMLHttpRequest',
      referer: `${origin}/collections`,
    })
  }
})

test('a cookie that cannot be one is refused before anything is asked', async () => {
  const { signIn, asked } = await script({})
  for (const given of ['nonsense', 'a=ü', 'a=\u0001'])
    await expect(signIn({ cookie: given })).rejects.toBeInstanceOf(SignInRefused)
  expect(asked).toEqual([])
})

test.each<[string, unknown, new (...of: never[]) => Error]>([
  ['401', jsonWith(401), SignInRefused],
  ['a redirect to the sign-in', new Raw(302, '', { location: '/login' }), SignInRefused],
  ['the sign-in page with 200', new Raw(200, signInPage), SignInRefused],
  ['a challenge with 403', challenge, Challenge],
  ['a challenge with 503', new Raw(503, '<html><title>Attention required! | Cloudflare</title></html>'), Challenge],
  ['another refusal', jsonWith(403), Challenge],
  ['a server error', new Raw(500, 'Whoops'), SourceFault],
  ['half an answer', new Raw(200, '{"data":{"us', { 'content-type': 'application/json' }), Truncated],
  ['another page', new Raw(200, '<html>Hello</html>'), UnexpectedPage],
  ['JSON without the account', { data: {} }, UnexpectedPage],
])('%s at sign-in is told by its class', async (_, answer, type) => {
  const { signIn } = await script({ '/data/bootstrap': answer })
  const error = await failure(signIn({ cookie }))
  expect(error).toBeInstanceOf(type)
  if (error instanceof SignInRefused || error instanceof Challenge) expect(error.todo).toMatch(/^\w+ \w+.*\.$/)
  expect(inspect(error, { depth: 9 })).not.toMatch(/the-session|the-seal/)
})

test.each<[string, unknown, new (...of: never[]) => Error]>([
  ['401', jsonWith(401), SessionExpired],
  ['a redirect to the sign-in', new Raw(302, '', { location: '{origin}/login' }), SessionExpired],
  ['the sign-in page with 200', new Raw(200, signInPage), SessionExpired],
  ['a challenge', challenge, Challenge],
])('%s in the middle is told by its class', async (_, answer, type) => {
  const { signIn } = await script({ '/dashboard_listings?page=1': answer })
  const session = await signIn()
  expect(await failure(Array.fromAsync(session.galleries()))).toBeInstanceOf(type)
})

test('the passive script of Cloudflare on a page is no challenge', async () => {
  const page = '<html><title>Collections</title><script src="/cdn-cgi/challenge-platform/x.js"></script></html>'
  const { signIn } = await script({ '/data/bootstrap': new Raw(200, page) })
  expect(await failure(signIn({ cookie }))).toBeInstanceOf(UnexpectedPage)
})

test('evidence names fields, never passwords, PINs or people', async () => {
  const secrets = { password: 'open sesame', private_password: 'inner', download_pin: '7351', email: 'oma@example.com' }
  const odd: Script['answers'] = {
    '/dashboard_listings?page=1': { data: { data: { albums: [secrets] } } },
    '/collections/1': new Raw(200, `oops ${JSON.stringify(secrets)} wsid=the-session {"download_pin":"73`, {
      'content-type': 'text/plain',
    }),
  }
  const { signIn } = await script(odd)
  const session = await signIn()
  for (const work of [() => Array.fromAsync(session.galleries()), () => session.detail({ ref: '1', virtual: false })]) {
    const error = await failure(work())
    expect(error).toBeInstanceOf(UnexpectedPage)
    expect((error as UnexpectedPage).evidence.excerpt).toContain('download_pin')
    expect(inspect(error, { depth: 9 })).not.toMatch(/open sesame|inner|73\d?1?"|oma@|the-session/)
  }
})

test('a session of a cookie is not ours to renew, one of a form is', () => {
  expect(pixieset.sessionLife?.({ cookie })).toEqual({ hours: 3.5, renewable: false })
  expect(pixieset.sessionLife?.({ email: 'a', password: 'b' })).toEqual({ hours: 3.5, renewable: true })
})
