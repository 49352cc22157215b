import { expect, test } from 'vitest'
import { NotAvailable, NotFound, type Page, SessionExpired, UnexpectedPage } from '../connector.ts'
import { page as html, paths, Raw, read, script } from './testing.ts'

const gallery = { ref: 'g1', virtual: false, statedCount: null }
const photo = (n: number, more = {}) => ({
  id: `p${n}`,
  name: `${n}`,
  fileName: `${n}.jpg`,
  size: 100 + n,
  width: 3,
  height: 2,
  dateCreated: '2024-01-01T00:00:00',
  ...more,
})
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)
const photosOf = (photos: unknown[], collections: unknown = []) => ({ [paths.photos]: () => ({ photos, collections }) })
const stated = (g: number) => ({
  [paths.tree]: () => ({ folderTree: [{ x: 'g1', a: 'One', e: true, g }], albumsCount: 1 }),
})
const set = (collectionId: string | null, name: string | null, ids: string[]) => ({
  collectionId,
  name,
  mediaSortIndices: ids.map((id) => ({ id })),
})
const refsOf = (pages: Page[]) => pages.flatMap(({ photos }) => photos.map(({ ref }) => ref))
const membersOf = (pages: Page[], setRef: string | null) =>
  pages
    .flatMap(({ photos }) => photos.flatMap(({ ref, placements }) => placements.map((place) => ({ ...place, ref }))))
    .filter((place) => place.setRef === setRef)
    .toSorted((a, b) => a.position - b.position)
    .map(({ ref }) => ref)

test('a photo of several sets is placed in each, in the order of that set', async () => {
  const { signIn } = await script({
    ...stated(3),
    ...photosOf([photo(1), photo(2), photo(3)], [set(null, 'Photos', ['p3', 'p1']), set('s1', 'Party', ['p2', 'p1'])]),
  })
  const session = await signIn()
  const pages = await read(session.photos(gallery))
  expect(refsOf(pages)).toEqual(['p1', 'p2', 'p3'])
  expect(membersOf(pages, null)).toEqual(['p3', 'p1'])
  expect(membersOf(pages, 's1')).toEqual(['p2', 'p1'])
  expect((await session.detail(gallery)).sets).toEqual([
    { ref: null, parentRef: null, title: '', position: 0 },
    { ref: 's1', parentRef: null, title: 'Party', position: 1 },
  ])
})

test.each([
  ['is left out where it is empty', [set(null, 'Photos', []), set('s1', 'All', ['p1', 'p2'])], ['s1']],
  ['is there where it holds photos', [set('s1', 'All', ['p1', 'p2']), set(null, 'Photos', ['p1'])], ['s1', null]],
  ['takes in photos that lie in no set', [set('s1', 'Half', ['p1'])], ['s1', null]],
  ['is there where there is no other', [], [null]],
  ['is there, empty, where no other set is', [set(null, 'Photos', [])], [null]],
])('the default set %s', async (_, collections, refs) => {
  const { signIn } = await script({ ...stated(2), ...photosOf([photo(1), photo(2)], collections) })
  const { sets, expectedCount } = await (await signIn()).detail(gallery)
  expect(sets.map(({ ref }) => ref)).toEqual(refs)
  expect(expectedCount).toBe(2)
})

test('the default set keeps a name that somebody gave it', async () => {
  const { signIn } = await script({ ...stated(1), ...photosOf([photo(1)], [set(null, 'Our favourites', ['p1'])]) })
  expect((await (await signIn()).detail(gallery)).sets[0]?.title).toBe('Our favourites')
})

test('a number to sort by counts before the order of the list, where each place has one of its own', async () => {
  const places = [
    { id: 'p1', sortIndex: 2 },
    { id: 'p2', sortIndex: 0 },
    { id: 'p3', sortIndex: 1 },
  ]
  const { signIn, answers } = await script({
    ...stated(3),
    ...photosOf([photo(1), photo(2), photo(3)], [{ collectionId: null, name: null, mediaSortIndices: places }]),
  })
  const session = await signIn()
  expect(membersOf(await read(session.photos(gallery)), null)).toEqual(['p2', 'p3', 'p1'])
  const asText = places.map(({ id, sortIndex }) => ({ id, sortIndex: String(sortIndex + 9) }))
  answers[paths.photos] = () => ({
    photos: [photo(1), photo(2), photo(3)],
    collections: [{ collectionId: null, mediaSortIndices: asText }],
  })
  expect(membersOf(await read(session.photos(gallery)), null)).toEqual(['p2', 'p3', 'p1'])
  const equal = places.map((place) => ({ ...place, sortIndex: 0 }))
  answers[paths.photos] = () => ({
    photos: [photo(1), photo(2), photo(3)],
    collections: [{ collectionId: null, mediaSortIndices: equal }],
  })
  expect(membersOf(await read(session.photos(gallery)), null)).toEqual(['p1', 'p2', 'p3'])
})

test('keeps what the provider states and invents nothing', async () => {
  const { signIn } = await script({
    ...stated(2),
    ...photosOf([
      photo(1, { name: 'A title', caption: 'unread' }),
      photo(2, { fileName: null, size: null, width: -1 }),
    ]),
  })
  const [page] = await read((await signIn()).photos(gallery))
  expect(page?.photos[0]).toEqual({
    ref: 'p1',
    kind: 'photo',
    galleryRef: 'g1',
    filename: '1.jpg',
    caption: null,
    keywords: [],
    takenAt: null,
    bytes: 101,
    width: 3,
    height: 2,
    access: null,
    star: null,
    placements: [{ setRef: null, position: 0 }],
    handle: { bytes: null },
    changeToken: null,
    extra: { name: 'A title', dateCreated: '2024-01-01T00:00:00' },
  })
  expect(page?.photos[1]).toMatchObject({ filename: null, bytes: null, width: null })
})

test('a place whose id is in another casing is that of the photo', async () => {
  const ref = '68CA99FB-F536-4648-AA5A-B2F1078758B9'
  const { signIn } = await script({
    ...stated(1),
    ...photosOf([photo(1, { id: ref })], [set('s1', 'Party', [ref.toLowerCase()])]),
  })
  const [page] = await read((await signIn()).photos(gallery))
  expect(page?.photos).toEqual([expect.objectContaining({ ref, placements: [{ setRef: 's1', position: 0 }] })])
})

test('a size of 0 states nothing', async () => {
  const { signIn } = await script({ ...stated(1), ...photosOf([photo(1, { fileName: 'clip.mp4', size: 0 })]) })
  const [page] = await read((await signIn()).photos(gallery))
  expect(page?.photos[0]).toMatchObject({ kind: 'video', bytes: null, handle: { bytes: null } })
})

test('10,000 photos of one answer come in pages of at most 500', async () => {
  const { signIn, asked } = await script({ ...stated(10_000), ...photosOf(numbers(10_000).map((n) => photo(n))) })
  const pages = await read((await signIn()).photos({ ...gallery, statedCount: 10_000 }))
  expect(Math.max(...pages.map(({ photos }) => photos.length))).toBe(500)
  expect(new Set(refsOf(pages)).size).toBe(10_000)
  expect(asked).toHaveLength(1)
})

test('goes on behind the cursor while the gallery is the same before it', async () => {
  const { signIn, answers } = await script({ ...stated(1200), ...photosOf(numbers(1200).map((n) => photo(n))) })
  const session = await signIn()
  const whole = await read(session.photos(gallery))
  for (const [i, { next }] of whole.slice(0, -1).entries())
    expect(await read(session.photos(gallery, next ?? ''))).toEqual(whole.slice(i + 1))
  answers[paths.photos] = () => ({ photos: numbers(1300).map((n) => photo(n)), collections: [] })
  expect(refsOf(await read(session.photos(gallery, whole[1]?.next ?? '')))).toHaveLength(300)
})

test('gives everything again where a photo before the cursor has gone, so that none is left out', async () => {
  const { signIn, answers } = await script({ ...stated(1200), ...photosOf(numbers(1200).map((n) => photo(n))) })
  const session = await signIn()
  const [first] = await read(session.photos(gallery))
  answers[paths.photos] = () => ({
    photos: numbers(1200)
      .slice(1)
      .map((n) => photo(n)),
    collections: [],
  })
  Object.assign(answers, stated(1199))
  expect(refsOf(await read(session.photos({ ...gallery, statedCount: 1200 }, first?.next ?? '')))).toHaveLength(1199)
})

test.each([
  ['an empty list where photos are stated', [], 5, /an empty list where 5 are stated/],
  ['fewer photos than stated', [photo(1), photo(2)], 5, /photos, 3 missing of 5/],
])('is loud about %s, in the listing and in the detail', async (_, photos, g, expected) => {
  const { signIn } = await script({ ...stated(g), ...photosOf(photos) })
  const session = await signIn()
  for (const look of [
    () => read(session.photos({ ...gallery, statedCount: g })),
    () => read(session.photos(gallery)),
    () => session.detail(gallery),
  ]) {
    const error = await look().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(UnexpectedPage)
    expect((error as UnexpectedPage).expected).toMatch(expected)
  }
})

test.each([
  ['null for its lists', { photos: null, collections: null }, [null]],
  ['no lists', {}, [null]],
  ['a set without places', { photos: [], collections: [{ collectionId: 's1', name: 'Later' }] }, ['s1']],
])('a gallery that is stated to be empty may come with %s', async (_, answer, refs) => {
  const { signIn, answers } = await script({ ...stated(0), [paths.photos]: () => answer })
  const session = await signIn()
  expect(refsOf(await read(session.photos({ ...gallery, statedCount: 0 })))).toEqual([])
  expect((await session.detail(gallery)).sets.map(({ ref }) => ref)).toEqual(refs)
  Object.assign(answers, stated(1))
  await expect(read(session.photos({ ...gallery, statedCount: 1 }))).rejects.toThrow(UnexpectedPage)
})

test('photos deleted since the survey are not missed', async () => {
  const { signIn } = await script({ ...stated(2), ...photosOf([photo(1), photo(2)]) })
  expect(refsOf(await read((await signIn()).photos({ ...gallery, statedCount: 9 })))).toEqual(['p1', 'p2'])
})

test('a list that is empty where nothing is stated anywhere is not believed', async () => {
  const { signIn } = await script({
    [paths.tree]: () => ({ folderTree: [{ x: 'other', a: 'Other', e: true, g: 1 }], albumsCount: 1 }),
    ...photosOf([]),
  })
  await expect(read((await signIn()).photos(gallery))).rejects.toThrow(UnexpectedPage)
})

test.each([
  ['photos', { media: [], collections: [] }, /: photos/],
  ['collections', { photos: [photo(1)] }, /: collections/],
  ['file names', { photos: [{ id: 'p1', title: 'x' }], collections: [] }, /photos\[\]\.fileName/],
  ['places', { photos: [photo(1)], collections: [{ collectionId: 's1', name: 'A' }] }, /mediaSortIndices/],
  [
    'ids of places',
    { photos: [photo(1)], collections: [{ collectionId: 's1', mediaSortIndices: [{ id: 'i1', mediaId: 'p1' }] }] },
    /mediaSortIndices\[\]\.id/,
  ],
  [
    'ids of sets',
    {
      photos: [photo(1)],
      collections: [
        { name: 'A', mediaSortIndices: [] },
        { name: 'B', mediaSortIndices: [] },
      ],
    },
    /collections\[\]\.collectionId/,
  ],
])('is loud where the %s come under another name', async (_, answer, expected) => {
  const { signIn } = await script({ ...stated(1), [paths.photos]: () => answer })
  const error = await (await signIn()).detail(gallery).catch((reason) => reason)
  expect(error).toBeInstanceOf(UnexpectedPage)
  expect(error.expected).toMatch(expected)
})

test('a gallery is gone only where the session is alive', async () => {
  const { signIn, answers } = await script({ [paths.photos]: () => new Raw(404, '{}') })
  const session = await signIn()
  await expect(read(session.photos(gallery))).rejects.toThrow(NotFound)
  answers[paths.content] = () => new Raw(401, '{}')
  await expect(read(session.photos(gallery))).rejects.toThrow(SessionExpired)
})

test('a gallery that is refused by itself cannot be had; the others go on', async () => {
  const { signIn } = await script({ [paths.photos]: () => new Raw(403, '{"message":"Forbidden"}') })
  await expect(read((await signIn()).photos(gallery))).rejects.toThrow(NotAvailable)
})

test.each([
  ['a redirect to the sign-in page', new Raw(302, '', { location: '/welcome?next=%2F' })],
  ['a sign-in form with status 200', html(200, '<form><input id="email"><input type="password"></form>')],
  [
    'a sign-in page that is drawn in the browser',
    html(200, '<html><script id="__NEXT_DATA__" type="application/json">{"page":"/welcome"}</script></html>'),
  ],
])('%s means that the session has ended', async (_, answer) => {
  const { signIn } = await script({ [paths.photos]: () => answer })
  await expect(read((await signIn()).photos(gallery))).rejects.toThrow(SessionExpired)
})

test('says once what came, by names and types and without a value', async () => {
  const { signIn, notes } = await script({ ...stated(1), ...photosOf([photo(1, { caption: 'secret words' })]) })
  const session = await signIn()
  await session.detail(gallery)
  await session.detail(gallery)
  const shapes = notes.filter(([event]) => event === 'shape of folders/{id}/photos')
  expect(shapes).toHaveLength(1)
  expect(JSON.stringify(shapes)).toContain('"caption":"string"')
  expect(JSON.stringify(notes)).not.toContain('secret words')
})
