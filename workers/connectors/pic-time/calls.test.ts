import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import {
  Challenge,
  NotFound,
  SessionExpired,
  SignInRefused,
  SourceFault,
  Truncated,
  UnexpectedPage,
} from '../connector.ts'
import { picTime } from './connector.ts'
import { blockPage, gallery, json, page, projectRow, Raw, script, signInPage } from './testing.ts'

test.each([
  ['403', page('Forbidden', 403), SessionExpired],
  ['401', json('{"Message":"Authentication failed."}', 401), SessionExpired],
  ['a redirect to the sign-in page', new Raw(302, '', { location: '/login?returnUrl=x' }), SessionExpired],
  ["a redirect to a client's sign-in", new Raw(302, '', { location: '/account!loginuser' }), SessionExpired],
  ['the sign-in page', signInPage, SessionExpired],
  ['the page of the soft block', blockPage, Challenge],
  ['the page of the soft block under 403', new Raw(403, blockPage.body), Challenge],
  ['a captcha', page('<div class="g-recaptcha"></div>'), Challenge],
  ['a page that wants proof of a person', page('<p>Please verify that you are human</p>'), Challenge],
  ['nothing in d', json('{"d":null}'), Challenge],
  ['an empty object in d', json('{"d":{}}'), Challenge],
  ['no project at all', { projects_s: [] }, Challenge],
  ['an error of the server', json('{"Message":"There was an error processing the request."}', 500), SourceFault],
  ['an HTML 502', page('Bad gateway', 502), SourceFault],
  ['an answer that broke off', json('{"d":{"projects_s":[[5,'), Truncated],
  ['an empty answer', json(''), Truncated],
  ['some page', page('Welcome'), UnexpectedPage],
  ['a redirect to anywhere', new Raw(302, '', { location: '/portfolio' }), UnexpectedPage],
  ['JSON without d', json('{"projects_s":[]}'), UnexpectedPage],
  ['a dashboard of other keys', { projects: [] }, UnexpectedPage],
])('%s is told as what it is', async (_, answer, type) => {
  const { signIn } = await script({ dashboard: () => answer })
  const error = await (await signIn()).account().catch((reason) => reason)
  expect(error, inspect(error)).toBeInstanceOf(type)
})

test.each([
  [{ 9: 'none' }, 'projects_s[1].projectId'],
  [{ 8: 'many' }, 'projects_s[1].photoCount'],
  [{ 7: 12 }, 'projects_s[1].name'],
  [{ 6: 'next summer' }, 'projects_s[1].eventDate'],
  [{ 6: '2025-02-31' }, 'projects_s[1].eventDate'],
  [{ 4: 1_700_000_000 }, 'projects_s[1].created'],
])('names the column that was not understood: %j', async (columns, field) => {
  const { signIn } = await script({ dashboard: () => ({ projects_s: [projectRow(), projectRow(columns)] }) })
  await expect((await signIn()).account()).rejects.toMatchObject({ expected: expect.stringContaining(field) })
})

test('sends what a production client sends: the cookies but for the recorder, and no address but its own', async () => {
  const { context, origin, asked } = await script()
  const cookie = 'a=1; sst-main=recorded; pt_session=x=y'
  const session = await picTime.signIn({ cookie, baseUrl: `${origin}/professional#dash` }, context)
  expect(asked).toMatchObject([{ method: 'dashboard', path: '/!servicesp.asmx/dashboard', body: {} }])
  expect(asked[0]?.headers).toMatchObject({
    cookie: 'a=1; pt_session=x=y',
    'content-type': 'application/json; charset=UTF-8',
  })
  expect(session.keep()).toEqual({ cookie: 'a=1; pt_session=x=y', baseUrl: origin })
})

test('cookies that Pic-Time sets anew are replayed, those it ends are not', async () => {
  const { signIn, asked, methods } = await script()
  methods.dashboard = () =>
    new Raw(200, JSON.stringify({ d: { projects_s: [projectRow()] } }), {
      'content-type': 'application/json',
      'set-cookie': asked.length === 1 ? 'pt_session=second; Path=/; HttpOnly' : 'pt_lb=; Max-Age=0',
    })
  const session = await signIn()
  for (let looks = 0; looks < 3; looks++) await session.account()
  expect(asked.map(({ headers }) => headers.cookie)).toEqual([
    'pt_session=the-session; pt_lb=3',
    'pt_session=second; pt_lb=3',
    'pt_session=second',
  ])
})

test('an endpoint "base" that is set goes before the address that was handed over', async () => {
  const { context, origin } = await script()
  const endpoints = { ...context.endpoints, base: `${origin}/` }
  const given = { cookie: 'a=1', baseUrl: 'https://elsewhere.pic-time.com' }
  expect((await picTime.signIn(given, { ...context, endpoints })).keep()).toMatchObject({ baseUrl: origin })
})

test.each([
  ['a session that is over', page('Forbidden', 403), 2, /Cookie header/],
  ['an address that is no account', page('Not found', 404), 1, /address of the account/],
])('%s is told to a person', async (_, answer, looks, sentence) => {
  const { context, origin, asked } = await script({ dashboard: () => answer })
  const error = await picTime.signIn({ cookie: 'a=1', baseUrl: origin }, context).catch((reason) => reason)
  expect(error).toBeInstanceOf(SignInRefused)
  expect(error.todo).toMatch(sentence)
  expect(asked).toHaveLength(looks)
})

test('an address that cannot be one asks nobody', async () => {
  const { context, asked } = await script()
  await expect(picTime.signIn({ cookie: 'a=1', baseUrl: 'studio' }, context)).rejects.toThrow(SignInRefused)
  expect(asked).toEqual([])
})

test.each([
  ['404', new Raw(404)],
  ['nothing in d', json('{"d":null}')],
])('a project is believed gone after %s only where a fresh dashboard has it no more', async (_, answer) => {
  const { signIn, methods } = await script({ loadProject: () => answer })
  const session = await signIn()
  const error = await session.detail(gallery).catch((reason) => reason)
  expect(error instanceof Challenge || error instanceof UnexpectedPage, inspect(error)).toBe(true)
  methods.dashboard = () => ({ projects_s: [projectRow({ 9: 1 })] })
  await expect(session.detail(gallery)).rejects.toThrow(NotFound)
  methods.dashboard = () => page('Forbidden', 403)
  await expect(session.detail(gallery)).rejects.toThrow(SessionExpired)
})

test('evidence and notes hold neither cookies, e-mail addresses, queries nor values', async () => {
  const { signIn, notes, methods } = await script()
  const session = await signIn()
  await session.account()
  methods.dashboard = () => page('the-session of studio@example.com at https://a.example/x?sig=abc. Welcome')
  const error = await session.account().catch((reason) => reason)
  expect(error.evidence.excerpt).toContain('Welcome')
  const told = inspect([error, notes], { depth: 20 })
  for (const secret of ['the-session', 'studio@example.com', 'sig=abc', 'Anna']) expect(told).not.toContain(secret)
  expect(told).toContain('projects_s')
})
