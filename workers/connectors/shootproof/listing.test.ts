import { expect, test } from 'vitest'
import {
  NotAvailable,
  NotFound,
  SessionExpired,
  SignInRefused,
  type SourceSession,
  UnexpectedPage,
} from '../connector.ts'
import { all, problem, Raw, script, signInPage } from './testing.ts'

const b = '/studio/brand'
const brand = (id: unknown, more = {}) => ({ id, name: `Brand ${id}`, ...more })
const event = (id: unknown, more = {}) => ({ id, name: `Event ${id}`, photosCount: 0, ...more })
const photo = (id: unknown, albums: unknown[] = []) => ({ id, name: `${id}.jpg`, belongsToAlbumIds: albums })
const page = (current: number, pages: number, total: number, items: unknown[]) => ({
  items,
  meta: { currentPage: current, rows: 2, totalItems: total, totalPages: pages },
})
const gallery = (ref: string) => ({ ref, virtual: false, statedCount: null })
const galleriesOf = async (session: SourceSession) =>
  (await Array.fromAsync(session.galleries())).flatMap(({ galleries }) => galleries)
const photosOf = async (session: SourceSession, ref: string, cursor?: string) =>
  (await Array.fromAsync(session.photos(gallery(ref), cursor))).flatMap(({ photos }) => photos)

/** One brand `1` with the event `5` and what hangs under it. */
const oneEvent = (fields: object, under: Record<string, () => unknown>) => ({
  [`GET ${b}`]: () => all(brand(1)),
  [`GET ${b}/1/event`]: () => all(event(5, fields)),
  [`GET ${b}/1/event/5`]: () => event(5, fields),
  ...Object.fromEntries(Object.entries(under).map(([path, answer]) => [`GET ${b}/1/event/5/${path}`, answer])),
})

test.each([
  ['an object', { eventCategory: { id: 9, name: 'Weddings' } }, 'Weddings'],
  ['a bare id', { eventCategory: 9 }, 'Weddings'],
  ['a bare id as text', { eventCategory: '9' }, 'Weddings'],
  ['an id beside it', { eventCategory: null, eventCategoryId: 9 }, 'Weddings'],
  ['its name', { eventCategory: 'Weddings' }, 'Weddings'],
  ['an id that no list explains', { eventCategory: 77 }, '77'],
  ['null', { eventCategory: null }, null],
  ['nothing', {}, null],
])('the category of an event may come as %s', async (_, fields, title) => {
  const site = await script({
    [`GET ${b}`]: () => all(brand(9)),
    [`GET ${b}/9/event`]: () => all(event(5, fields)),
    [`GET ${b}/9/event-category`]: () => all({ id: 9, name: 'Weddings' }),
  })
  const pages = await Array.fromAsync((await site.signIn()).galleries())
  const folders = pages.flatMap((one) => one.folders)
  const [found] = pages.flatMap((one) => one.galleries)
  const own = folders.find(({ ref }) => ref === found?.folderRef)
  expect(own?.title).toBe(title ?? 'Brand 9')
  expect(new Set(folders.map(({ ref }) => ref)).size).toBe(folders.length)
})

test.each([
  ['2019-12-31', '2019-12-31'],
  ['2019-12-31T23:30:00-08:00', '2019-12-31'],
  ['2020-01-01 00:00:00', '2020-01-01'],
  [{ date: '2020-01-01 00:00:00.000000', timezone: 'America/New_York' }, '2020-01-01'],
  ['0000-00-00', null],
  ['2019-02-30', null],
  ['01/02/2019', null],
  [1_577_836_800, null],
  [null, null],
])('the day of an event is taken as written: %j', async (eventDate, day) => {
  const site = await script(oneEvent({ eventDate }, {}))
  expect((await galleriesOf(await site.signIn()))[0]?.date).toBe(day)
})

test('goes on behind the last page of the account and asks for none of the earlier ones, brands and categories included', async () => {
  const site = await script({
    [`GET ${b}`]: () => all(brand('a'), brand('b')),
    [`GET ${b}/a/event?page=1&rows=100`]: () => page(1, 2, 3, [event(1, { eventCategory: 7 }), event(2)]),
    [`GET ${b}/a/event?page=2&rows=100`]: () => page(2, 2, 3, [event(3, { eventCategory: 7 })]),
    [`GET ${b}/a/event-category`]: () => all({ id: 7, name: 'Seven' }),
    [`GET ${b}/b/event`]: () => all(event(4)),
  })
  const session = await site.signIn()
  const whole = await Array.fromAsync(session.galleries())
  expect(whole.at(-1)?.next).toBeNull()
  for (const [at, { next }] of whole.slice(0, -1).entries()) {
    site.asked.length = 0
    const rest = await Array.fromAsync((await site.signIn()).galleries(next ?? undefined))
    expect(rest).toEqual(whole.slice(at + 1))
    expect(site.asked.length).toBe(whole.length - 1 - at + (at === 0 ? 1 : 0))
  }
})

test('an event that a list in motion hid is found by a second look', async () => {
  let looks = 0
  const site = await script({
    [`GET ${b}`]: () => all(brand(1)),
    [`GET ${b}/1/event?page=1&rows=100`]: () =>
      page(1, 2, ++looks === 1 ? 4 : 3, [event(looks === 1 ? 0 : 1), event(2)]),
    [`GET ${b}/1/event?page=2&rows=100`]: () => page(2, 2, 3, [event(looks === 1 ? 4 : 3)]),
  })
  const refs = (await galleriesOf(await site.signIn())).map(({ ref }) => ref)
  expect(refs).toEqual(['0', '2', '4', '1', '2', '3'])
})

test.each([
  ['an empty list where some are stated', () => page(1, 1, 2, []), 'items'],
  ['an empty page before the last', () => page(1, 3, 5, []), 'items'],
  ['fewer than stated, again and again', () => page(1, 1, 3, [event(1), event(2)]), 'fewer than stated'],
  ['the same page in place of the next', () => page(1, 2, 4, [event(1), event(2)]), 'currentPage'],
  ['a list without meta', () => ({ items: [event(1)] }), 'meta'],
  ['a list without items', () => ({ data: [], meta: { totalItems: 0, totalPages: 0 } }), 'items'],
  ['events without an id', () => all({ name: 'x', photosCount: 1 }), 'items[0].id'],
  ['events without a name', () => all({ id: 1, photosCount: 1 }), 'items[0].name'],
  ['events that all lack their count', () => all({ id: 1, name: 'x' }, { id: 2, name: 'y' }), 'photosCount'],
])('%s is loud and names the field', async (_, answer, words) => {
  const site = await script({ [`GET ${b}`]: () => all(brand(1)), [`GET ${b}/1/event`]: answer })
  const error = await galleriesOf(await site.signIn()).catch((thrown) => thrown)
  expect(error).toBeInstanceOf(UnexpectedPage)
  expect(error.expected).toContain(words)
})

test('an account without a brand is not taken for an empty one', async () => {
  const site = await script({ [`GET ${b}`]: () => all() })
  await expect(galleriesOf(await site.signIn())).rejects.toBeInstanceOf(UnexpectedPage)
})

test('a brand that is listed and refused waits for a person and is named, whether it is called forbidden or not found', async () => {
  for (const refusal of [problem(403, 'forbidden'), problem(404, 'not-found')]) {
    const site = await script({ [`GET ${b}`]: () => all(brand(1)), [`GET ${b}/1/event`]: () => refusal })
    const error = await galleriesOf(await site.signIn()).catch((thrown) => thrown)
    expect(error).toBeInstanceOf(SignInRefused)
    expect(error.todo).toContain('Brand 1')
  }
})

test('a list of brands that is refused waits for a person, and no gallery is believed gone for it', async () => {
  for (const refusal of [problem(403, 'forbidden'), problem(404, 'not-found')]) {
    const site = await script({ [`GET ${b}`]: () => refusal })
    const session = await site.signIn()
    await expect(galleriesOf(session)).rejects.toBeInstanceOf(SignInRefused)
    await expect(session.detail(gallery('5'))).rejects.toBeInstanceOf(SignInRefused)
  }
})

test('a studio is known by its oldest brand, in whatever order they come and whatever is added', async () => {
  const old = brand('f', { created: '2015-01-01 00:00:00' })
  const others = [brand('a', { created: '2019-01-01 00:00:00' }), brand('b', { created: '2020-01-01 00:00:00' })]
  for (const brands of [[old], [old, ...others], [...others, old]]) {
    const site = await script({
      [`GET ${b}`]: () => all(...brands),
      ...Object.fromEntries(brands.map(({ id }) => [`GET ${b}/${id}/event`, () => all()])),
    })
    expect((await (await site.signIn()).account()).ref).toBe('f')
  }
})

test('a brand without a name goes by its domain', async () => {
  const site = await script({
    [`GET ${b}`]: () => all({ id: 'x', galleryDomain: 'licht' }),
    [`GET ${b}/x/event`]: () => all(),
  })
  const [first] = await Array.fromAsync((await site.signIn()).galleries())
  expect(first?.folders).toMatchObject([{ ref: 'x', title: 'licht', parentRef: null }])
})

test('a sign-in page in place of a list is the end of the session', async () => {
  const site = await script({ [`GET ${b}`]: () => signInPage })
  await expect(galleriesOf(await site.signIn())).rejects.toBeInstanceOf(SessionExpired)
})

test('ids that a double would round stay what they are', async () => {
  const site = await script({
    [`GET ${b}`]: () => '{"items":[{"id":9007199254740993,"name":"1"}],"meta":{"totalItems":1,"totalPages":1}}',
    [`GET ${b}/9007199254740993/event`]: () => all(),
  })
  const [first] = await Array.fromAsync((await site.signIn()).galleries())
  expect(first?.folders[0]?.ref).toBe('9007199254740993')
})

test('a gallery that no brand has is only gone while the session lives', async () => {
  const gone = await script({ [`GET ${b}`]: () => all(brand(1), brand(2)) })
  await expect((await gone.signIn()).detail(gallery('5'))).rejects.toBeInstanceOf(NotFound)
  const dead = await script({ [`GET ${b}`]: () => all(brand(1)), 'GET /studio/me': () => problem(401, 'unauthorized') })
  await expect((await dead.signIn()).detail(gallery('5'))).rejects.toBeInstanceOf(SessionExpired)
})

const page404 = new Raw(404, '<html>Nothing here</html>', { 'content-type': 'text/html' })
test.each([
  ['a page', page404],
  ['400', problem(400, 'bad-request')],
  ['403', problem(403, 'forbidden')],
])(
  'the brand of a gallery is found behind another one that answers %s, which stays loud where none has it',
  async (_, refusal) => {
    const found = await script({
      [`GET ${b}`]: () => all(brand(1), brand(2)),
      [`GET ${b}/1/event/5`]: () => refusal,
      [`GET ${b}/2/event/5`]: () => event(5, { photosCount: 7 }),
      [`GET ${b}/2/event/5/album`]: () => all(),
    })
    expect((await (await found.signIn()).detail(gallery('5'))).statedCount).toBe(7)
    const none = await script({ [`GET ${b}`]: () => all(brand(1), brand(2)), [`GET ${b}/1/event/5`]: () => refusal })
    const error = await (await none.signIn()).detail(gallery('5')).catch((thrown) => thrown)
    expect(error).not.toBeInstanceOf(NotFound)
  },
)

test('lists that are refused as "not found" do not make a gallery gone that ShootProof has', async () => {
  const session = await (await script(oneEvent({ photosCount: 1 }, {}))).signIn()
  await expect(session.detail(gallery('5'))).rejects.toBeInstanceOf(NotAvailable)
  await expect(photosOf(session, '5')).rejects.toBeInstanceOf(NotAvailable)
})

test('one resource may stand in an envelope of its own', async () => {
  const site = await script({
    ...oneEvent({}, { album: () => all(), photo: () => all() }),
    [`GET ${b}/1/event/5`]: () => all(event(5, { photosCount: '7' })),
  })
  expect((await (await site.signIn()).detail(gallery('5'))).statedCount).toBe(7)
})

test('albums keep the order of their list, children before parents included, and what is in none comes last', async () => {
  const site = await script(
    oneEvent(
      { photosCount: 3 },
      {
        album: () =>
          all(
            { id: 12, name: 'Child', parentAlbumId: 11, photosCount: 1 },
            { id: 11, name: 'Parent', parentAlbumId: null, photosCount: 2 },
            { id: 13, name: 'Orphan', parentAlbumId: 99, photosCount: 0 },
          ),
        photo: () => all(photo(1, [12]), photo(2, [11, 11]), photo(3)),
      },
    ),
  )
  const session = await site.signIn()
  expect((await session.detail(gallery('5'))).sets).toEqual([
    { ref: '12', parentRef: '11', title: 'Child', position: 0 },
    { ref: '11', parentRef: null, title: 'Parent', position: 1 },
    { ref: '13', parentRef: null, title: 'Orphan', position: 2 },
    { ref: null, parentRef: null, title: '', position: 3 },
  ])
  expect((await photosOf(session, '5')).map(({ placements }) => placements)).toEqual([
    [{ setRef: '12', position: 0 }],
    [{ setRef: '11', position: 1 }],
    [{ setRef: null, position: 2 }],
  ])
})

test.each([
  ['say nothing of them', () => all({ id: 1, name: 'x' }), 'belongsToAlbumIds'],
  ['are fewer than the album states', () => all(photo(1, [])), 'belongsToAlbumIds'],
])('albums whose photos %s are loud', async (_, photos, words) => {
  const site = await script(
    oneEvent({ photosCount: 1 }, { album: () => all({ id: 11, name: 'A', photosCount: 1 }), photo: photos }),
  )
  const error = await (await site.signIn()).detail(gallery('5')).catch((thrown) => thrown)
  expect(error).toBeInstanceOf(UnexpectedPage)
  expect(error.expected).toContain(words)
})

test('photos that say nothing of albums lie in none where every album states that it is empty', async () => {
  const site = await script(
    oneEvent(
      { photosCount: 1 },
      { album: () => all({ id: 11, name: 'A', photosCount: 0 }), photo: () => all({ id: 1, name: 'x' }) },
    ),
  )
  expect((await (await site.signIn()).detail(gallery('5'))).sets.map(({ ref }) => ref)).toEqual(['11', null])
})

test('the cover is the photo that shows the same address, whatever its signature', async () => {
  const shown = (id: number, path: string) => ({
    ...photo(id),
    displayUrl: { large: `https://cdn.example/${path}?s=${id}` },
  })
  const site = await script(
    oneEvent(
      { photosCount: 2, coverPhoto: { displayUrl: { large: 'https://cdn.example/two.jpg?s=other' } } },
      { album: () => all(), photo: () => all(shown(1, 'one.jpg'), shown(2, 'two.jpg')) },
    ),
  )
  expect((await (await site.signIn()).detail(gallery('5'))).coverRef).toBe('2')
})

test('a cover that two photos show is no cover', async () => {
  const shown = (id: number) => ({ ...photo(id, [11]), displayUrl: { large: 'https://cdn.example/same.jpg' } })
  const site = await script(
    oneEvent(
      { photosCount: 2, coverPhoto: { displayUrl: { large: 'https://cdn.example/same.jpg' } } },
      { album: () => all({ id: 11, name: 'A' }), photo: () => all(shown(1), shown(2)) },
    ),
  )
  expect((await (await site.signIn()).detail(gallery('5'))).coverRef).toBeNull()
})

test('more photos in the event than in its list are loud after a second look', async () => {
  const site = await script(oneEvent({ photosCount: 3 }, { photo: () => all(photo(1), photo(2)) }))
  const error = await photosOf(await site.signIn(), '5').catch((thrown) => thrown)
  expect(error).toBeInstanceOf(UnexpectedPage)
  expect(error.expected).toContain('1 fewer')
  expect(site.asked.filter(({ what }) => what.includes('/photo?'))).toHaveLength(2)
})

test('an answer of thousands of photos comes in pages, each of them a place to go on from', async () => {
  const many = Array.from({ length: 1203 }, (_, at) => photo(at))
  const site = await script(oneEvent({ photosCount: 1203 }, { photo: () => all(...many) }))
  const session = await site.signIn()
  const pages = await Array.fromAsync(session.photos(gallery('5')))
  expect(pages.map(({ photos }) => photos.length)).toEqual([500, 500, 203])
  expect(pages.at(-1)?.next).toBeNull()
  const rest = await photosOf(session, '5', pages[0]?.next ?? undefined)
  expect(rest).toEqual(pages.slice(1).flatMap(({ photos }) => photos))
  expect(rest[0]?.placements).toEqual([{ setRef: null, position: 500 }])
})

test('a clip among photos goes by its file name', async () => {
  const clip = { id: 1, name: 'First Dance.MOV', belongsToAlbumIds: [] }
  const site = await script(oneEvent({ photosCount: 2 }, { photo: () => all(clip, photo(2)) }))
  expect((await photosOf(await site.signIn(), '5')).map(({ kind }) => kind)).toEqual(['video', 'photo'])
})
