import { expect, test } from 'vitest'
import { Challenge, SessionExpired, SignInRefused, UnexpectedPage } from '../connector.ts'
import { nextzen } from './connector.ts'
import { bearer, page as html, paths, Raw, script } from './testing.ts'

const lines = bearer.replace('.', '.\r\n  ')

test.each([bearer, `Bearer ${bearer}`, `authorization: Bearer ${bearer}\n`, `Bearer\n${lines}`])(
  'takes the bearer as it was copied: %j',
  async (given) => {
    const { signIn, asked } = await script({})
    expect((await signIn({ bearer: given }, null)).keep()).toEqual({ bearer })
    expect(asked.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      [paths.content, `Bearer ${bearer}`],
    ])
  },
)

test.each([`${bearer.slice(0, 20)}…`, `${bearer}\u200b`, `${bearer}\0`])(
  'a bearer that no header can hold is told to a person and never sent: %j',
  async (given) => {
    const { signIn, asked } = await script({})
    const error = await signIn({ bearer: given }, null).catch((reason) => reason)
    expect(error).toBeInstanceOf(SignInRefused)
    expect(error.todo).toMatch(/was not copied whole.*hand over a new one/)
    expect(asked).toEqual([])
  },
)

test('asks a second time before a bearer is believed over, then says in a sentence what to do', async () => {
  const { signIn, asked, answers } = await script({ [paths.content]: () => new Raw(401, '{}') })
  const error = await signIn({ bearer }, null).catch((reason) => reason)
  expect(error).toBeInstanceOf(SignInRefused)
  expect(error.todo).toMatch(/hand over a new one.*"Zenfolio Classic"/)
  expect(asked).toHaveLength(2)
  answers[paths.content] = () =>
    asked.length < 4 ? new Raw(302, '', { location: '/welcome' }) : { count: 1, galleriesContent: [] }
  await expect(signIn({ bearer }, null)).resolves.toBeDefined()
})

const classicPage = '<html><link href="//cdn.zenfolio.com/zf/css/page.css"><title>Page not found</title></html>'

test.each([
  ['a page of Classic', html(404, classicPage)],
  [
    'a page that sets the cookie of Classic',
    new Raw(200, '<html></html>', { 'set-cookie': ['a=b', 'zf_5y_visitor=1; path=/'] }),
  ],
  ['a redirect to pages of Classic', new Raw(302, '', { location: 'https://www.zenfolio.com/zf/signin.aspx' })],
  [
    'an error of the API of Classic',
    new Raw(200, '{"id":null,"result":null,"error":{"code":"E_NOTAUTHENTICATED","message":"No."}}', {
      'content-type': 'application/json',
    }),
  ],
])('%s becomes a sentence that names Classic', async (_, answer) => {
  const { signIn } = await script({ [paths.content]: () => answer })
  const error = await signIn({ bearer }, null).catch((reason) => reason)
  expect(error).toBeInstanceOf(SignInRefused)
  expect(error.todo).toMatch(/^This is Zenfolio Classic/)
})

test.each(['https://api.zenfolio.com', 'http://127.0.0.1:1/api/1.8/zfapi.asmx'])(
  'the endpoint %s is known for Classic before anything is sent',
  async (app) => {
    const { context, asked } = await script({})
    const error = await nextzen
      .signIn({ bearer }, { ...context, endpoints: { app, cdn: app } })
      .catch((reason) => reason)
    expect(error).toBeInstanceOf(SignInRefused)
    expect(error.todo).toMatch(/^This is Zenfolio Classic/)
    expect(asked).toEqual([])
  },
)

test('the title of a gallery is never taken for a sign of Classic', async () => {
  const entry = { id: 'g1', name: '"error":{"code":"E_X"} //cdn.zenfolio.com/zf/ zfapi.asmx', photoCount: 0 }
  const { signIn } = await script({ [paths.content]: () => ({ count: 1, galleriesContent: [entry] }) })
  await expect(signIn({ bearer }, null)).resolves.toBeDefined()
})

test.each([
  ['the edge', html(403, '<html>blocked</html>'), SignInRefused, /HTTP 403.*"Zenfolio Classic"/],
  ['a captcha of the edge', html(403, '<script src="/cdn-cgi/challenge-platform/x"></script>'), Challenge, /person/],
  ['a refusal', new Raw(403, '{"message":"Forbidden"}'), SignInRefused, /owner of the account/],
  ['a lock', new Raw(403, '{"message":"Your account has been locked."}'), Challenge, /unlocked/],
  ['a lock by its status', new Raw(423, '{}'), Challenge, /unlocked/],
])('%s at sign-in is told to a person', async (_, answer, type, todo) => {
  const { signIn } = await script({ [paths.content]: () => answer })
  const error = await signIn({ bearer }, null).catch((reason) => reason)
  expect(error).toBeInstanceOf(type)
  expect(error.todo).toMatch(todo)
})

test('an address that is not there is loud and names what was asked', async () => {
  const { signIn } = await script({ [paths.content]: () => new Raw(404, '{"message":"gone"}') })
  const error = await signIn({ bearer }, null).catch((reason) => reason)
  expect(error).toBeInstanceOf(UnexpectedPage)
  expect(error.expected).toBe('galleries/content: the address')
})

test('a session that ends later is told as such', async () => {
  const { signIn } = await script({ [paths.tree]: () => new Raw(401, '{}') })
  await expect((await signIn()).account()).rejects.toThrow(SessionExpired)
})

test('a handed-over bearer lives until it says; a sign-in of our own lives a month and is renewed', () => {
  const claims = { exp: Math.floor(Date.now() / 1000) + 36_000 }
  const jwt = `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`
  const life = nextzen.sessionLife?.({ bearer: `Bearer ${jwt}` })
  expect(life?.renewable).toBe(false)
  expect(life?.hours).toBeCloseTo(10, 1)
  expect(nextzen.sessionLife?.({ bearer: 'opaque' })).toEqual({ hours: null, renewable: false })
  expect(nextzen.sessionLife?.({ email: 'a@b.de', password: 'x' })).toEqual({ hours: 720, renewable: true })
})
