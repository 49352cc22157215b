import { expect, test } from 'vitest'
import { SessionExpired, SourceFault, UnexpectedPage } from '../connector.ts'
import { blockPage, daysAgo, gallery, jpeg, page, photo, photoRow, projectRow, Raw, script } from './testing.ts'

const old = { dashboard: () => ({ projects_s: [projectRow({ 4: daysAgo(700) })] }) }
const image = new Raw(200, jpeg, { 'content-type': 'image/jpeg' })
const stored = page('<h1>Retrieve High-Res Photos</h1>')

const ticket = {
  ...{ job: 880001, asked: true, at: new Date().toISOString() },
  ...{ path: 'annaben', photo: '7000000001' },
}

/** An archive that keeps its job, and is ready where `ready` says so. */
function archive() {
  const place = { ready: false, status: 0 as unknown }
  const methods = {
    ...old,
    sendPhotos: () => ({ userJobId: 880001 }),
    getDownloadInfo2: ({ mode }: Record<string, unknown>) =>
      mode === 2 ? { photosCount: 1 } : { status: place.status },
  }
  return { place, methods, get: () => (place.ready ? image : stored) }
}

test('asks once, by a job whose id is kept, and looks by that job until it is 20', async () => {
  const { place, methods, get } = archive()
  const { signIn, asked } = await script(methods, get)
  const session = await signIn()
  const first = await session.thaw?.(gallery)
  expect(first).toEqual({ ready: false, ticket: { ...ticket, at: expect.any(String) }, usualHours: 15 })
  const inGallery = asked.filter(({ path }) => path.startsWith('/-annaben/services.asmx/'))
  expect(inGallery).toMatchObject([
    {
      method: 'sendPhotos',
      body: { pref: { boundHeight: -1, boundWidth: -1, jpgQuality: -1, noMobilities: true } },
    },
    { method: 'getDownloadInfo2', body: { mode: 2, projectId: 29007250, userJobId: 880001 } },
  ])

  asked.length = 0
  for (const status of [0, 5, 19, 30, '10', null]) {
    place.status = status
    expect(await session.thaw?.(gallery, first?.ticket)).toEqual(first)
  }
  for (const status of [20, '20']) {
    Object.assign(place, { status, ready: true })
    expect(await (await signIn()).thaw?.(gallery, first?.ticket)).toMatchObject({ ready: true })
  }
  expect(asked.map(({ method }) => method)).not.toContain('sendPhotos')
  expect(asked.filter(({ method }) => method === 'getDownloadInfo2').map(({ body }) => body.mode)).toEqual(
    new Array(8).fill(1),
  )
  expect(asked.map(({ method }) => method)).not.toContain('projectPhotos2')
})

test('an old project whose originals are at hand is ready, and nothing is asked for', async () => {
  const { place, methods, get } = archive()
  place.ready = true
  const { signIn, asked } = await script(methods, get)
  expect(await (await signIn()).thaw?.(gallery)).toMatchObject({ ready: true })
  expect(asked.map(({ method }) => method)).not.toContain('sendPhotos')
  expect(asked.filter(({ method }) => method === 'GET')).toHaveLength(1)
})

test('an empty project is ready', async () => {
  const dashboard = () => ({ projects_s: [projectRow({ 4: daysAgo(700), 8: 0 })] })
  const { signIn } = await script({ dashboard, projectPhotos2: () => ({ scenes_s: [], photos_s: [] }) })
  expect(await (await signIn()).thaw?.(gallery)).toMatchObject({ ready: true })
})

test('a job that is through is not believed while its originals do not come', async () => {
  const { place, methods, get } = archive()
  place.status = 20
  const { signIn } = await script(methods, get)
  const session = await signIn()
  expect(await session.thaw?.(gallery, ticket)).toMatchObject({ ready: false, ticket })
})

test.each([
  ['a fault of the server', page('Sorry', 500)],
  ['a session that ends just then', new Raw(302, '', { location: '/login' })],
])('a job whose request was lost to %s is asked for with the next look, and no other is made', async (_, answer) => {
  const { methods, get } = archive()
  const { signIn, asked, methods: now } = await script({ ...methods, getDownloadInfo2: () => answer }, get)
  const session = await signIn()
  const first = await session.thaw?.(gallery)
  expect(first).toMatchObject({ ready: false, ticket: { job: 880001, asked: false } })
  now.getDownloadInfo2 = methods.getDownloadInfo2
  expect(await session.thaw?.(gallery, first?.ticket)).toMatchObject({ ticket: { job: 880001, asked: true } })
  expect(asked.filter(({ method }) => method === 'sendPhotos')).toHaveLength(1)
})

test('where the archive does not take the request of the owner, a person is told, and looks only try', async () => {
  const { place, methods, get } = archive()
  const { signIn, asked } = await script({ ...methods, sendPhotos: () => page('Forbidden', 403) }, get)
  const session = await signIn()
  const first = await session.thaw?.(gallery)
  expect(first).toMatchObject({ ready: false, todo: expect.stringMatching(/Retrieve High-Res Photos/) })
  expect(await session.thaw?.(gallery, first?.ticket)).toMatchObject({ ready: false })
  place.ready = true
  expect(await session.thaw?.(gallery, first?.ticket)).toMatchObject({ ready: true })
  expect(asked.filter(({ method }) => method === 'sendPhotos')).toHaveLength(1)
})

test('a refusal is no word of the archive where the session is over', async () => {
  const { methods, get } = archive()
  const { signIn, methods: now } = await script(methods, get)
  const session = await signIn()
  now.sendPhotos = () => {
    now.loadProject = () => page('Forbidden', 403)
    return page('Forbidden', 403)
  }
  await expect(session.thaw?.(gallery)).rejects.toThrow(SessionExpired)
})

test.each([
  ['the soft block', blockPage, 'Challenge'],
  ['a status of another kind', { status: 'ready' }, UnexpectedPage.name],
  ['no status', { photosCount: 1 }, UnexpectedPage.name],
  ['a fault', page('Sorry', 500), SourceFault.name],
])('%s in place of a status is loud', async (_, answer, name) => {
  const { methods, get } = archive()
  const { signIn } = await script({ ...methods, getDownloadInfo2: () => answer }, get)
  const session = await signIn()
  await expect(session.thaw?.(gallery, ticket)).rejects.toMatchObject({ name })
})

test('the original that is tried is of the project itself', async () => {
  const { methods, get } = archive()
  const contents = () => ({ scenes_s: [], photos_s: [photoRow(7000000042), photoRow(7000000043)] })
  const dashboard = () => ({ projects_s: [projectRow({ 4: daysAgo(700), 8: 2 })] })
  const { signIn, asked } = await script({ ...methods, dashboard, projectPhotos2: contents }, get)
  await (await signIn()).thaw?.(gallery)
  expect(asked.find(({ method }) => method === 'GET')?.path).toContain('photoId=7000000042')
})

test('of an original that was missed itself, not of another one, it is asked whether it is at hand', async () => {
  const { methods } = archive()
  const { signIn, asked } = await script(methods, ({ url }) => (url?.includes('7000000043') ? stored : image))
  const session = await signIn()
  const missing = { ...photo, ref: '7000000043' }
  expect(await session.thaw?.(gallery)).toMatchObject({ ready: true })
  expect(await session.thaw?.(gallery, undefined, missing)).toMatchObject({
    ready: false,
    ticket: { asked: true, photo: '7000000043' },
  })
  expect(asked.filter(({ method }) => method === 'sendPhotos')).toHaveLength(1)
})

test('a request of long ago is none for what is missing now', async () => {
  const { methods, get } = archive()
  const { signIn, asked } = await script(methods, get)
  const old = { ...ticket, at: daysAgo(60).concat('Z') }
  expect(await (await signIn()).thaw?.(gallery, old)).toMatchObject({ ready: false, ticket: { asked: true } })
  expect(asked.map(({ method }) => method)).toContain('sendPhotos')
})

test.each([1, 2] as const)('a refusal of mode %i is told by the session, or loud', async (mode) => {
  const { methods, get } = archive()
  const { signIn, methods: now } = await script({ ...methods, getDownloadInfo2: () => page('Forbidden', 403) }, get)
  const session = await signIn()
  const look = () => session.thaw?.(gallery, { ...ticket, asked: mode === 1 })
  await expect(look()).rejects.toThrow(UnexpectedPage)
  now.loadProject = () => page('Forbidden', 403)
  await expect(look()).rejects.toThrow(SessionExpired)
})

test('a gallery that was given another address since is asked there', async () => {
  const { methods, get } = archive()
  const { signIn, asked } = await script({ ...methods, loadProject: () => ({ virtualPath: 'moved' }) }, get)
  asked.length = 0
  const session = await signIn()
  await session.thaw?.(gallery, ticket).catch(() => {})
  expect(asked.map(({ path }) => path)).toContain('/-annaben/services.asmx/getDownloadInfo2')
})
