// biome-ignore-all lint/correctness/noComponentHookFactories: Zenfolio's methods begin with a capital, and are no components.
import { expect, test } from 'vitest'
import { type Page, SessionExpired, SourceFault, type SourcePhoto, UnexpectedPage } from '../connector.ts'
import { Raw, refusal, script } from './testing.ts'

const gallery = { ref: '562597392871954814', virtual: false, statedCount: null }
const idOf = (n: number) => `17101829344355405${String(n).padStart(2, '0')}`
const photoAt = (n: number) =>
  `{"$type":"Photo","Id":${idOf(n)},"Gallery":${gallery.ref},"FileName":"${n}.jpg","Keywords":[],"OriginalUrl":"http://127.0.0.1/p${n}.jpg"}`
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
const photosAt = (from: number, to: number) => `[${numbers(from, to).map(photoAt).join(',')}]`
const setOf = (PhotoCount: number, more = {}) => ({
  $type: 'PhotoSet',
  Id: gallery.ref,
  Type: 'Gallery',
  PhotoCount,
  FileCount: 0,
  ...more,
})

async function read(pages: AsyncIterable<Page>): Promise<Page[]> {
  const list: Page[] = []
  for await (const page of pages) list.push(page)
  return list
}
const refsOf = (pages: Page[]) => pages.flatMap(({ photos }) => photos.map(({ ref }) => ref))
const placesOf = (photos: SourcePhoto[]) => photos.map(({ placements }) => placements[0]?.position)

test('a short page is not the end, and the stated count saves the question past it', async () => {
  const { signIn, asked } = await script({
    LoadPhotoSet: () => setOf(25),
    LoadPhotoSetPhotos: (_: string, from: number) => photosAt(from, Math.min(25, from + 10)),
  })
  const pages = await read((await signIn()).photos(gallery))
  expect(refsOf(pages)).toEqual(numbers(0, 25).map(idOf))
  expect(placesOf(pages.flatMap(({ photos }) => photos))).toEqual(numbers(0, 25))
  const lists = asked.filter(({ method }) => method === 'LoadPhotoSetPhotos')
  expect(lists.map(({ parameters }) => parameters[1])).toEqual([0, 10, 20])
})

test('isolates the photo that the server cannot list, and still gets it', async () => {
  const { signIn, asked } = await script({
    LoadPhotoSet: () => setOf(40),
    LoadPhotoSetPhotos: (_: string, from: number, count: number) =>
      from <= 17 && 17 < from + count
        ? new Raw(500, 'text/html', '<html>')
        : photosAt(from, Math.min(40, from + count)),
    LoadPhotoSetPhotoSizes: (_: string, from: number) => `[{"Id":${idOf(from)},"Width":1,"Height":2}]`,
    LoadPhoto: () => photoAt(17),
  })
  const pages = await read((await signIn()).photos(gallery))
  expect(refsOf(pages)).toEqual(numbers(0, 40).map(idOf))
  expect(asked.filter(({ method }) => method === 'LoadPhoto')).toHaveLength(1)
  const sizes = asked
    .filter(({ method }) => method === 'LoadPhotoSetPhotos')
    .map(({ parameters }) => Number(parameters[2]))
  expect(sizes.at(-1)).toBeGreaterThan(1)
})

test('a photo that cannot be loaded at all is listed by its id, so that it fails by itself', async () => {
  const { signIn } = await script({
    LoadPhotoSet: () => setOf(3),
    LoadPhotoSetPhotos: (_: string, from: number, count: number) =>
      from <= 1 && 1 < from + count ? new Raw(500, 'text/html', '<html>') : photosAt(from, Math.min(3, from + count)),
    LoadPhotoSetPhotoSizes: (_: string, from: number) => `[{"Id":${idOf(from)},"Width":1,"Height":2}]`,
  })
  const pages = await read((await signIn()).photos(gallery))
  expect(refsOf(pages)).toEqual(numbers(0, 3).map(idOf))
  expect(pages.flatMap(({ photos }) => photos)[1]).toMatchObject({ filename: null, handle: { url: null } })
})

test('a server that only fails is a fault, not a poison photo', async () => {
  const { signIn, asked } = await script({ LoadPhotoSet: () => setOf(3) })
  await expect(read((await signIn()).photos(gallery))).rejects.toThrow(SourceFault)
  expect(asked.length).toBeLessThan(15)
})

test('pages that overlap give every photo once', async () => {
  const { signIn } = await script({
    LoadPhotoSet: () => setOf(30),
    LoadPhotoSetPhotos: (_: string, from: number) => photosAt(Math.max(0, from - 3), Math.min(30, from + 10)),
  })
  expect(refsOf(await read((await signIn()).photos(gallery)))).toEqual(numbers(0, 30).map(idOf))
})

test('a photo that slipped by is found by a second look', async () => {
  let looks = 0
  const { signIn } = await script({
    LoadPhotoSet: () => setOf(20),
    LoadPhotoSetPhotos: (_: string, from: number) => {
      if (from === 0) looks++
      const skip = looks === 1 && from >= 10 ? 1 : 0
      return photosAt(from + skip, Math.min(20, from + 10))
    },
  })
  const pages = await read((await signIn()).photos(gallery))
  expect(refsOf(pages).toSorted()).toEqual(numbers(0, 20).map(idOf))
  expect(pages.at(-1)?.next).toBeNull()
})

test('a gallery that lost a photo meanwhile is whole with what it has', async () => {
  let stated = 21
  const { signIn } = await script({
    LoadPhotoSet: () => setOf(stated--),
    LoadPhotoSetPhotos: (_: string, from: number) => photosAt(from, 20),
  })
  expect(refsOf(await read((await signIn()).photos(gallery)))).toHaveLength(20)
})

test.each([
  ['fewer photos than stated', 4, /fewer photos than stated, 2 missing of 6/],
  ['an empty list', 0, /an empty list where 6 photos are stated/],
])('%s is loud, after a second look', async (_, there, expected) => {
  const { signIn, asked } = await script({
    LoadPhotoSet: () => setOf(6),
    LoadPhotoSetPhotos: (_: string, from: number) => photosAt(from, there),
  })
  const error = await read((await signIn()).photos(gallery)).catch((reason) => reason)
  expect(error).toBeInstanceOf(UnexpectedPage)
  expect(error.expected).toMatch(expected)
  expect(asked.filter(({ method }) => method === 'LoadPhotoSet')).toHaveLength(3)
})

test('null for a list is its end where all that is stated came, and loud before', async () => {
  const { signIn, methods } = await script({ LoadPhotoSet: () => setOf(0), LoadPhotoSetPhotos: () => 'null' })
  const session = await signIn()
  expect(refsOf(await read(session.photos(gallery)))).toEqual([])
  for (const stated of [{ PhotoCount: 1 }, { PhotoCount: null }]) {
    methods.LoadPhotoSet = () => setOf(0, stated)
    await expect(read(session.photos(gallery))).rejects.toThrow(UnexpectedPage)
  }
})

test('the same page for every index ends loudly', async () => {
  const { signIn } = await script({ LoadPhotoSet: () => setOf(30), LoadPhotoSetPhotos: () => photosAt(0, 10) })
  await expect(read((await signIn()).photos(gallery))).rejects.toThrow(UnexpectedPage)
})

test('looks at a photo alone only where the list leaves out its keywords or its name', async () => {
  const bare = (n: number) => photoAt(n).replace('"Keywords":[],', '')
  const { signIn, asked } = await script({
    LoadPhotoSet: () => setOf(3),
    LoadPhotoSetPhotos: () => `[${photoAt(0)},${bare(1)},${photoAt(2)}]`,
    LoadPhoto: () => photoAt(1).replace('[]', '["bride"]'),
  })
  const [page] = await read((await signIn()).photos(gallery))
  expect(page?.photos.map(({ keywords }) => keywords)).toEqual([[], ['bride'], []])
  expect(asked.filter(({ method }) => method === 'LoadPhoto').map(({ parameters }) => parameters)).toEqual([
    [idOf(1), 'Full'],
  ])
})

test('keeps what it has of a batch when a later photo of it cannot be looked at', async () => {
  const bare = (n: number) => photoAt(n).replace('"Keywords":[],', '')
  const { signIn, methods } = await script({
    LoadPhotoSet: () => setOf(30),
    LoadPhotoSetPhotos: (_: string, from: number) => `[${numbers(from, 30).map(bare).join(',')}]`,
    LoadPhoto: (id: string) => (id === idOf(25) ? new Raw(500, 'text/html', '<html>') : photoAt(Number(id.slice(-2)))),
  })
  const session = await signIn()
  const pages: Page[] = []
  const broken = (async () => {
    for await (const page of session.photos(gallery)) pages.push(page)
  })()
  await expect(broken).rejects.toThrow(SourceFault)
  methods.LoadPhoto = (id: string) => photoAt(Number(id.slice(-2)))
  const rest = await read(session.photos(gallery, pages.at(-1)?.next ?? ''))
  expect(refsOf(pages)).toEqual(numbers(0, 20).map(idOf))
  expect(refsOf(rest)).toEqual(numbers(20, 30).map(idOf))
})

test('a field that is gone from every photo is named', async () => {
  const renamed = (n: number) => photoAt(n).replace('OriginalUrl', 'OriginalAddress')
  const { signIn } = await script({
    LoadPhotoSet: () => setOf(2),
    LoadPhotoSetPhotos: () => `[${renamed(0)},${renamed(1)}]`,
    LoadPhoto: () => renamed(0),
  })
  const error = await read((await signIn()).photos(gallery)).catch((reason) => reason)
  expect(error).toBeInstanceOf(UnexpectedPage)
  expect(error.expected).toContain('Photo.OriginalUrl')
})

test('a field that LoadPhoto tells to be empty is not gone', async () => {
  const bare = photoAt(0).replace('"FileName":"0.jpg","Keywords":[],', '')
  const { signIn } = await script({
    LoadPhotoSet: () => setOf(1),
    LoadPhotoSetPhotos: () => `[${bare}]`,
    LoadPhoto: () => bare.replace('{', '{"FileName":null,"Keywords":null,'),
  })
  const [page] = await read((await signIn()).photos(gallery))
  expect(page?.photos).toMatchObject([{ ref: idOf(0), filename: null, keywords: [] }])
})

test('files come after the pictures, and a cursor among them resumes there', async () => {
  const fileAt = (n: number) =>
    `{"$type":"GalleryFile","Id":${900 + n},"FileName":"${n}.cr2","Size":5,"OriginalUrl":"http://127.0.0.1/f${n}"}`
  const { signIn, asked } = await script({
    LoadPhotoSet: () => setOf(2, { FileCount: 3 }),
    LoadPhotoSetPhotos: (_: string, from: number) => photosAt(from, 2),
    LoadGalleryFiles: (_: string, from: number) =>
      `[${numbers(from, Math.min(3, from + 2))
        .map(fileAt)
        .join(',')}]`,
  })
  const session = await signIn()
  const pages = await read(session.photos(gallery))
  expect(placesOf(pages.flatMap(({ photos }) => photos))).toEqual(numbers(0, 5))
  expect(pages.flatMap(({ photos }) => photos.map(({ kind }) => kind))).toEqual([
    'photo',
    'photo',
    'file',
    'file',
    'file',
  ])
  asked.length = 0
  expect(await read(session.photos(gallery, pages[1]?.next ?? ''))).toEqual(pages.slice(2))
  expect(asked.map(({ method }) => method)).toEqual(['LoadPhotoSet', 'LoadGalleryFiles', 'LoadPrivateProfile'])
})

test('no such list of files is none where none is stated, and never a gallery that is gone', async () => {
  const { signIn, methods } = await script({
    LoadPhotoSet: () => setOf(1, { FileCount: null }),
    LoadPhotoSetPhotos: () => photosAt(0, 1),
    LoadGalleryFiles: () => refusal('E_NOSUCHOBJECT'),
  })
  const session = await signIn()
  expect((await session.detail(gallery)).expectedCount).toBe(1)
  expect(refsOf(await read(session.photos(gallery)))).toEqual([idOf(0)])
  methods.LoadPhotoSet = () => setOf(1, { FileCount: 2 })
  await expect(read(session.photos(gallery))).rejects.toThrow(UnexpectedPage)
})

test('sizes that come as digits in quotes are numbers', async () => {
  const sized = photoAt(0).replace('{', '{"Size":"482933","Width":"878","Height":"598",')
  const file =
    '{"$type":"GalleryFile","Id":900,"FileName":"0.cr2","Size":"51234567890","OriginalUrl":"http://127.0.0.1/f"}'
  const { signIn } = await script({
    LoadPhotoSet: () => setOf(1, { FileCount: 1 }),
    LoadPhotoSetPhotos: () => `[${sized}]`,
    LoadGalleryFiles: () => `[${file}]`,
  })
  const pages = await read((await signIn()).photos(gallery))
  expect(pages.flatMap(({ photos }) => photos)).toMatchObject([
    { bytes: 482933, width: 878, height: 598 },
    { bytes: 51234567890 },
  ])
})

test('a gallery is not called whole by a session that ended on the way', async () => {
  const { signIn, methods } = await script({ LoadPhotoSet: () => setOf(1), LoadPhotoSetPhotos: () => photosAt(0, 1) })
  const session = await signIn()
  methods.LoadPrivateProfile = () => refusal('E_NOTAUTHENTICATED')
  await expect(read(session.photos(gallery))).rejects.toThrow(SessionExpired)
})
