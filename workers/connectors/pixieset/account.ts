// Collections and folders of the account, page by page. The list is numbered by page and moves while it is read: what
// came twice counts once, page 1 is looked at again at the end, and a list that moved is read once more.
import { createHash } from 'node:crypto'
import type { AccountPage, SourceFolder, SourceGallery } from '../connector.ts'
import type { Body, Calls } from './calls.ts'
import { galleryOf } from './collections.ts'
import { type Collection, collection, type Folder, folder, layersOf, page as pageFields } from './wire.ts'

/** So often the whole list is read before one that keeps moving, or stays short of what it states, is judged. */
const mostPasses = 3
/** Folders stand before collections among their siblings: which comes first is not told. */
const placesOfFolders = 1_000_000
const placesOfPage = 1000

/** Where the reading stands. `listed`, `first`, `moved` are of this pass; page 0 is the second look at page 1. */
interface Place {
  pass: number
  page: number
  total: number | null
  listed: number
  first: string
  moved: boolean
}

/** What this reader has met; `whole` where it was there from the beginning. */
interface Met {
  whole: boolean
  ofPass: Set<string>
  galleries: Map<string, SourceGallery>
  folders: Map<string, SourceFolder>
  stated: Map<string, number>
}

export async function* listAccount(calls: Calls, cursor?: string): AsyncGenerator<AccountPage> {
  let place = readPlace(cursor)
  const met: Met = {
    whole: cursor === undefined,
    ofPass: new Set(),
    galleries: new Map(),
    folders: new Map(),
    stated: new Map(),
  }
  for (;;) {
    const again = place.page === 0
    const { body, collections, elsewhere, folders, total, lastPage } = await readPage(calls, again ? 1 : place.page)
    const fresh = (all: Found[]) => all.filter(({ found }) => met.ofPass.size < met.ofPass.add(found.id).size)
    const news = fresh(collections)
    const more = fresh(elsewhere)
    const asBefore = again && digest(collections) === place.first
    const page = asBefore ? { folders: [], galleries: [] } : newOf(met, place, [...news, ...more], folders)
    if (again) {
      const settled = asBefore && !place.moved && total === place.total
      const short = place.total !== null && place.listed < place.total
      if ((settled && !short) || (place.pass === mostPasses && !short)) {
        conclude(calls, met, body)
        yield { ...page, next: null }
        return
      }
      if (place.pass === mostPasses)
        throw body.odd(`data.data.collections: ${place.listed} of ${place.total} that meta.total states`)
      place = { pass: place.pass + 1, page: 1, total: null, listed: 0, first: '', moved: false }
      met.ofPass.clear()
      yield { ...page, next: writePlace(place) }
      continue
    }
    if (place.page === 1) place = { ...place, total, first: digest(collections) }
    const listed = place.listed + news.length + more.length
    if (collections.length === 0 && (total ?? 0) > listed)
      throw body.odd(`data.data.collections: an empty list where meta.total states ${total}`)
    const changed = total !== null && total !== place.total
    const moved = place.moved || changed || news.length < collections.length
    const atEnd = lastPage === null ? news.length === 0 : place.page >= lastPage || collections.length === 0
    place = { ...place, listed, moved, page: atEnd ? 0 : place.page + 1 }
    yield { ...page, next: writePlace(place) }
  }
}

interface Found {
  found: Collection
  folderRef: string | null
}

/** One page of the list. */
export async function readPage(calls: Calls, number: number) {
  const body = await calls.read('listings', number)
  const layers = layersOf(body.json)
  const layer = layers.find(({ collections }) => Array.isArray(collections))
  const list = (layer?.collections ?? layers.find(({ data }) => Array.isArray(data))?.data) as unknown[] | undefined
  if (!list) throw body.odd('data.data.collections')
  const collections: Found[] = list.map((value, i) => {
    const found = body.as(collection, value, `data.data.collections[${i}]`)
    return { found, folderRef: found.folder_id }
  })
  // One without a name is an odd one; all of them without is a renamed field.
  for (const field of ['name', 'photo_count'] as const)
    if (collections.length > 0 && collections.every(({ found }) => found[field] === undefined))
      throw body.odd(`data.data.collections[0].${field}`)
  const elsewhere = collectionsAmong(calls, layer?.items)
  const folders: Nested[] = []
  enterFolders(body, layer?.folders, null, folders, elsewhere)
  const meta = layers.flatMap((outer) => [outer.meta, outer]).map((fields) => pageFields.safeParse(fields).data)
  return {
    body,
    collections,
    elsewhere,
    folders,
    total: meta.find((fields) => fields?.total != null)?.total ?? null,
    lastPage: meta.find((fields) => fields?.last_page != null)?.last_page ?? null,
  }
}

/** What `items` holds is not known; what looks like a collection is one. */
function collectionsAmong(calls: Calls, items: unknown): Found[] {
  if (!Array.isArray(items) || items.length === 0) return []
  calls.note('items beside collections and folders', items)
  return items.flatMap((item) => {
    const read = collection.safeParse(item)
    return read.success && read.data.url_key ? [{ found: read.data, folderRef: read.data.folder_id }] : []
  })
}

interface Nested {
  found: Folder
  parentRef: string | null
}

/** Folders, those inside them, and collections that stand inside them. */
function enterFolders(body: Body, value: unknown, parentRef: string | null, folders: Nested[], into: Found[]): void {
  if (!Array.isArray(value)) return
  for (const entry of value) {
    const found = body.as(folder, entry, 'data.data.folders[]')
    const named = found.parent_id ?? found.parent_folder_id ?? found.folder_id ?? parentIn(found.parent)
    folders.push({ found, parentRef: parentRef ?? (named === found.id ? null : named) })
    for (const key of ['folders', 'children']) enterFolders(body, found[key], found.id, folders, into)
    for (const inside of Array.isArray(found.collections) ? found.collections : []) {
      const read = collection.safeParse(inside)
      if (read.success) into.push({ found: read.data, folderRef: read.data.folder_id ?? found.id })
    }
  }
}

function parentIn(parent: unknown): string | null {
  const read = folder.safeParse(parent)
  return read.success ? read.data.id : null
}

function newOf(met: Met, place: Place, collections: Found[], folders: Nested[]): Omit<AccountPage, 'next'> {
  const page: Omit<AccountPage, 'next'> = { folders: [], galleries: [] }
  const number = place.page === 0 ? 0 : place.page
  for (const [i, { found, parentRef }] of folders.entries()) {
    const stated = Object.entries(found).find(([key]) => /^collections?_count$/.test(key))?.[1]
    if (stated !== undefined) met.stated.set(found.id, Number(stated))
    if (met.folders.has(found.id)) continue
    const made: SourceFolder = {
      ref: found.id,
      parentRef,
      title: found.name ?? found.title ?? '',
      description: found.description || null,
      position: number * placesOfPage + i,
      access: null,
    }
    met.folders.set(found.id, made)
    page.folders.push(made)
  }
  for (const [i, { found, folderRef }] of collections.entries()) {
    if (met.galleries.has(found.id)) continue
    const position = placesOfFolders * place.pass + number * placesOfPage + i
    const made = galleryOf(found, folderRef, position)
    met.galleries.set(found.id, made)
    page.galleries.push(made)
  }
  return page
}

/** What the whole shows that no page does. Only where this reader has seen all of it. */
function conclude(calls: Calls, met: Met, body: Body): void {
  if (!met.whole) return
  const galleries = [...met.galleries.values()]
  const nowhere = galleries.filter(({ folderRef }) => folderRef !== null && !met.folders.has(folderRef))
  if (nowhere.length > 0) calls.context.note('collections in folders that are not listed', { count: nowhere.length })
  const inside = (ref: string, above = new Set<string>()): number =>
    above.has(ref)
      ? 0
      : galleries.filter(({ folderRef }) => folderRef === ref).length +
        [...met.folders.values()]
          .filter(({ parentRef }) => parentRef === ref)
          .reduce((sum, child) => sum + inside(child.ref, new Set([...above, ref])), 0)
  for (const [ref, stated] of met.stated)
    if (inside(ref) < stated)
      throw body.odd(`data.data.folders: a folder of ${stated} collections, ${inside(ref)} listed`)
}

function digest(collections: Found[]): string {
  const ids = collections.map(({ found }) => found.id).join(',')
  return createHash('sha256').update(ids).digest('hex').slice(0, 16)
}

function readPlace(cursor: string | undefined): Place {
  if (cursor === undefined) return { pass: 1, page: 1, total: null, listed: 0, first: '', moved: false }
  const [, pass, page, total, listed, first, moved] = /^(\d+):(\d+):(\d*):(\d+):(\w*):([01])$/.exec(cursor) ?? []
  if (!pass) throw new TypeError('not a cursor of this connector')
  return {
    pass: Number(pass),
    page: Number(page),
    total: total ? Number(total) : null,
    listed: Number(listed),
    first: first ?? '',
    moved: moved === '1',
  }
}

function writePlace({ pass, page, total, listed, first, moved }: Place): string {
  return [pass, page, total ?? '', listed, first, moved ? 1 : 0].join(':')
}
