import { expect, test } from 'vitest'
import { Challenge, UnexpectedPage } from '../connector.ts'
import { daysAgo, gallery, photoRow, projectRow, row, script } from './testing.ts'

const dashboard = (...rows: Record<number, unknown>[]) => ({ dashboard: () => ({ projects_s: rows.map(projectRow) }) })
const photos = (...rows: unknown[][]) => ({
  projectPhotos2: () => ({ scenes_s: [row({ 0: 'Day', 1: 71 }), row({ 0: 'Night', 1: '72' })], photos_s: rows }),
})
const pages = <Item>(items: AsyncIterable<Item>) => Array.fromAsync(items)

test.each([
  ['2023-05-06T00:00:00', '2023-05-06'],
  ['2023-05-06T23:59:59.9999999', '2023-05-06'],
  ['2023-05-06T23:30:00-05:00', '2023-05-06'],
  ['2023-05-06T00:30:00.000Z', '2023-05-06'],
  ['2023-05-06 12:00', '2023-05-06'],
  ['2023-05-06', '2023-05-06'],
  ['/Date(1683412200000)/', '2023-05-06'],
  ['/Date(1683412200000+0200)/', '2023-05-07'],
  ['0001-01-01T00:00:00', null],
  ['/Date(-62135596800000)/', null],
  ['', null],
  [null, null],
])('an event at %s is on %s', async (written, day) => {
  const { signIn } = await script(dashboard({ 6: written }))
  const [account] = await pages((await signIn()).galleries())
  expect(account?.galleries[0]?.date).toBe(day)
})

test('a project is taken for archived by the day it was made, not by that of its event', async () => {
  const { signIn } = await script(
    dashboard(
      { 9: 1, 4: daysAgo(400), 6: daysAgo(-30) },
      { 9: 2, 4: daysAgo(300), 6: '1998-08-08' },
      { 9: 3, 4: null, 6: '1998-08-08' },
    ),
  )
  const [account] = await pages((await signIn()).galleries())
  expect(account?.galleries.map(({ archived }) => archived)).toEqual([true, false, false])
})

test('an offline project is private; who sees the others is told nowhere', async () => {
  const { signIn } = await script(dashboard({ 9: 1, 0: 15 }, { 9: 2, 0: '15' }, { 9: 3, 0: 5 }, { 9: 4, 0: null }))
  const [account] = await pages((await signIn()).galleries())
  expect(account?.galleries.map(({ access }) => access)).toEqual(['private', 'private', null, null])
})

test('a large account comes in pages of 500; a restart goes on behind them, or from the beginning of another list', async () => {
  const many = Array.from({ length: 1203 }, (_, i) => ({ 9: 1000 + i, 7: `P ${i}` }))
  const { signIn, methods } = await script(dashboard(...many))
  const session = await signIn()
  const all = await pages(session.galleries())
  expect(all.map((page) => page.galleries.length)).toEqual([500, 500, 203])
  const { next = null, galleries } = all[0]!
  expect(await pages(session.galleries(next!))).toEqual(all.slice(1))
  methods.dashboard = dashboard({ 9: 7, 7: 'New and first' }, ...many).dashboard
  const again = await pages(session.galleries(next!))
  expect(again[0]?.galleries[0]).toMatchObject({ ref: '7', position: 0 })
  expect(again.flatMap((page) => page.galleries)).toHaveLength(1204)
  expect(galleries[0]).toMatchObject({ ref: '1000', title: 'P 0', folderRef: null, position: 0 })
})

test('ten thousand photos of one answer come in pages that go on where another worker stopped', async () => {
  const rows = Array.from({ length: 10_000 }, (_, i) => photoRow(7_000_000_000 + i, `IMG_${i % 10}.jpg`, 71 + (i % 2)))
  const { signIn, asked } = await script({ ...dashboard({ 8: 10_000 }), ...photos(...rows) })
  const session = await signIn()
  const all = await pages(session.photos(gallery))
  expect(all.every((page) => page.photos.length <= 500)).toBe(true)
  expect(all.flatMap((page) => page.photos)).toHaveLength(10_000)
  expect(all.at(-1)?.photos.at(-1)).toMatchObject({
    ref: '7000009999',
    filename: 'IMG_9.jpg',
    placements: [{ setRef: '72', position: 4999 }],
    handle: { path: 'annaben' },
  })
  asked.length = 0
  expect(await pages(session.photos(gallery, all[30]?.next ?? undefined))).toEqual(all.slice(31))
  expect(asked.map(({ method }) => method)).toEqual(['projectPhotos2'])
})

test('a listing that became another one since its cursor begins anew', async () => {
  const rows = Array.from({ length: 300 }, (_, i) => photoRow(7_000_000_000 + i))
  const { signIn, methods } = await script({ ...dashboard({ 8: 300 }), ...photos(...rows) })
  const session = await signIn()
  const [first] = await pages(session.photos(gallery))
  methods.projectPhotos2 = photos(photoRow(8_000_000_000), ...rows).projectPhotos2
  const again = await pages(session.photos(gallery, first?.next ?? undefined))
  expect(again.flatMap((page) => page.photos)).toHaveLength(301)
})

test('photos keep the order of their rows within each scene, also where rows are not grouped', async () => {
  const rows = [photoRow(1, 'b.jpg', 72), photoRow(2, 'a.jpg', 71), photoRow(3, 'a.jpg', 72), photoRow(4, null, '71')]
  const { signIn } = await script({ ...dashboard({ 8: 4 }), ...photos(...rows) })
  const session = await signIn()
  const [page] = await pages(session.photos(gallery))
  expect(
    page?.photos.map(({ ref, filename, placements: [place] }) => [ref, filename, place?.setRef, place?.position]),
  ).toEqual([
    ['1', 'b.jpg', '72', 0],
    ['2', 'a.jpg', '71', 0],
    ['3', 'a.jpg', '72', 1],
    ['4', null, '71', 1],
  ])
  expect((await session.detail(gallery)).sets).toEqual([
    { ref: '71', parentRef: null, title: 'Day', position: 0 },
    { ref: '72', parentRef: null, title: 'Night', position: 1 },
  ])
})

test('photos of no scene lie in a set of their own, and a scene that only photos name keeps its id', async () => {
  const rows = [photoRow(1, 'a.jpg', null), photoRow(2, 'b.jpg', 99)]
  const { signIn } = await script({ ...dashboard({ 8: 2 }), ...photos(...rows) })
  const { sets } = await (await signIn()).detail(gallery)
  expect(sets.map(({ ref, title }) => [ref, title])).toEqual([
    ['71', 'Day'],
    ['72', 'Night'],
    ['99', ''],
    [null, ''],
  ])
})

test('a project with neither scenes nor photos has one empty set', async () => {
  const { signIn } = await script({ ...dashboard({ 8: 0 }), projectPhotos2: () => ({ photos_s: [] }) })
  const session = await signIn()
  expect((await session.detail(gallery)).sets).toEqual([{ ref: null, parentRef: null, title: '', position: 0 }])
  expect(await pages(session.photos(gallery))).toEqual([{ photos: [], next: null }])
})

test.each([
  ['no photos where some are stated', [], 3, Challenge],
  ['fewer photos than stated', [photoRow(1), photoRow(2)], 3, UnexpectedPage],
  ['no photos where nothing is stated', [], null, UnexpectedPage],
])('%s: listed again from a fresh dashboard, then loud', async (_, rows, stated, type) => {
  const { signIn, asked } = await script({ ...dashboard({ 8: stated }), ...photos(...rows) })
  const session = await signIn()
  for (const look of [() => pages(session.photos(gallery)), () => session.detail(gallery)]) {
    asked.length = 0
    await expect(look()).rejects.toThrow(type)
    expect(asked.filter(({ method }) => method === 'projectPhotos2')).toHaveLength(2)
    expect(asked.map(({ method }) => method)).toContain('dashboard')
  }
})

test('photos deleted since the dashboard was read are not missed', async () => {
  const { signIn, methods } = await script({ ...dashboard({ 8: 3 }), ...photos(photoRow(1), photoRow(2)) })
  const session = await signIn()
  await session.account()
  methods.dashboard = dashboard({ 8: 2 }).dashboard
  expect(await session.detail(gallery)).toMatchObject({ statedCount: 2, expectedCount: 2 })
})

test('more photos than stated are all expected', async () => {
  const { signIn } = await script({ ...dashboard({ 8: 1 }), ...photos(photoRow(1), photoRow(2)) })
  expect(await (await signIn()).detail(gallery)).toMatchObject({ statedCount: 1, expectedCount: 2 })
})

test.each([
  ['a.jpg', '1'],
  ['2.jpg', '2'],
  ['same.jpg', null],
  ['cover-9f2c.jpg', null],
  [null, null],
])('a cover named %s is the photo %s', async (cover, ref) => {
  const rows = [photoRow(1, 'a.jpg'), photoRow(2, 'b.jpg'), photoRow(3, 'same.jpg'), photoRow(4, 'same.jpg')]
  const { signIn } = await script({ ...dashboard({ 8: 4, 10: cover }), ...photos(...rows) })
  expect((await (await signIn()).detail(gallery)).coverRef).toBe(ref)
})

test('a detail and the listing after it share one answer; a second listing asks anew', async () => {
  const { signIn, asked } = await script()
  const session = await signIn()
  await session.detail(gallery)
  await pages(session.photos(gallery))
  expect(asked.map(({ method }) => method)).toEqual(['dashboard', 'loadProject', 'projectPhotos2'])
  await pages(session.photos(gallery))
  expect(asked.map(({ method }) => method).slice(3)).toEqual(['loadProject', 'projectPhotos2'])
})

test('a file named like a video is one', async () => {
  const { signIn } = await script({
    ...dashboard({ 8: 2 }),
    ...photos(photoRow(1, 'film.MP4'), photoRow(2, 'mp4.jpg')),
  })
  const [page] = await pages((await signIn()).photos(gallery))
  expect(page?.photos.map(({ kind }) => kind)).toEqual(['video', 'photo'])
})
