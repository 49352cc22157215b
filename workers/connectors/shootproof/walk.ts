// One list of the Studio API from its first page to its last, resumable behind any page.
import type { UnexpectedPage } from '../connector.ts'
import type { List } from './wire.ts'

/**
 * Where a list stands: the next page (1-based), how many items were received and how many of them were different ones
 * in this pass, and how many the list stated when the pass began. The second pass is taken when the list moved.
 */
export interface Place {
  pass: 1 | 2
  page: number
  index: number
  listed: number
  total: number | null
}

export const beginning: Place = { pass: 1, page: 1, index: 0, listed: 0, total: null }

export interface Step<Item> {
  /** Those not yet seen in this pass, each with its place in the list. */
  items: { item: Item; index: number }[]
  next: Place | null
}

/**
 * Goes on to the last page that the list states. A list that moved meanwhile, or gave fewer than it or `expected`
 * states, is gone through once more, and its items come again with their new places; after that fewer is loud.
 */
export async function* walk<Item extends { id: string }>(
  from: Place,
  read: (page: number) => Promise<List<Item>>,
  wrong: (expected: string) => UnexpectedPage,
  expected: () => Promise<number> = async () => 0,
): AsyncGenerator<Step<Item>> {
  const seen = new Set<string>()
  let place: Place | null = from
  while (place) {
    const at: Place = place
    const { pass, page, index } = at
    const { items, meta } = await read(page)
    if (meta.currentPage != null && meta.currentPage !== page) throw wrong(`meta.currentPage: page ${page}`)
    const more = page < meta.totalPages
    if (items.length === 0 && (more || (page === 1 && meta.totalItems > 0)))
      throw wrong(`items: an empty list where ${meta.totalItems} are stated`)

    const numbered = items.map((item, i) => ({ item, index: index + i }))
    const fresh = numbered.filter(({ item }) => seen.size < seen.add(item.id).size)
    const listed = at.listed + fresh.length
    const total = at.total ?? meta.totalItems
    let next: Place | null = more ? { pass, page: page + 1, index: index + items.length, listed, total } : null
    if (!more) {
      const missing = Math.max(meta.totalItems, await expected()) - listed
      if (pass === 1 && (missing > 0 || total !== meta.totalItems)) {
        next = { ...beginning, pass: 2 }
        seen.clear()
      } else if (missing > 0) {
        throw wrong(
          listed === 0 ? `items: an empty list where ${missing} are stated` : `items: ${missing} fewer than stated`,
        )
      }
    }
    yield { items: fresh, next }
    place = next
  }
}

/** A list that is short enough to be held. */
export async function whole<Item extends { id: string }>(
  read: (page: number) => Promise<List<Item>>,
  wrong: (expected: string) => UnexpectedPage,
): Promise<Item[]> {
  let found = new Map<string, Item>()
  for await (const { items, next } of walk(beginning, read, wrong)) {
    for (const { item } of items) found.set(item.id, item)
    if (next?.pass === 2 && next.page === 1) found = new Map()
  }
  return [...found.values()]
}
