import { expect, test } from 'vitest'
import {
  Challenge,
  NotAvailable,
  NotFound,
  type PhotoAddress,
  SessionExpired,
  SourceFault,
  type SourceSession,
  Truncated,
  UnexpectedPage,
} from '../connector.ts'
import type { Handle } from './photos.ts'
import { aSet, jsonWith, Raw, type Script, script } from './testing.ts'

const photo: PhotoAddress = {
  ref: '3',
  kind: 'photo',
  galleryRef: '1',
  handle: { kind: 'photo', id: '3' } satisfies Handle,
}
const film: PhotoAddress = {
  ref: '9',
  kind: 'video',
  galleryRef: '1',
  handle: { kind: 'video', id: '9', set: '5', file: 'high.mp4' } satisfies Handle,
}
const download = '/photos/3/download'
const setAt = '/galleries/5?expand=photos.starred%2Cvideos'
const to = (location: string) => new Raw(302, '', { location })
const bytes = (body = 'the bytes', more: Record<string, string> = {}) =>
  new Raw(200, body, { 'content-type': 'image/jpeg', ...more })
const over = new Raw(403, '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', {
  'content-type': 'application/xml',
})

const read = async (session: SourceSession, address: PhotoAddress, start?: number) => {
  const opened = await session.open(address, start === undefined ? undefined : { start })
  return { ...opened, text: Buffer.concat(await Array.fromAsync(opened.stream)).toString() }
}
const failure = (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable('it went well'),
    (error: unknown) => error,
  )

test('follows to the signed address, without the session', async () => {
  const { signIn, asked } = await script({
    [download]: to('{origin}/orig.jpg?Signature=s'),
    '/orig.jpg?Signature=s': bytes(),
  })
  expect(await read(await signIn(), photo)).toMatchObject({ text: 'the bytes', isOriginal: true, bytes: 9 })
  expect(asked.map(({ address, headers }) => [address, headers.cookie])).toEqual([
    [download, 'wsid=the-session'],
    ['/orig.jpg?Signature=s', undefined],
  ])
})

test('an address without a scheme is that of the answer', async () => {
  const made = await script({ '/orig.jpg?Signature=s': bytes() })
  made.answers[download] = to(`${made.origin.replace('http:', '')}/orig.jpg?Signature=s`)
  expect((await read(await made.signIn(), photo)).text).toBe('the bytes')
})

test('an address that is over is asked for anew', async () => {
  let given = 0
  const { signIn } = await script({
    [download]: () => to(`{origin}/${++given}.jpg?Signature=s`),
    '/1.jpg?Signature=s': over,
    '/2.jpg?Signature=s': over,
    '/3.jpg?Signature=s': bytes(),
  })
  expect((await read(await signIn(), photo)).text).toBe('the bytes')
})

test('goes on in the middle, also where the host gives the whole again', async () => {
  const { signIn, asked } = await script({ [download]: to('{origin}/o?Signature=s'), '/o?Signature=s': bytes() })
  expect(await read(await signIn(), photo, 4)).toMatchObject({ text: 'bytes', bytes: 5 })
  expect(asked.at(-1)?.headers.range).toBe('bytes=4-')
})

test.each<[string, Script['answers'], new (...of: never[]) => Error]>([
  ['401', { [download]: jsonWith(401) }, SessionExpired],
  ['a redirect to the sign-in', { [download]: to('{origin}/login') }, SessionExpired],
  [
    'a sign-in page with 200',
    { [download]: new Raw(200, '<form><input id="UserLogin_password" type="password"></form>') },
    SessionExpired,
  ],
  ['404 while the session lives', { [download]: jsonWith(404) }, NotFound],
  ['404 while it does not', { [download]: jsonWith(404), '/data/bootstrap': jsonWith(401) }, SessionExpired],
  ['403 in JSON', { [download]: jsonWith(403) }, NotAvailable],
  [
    'a challenge',
    {
      [download]: new Raw(403, '<title>Just a moment...</title>', {
        'content-type': 'text/html',
        'cf-mitigated': 'challenge',
      }),
    },
    Challenge,
  ],
  ['419', { [download]: jsonWith(419) }, UnexpectedPage],
  ['408', { [download]: jsonWith(408) }, SourceFault],
  ['502', { [download]: new Raw(502, 'Bad Gateway') }, SourceFault],
  [
    'no bytes at the signed address',
    { [download]: to('{origin}/o'), '/o': new Raw(404, 'NoSuchKey', { 'content-type': 'application/xml' }) },
    NotAvailable,
  ],
  [
    'a page at the signed address',
    { [download]: to('{origin}/o'), '/o': new Raw(200, '<html>Hello</html>') },
    UnexpectedPage,
  ],
  ['addresses that are always over', { [download]: to('{origin}/o'), '/o': over }, SourceFault],
  ['416', { [download]: to('{origin}/o'), '/o': new Raw(416, '', { 'content-range': 'bytes */2' }) }, Truncated],
])('%s is told by its class', async (_, answers, type) => {
  const { signIn } = await script(answers)
  const error = await failure(read(await signIn(), photo, 4))
  expect(error).toBeInstanceOf(type)
  expect(JSON.stringify([error, (error as Error).message])).not.toContain('the-session')
})

const files = [
  { name: 'low.mp4', ext: 'mp4', width: 640, height: 360, filesize: '3' },
  { name: 'high.mp4', ext: 'mp4', width: '1920', height: 1080, filesize: 5 },
  { name: 'audio.m4a', ext: 'm4a', width: 9999 },
]
const setWith = (more: object) => ({
  data: {
    ...aSet(5, { video_count: 1 }),
    photos: [],
    videos: [
      { id: 9, name: 'film.mov', mux_status: 2, metadata: JSON.stringify({ static_renditions: { files } }), ...more },
    ],
  },
})

test('a video is its widest rendition at the address that its set tells, with its token', async () => {
  const { signIn, asked } = await script({
    [setAt]: setWith({ video_source: '{origin}/abc.m3u8?token=t' }),
    '/abc/high.mp4?token=t': new Raw(200, 'film!', { 'content-type': 'video/mp4' }),
  })
  const session = await signIn()
  expect(await read(session, film)).toMatchObject({ text: 'film!', isOriginal: false })
  await read(session, film)
  expect(asked.filter(({ address }) => address === setAt)).toHaveLength(1)
  expect(asked.at(-1)?.headers.cookie).toBeUndefined()
})

test('a token that is over is read anew from the set', async () => {
  let reads = 0
  const { signIn } = await script({
    [setAt]: () => setWith({ video_source: `{origin}/abc.m3u8?token=${++reads}` }),
    '/abc/high.mp4?token=1': new Raw(403, 'over', { 'content-type': 'text/plain' }),
    '/abc/high.mp4?token=2': new Raw(200, 'film!', { 'content-type': 'video/mp4' }),
  })
  expect((await read(await signIn(), film)).text).toBe('film!')
})

test.each([
  ['ran out of time', { mux_status: 3, video_source: '{origin}/abc.m3u8?token=t' }],
  ['has no source', { video_source: null }],
  ['has no rendition', { metadata: '{}', video_source: '{origin}/abc.m3u8?token=t' }],
  ['has metadata that is no JSON', { metadata: '{', video_source: '{origin}/abc.m3u8?token=t' }],
])('a video that %s cannot be had', async (_, more) => {
  const { signIn } = await script({ [setAt]: setWith(more) })
  expect(await failure(read(await signIn(), film))).toMatchObject({ name: NotAvailable.name, code: 'not_available' })
})

test('a video that its set has no more is gone', async () => {
  const { signIn } = await script({ [setAt]: { data: { ...aSet(5), photos: [], videos: [] } } })
  expect(await failure(read(await signIn(), film))).toBeInstanceOf(NotFound)
})
