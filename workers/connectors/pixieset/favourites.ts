// Favourite lists. Their shape is unknown: what can be understood is read, else the report says that they are lost.
import { type FavouriteList, NotAvailable, NotFound } from '../connector.ts'
import type { Calls } from './calls.ts'
import { inTurn } from './in-turn.ts'
import { type FavouriteEntry, favouriteList, layersOf, listIn, page as pageFields } from './wire.ts'

/** They are asked for collection by collection. */
const atOnce = 3
/** So many collections in a row whose lists cannot be had speak for all that follow. */
const mostInARow = 100

/** Throws NotAvailable at the end where those of a collection could not be had. */
export async function* listFavourites(calls: Calls, refs: string[]): AsyncGenerator<FavouriteList> {
  let withheld: NotAvailable | undefined
  let inARow = 0
  const tried = (ref: string) =>
    favouritesOf(calls, ref).catch((error) => {
      if (error instanceof NotAvailable) return error
      throw error
    })
  for await (const lists of inTurn(atOnce, refs, tried)) {
    if (lists instanceof NotAvailable) {
      withheld ??= lists
      if (++inARow === mostInARow) break
    } else {
      inARow = 0
      yield* lists
    }
  }
  if (withheld) throw withheld
}

/** Throws NotAvailable where Pixieset does not let us see them, or shows something unknown. */
async function favouritesOf(calls: Calls, collectionRef: string): Promise<FavouriteList[]> {
  const entries = new Map<string, FavouriteEntry>()
  for (let number = 1, pages = 1; number <= pages; number++) {
    const read = await entriesOn(calls, collectionRef, number)
    if (read === null) return []
    for (const entry of read.entries) entries.set(entry.ref as string, entry)
    pages = Math.max(pages, read.pages)
  }
  return [...entries.values()].map(({ ref, name, owner, photoRefs }) => ({
    ref: ref as string,
    galleryRef: collectionRef,
    name,
    owner,
    photoRefs,
  }))
}

/** null: the collection itself is gone. */
async function entriesOn(calls: Calls, collectionRef: string, number: number) {
  const body = await calls.read('favourites', collectionRef, number).catch((error) => {
    if (error instanceof NotFound) return null
    throw error
  })
  if (body === null) {
    if (await isGone(calls, collectionRef)) return null
    throw new NotAvailable('Pixieset knows no favourite lists at this address')
  }
  const list = listIn(body.json, ['favorites', 'favourites', 'lists'])
  const entries = list?.map((value) => favouriteList.safeParse(value).data)
  const understood = entries?.every((entry) => entry !== undefined && entry.ref !== null && !entry.isPhoto)
  if (!entries || !understood) {
    calls.note('favourite lists of an unknown shape', body.json)
    throw new NotAvailable('favourite lists of an unknown shape')
  }
  if (entries.length > 0) calls.note('favourite lists', body.json)
  const fields = layersOf(body.json).flatMap((layer) => [layer.meta, layer])
  const pages = fields.map((one) => pageFields.safeParse(one).data?.last_page).find((last) => last != null)
  return { entries: entries as FavouriteEntry[], pages: Math.min(pages ?? 1, 1000) }
}

async function isGone(calls: Calls, collectionRef: string): Promise<boolean> {
  try {
    await calls.read('collection', collectionRef)
    return false
  } catch (error) {
    if (error instanceof NotFound) return true
    throw error
  }
}
