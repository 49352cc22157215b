import type { IncomingMessage, ServerResponse } from 'node:http'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import {
  NotAvailable,
  NotFound,
  type Opened,
  SessionExpired,
  SourceFault,
  Thawing,
  Truncated,
  UnexpectedPage,
} from '../connector.ts'
import { nextzen } from './connector.ts'
import { paths, Raw, script } from './testing.ts'

const bytes = Buffer.from('not really a picture, but bytes all the same')
const photo = { ref: 'p1', kind: 'photo', galleryRef: 'g1', handle: { bytes: null } } as const
const signed = '/site/p1/1/a.jpg?fjkss=exp=1~hmac=beef'
const minted = (downloadUrl: unknown = signed) => ({ [paths.download]: () => ({ downloadUrl }) })

function send(response: ServerResponse, status = 200, headers = {}, body: string | Buffer = bytes): void {
  response.writeHead(status, { 'content-type': 'image/jpeg', 'content-length': body.length, ...headers }).end(body)
}
async function bodyOf({ stream }: Opened): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(stream))
}

test('mints an address by the one PUT and gets it without any sign-in of ours', async () => {
  const seen: IncomingMessage[] = []
  const { signIn, asked } = await script(minted(), (request, response) => {
    seen.push(request)
    send(response)
  })
  const opened = await (await signIn()).open(photo)
  expect((await bodyOf(opened)).equals(bytes)).toBe(true)
  expect(opened).toMatchObject({ bytes: bytes.length, contentType: 'image/jpeg', isOriginal: true })
  expect(asked[0]).toMatchObject({ method: 'PUT', body: '{"albumId":"g1","photoId":"p1"}' })
  expect(asked[0]?.headers['content-type']).toBe('application/json')
  expect(seen[0]?.url).toBe(signed)
  expect(seen[0]?.headers).not.toHaveProperty('authorization')
  expect(seen[0]?.headers).not.toHaveProperty('cookie')
})

test.each([
  ['a path', '/a.jpg?s=1', '/base/a.jpg?s=1'],
  ['a path without a slash', 'a.jpg?s=1', '/base/a.jpg?s=1'],
])('%s is sought at the host of the originals', async (_, downloadUrl, path) => {
  const seen: (string | undefined)[] = []
  const { context, origin } = await script(minted(downloadUrl), (request, response) => {
    seen.push(request.url)
    send(response)
  })
  const endpoints = { app: origin, cdn: `${origin}/base/` }
  const session = await nextzen.signIn({ bearer: 'b' }, { ...context, endpoints, kept: { bearer: 'b' } })
  await bodyOf(await session.open(photo))
  expect(seen).toEqual([path])
})

test('a whole address is taken as it is, and the bearer goes neither there nor where it leads', async () => {
  const seen: [string | undefined, unknown][] = []
  const { signIn, origin, answers } = await script({}, (request, response) => {
    seen.push([request.url, request.headers.authorization])
    if (request.url === '/first') send(response, 302, { location: '/second' }, '')
    else send(response)
  })
  answers[paths.download] = () => ({ downloadUrl: `${origin}/first` })
  expect((await bodyOf(await (await signIn()).open(photo))).equals(bytes)).toBe(true)
  expect(seen).toEqual([
    ['/first', undefined],
    ['/second', undefined],
  ])
})

test('an address that died on the way is minted once more', async () => {
  let mints = 0
  const { signIn } = await script({ [paths.download]: () => ({ downloadUrl: `/${++mints}` }) }, (request, response) =>
    request.url === '/1' ? send(response, 403, {}, 'expired') : send(response),
  )
  expect((await bodyOf(await (await signIn()).open(photo))).equals(bytes)).toBe(true)
  expect(mints).toBe(2)
})

test.each([
  ['206', (response: ServerResponse) => send(response, 206, { 'content-range': 'bytes 10-43/44' }, bytes.subarray(10))],
  ['200 with everything', (response: ServerResponse) => send(response)],
])('continues at a byte where the host answers %s', async (_, answer) => {
  const ranges: unknown[] = []
  const { signIn } = await script(minted(), (request, response) => {
    ranges.push(request.headers.range)
    answer(response)
  })
  const opened = await (await signIn()).open(photo, { start: 10 })
  expect(opened.bytes).toBe(bytes.length - 10)
  expect((await bodyOf(opened)).equals(bytes.subarray(10))).toBe(true)
  expect(ranges).toEqual(['bytes=10-'])
})

test.each([
  ['404 twice', 404, {}, '', NotAvailable],
  ['403 twice', 403, {}, 'no', UnexpectedPage],
  ['a page', 200, { 'content-type': 'text/html' }, '<html>', UnexpectedPage],
  ['JSON', 200, { 'content-type': 'application/json' }, '{}', UnexpectedPage],
  ['no bytes', 200, {}, '', Truncated],
  ['502', 502, {}, 'bad', SourceFault],
  ['words of the archive', 409, { 'content-type': 'text/plain' }, 'This photo is archived.', Thawing],
])(
  '%s in place of an original is told as what it is, without its signature',
  async (_, status, headers, body, type) => {
    const { signIn } = await script(minted(), (_request, response) => send(response, status, headers, body))
    const error = await (await signIn()).open(photo).catch((reason) => reason)
    expect(error).toBeInstanceOf(type)
    expect(inspect(error, { depth: 9 })).not.toContain('beef')
  },
)

test.each([
  [404, '{}', NotFound],
  [401, '{}', SessionExpired],
  [403, '{"message":"no"}', NotAvailable],
  [500, '{"message":"We are retrieving this photo."}', Thawing],
  [500, '{}', SourceFault],
  [400, '{}', UnexpectedPage],
  [200, '{"url":"/a"}', UnexpectedPage],
  [200, '{"downloadUrl":"ftp://host/a"}', UnexpectedPage],
])('%i %s in place of an address', async (status, body, type) => {
  const { signIn } = await script({ [paths.download]: () => new Raw(status, body) }, (_, response) => send(response))
  const error = await (await signIn()).open({ ...photo }).catch((reason) => reason)
  expect(error).toBeInstanceOf(type)
})

test('a video of another length than stated is told to be no original', async () => {
  const { signIn } = await script(minted(), (_, response) => send(response, 200, { 'content-type': 'video/mp4' }))
  const session = await signIn()
  const at = (stated: number | null) => ({ ...photo, kind: 'video', handle: { bytes: stated } }) as const
  const looks = [null, bytes.length, 480_000_000].map(async (stated) => (await session.open(at(stated))).isOriginal)
  expect(await Promise.all(looks)).toEqual([true, true, false])
})
