import { expect, test } from 'vitest'
import { type Page, type SourceSession, UnexpectedPage } from '../connector.ts'
import { aPhoto, aSet, listed, script } from './testing.ts'

const gallery = { ref: '1', virtual: false, statedCount: 1 }
const setAt = (id: number) => `/galleries/${id}?expand=photos.starred%2Cvideos`
const opened = (id: number, photos: object[], videos: object[] = []) => ({ data: { ...aSet(id), photos, videos } })
const pagesOf = (session: SourceSession, cursor?: string): Promise<Page[]> =>
  Array.fromAsync(session.photos(gallery, cursor))
const photosOf = async (session: SourceSession) => (await pagesOf(session)).flatMap(({ photos }) => photos)
const aVideo = (id: number, more: object = {}) => ({
  id,
  name: 'film.mp4',
  rank: 1,
  mux_status: 2,
  metadata: JSON.stringify({ static_renditions: { files: [{ name: 'low.mp4', width: 9 }] } }),
  video_source: '{origin}/v.m3u8?token=t',
  ...more,
})

test('a set of 10,000 photos comes in pages of at most 500, each with a cursor', async () => {
  const many = Array.from({ length: 10_000 }, (_, i) => aPhoto(10_000 - i))
  const { signIn, asked } = await script({
    '/collections/1/galleries': { data: [aSet(5, { photo_count: '10000' })] },
    [setAt(5)]: opened(5, many),
  })
  const session = await signIn()
  const pages = await pagesOf(session)
  expect(pages.map(({ photos }) => photos.length)).toEqual(Array(20).fill(500))
  const all = pages.flatMap(({ photos }) => photos)
  expect(all.map(({ ref }) => Number(ref))).toEqual(Array.from({ length: 10_000 }, (_, i) => i + 1))
  expect(all.map(({ placements }) => placements[0]?.position)).toEqual(all.map((_, i) => i))
  asked.length = 0
  expect(await pagesOf(session, pages[12]?.next ?? '')).toEqual(pages.slice(13))
  expect(asked.map(({ address }) => address)).toEqual([setAt(5)])
})

test('goes on after the last photo that was handed on, also where an earlier one was deleted meanwhile', async () => {
  const some = Array.from({ length: 700 }, (_, i) => aPhoto(i + 1))
  const { signIn, answers } = await script({
    '/collections/1/galleries': { data: [aSet(5, { photo_count: 690 })] },
    [setAt(5)]: opened(5, some),
  })
  const session = await signIn()
  const [first] = await pagesOf(session)
  answers[setAt(5)] = opened(5, some.slice(10))
  const rest = (await pagesOf(session, first?.next ?? '')).flatMap(({ photos }) => photos)
  expect(rest[0]?.ref).toBe('501')
  expect(rest).toHaveLength(200)
})

test('no set is asked for again once its photos were handed on', async () => {
  const { signIn, asked } = await script({
    '/collections/1/galleries': { data: [aSet(5, { photo_count: 1 }), aSet(6), aSet(7, { photo_count: 1 })] },
    [setAt(5)]: opened(5, [aPhoto(1)]),
    [setAt(6)]: opened(6, []),
    [setAt(7)]: opened(7, [aPhoto(2)]),
  })
  const session = await signIn()
  const pages = await pagesOf(session)
  asked.length = 0
  expect(await pagesOf(session, pages[1]?.next ?? '')).toEqual(pages.slice(2))
  expect(asked.map(({ address }) => address)).toEqual([setAt(7)])
})

test.each([
  [
    'fewer photos than its collection states',
    [aSet(5, { photo_count: 3 })],
    opened(5, [aPhoto(1), aPhoto(2)]),
    'photos',
  ],
  ['no photos where some are stated', [aSet(5, { photo_count: '3' })], opened(5, []), 'photos'],
  ['the same photo twice', [aSet(5, { photo_count: 2 })], opened(5, [aPhoto(1), aPhoto(1)]), 'photos'],
  ['fewer videos than its collection states', [aSet(5, { video_count: 1 })], opened(5, []), 'videos'],
  ['no list of photos', [aSet(5)], { data: { ...aSet(5), images: [] } }, 'photos'],
  ['another set', [aSet(5)], opened(6, []), 'data.id'],
  ['photos without names', [aSet(5, { photo_count: 1 })], opened(5, [{ ...aPhoto(1), name: undefined }]), 'name'],
  ['no sets at all where photos are stated', [], {}, 'sets'],
])('a set with %s is loud', async (_, sets, answer, named) => {
  const { signIn } = await script({ '/collections/1/galleries': { data: sets }, [setAt(5)]: answer })
  const error = await photosOf(await signIn()).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(UnexpectedPage)
  expect((error as UnexpectedPage).expected).toContain(named)
})

test('an empty list of sets is believed only where another call agrees', async () => {
  const { signIn, answers } = await script({
    '/collections/1/galleries': { data: [] },
    '/collections/1/before_show': { data: { collection: listed(1), galleries: [] } },
  })
  const session = await signIn()
  const empty = { ...gallery, statedCount: 0 }
  expect(await Array.fromAsync(session.photos(empty))).toEqual([{ photos: [], next: null }])
  answers['/collections/1/before_show'] = { data: { collection: listed(1), galleries: [aSet(5)] } }
  await expect(Array.fromAsync(session.photos(empty))).rejects.toBeInstanceOf(UnexpectedPage)
})

test('a set that was deleted meanwhile is passed over where its collection lists it no more', async () => {
  let sets = [aSet(5), aSet(6, { photo_count: 1 })]
  const { signIn } = await script({
    '/collections/1/galleries': () => {
      const told = { data: sets }
      sets = sets.slice(1)
      return told
    },
    [setAt(6)]: opened(6, [aPhoto(1)]),
  })
  expect((await photosOf(await signIn())).map(({ ref }) => ref)).toEqual(['1'])
})

test('photos are ordered by rank as a number, photos before videos on a tie, those without one last', async () => {
  const photos = [
    aPhoto(1, { rank: '10' }),
    aPhoto(2, { rank: 9 }),
    aPhoto(3, { rank: null }),
    aPhoto(4, { rank: '1' }),
  ]
  const { signIn } = await script({
    '/collections/1/galleries': { data: [aSet(5, { photo_count: 4, video_count: 2 })] },
    [setAt(5)]: opened(5, photos, [aVideo(50, { rank: '9' }), aVideo(51, { rank: 2 })]),
  })
  expect((await photosOf(await signIn())).map(({ ref }) => ref)).toEqual(['4', '51', '2', '50', '1', '3'])
})

test('a photo and a video with one number are two', async () => {
  const { signIn } = await script({
    '/collections/1/galleries': { data: [aSet(5, { photo_count: 1, video_count: 1 })] },
    [setAt(5)]: opened(5, [aPhoto(7, { rank: 2 })], [aVideo(7)]),
  })
  const photos = await photosOf(await signIn())
  expect(photos.map(({ ref, kind }) => [ref, kind])).toEqual([
    ['video-7', 'video'],
    ['7', 'photo'],
  ])
})

test('keeps names and captions byte for byte; an empty one is none', async () => {
  const names = [' ends ', 'Cafe\u0301.jpg', '']
  const { signIn } = await script({
    '/collections/1/galleries': { data: [aSet(5, { photo_count: 3 })] },
    [setAt(5)]: opened(
      5,
      names.map((name, i) => aPhoto(i + 1, { name, description: name })),
    ),
  })
  const photos = await photosOf(await signIn())
  expect(photos.map(({ filename, caption }) => [filename, caption])).toEqual([
    [' ends ', ' ends '],
    ['Cafe\u0301.jpg', 'Cafe\u0301.jpg'],
    [null, null],
  ])
})

test('photos of private sets and private photos are marked, others are not', async () => {
  const { signIn } = await script({
    '/collections/1/galleries': { data: [aSet(5, { photo_count: 2 }), aSet(6, { photo_count: 1, private: 1 })] },
    [setAt(5)]: opened(5, [aPhoto(1), aPhoto(2, { mark_private_at: '2024-01-01 00:00:00' })]),
    [setAt(6)]: opened(6, [aPhoto(3)]),
  })
  expect((await photosOf(await signIn())).map(({ access }) => access)).toEqual([null, 'private', 'private'])
})
