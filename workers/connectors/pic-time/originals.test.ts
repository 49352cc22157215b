import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import {
  Challenge,
  NotAvailable,
  NotFound,
  SessionExpired,
  SourceFault,
  type SourceSession,
  Thawing,
  Truncated,
  UnexpectedPage,
} from '../connector.ts'
import {
  blockPage,
  daysAgo,
  jpeg,
  json,
  page,
  photo,
  photoRow,
  projectRow,
  Raw,
  row,
  script,
  signInPage,
} from './testing.ts'

const image = new Raw(200, jpeg, { 'content-type': 'image/jpeg' })
const made = (created: string | null) => ({ dashboard: () => ({ projects_s: [projectRow({ 4: created })] }) })
const old = made(daysAgo(700))
const young = made(daysAgo(20))

async function bytesOf(session: SourceSession, start?: number): Promise<Buffer> {
  const { stream } = await session.open(photo, start === undefined ? undefined : { start })
  return Buffer.concat(await Array.fromAsync(stream))
}

test('asks as a signed-in owner does, and resolves the address anew each time', async () => {
  const { signIn, asked } = await script(young, ({ url }) =>
    url?.startsWith('/-') ? new Raw(302, '', { location: `/cdn/${asked.length}?sig=x` }) : image,
  )
  const session = await signIn()
  for (let again = 0; again < 2; again++) expect((await bytesOf(session)).equals(jpeg)).toBe(true)
  const single = '/-annaben/download?mode=hiresphoto&photoId=7000000001&systemName=pictime&gui=yes&accessToken='
  expect(asked.map(({ path }) => path)).toEqual([single, '/cdn/1?sig=x', single, '/cdn/3?sig=x'])
})

test('cookies do not go to another origin, nor back to ours by way of it', async () => {
  const far = await script({}, () => image)
  const near = await script(young, () => new Raw(302, '', { location: `${far.origin}/blob?sig=x` }))
  const opened = await (await near.signIn()).open(photo)
  expect(opened).toMatchObject({ bytes: jpeg.length, contentType: 'image/jpeg', isOriginal: true })
  await Array.fromAsync(opened.stream)
  expect(near.asked[0]?.headers.cookie).toContain('pt_session')
  expect(far.asked[0]?.headers).not.toHaveProperty('cookie')
})

test.each([
  ['a page', page('<h1>Your photos are stored away</h1>')],
  ['JSON', json('{"status":"pending"}')],
  ['JSON that is called a picture', new Raw(200, '{"status":"pending"}', { 'content-type': 'image/jpeg' })],
  [
    'a page of unknown kind',
    new Raw(200, '<!doctype html><p>Retrieve', { 'content-type': 'application/octet-stream' }),
  ],
  ['a refusal', page('Forbidden', 403)],
  ['a conflict at the storage', new Raw(409, '<Error>BlobArchived</Error>', { 'content-type': 'application/xml' })],
  ['a 404 for a photo that is listed', page('Not found', 404)],
  ['a fault that stays', page('Sorry', 500)],
])('%s in place of an original: thawing in an old project, loud in another', async (_, answer) => {
  const inOld = await script(old, () => answer)
  await expect((await inOld.signIn()).open(photo)).rejects.toThrow(Thawing)
  expect(inOld.asked.map(({ method }) => method)).toContain('loadProject')
  for (const dashboard of [young, made(null)]) {
    const error = await script(dashboard, () => answer)
      .then(({ signIn }) => signIn())
      .then((session) => session.open(photo))
      .catch((reason) => reason)
    const loud = [UnexpectedPage, SourceFault, NotAvailable].some((type) => error instanceof type)
    expect(loud, inspect(error)).toBe(true)
  }
})

test.each([
  ['the page of the soft block', blockPage, Challenge],
  ['a captcha', page('<div class="h-captcha"></div>'), Challenge],
  ['a redirect to the sign-in', new Raw(302, '', { location: '/login?returnUrl=x' }), SessionExpired],
  ['the sign-in page in a live session', signInPage, UnexpectedPage],
  ['no bytes', new Raw(200, '', { 'content-type': 'image/jpeg' }), Truncated],
  ['redirects without end', new Raw(302, '', { location: '/-annaben/download' }), SourceFault],
])('%s is no archive, however old the project', async (_, answer, type) => {
  const { signIn } = await script(old, () => answer)
  await expect((await signIn()).open(photo)).rejects.toThrow(type)
})

test('the sign-in page where the session is over says so', async () => {
  const { signIn } = await script({ ...old, loadProject: () => page('Forbidden', 403) }, () => signInPage)
  await expect((await signIn()).open(photo)).rejects.toThrow(SessionExpired)
})

test('nothing is believed archived or gone while the session may be over', async () => {
  for (const answer of [page('Stored away'), page('Not found', 404)]) {
    const { signIn } = await script({ ...old, loadProject: () => page('Forbidden', 403) }, () => answer)
    await expect((await signIn()).open(photo)).rejects.toThrow(SessionExpired)
  }
})

test('a fault of the server that passes is no archive', async () => {
  let looks = 0
  const { signIn } = await script(old, () => (++looks < 3 ? page('Sorry', 502) : image))
  expect((await bytesOf(await signIn())).equals(jpeg)).toBe(true)
})

test('a photo that is in its project no more is gone, once the whole list says so', async () => {
  const { signIn, asked } = await script(
    { ...old, projectPhotos2: () => ({ scenes_s: [row({ 0: 'Day', 1: 71 })], photos_s: [photoRow(5)] }) },
    () => page('Not found', 404),
  )
  await expect((await signIn()).open(photo)).rejects.toThrow(NotFound)
  expect(asked.filter(({ method }) => method === 'projectPhotos2').map(({ body }) => body.photoIds)).toEqual([
    [7000000001],
    null,
  ])
})

test.each([
  ['nothing', [], Challenge],
  ['fewer photos than stated', [photoRow(5)], UnexpectedPage],
])('a list with %s proves no photo gone', async (_, rows, type) => {
  const dashboard = () => ({ projects_s: [projectRow({ 8: 2 })] })
  const { signIn } = await script({ dashboard, projectPhotos2: () => ({ photos_s: rows }) }, () =>
    page('Not found', 404),
  )
  await expect((await signIn()).open(photo)).rejects.toThrow(type)
})

test('a photo that comes only with the whole list is listed', async () => {
  const projectPhotos2 = ({ photoIds }: Record<string, unknown>) => ({
    photos_s: photoIds === null ? [photoRow(7000000001)] : [],
  })
  const { signIn } = await script({ ...young, projectPhotos2 }, () => page('Not found', 404))
  await expect((await signIn()).open(photo)).rejects.toThrow(NotAvailable)
})

test('a gallery that was given another address since it was listed is found there', async () => {
  const { signIn } = await script({ ...young, loadProject: () => ({ virtualPath: 'anna ben' }) }, ({ url }) =>
    url?.startsWith('/-anna%20ben/') ? image : new Raw(404),
  )
  expect((await bytesOf(await signIn())).equals(jpeg)).toBe(true)
})

test('goes on from a byte, also where the whole comes', async () => {
  for (const ranged of [true, false]) {
    const { signIn, asked } = await script(young, () =>
      ranged
        ? new Raw(206, jpeg.subarray(1000), {
            ...image.headers,
            'content-range': `bytes 1000-${jpeg.length - 1}/${jpeg.length}`,
          })
        : image,
    )
    expect((await bytesOf(await signIn(), 1000)).equals(jpeg.subarray(1000))).toBe(true)
    expect(asked[0]?.headers.range).toBe('bytes=1000-')
  }
})
