import { expect, test } from 'vitest'
import { type FavouriteList, NotAvailable } from '../connector.ts'
import { jsonWith, listed, script } from './testing.ts'

async function favourites(answer: unknown, more: object = {}): Promise<FavouriteList[]> {
  const { signIn } = await script({
    '/collections/1/favorites': answer,
    '/collections/1': { data: listed(1) },
    ...more,
  })
  const session = await signIn()
  return Array.fromAsync(session.favourites?.(['1']) ?? [])
}

const list = { ref: '7', galleryRef: '1', name: 'Picks', owner: 'oma@example.com', photoRefs: ['3', '4'] }

test.each<[string, unknown]>([
  ['with ids', { data: [{ id: 7, name: 'Picks', email: 'oma@example.com', photos: [3, '4'] }] }],
  [
    'with objects',
    {
      data: {
        data: [
          {
            fk: '7',
            name: 'Picks',
            client: { email: 'oma@example.com' },
            photos: [{ id: 1, photo_id: 3 }, { id: '4' }],
          },
        ],
      },
    },
  ],
  [
    'with ids of another name',
    { data: [{ key: '7', name: 'Picks', visitor: { email: 'oma@example.com' }, photo_ids: ['3', '4'] }] },
  ],
])('reads lists %s', async (_, answer) => {
  expect(await favourites(answer)).toEqual([list])
})

test('a list whose photos are not told says so', async () => {
  expect(await favourites({ data: [{ id: 7, name: 'Picks', photo_count: 3 }] })).toEqual([
    { ...list, owner: null, photoRefs: null },
  ])
})

test('reads further pages where there are some', async () => {
  const page = (id: number) => ({ data: [{ id, name: 'L', photos: [] }], meta: { last_page: 2 } })
  const found = await favourites(page(1), { '/collections/1/favorites?page=2': page(2) })
  expect(found.map(({ ref }) => ref)).toEqual(['1', '2'])
})

test('no list is none', async () => {
  expect(await favourites({ data: [] })).toEqual([])
})

test.each<[string, unknown]>([
  ['an unknown shape', { data: { clients: 3 } }],
  ['lists without ids', { data: [{ name: 'Picks' }] }],
  ['picked photos instead of lists', { data: [{ id: 7, photo_id: 3, email: 'oma@example.com' }] }],
  ['a refusal', jsonWith(403)],
  ['an address that is not there', jsonWith(404)],
])('%s is told as not available, so that the report says lost', async (_, answer) => {
  await expect(favourites(answer)).rejects.toBeInstanceOf(NotAvailable)
})

test('a collection that was deleted meanwhile has none', async () => {
  expect(await favourites(jsonWith(404), { '/collections/1': jsonWith(410) })).toEqual([])
})

test('what cannot be had of one collection does not lose the lists of the others', async () => {
  const { signIn } = await script({
    '/collections/1/favorites': { data: null },
    '/collections/2/favorites': { data: [{ id: 7, name: 'Picks', email: 'oma@example.com', photos: [3, '4'] }] },
    '/collections/3/favorites': jsonWith(403),
  })
  const found: FavouriteList[] = []
  const all = (await signIn()).favourites?.(['1', '2', '3']) ?? []
  const reading = (async () => {
    for await (const one of all) found.push(one)
  })()
  await expect(reading).rejects.toBeInstanceOf(NotAvailable)
  expect(found).toEqual([{ ...list, galleryRef: '2' }])
})

test('many collections in a row without lists that can be had are enough', async () => {
  const refs = Array.from({ length: 300 }, (_, i) => String(i + 1))
  const { signIn, asked } = await script(
    Object.fromEntries(refs.map((ref) => [`/collections/${ref}/favorites`, { data: { clients: 3 } }])),
  )
  const all = (await signIn()).favourites?.(refs) ?? []
  await expect(Array.fromAsync(all)).rejects.toBeInstanceOf(NotAvailable)
  expect(asked.length).toBeLessThan(110)
})
