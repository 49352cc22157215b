import { expect, test } from 'vitest'
import { type GalleryDetail, UnexpectedPage } from '../connector.ts'
import { aPhoto, aSet, jsonWith, listed, listing, Raw, type Script, script } from './testing.ts'

const item = (key: string, inside = '') =>
  `<div class="collection-item"><a href="/${key}/"></a><p class="name">${inside}Name</p></div>`
const portal = (...items: string[]) => new Raw(200, `<html><body>${items.join('')}</body></html>`)

async function detail(more: object, answers: Script['answers'] = {}): Promise<GalleryDetail> {
  const { signIn } = await script({
    '/collections/1': { data: listed(1, more) },
    '/collections/1/galleries': { data: [aSet(5, { photo_count: 2 })] },
    '/galleries/5?expand=photos.starred%2Cvideos': { data: { ...aSet(5), photos: [aPhoto(1), aPhoto(2)], videos: [] } },
    '/': portal(item('c1'), item('other')),
    ...answers,
  })
  return (await signIn()).detail({ ref: '1', virtual: false })
}

test.each<[string, object, Script['answers'], GalleryDetail['access']]>([
  ['on the portal', {}, {}, 'public'],
  ['absent from the portal', { url_key: 'not-there' }, {}, 'hidden'],
  ['with a password', { password: '0042' }, {}, 'password'],
  ['with a password and absent', { password: '0042', url_key: 'not-there' }, {}, 'password'],
  ['with a password of its exclusive clients only', { private_password: 'x' }, {}, 'public'],
  ['with a lock on the portal', {}, { '/': portal(item('c1', '<span class="lock"></span>')) }, 'password'],
  ['whose answer says nothing of passwords', { password: undefined }, {}, null],
  ['expired, and still on the portal', { expire_at: '2020-01-01T00:00:00Z' }, {}, null],
  ['that expires in year zero', { expire_at: '0000-00-00 00:00:00' }, {}, 'public'],
  ['where there is no portal', {}, { '/': jsonWith(404) }, null],
  ['where the portal is another page', {}, { '/': new Raw(200, '<html>Coming soon</html>') }, null],
  ['where the portal asks for a person', {}, { '/': new Raw(403, '<title>Just a moment...</title>') }, null],
])('access of a collection %s', async (_, more, answers, access) => {
  expect((await detail(more, answers)).access).toBe(access)
})

test('passwords are text, and known; a PIN and the password of exclusive clients stay out', async () => {
  const found = await detail({ password: '0042', private_password: 'inner-circle', download_pin: '7351' })
  expect(found).toMatchObject({ password: '0042', passwordUnknown: false })
  expect(JSON.stringify(found)).not.toMatch(/inner-circle|7351/)
})

test('a lock without a password that is told leaves it unknown', async () => {
  const found = await detail({}, { '/': portal(item('c1', '<span class="lock"></span>')) })
  expect(found).toMatchObject({ password: null, passwordUnknown: true })
})

test('completeness is judged by the sets, the number of the collection is only told', async () => {
  const found = await detail(
    { photo_count: '80' },
    {
      '/collections/1/galleries': {
        data: [aSet(5, { photo_count: '2', video_count: 1 }), aSet(6, { photo_count: 4 })],
      },
    },
  )
  expect(found).toMatchObject({ statedCount: 80, expectedCount: 7 })
  const unsure = await detail({}, { '/collections/1/galleries': { data: [aSet(5, { video_count: null })] } })
  expect(unsure.expectedCount).toBeNull()
})

test('the cover is the photo with the same storage hash, or none', async () => {
  const hash = (id: number) => `//images.example.com/9/${String(id).padStart(32, '0')}-large.jpg`
  expect((await detail({ coverPhoto: hash(2) })).coverRef).toBe('2')
  expect((await detail({ coverPhoto: hash(3) })).coverRef).toBeNull()
  expect((await detail({ coverPhoto: null })).coverRef).toBeNull()
})

test('the day of the event counts, else that of the making', async () => {
  expect((await detail({ event_date: '2024-05-05T23:59:59-11:00' })).date).toBe('2024-05-05')
  expect((await detail({ event_date: '0000-00-00' })).date).toBe('2024-01-03')
  expect((await detail({ event_date: null, create_at: 0 })).date).toBeNull()
})

test('reads the portal once, without the session', async () => {
  const { signIn, asked } = await script({
    '/collections/1': { data: listed(1) },
    '/collections/1/galleries': { data: [aSet(5)] },
    '/': portal(item('c1')),
  })
  const session = await signIn()
  await Promise.all([session.detail({ ref: '1', virtual: false }), session.detail({ ref: '1', virtual: false })])
  const portals = asked.filter(({ address }) => address === '/')
  expect(portals.map(({ headers }) => headers.cookie)).toEqual([undefined])
})

test('another collection than the one that was asked for is loud', async () => {
  await expect(detail({ id: 2 })).rejects.toBeInstanceOf(UnexpectedPage)
})

test('what the answer of a collection leaves out is taken from the list of the account', async () => {
  const hash = `//images.example.com/9/${'2'.padStart(32, '0')}-large.jpg`
  const more = { description: 'Told by the list', expire_at: '2020-05-06 07:08:09', coverPhoto: hash, password: null }
  const thin = { description: undefined, expire_at: undefined, coverPhoto: undefined, password: undefined }
  const found = await detail(thin, {
    '/dashboard_listings?page=1': listing([listed(7)], { last_page: 2, total: 2 }),
    '/dashboard_listings?page=2': listing([listed(1, more)], { last_page: 2, total: 2 }),
  })
  expect(found).toMatchObject({ description: 'Told by the list', expiresAt: '2020-05-06', coverRef: '2', access: null })
})

test('a collection of which nobody says whether it expires is not built public', async () => {
  expect((await detail({ expire_at: undefined })).access).toBeNull()
})

test('a password that is there and is not told is not known', async () => {
  expect(await detail({ password: true })).toMatchObject({ access: 'password', password: null, passwordUnknown: true })
})
