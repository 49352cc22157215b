import { expect, test } from 'vitest'
import { type AccountPage, type SourceSession, UnexpectedPage } from '../connector.ts'
import { listed, listing, script } from './testing.ts'

async function pagesOf(session: SourceSession, cursor?: string): Promise<AccountPage[]> {
  return Array.fromAsync(session.galleries(cursor))
}
const refsOf = (pages: AccountPage[]) => [...new Set(pages.flatMap(({ galleries }) => galleries.map(({ ref }) => ref)))]
const at = (page: number) => `/dashboard_listings?page=${page}`
const three = { last_page: 3, total: 3 }

test('reads every page, and page 1 again at the end', async () => {
  const { signIn, asked } = await script({
    [at(1)]: listing([listed(1)], three),
    [at(2)]: listing([listed(2)], three),
    [at(3)]: listing([listed(3)], three),
  })
  expect(refsOf(await pagesOf(await signIn()))).toEqual(['1', '2', '3'])
  expect(asked.map(({ address }) => address)).toEqual([at(1), at(2), at(3), at(1)])
})

test('goes on at a cursor and asks for no earlier page', async () => {
  const { signIn, asked } = await script({
    [at(1)]: listing([listed(1)], three),
    [at(2)]: listing([listed(2)], three),
    [at(3)]: listing([listed(3)], three),
  })
  const whole = await pagesOf(await signIn())
  asked.length = 0
  const rest = await pagesOf(await signIn(), whole[1]?.next ?? '')
  expect(rest).toEqual(whole.slice(2))
  expect(asked.map(({ address }) => address)).toEqual([at(3), at(1)])
})

test('a collection that was added meanwhile is found, and the moved list is read once more', async () => {
  let added = false
  const { signIn } = await script({
    [at(1)]: () =>
      added
        ? listing([listed(9), listed(1)], { last_page: 2, total: 4 })
        : listing([listed(1), listed(2)], { last_page: 2, total: 3 }),
    [at(2)]: () => {
      added = true
      return listing([listed(2), listed(3)], { last_page: 2, total: 4 })
    },
  })
  expect(refsOf(await pagesOf(await signIn())).toSorted()).toEqual(['1', '2', '3', '9'])
})

test('a collection that slipped to a page already read, because another was deleted, is found', async () => {
  let deleted = false
  const { signIn } = await script({
    [at(1)]: () =>
      deleted
        ? listing([listed(2), listed(3)], { last_page: 2, total: 3 })
        : listing([listed(1), listed(2)], { last_page: 2, total: 4 }),
    [at(2)]: () => {
      deleted = true
      return listing([listed(4)], { last_page: 2, total: 3 })
    },
  })
  expect(refsOf(await pagesOf(await signIn())).toSorted()).toEqual(['1', '2', '3', '4'])
})

test.each([
  ['fewer collections than stated', { [at(1)]: listing([listed(1)], { total: 2 }) }],
  [
    'an empty page where more are stated',
    { [at(1)]: listing([listed(1)], { last_page: 2, total: 2 }), [at(2)]: listing([], { last_page: 2, total: 2 }) },
  ],
  [
    'a folder of more collections than are listed',
    { [at(1)]: listing([listed(1)], {}, [{ id: 5, name: 'F', collection_count: 2 }]) },
  ],
])('%s is loud', async (_, answers) => {
  const { signIn } = await script(answers)
  const error = await pagesOf(await signIn()).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(UnexpectedPage)
  expect((error as UnexpectedPage).expected).toMatch(/data\.data\.(collections|folders)/)
})

test('without numbers of pages it reads on until nothing new comes', async () => {
  const bare = (collections: object[]) => ({ data: { data: { collections, folders: [] } } })
  const { signIn } = await script({
    [at(1)]: bare([listed(1)]),
    [at(2)]: bare([listed(2)]),
    [at(3)]: bare([listed(2)]),
  })
  expect(refsOf(await pagesOf(await signIn()))).toEqual(['1', '2'])
})

test('ids as text and as numbers are the same', async () => {
  const folders = [
    { id: '7', name: 'Outer' },
    { id: 8, name: 'Inner', parent_id: '7' },
  ]
  const { signIn } = await script({
    [at(1)]: listing([listed(1, { folder_id: '8', photo_count: '12' })], { total: '1', last_page: '1' }, folders),
  })
  const [page] = await pagesOf(await signIn())
  expect(page?.galleries[0]).toMatchObject({ ref: '1', folderRef: '8', statedCount: 12 })
  expect(page?.folders.map(({ ref, parentRef }) => [ref, parentRef])).toEqual([
    ['7', null],
    ['8', '7'],
  ])
})

test('folders inside folders and collections inside them are found too', async () => {
  const nested = { id: 7, name: 'Outer', children: [{ id: 8, name: 'Inner', collections: [listed(2)] }] }
  const { signIn } = await script({ [at(1)]: listing([listed(1)], { total: 1 }, [nested]) })
  const pages = await pagesOf(await signIn())
  expect(pages[0]?.folders.map(({ ref, parentRef }) => [ref, parentRef])).toEqual([
    ['7', null],
    ['8', '7'],
  ])
  expect(pages[0]?.galleries.find(({ ref }) => ref === '2')?.folderRef).toBe('8')
})

test('a folder that is not listed is told, not guessed', async () => {
  const { signIn, notes } = await script({ [at(1)]: listing([listed(1, { folder_id: 99 })]) })
  expect((await pagesOf(await signIn()))[0]?.galleries[0]?.folderRef).toBe('99')
  expect(notes).toContainEqual(['collections in folders that are not listed', { count: 1 }])
})
