// Folders and galleries of the account: the tree says where they lie, the pages of content say the rest of them.
import { type AccountPage, SignInRefused, type SourceGallery } from '../connector.ts'
import { todo } from './answers.ts'
import type { Calls } from './calls.ts'
import { type Album, type Counts, loadTree, type Tree } from './tree.ts'
import { type GalleryContent, keyOf } from './wire.ts'

/**
 * Where a listing stands: how many entries were received in this look, how many different galleries among them, and how
 * many of those the tree has. The second look is taken when fewer came than are stated. Written as `look:skip:listed:placed`.
 */
interface Place {
  look: 1 | 2
  skip: number
  listed: number
  placed: number
}

/**
 * Never asks past the stated count. Throws UnexpectedPage where, after a second look, fewer galleries came than that. An
 * album that only the tree has comes last, so that none is lost; a gallery that the tree lacks stands at the top.
 */
export async function* listGalleries(calls: Calls, counts: Counts, cursor?: string): AsyncGenerator<AccountPage> {
  const tree = await loadTree(calls)
  counts.keep(tree)
  let folders = cursor === undefined ? tree.folders : []
  let place = readPlace(cursor)
  let seen = new Set<string>()

  for (;;) {
    const { count, galleriesContent: entries } = await calls.content(place.skip)
    if (count === 0 && tree.albums.size === 0) throw new SignInRefused(todo.nothingHere)
    if (entries.length === 0 && place.skip < count)
      throw calls.unexpected(`galleries/content: galleriesContent, an empty list at ${place.skip} of ${count}`)
    recognised(entries, calls)

    const fresh = entries
      .map((entry, i) => ({ entry, at: place.skip + i }))
      .filter(({ entry }) => isNew(seen, keyOf(entry.id)))
    const galleries = fresh.map(({ entry, at }) =>
      galleryOf(entry, tree.albums.get(keyOf(entry.id)), tree.top + at, calls),
    )
    place = {
      ...place,
      skip: place.skip + entries.length,
      listed: place.listed + fresh.length,
      placed: place.placed + fresh.filter(({ entry }) => tree.albums.has(keyOf(entry.id))).length,
    }
    let next: string | null = writePlace(place)
    if (place.skip >= count) {
      const short = place.listed < count
      if (short && place.look === 2)
        throw calls.unexpected(`galleries/content: galleriesContent, ${count - place.listed} of ${count} missing`)
      if (short) {
        place = { look: 2, skip: 0, listed: 0, placed: 0 }
        seen = new Set()
      } else if (place.placed === 0 && place.listed > 0 && tree.albums.size > 0) {
        // Everything would come twice, once from each.
        throw calls.unexpected('galleries/content: galleriesContent[].id, none of which is an album of the tree')
      } else if (place.placed < tree.albums.size) galleries.push(...onlyInTree(tree, seen, calls))
      next = short ? writePlace(place) : null
    }
    yield { folders, galleries, next }
    if (next === null) return
    folders = []
  }
}

function galleryOf(entry: GalleryContent, album: Album | undefined, atTop: number, calls: Calls): SourceGallery {
  if (!album) calls.context.note('gallery that the tree lacks')
  const date = dayOf(entry.dateCreated)
  if (date === null && entry.dateCreated != null)
    calls.context.note('date of a gallery that is not understood', { type: typeof entry.dateCreated })
  return {
    ref: entry.id,
    folderRef: album?.folderRef ?? null,
    title: entry.name ?? album?.title ?? '',
    position: album?.position ?? atTop,
    virtual: false,
    statedCount: entry.photoCount ?? album?.photos ?? null,
    statedBytes: null,
    access: null,
    date,
    coverRef: entry.topMedia?.[0]?.id ?? null,
    changeToken: null,
  }
}

function onlyInTree(tree: Tree, seen: Set<string>, calls: Calls): SourceGallery[] {
  const left = [...tree.albums.values()].filter(({ ref }) => !seen.has(keyOf(ref)))
  calls.context.note('albums that galleries/content lacks', { albums: left.length })
  return left.map(({ ref, folderRef, title, position, photos }) => ({
    ref,
    folderRef,
    title,
    position,
    virtual: false,
    statedCount: photos,
    statedBytes: null,
    access: null,
    date: null,
    coverRef: null,
    changeToken: null,
  }))
}

/** One gallery without a name or a count is an odd one; all of them without is a renamed field. */
function recognised(entries: GalleryContent[], calls: Calls): void {
  for (const field of ['name', 'photoCount'] as const)
    if (entries.length > 0 && entries.every((entry) => entry[field] === undefined))
      throw calls.unexpected(`galleries/content: galleriesContent[].${field}`, Object.keys(entries[0] ?? {}).join(' '))
}

/** The day as written, whatever the zone; null where it is none of any calendar. */
function dayOf(value: unknown): string | null {
  const day = typeof value === 'string' ? /^(\d{4}-\d{2}-\d{2})(?!\d)/.exec(value.trim())?.[1] : undefined
  const time = day === undefined ? Number.NaN : Date.parse(`${day}T00:00:00Z`)
  if (!day || Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== day) return null
  return Number(day.slice(0, 4)) > 1 ? day : null
}

function isNew(seen: Set<string>, ref: string): boolean {
  return seen.size < seen.add(ref).size
}

function readPlace(cursor: string | undefined): Place {
  if (cursor === undefined) return { look: 1, skip: 0, listed: 0, placed: 0 }
  const [, look, skip, listed, placed] = /^([12]):(\d+):(\d+):(\d+)$/.exec(cursor) ?? []
  if (!look) throw new TypeError('not a cursor of this connector')
  return { look: look === '1' ? 1 : 2, skip: Number(skip), listed: Number(listed), placed: Number(placed) }
}

function writePlace({ look, skip, listed, placed }: Place): string {
  return `${look}:${skip}:${listed}:${placed}`
}
