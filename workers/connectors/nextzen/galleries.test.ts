import { expect, test } from 'vitest'
import { SignInRefused, UnexpectedPage } from '../connector.ts'
import { paths, readAccount, script } from './testing.ts'

const album = (n: number, more = {}) => ({ x: `g${n}`, a: `Gallery ${n}`, d: false, e: true, f: [], g: n, ...more })
const entry = (n: number, more = {}) => ({
  id: `g${n}`,
  name: `Gallery ${n}`,
  photoCount: n,
  dateCreated: '2024-02-29T23:59:59+11:00',
  topMedia: [{ id: `p${n}`, photoVersion: 1, fileName: 'a.jpg' }],
  ...more,
})
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
const treeOf = (folderTree: unknown[], albumsCount: number, foldersCount = 0) => ({
  [paths.tree]: () => ({ folderTree, foldersCount, albumsCount }),
})
/** Gives at most `most` at once. */
const contentOf = (entries: unknown[], most = 100, count = entries.length) => ({
  [paths.content]: ({ query }: { query: URLSearchParams }) => {
    const skip = Number(query.get('skip'))
    return { count, galleriesContent: entries.slice(skip, skip + Math.min(most, Number(query.get('take')))) }
  },
})
const refsOf = (pages: { galleries: { ref: string }[] }[]) =>
  pages.flatMap(({ galleries }) => galleries.map(({ ref }) => ref))

test('asks for active and inactive galleries in pages of 100, and never past the stated count', async () => {
  const all = numbers(0, 205)
  const { signIn, asked } = await script({
    ...treeOf(
      all.map((n) => album(n)),
      205,
    ),
    ...contentOf(all.map((n) => entry(n))),
  })
  const pages = await readAccount((await signIn()).galleries())
  expect(refsOf(pages)).toEqual(all.map((n) => `g${n}`))
  expect(pages.at(-1)?.next).toBeNull()
  const queries = asked.filter(({ path }) => path === paths.content).map(({ query }) => query.toString())
  expect(queries).toEqual([0, 100, 200].map((skip) => `active=true&inactive=true&skip=${skip}&take=100`))
})

test('a page shorter than asked for is not the end', async () => {
  const { signIn, asked } = await script({
    ...treeOf(
      numbers(0, 7).map((n) => album(n)),
      7,
    ),
    ...contentOf(
      numbers(0, 7).map((n) => entry(n)),
      3,
    ),
  })
  expect(refsOf(await readAccount((await signIn()).galleries()))).toHaveLength(7)
  expect(asked.filter(({ path }) => path === paths.content).map(({ query }) => query.get('skip'))).toEqual([
    '0',
    '3',
    '6',
  ])
})

test('goes on at the cursor of every page, with the rest and nothing before it', async () => {
  const { signIn, asked } = await script({
    ...treeOf([{ x: 'f1', a: 'Folder', d: true, f: numbers(0, 9).map((n) => album(n)) }], 9, 1),
    ...contentOf(
      numbers(0, 9).map((n) => entry(n)),
      2,
    ),
  })
  const session = await signIn()
  const whole = await readAccount(session.galleries())
  expect(whole.length).toBe(5)
  for (const [i, { next }] of whole.slice(0, -1).entries()) {
    asked.length = 0
    expect(await readAccount((await signIn()).galleries(next ?? ''))).toEqual(whole.slice(i + 1))
    const skips = asked.filter(({ path }) => path === paths.content).map(({ query }) => Number(query.get('skip')))
    expect(Math.min(...skips)).toBe(2 * (i + 1))
  }
})

test('reads place, title, stated count, day as written and the first of the top media', async () => {
  const { signIn } = await script({
    ...treeOf(
      [{ x: 'f1', a: 'Clients', d: true, e: false, f: [{ x: 'f2', a: 'Berger', d: true, f: [] }, album(1)] }, album(2)],
      2,
      2,
    ),
    ...contentOf([entry(2, { topMedia: [] }), entry(1)]),
  })
  const [page] = await readAccount((await signIn()).galleries())
  expect(page?.folders.map(({ ref, parentRef, title, position }) => [ref, parentRef, title, position])).toEqual([
    ['f1', null, 'Clients', 0],
    ['f2', 'f1', 'Berger', 0],
  ])
  expect(page?.galleries).toEqual([
    expect.objectContaining({ ref: 'g2', folderRef: null, position: 1, statedCount: 2, coverRef: null, access: null }),
    expect.objectContaining({ ref: 'g1', folderRef: 'f1', position: 1, date: '2024-02-29', coverRef: 'p1' }),
  ])
})

test.each([
  ['2024-02-30T00:00:00Z', null],
  ['0001-01-01T00:00:00', null],
  ['29/02/2024', null],
  [1709164800000, null],
  ['2024-02-29', '2024-02-29'],
])('the date %s is the day %s', async (dateCreated, date) => {
  const { signIn } = await script({ ...treeOf([album(1)], 1), ...contentOf([entry(1, { dateCreated })]) })
  const [page] = await readAccount((await signIn()).galleries())
  expect(page?.galleries[0]?.date).toBe(date)
})

test('takes keys in another casing and numbers as text', async () => {
  const { signIn } = await script({
    [paths.tree]: () => ({ FolderTree: [{ ...album(1), e: 'true', g: '12' }], AlbumsCount: '1' }),
    [paths.content]: () => ({ Count: '1', GalleriesContent: [{ Id: 'g1', Name: 'One', PhotoCount: '12' }] }),
  })
  const [page] = await readAccount((await signIn()).galleries())
  expect(page?.galleries).toEqual([expect.objectContaining({ ref: 'g1', title: 'One', statedCount: 12 })])
})

test.each([
  ['numbers', { d: 1, e: 0 }, { d: 0, e: 1 }],
  ['text', { d: '1', e: '0' }, { d: '0', e: '1' }],
  ['words', { d: 'True', e: 'False' }, { d: 'False', e: 'True' }],
])('an empty folder is none of the galleries where flags come as %s', async (_, folder, gallery) => {
  const { signIn } = await script({
    ...treeOf([{ x: 'f1', a: 'Folder', f: [], g: 0, ...folder }, album(1, gallery)], 1, 1),
    ...contentOf([entry(1)]),
  })
  const [page] = await readAccount((await signIn()).galleries())
  expect(page?.folders.map(({ ref }) => ref)).toEqual(['f1'])
  expect(page?.galleries.map(({ ref }) => ref)).toEqual(['g1'])
})

test('a gallery whose id is in another casing in the tree comes once, in its folder', async () => {
  const ref = '5B489A7A-5CB7-4E50-ACB2-42D578115577'
  const { signIn } = await script({
    ...treeOf([{ x: 'f1', a: 'Folder', d: true, f: [album(1, { x: ref.toLowerCase() })] }], 1, 1),
    ...contentOf([entry(1, { id: ref })]),
  })
  const pages = await readAccount((await signIn()).galleries())
  expect(pages.flatMap(({ galleries }) => galleries)).toEqual([expect.objectContaining({ ref, folderRef: 'f1' })])
})

test('a list and a tree that have no gallery in common are not added up', async () => {
  const { signIn } = await script({ ...treeOf([album(1)], 1), ...contentOf([entry(1, { id: 'other' })]) })
  await expect(readAccount((await signIn()).galleries())).rejects.toThrow(/galleriesContent\[\]\.id/)
})

test('a gallery skipped by pages that moved meanwhile still comes, from the tree', async () => {
  const pages = [[entry(1), entry(2)], [entry(2)]]
  const { signIn } = await script({
    ...treeOf([album(1), album(2), album(3)], 3),
    [paths.content]: ({ query }) => ({ count: 2, galleriesContent: pages[query.get('skip') === '0' ? 0 : 1] }),
  })
  expect(refsOf(await readAccount((await signIn()).galleries()))).toEqual(['g1', 'g2', 'g3'])
})

test('a gallery that the tree lacks stands at the top, behind everything', async () => {
  const { signIn } = await script({ ...treeOf([album(1)], 1), ...contentOf([entry(1), entry(2)]) })
  const [page] = await readAccount((await signIn()).galleries())
  expect(page?.galleries.map(({ ref, folderRef, position }) => [ref, folderRef, position])).toEqual([
    ['g1', null, 0],
    ['g2', null, 2],
  ])
})

test('overlapping pages are looked at a second time, and then are loud', async () => {
  const { signIn, asked } = await script({
    ...treeOf([album(1)], 1),
    [paths.content]: () => ({ count: 2, galleriesContent: [entry(1)] }),
  })
  await expect(readAccount((await signIn()).galleries())).rejects.toThrow(/galleriesContent, 1 of 2 missing/)
  expect(asked.filter(({ path }) => path === paths.content)).toHaveLength(4)
})

test.each([
  ['fewer albums than stated', treeOf([album(1)], 2), /folderTree, 1 of 2 albums missing/],
  ['an empty tree where albums are stated', treeOf([], 2), /folderTree, 2 of 2/],
  ['no page where galleries are stated', contentOf([], 100, 5), /galleriesContent, an empty list at 0 of 5/],
  ['a tree under another name', { [paths.tree]: () => ({ nodes: [] }) }, /folders\/tree: folderTree/],
  ['titles under another name', treeOf([{ x: 'g1', e: true, g: 1 }], 1), /folderTree\[\]\.a/],
  ['neither folder nor album', treeOf([{ x: 'g1', a: 'One' }], 1), /folderTree\[\]\.d or \.e/],
  ['counts under another name', contentOf([{ id: 'g1', name: 'One' }]), /galleriesContent\[\]\.photoCount/],
  ['an id that lost digits', contentOf([entry(1, { id: 2 ** 60 })]), /galleriesContent\[0\]\.id/],
])('is loud about %s', async (_, answers, expected) => {
  const { signIn } = await script({ ...treeOf([album(1)], 1), ...contentOf([entry(1)]), ...answers })
  const error = await readAccount((await signIn()).galleries()).catch((reason) => reason)
  expect(error).toBeInstanceOf(UnexpectedPage)
  expect(error.expected).toMatch(expected)
})

test('an account without any gallery is told to a person, who may mean Classic', async () => {
  const { signIn } = await script({ ...treeOf([], 0), ...contentOf([]) })
  const session = await signIn()
  for (const look of [() => readAccount(session.galleries()), () => session.account()]) {
    const error = await look().catch((reason) => reason)
    expect(error).toBeInstanceOf(SignInRefused)
    expect(error.todo).toMatch(/holds no galleries.*"Zenfolio Classic"/)
  }
})

test('tells how many galleries and photos the account has, and its name where the bearer does', async () => {
  const claims = Buffer.from(JSON.stringify({ sub: 'u1', name: 'Atelier' })).toString('base64url')
  const { signIn } = await script({ ...treeOf([album(2), album(3)], 2), ...contentOf([entry(2), entry(3)]) })
  const named = await signIn({ bearer: 'x' }, { bearer: `e30.${claims}.x` })
  expect(await named.account()).toEqual({ ref: 'u1', name: 'Atelier', galleries: 2, photos: 5, bytes: null })
  const opaque = await signIn({ bearer: 'x' }, { bearer: 'opaque' })
  expect(await opaque.account()).toMatchObject({ ref: null, name: 'Zenfolio' })
})
