import type { IncomingMessage } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { aSite } from '#server/testing-site.ts'
import {
  NotAvailable,
  NotFound,
  SessionExpired,
  SignInRefused,
  SourceFault,
  Truncated,
  UnexpectedPage,
} from '../connector.ts'
import { problem, Raw, script, signInPage } from './testing.ts'

const path = '/studio/brand/1/event/5/photo/7'
const photo = { ref: '7', kind: 'photo', galleryRef: '5', handle: { brand: '1' } } as const
const bytes = 'the very bytes'
const jpeg = { 'content-type': 'image/jpeg' }
const found = (location: string) => new Raw(302, '', { location })

/** A second host; what it was asked is remembered. */
async function secondHost(answer: (request: IncomingMessage) => Raw) {
  const asked: IncomingMessage[] = []
  const { origin, close } = await aSite((request, response) => {
    asked.push(request)
    const { status, headers, body } = answer(request)
    response.writeHead(status, headers).end(body)
  })
  onTestFinished(close)
  return { origin, asked }
}

async function read(opened: { stream: AsyncIterable<Uint8Array> }): Promise<string> {
  return Buffer.concat(await Array.fromAsync(opened.stream)).toString()
}

test('the second host gets neither authorization nor cookies, wherever it leads', async () => {
  const host = await secondHost(({ url }) => (url === '/a' ? found('/b') : new Raw(200, bytes, jpeg)))
  const site = await script({ [`GET ${path}/original`]: () => found(`${host.origin}/a`) })
  expect(await read(await (await site.signIn()).open(photo))).toBe(bytes)
  expect(site.asked[0]?.headers).toMatchObject({
    authorization: 'Bearer the-token',
    accept: 'application/vnd.shootproof+json',
  })
  expect(host.asked.map(({ url }) => url)).toEqual(['/a', '/b'])
  for (const { headers } of host.asked) {
    expect(headers.authorization).toBeUndefined()
    expect(headers.cookie).toBeUndefined()
  }
})

test('an address whose time is over is asked for once more', async () => {
  const host = await secondHost(({ url }) => (url === '/2' ? new Raw(200, bytes, jpeg) : new Raw(403, '<Error/>')))
  let given = 0
  const site = await script({ [`GET ${path}/original`]: () => found(`${host.origin}/${++given}`) })
  expect(await read(await (await site.signIn()).open(photo))).toBe(bytes)
  expect(given).toBe(2)
})

test('a second host that refuses fresh addresses too is a fault, never a photo that is skipped', async () => {
  const host = await secondHost(() => new Raw(403, '<Error/>', { 'content-type': 'application/xml' }))
  const site = await script({ [`GET ${path}/original`]: () => found(`${host.origin}/1`) })
  await expect((await site.signIn()).open(photo)).rejects.toBeInstanceOf(SourceFault)
})

test('its edge waits for a person', async () => {
  const host = await secondHost(() => new Raw(403, '<html>Error 1020</html>', { 'content-type': 'text/html' }))
  const site = await script({ [`GET ${path}/original`]: () => found(`${host.origin}/1`) })
  await expect((await site.signIn()).open(photo)).rejects.toBeInstanceOf(SignInRefused)
})

test('goes on from a byte, also where the host ignores the range', async () => {
  for (const ranges of [true, false]) {
    const host = await secondHost(({ headers }) => {
      const start = ranges ? Number(/\d+/.exec(headers.range ?? '0')?.[0]) : 0
      const range = { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` }
      return ranges ? new Raw(206, bytes.slice(start), { ...jpeg, ...range }) : new Raw(200, bytes, jpeg)
    })
    const site = await script({ [`GET ${path}/original`]: () => found(`${host.origin}/1`) })
    const opened = await (await site.signIn()).open(photo, { start: 4 })
    expect(await read(opened)).toBe(bytes.slice(4))
  }
})

test('an original that comes without a redirect is taken', async () => {
  const site = await script({ [`GET ${path}/original`]: () => new Raw(200, bytes, jpeg) })
  expect(await read(await (await site.signIn()).open(photo))).toBe(bytes)
  expect(site.notes).toContain('originals come without a redirect')
})

test.each([
  ['a redirect to the sign-in', () => found('/login?next=x'), SessionExpired],
  ['a sign-in page', () => signInPage, SessionExpired],
  ['a page', () => new Raw(200, '<html>Hello</html>', { 'content-type': 'text/html' }), UnexpectedPage],
  ['401', () => problem(401, 'unauthorized'), SessionExpired],
  ['400', () => problem(400, 'bad-request'), UnexpectedPage],
  ['502', () => new Raw(502, '<html></html>', { 'content-type': 'text/html' }), SourceFault],
  ['no bytes at all', () => new Raw(200, '', { ...jpeg, 'content-length': '0' }), Truncated],
])('%s in place of the original is told by its class', async (_, answer, type) => {
  const site = await script({ [`GET ${path}/original`]: answer })
  await expect((await site.signIn()).open(photo)).rejects.toBeInstanceOf(type)
})

test('"not found" is believed only where the session lives and the photo is gone too', async () => {
  const gone = await script({})
  await expect((await gone.signIn()).open(photo)).rejects.toBeInstanceOf(NotFound)
  const kept = await script({ [`GET ${path}`]: () => ({ id: 7, name: 'x.jpg' }) })
  await expect((await kept.signIn()).open(photo)).rejects.toBeInstanceOf(NotAvailable)
  const dead = await script({ 'GET /studio/me': () => problem(401, 'unauthorized') })
  await expect((await dead.signIn()).open(photo)).rejects.toBeInstanceOf(SessionExpired)
})

test.each([403, 404, 409])(
  'v2 is asked where the original is refused with %i, page by page, and by GET',
  async (status) => {
    const host = await secondHost(() => new Raw(200, bytes, jpeg))
    const page = (number: number, id: string) => ({
      stat: 'ok',
      total_pages: '2',
      photos: [{ id, name: 'x.jpg', url: { original: `${host.origin}/${number}` } }],
    })
    const site = await script({
      [`GET ${path}/original`]: () => problem(status, 'refused'),
      'GET /v2': ({ what }) => (what.includes('page=1') ? page(1, '6') : page(2, '7')),
    })
    const session = await site.signIn()
    for (const _ of [1, 2]) expect(await read(await session.open(photo))).toBe(bytes)
    const calls = site.asked.filter(({ what }) => what.startsWith('GET /v2'))
    expect(calls).toHaveLength(2)
    expect(calls[0]?.what).toContain('method=sp.event.get_photos')
    expect(calls[0]?.what).toContain('event_id=5')
    expect(host.asked.every(({ headers }) => headers.authorization === undefined)).toBe(true)
  },
)

test('an address of v2 that is over is looked up again', async () => {
  const host = await secondHost(({ url }) => (url === '/2' ? new Raw(200, bytes, jpeg) : new Raw(410, '')))
  let given = 0
  const site = await script({
    [`GET ${path}/original`]: () => problem(403, 'forbidden'),
    'GET /v2': () => ({ stat: 'ok', photos: [{ id: '7', url: { original: `${host.origin}/${++given}` } }] }),
  })
  expect(await read(await (await site.signIn()).open(photo))).toBe(bytes)
})

test('an event that v2 does not know leaves the first refusal standing', async () => {
  const site = await script({
    [`GET ${path}/original`]: () => problem(403, 'forbidden'),
    'GET /v2': () => ({ stat: 'fail', code: 'invalid_event', msg: 'No.' }),
  })
  await expect((await site.signIn()).open(photo)).rejects.toBeInstanceOf(NotAvailable)
})

test('no error of v2 holds the token that its address carries', async () => {
  const site = await script({
    [`GET ${path}/original`]: () => problem(403, 'forbidden'),
    'GET /v2': () => new Raw(200, '<html>the-token</html>', { 'content-type': 'text/html' }),
  })
  const error = await (await site.signIn()).open(photo).catch((thrown) => thrown)
  expect(error).toBeInstanceOf(UnexpectedPage)
  expect(JSON.stringify(error.evidence)).not.toContain('the-token')
})
