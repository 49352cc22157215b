// biome-ignore-all lint/correctness/noComponentHookFactories: Zenfolio's methods begin with a capital, and are no components.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import {
  NotAvailable,
  NotFound,
  type Opened,
  SessionExpired,
  SignInRefused,
  SourceFault,
  Thawing,
  Truncated,
  UnexpectedPage,
} from '../connector.ts'
import { zenfolio } from './connector.ts'
import { refusal, script } from './testing.ts'

const bytes = Buffer.from('not really a picture, but bytes all the same')
const at = (url: string | null, kind: 'photo' | 'video' | 'file' = 'photo') => ({
  ref: '1710182934435540554',
  kind,
  galleryRef: '562597392871954814',
  handle: { url },
})
const photo = (url: string, AccessMask = 'None') => ({
  Id: '1710182934435540554',
  OriginalUrl: url,
  AccessDescriptor: { AccessType: 'Public', AccessMask },
})

function send(response: ServerResponse, status = 200, headers = {}, body: string | Buffer = bytes): void {
  response.writeHead(status, { 'content-type': 'image/jpeg', 'content-length': body.length, ...headers }).end(body)
}
async function bodyOf({ stream }: Opened): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}
const tokenOf = (request: IncomingMessage) => request.headers['x-zenfolio-token']

test('sends the token to an address of this machine, and to no other host it is redirected to', async () => {
  const seen: [string | undefined, unknown][] = []
  const { signIn, origin } = await script({}, (request, response) => {
    seen.push([request.headers.host?.split(':')[0], tokenOf(request)])
    if (request.url === '/a') send(response, 302, { location: '/b' }, '')
    else if (request.url === '/b')
      send(response, 302, { location: `${origin.replace('127.0.0.1', 'localhost')}/c` }, '')
    else send(response)
  })
  const opened = await (await signIn()).open(at(`${origin}/a`))
  expect((await bodyOf(opened)).equals(bytes)).toBe(true)
  expect(seen).toEqual([
    ['127.0.0.1', 'the-token'],
    ['127.0.0.1', 'the-token'],
    ['localhost', undefined],
  ])
})

test.each([
  ['https://api.zenfolio.com/api', 'https://demo.zenfolio.com/p1.jpg', 'https:', true],
  ['https://api.zenfolio.com/api', 'http://demo.zenfolio.com/p1.jpg', 'https:', true],
  ['https://api.zenfolio.com/api', 'https://photos.studio.example/p1.jpg', 'https:', false],
  ['https://api.zenfolio.com/api', 'https://notzenfolio.com/p1.jpg', 'https:', false],
  ['https://api.zenfolio.com/api', 'http://127.0.0.1/p1.jpg', 'http:', false],
  ['http://127.0.0.1:9/api', 'http://localhost:7/p1.jpg', 'http:', true],
  ['http://127.0.0.1:9/api', 'https://demo.zenfolio.com/p1.jpg', 'https:', false],
])('with the endpoint %s, %s is asked for over %s and gets the token: %s', async (api, url, protocol, token) => {
  const { context } = await script({})
  const asked: { url: string; headers: Record<string, string> }[] = []
  const http = {
    async request(address: string, { headers = {} } = {}): Promise<never> {
      asked.push({ url: address, headers })
      throw new SourceFault('enough seen', 500)
    },
  }
  const kept = { token: 'the-token', loginName: 'studio' }
  const session = await zenfolio.signIn({ token: 'the-token' }, { ...context, endpoints: { api }, http, kept })
  await expect(session.open(at(url))).rejects.toThrow(SourceFault)
  expect(new URL(asked[0]?.url ?? '').protocol).toBe(protocol)
  expect(asked[0]?.headers['x-zenfolio-token']).toBe(token ? 'the-token' : undefined)
})

test.each([
  ['206', (response: ServerResponse) => send(response, 206, { 'content-range': `bytes 10-43/44` }, bytes.subarray(10))],
  ['200 with everything', (response: ServerResponse) => send(response)],
])('continues at a byte where the host answers %s', async (_, answer) => {
  const { signIn, origin } = await script({}, (request, response) => {
    expect(request.headers.range).toBe('bytes=10-')
    answer(response)
  })
  const opened = await (await signIn()).open(at(`${origin}/a`), { start: 10 })
  expect(opened.bytes).toBe(bytes.length - 10)
  expect((await bodyOf(opened)).equals(bytes.subarray(10))).toBe(true)
})

test('everything fetched already is an empty rest', async () => {
  const range = { 'content-range': `bytes */${bytes.length}` }
  const { signIn, origin } = await script({}, (_, response) => send(response, 416, range, ''))
  const opened = await (await signIn()).open(at(`${origin}/a`), { start: bytes.length })
  expect(await bodyOf(opened)).toHaveLength(0)
})

test('an address that is gone is asked for again', async () => {
  const { signIn, origin, methods, asked } = await script({}, (request, response) =>
    request.url === '/new' ? send(response) : send(response, 404),
  )
  methods.LoadPhoto = () => photo(`${origin}/new`)
  expect((await bodyOf(await (await signIn()).open(at(`${origin}/old`)))).equals(bytes)).toBe(true)
  expect(asked[0]?.parameters).toEqual(['1710182934435540554', 'Full'])
})

test('a photo that is gone with its address is NotFound, one that is not is NotAvailable', async () => {
  const { signIn, origin, methods } = await script({ LoadPhoto: () => refusal('E_NOSUCHOBJECT') })
  await expect((await signIn()).open(at(`${origin}/old`))).rejects.toThrow(NotFound)
  methods.LoadPhoto = () => photo(`${origin}/still-not-there`)
  await expect((await signIn()).open(at(`${origin}/old`))).rejects.toThrow(NotAvailable)
})

test('a file is found again in its gallery', async () => {
  const { signIn, origin, methods } = await script({}, (request, response) =>
    send(response, request.url === '/f?sn=2' ? 200 : 404, { 'content-type': 'text/html' }),
  )
  methods.LoadGalleryFiles = (_: string, from: number) =>
    from === 0 ? `[{"Id":1,"OriginalUrl":"x"},{"Id":1710182934435540554,"OriginalUrl":"${origin}/f?sn=2"}]` : []
  await expect((await signIn()).open(at(null, 'file'))).rejects.toThrow(UnexpectedPage)
})

test('originals behind a password are asked for with a download key where the token is refused', async () => {
  const { signIn, origin, methods } = await script({ GetDownloadOriginalKey: () => '"a-key"' }, (request, response) =>
    request.url === '/a?key=a-key' ? send(response) : send(response, 403, {}, 'no'),
  )
  methods.LoadPhoto = () => photo(`${origin}/a`, 'ProtectLarge, PasswordProtectOriginals')
  expect((await bodyOf(await (await signIn()).open(at(`${origin}/a`)))).equals(bytes)).toBe(true)
  methods.GetDownloadOriginalKey = () => refusal('E_INVALIDCREDENTIALS')
  await expect((await signIn()).open(at(`${origin}/a`))).rejects.toMatchObject({ code: 'password_needed' })
})

const page = { 'content-type': 'text/html' }
test.each([
  ['a refusal in text', 403, {}, 'no', NotAvailable],
  ['a refusal by the edge', 403, page, '<html>error code: 1010</html>', SignInRefused],
  ['a page', 200, page, '<html>Welcome</html>', UnexpectedPage],
  ['an archive page', 200, page, '<html>This photo is archived</html>', Thawing],
  ['an archive message', 202, { 'content-type': 'application/json' }, '{"message":"Retrieving original"}', Thawing],
  ['a server page', 500, page, '<html>Oops</html>', SourceFault],
  ['no bytes', 200, {}, '', Truncated],
])('%s in place of the bytes is told as what it is', async (_, status, headers, body, type) => {
  const { signIn, origin, methods } = await script({}, (_, response) => send(response, status, headers, body))
  methods.LoadPhoto = () => photo(`${origin}/a`)
  const error = await (await signIn()).open(at(`${origin}/a`)).catch((reason) => reason)
  expect(error, inspect(error)).toBeInstanceOf(type)
})

test.each([403, 200])('a sign-in page with %i is the session only where the session is over', async (status) => {
  const form = '<html><form><input type="PASSWORD" name="p"></form></html>'
  const { signIn, origin, methods } = await script({}, (_, response) => send(response, status, page, form))
  methods.LoadPhoto = () => photo(`${origin}/a`)
  const session = await signIn()
  await expect(session.open(at(`${origin}/a`))).rejects.not.toThrow(SessionExpired)
  methods.LoadPrivateProfile = () => refusal('E_NOTAUTHENTICATED')
  await expect(session.open(at(`${origin}/a`))).rejects.toThrow(SessionExpired)
})

test('a body that breaks off throws', async () => {
  const { signIn, origin } = await script({}, (_, response) => {
    response.writeHead(200, { 'content-type': 'image/jpeg', 'content-length': '1000' })
    response.write(bytes, () => response.destroy())
  })
  await expect(bodyOf(await (await signIn()).open(at(`${origin}/a`)))).rejects.toThrow(Truncated)
})

test('a video is said not to be the original', async () => {
  const { signIn, origin } = await script({}, (_, response) => send(response))
  const opened = await (await signIn()).open(at(`${origin}/a`, 'video'))
  await bodyOf(opened)
  expect(opened.isOriginal).toBe(false)
})
