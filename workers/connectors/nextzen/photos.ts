// The photos and sets of one gallery, which one answer holds whole; handed on in pages.
import { createHash } from 'node:crypto'
import type { Page, PhotoKind, SourcePhoto, SourceSet } from '../connector.ts'
import type { Calls } from './calls.ts'
import type { Counts } from './tree.ts'
import { type Collection, type GalleryPhotos, keyOf, type Photo, type Placed } from './wire.ts'

/** Photos of a page of ours: a transaction of the ledger. */
const pageSize = 500
/** What the dashboard calls the set of those that are in no other; nobody gave it this name. */
const unnamedSet = 'Photos'

export interface Listing {
  photos: SourcePhoto[]
  sets: SourceSet[]
}

/**
 * A gallery as it is now. Throws UnexpectedPage where it holds fewer photos than are stated, `stated` or, where that is
 * null or out of date, the tree.
 */
export async function loadListing(
  calls: Calls,
  counts: Counts,
  galleryRef: string,
  stated: number | null,
): Promise<Listing> {
  const listing = listingOf(await calls.photos(galleryRef), galleryRef, calls)
  const found = listing.photos.length
  const wanted = stated ?? (await counts.of(galleryRef))
  if (wanted !== null && found >= wanted) {
    if (found > wanted) calls.context.note('gallery with more photos than stated', { stated: wanted, found })
    return listing
  }
  const now = await counts.now(galleryRef)
  if (now === null ? wanted === null && found > 0 : found >= now) return listing
  const missing = (now ?? wanted ?? found) - found
  throw calls.unexpected(
    found === 0
      ? `folders/{id}/photos: photos, an empty list where ${missing || 'an unknown number'} are stated`
      : `folders/{id}/photos: photos, ${missing} missing of ${found + missing}`,
  )
}

/**
 * From the cursor of an earlier page on. It holds the number of photos given and a hash of which: where the gallery has
 * changed before that place, everything is given again rather than something left out.
 */
export function* pagesOf({ photos }: Listing, cursor?: string): Generator<Page> {
  let given = 0
  let hash = createHash('sha256')
  const give = (page: SourcePhoto[]) => {
    for (const { ref } of page) hash.update(ref).update('\n')
    given += page.length
    return `${given}:${hash.copy().digest('hex').slice(0, 16)}`
  }
  if (cursor !== undefined && give(photos.slice(0, placeOf(cursor))) !== cursor) {
    given = 0
    hash = createHash('sha256')
  }
  do {
    const page = photos.slice(given, given + pageSize)
    const next = give(page)
    yield { photos: page, next: given < photos.length ? next : null }
  } while (given < photos.length)
}

function placeOf(cursor: string): number {
  const given = /^(\d+):[0-9a-f]{16}$/.exec(cursor)?.[1]
  if (given === undefined) throw new TypeError('not a cursor of this connector')
  return Number(given)
}

function listingOf(answer: GalleryPhotos, galleryRef: string, calls: Calls): Listing {
  const { collections } = answer
  const photos = answer.photos ?? []
  if (photos.length > 0 && collections === undefined) throw calls.unexpected('folders/{id}/photos: collections')
  if (photos.length > 0 && photos.every(({ fileName }) => fileName === undefined))
    throw calls.unexpected('folders/{id}/photos: photos[].fileName', Object.keys(photos[0] ?? {}).join(' '))
  const known = new Map(photos.map((photo) => [keyOf(photo.id), photo]))
  const sets = setsOf(collections ?? [], known, calls)
  const placements = new Map<string, SourcePhoto['placements']>()
  for (const { ref, members } of sets)
    for (const [position, id] of members.entries()) {
      const places = placements.get(id)
      if (places) places.push({ setRef: ref, position })
      else placements.set(id, [{ setRef: ref, position }])
    }
  return {
    photos: [...known.values()].map((photo) => photoOf(photo, galleryRef, placements.get(keyOf(photo.id)) ?? [])),
    sets: sets.map(({ ref, title }, position) => ({ ref, parentRef: null, title, position })),
  }
}

interface Members {
  ref: string | null
  title: string
  members: string[]
}

/**
 * The sets with their photos in order. The default set is there where it holds some, where photos lie in no set at all,
 * or where there is no other.
 */
function setsOf(collections: Collection[], known: Map<string, Photo>, calls: Calls): Members[] {
  const refOf = ({ collectionId, id }: Collection) => (collectionId === undefined ? (id ?? null) : collectionId)
  if (collections.filter((collection) => refOf(collection) === null).length > 1)
    throw calls.unexpected('folders/{id}/photos: collections[].collectionId', 'several default sets')
  if (
    known.size > 0 &&
    collections.length > 0 &&
    collections.every(({ mediaSortIndices }) => mediaSortIndices === undefined)
  )
    throw calls.unexpected('folders/{id}/photos: collections[].mediaSortIndices')

  const sets = new Map<string | null, Members>()
  const left = new Set(known.keys())
  let unknown = 0
  for (const collection of collections) {
    const ref = refOf(collection)
    const name = collection.name ?? ''
    const set = sets.get(ref) ?? { ref, title: ref === null && name === unnamedSet ? '' : name, members: [] }
    const ids = inOrder(collection.mediaSortIndices ?? []).map(({ id }) => keyOf(id))
    set.members = [...new Set([...set.members, ...ids])].filter((id) => known.has(id))
    unknown += ids.filter((id) => !known.has(id)).length
    for (const id of set.members) left.delete(id)
    sets.set(ref, set)
  }
  if (unknown > 0 && known.size > 0 && left.size === known.size)
    throw calls.unexpected('folders/{id}/photos: collections[].mediaSortIndices[].id', 'no place is one of the photos')
  if (unknown > 0) calls.context.note('places of photos that the gallery lacks', { places: unknown })
  const rest = sets.get(null) ?? { ref: null, title: '', members: [] }
  rest.members.push(...left)
  if (rest.members.length > 0 || sets.size === 0) sets.set(null, rest)
  else if (sets.size > 1) sets.delete(null)
  return [...sets.values()]
}

/** By their number where each has one of its own under a name that speaks of order; else as they come. */
function inOrder(places: Placed[]): Placed[] {
  const names = Object.keys(places[0] ?? {}).filter((name) => /(index|order|position|rank)$/i.test(name))
  for (const name of names) {
    const number = (place: Placed) => numbered((place as Record<string, unknown>)[name])
    const numbers = new Set(places.map(number))
    if (numbers.size === places.length && [...numbers].every((value) => typeof value === 'number'))
      return places.toSorted((a, b) => Number(number(a)) - Number(number(b)))
  }
  return places
}

/** Numbers may come as text. */
function numbered(value: unknown): unknown {
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value
}

function photoOf(photo: Photo, galleryRef: string, placements: SourcePhoto['placements']): SourcePhoto {
  const kind = kindOf(photo)
  return {
    ref: photo.id,
    kind,
    galleryRef,
    filename: photo.fileName || null,
    caption: null,
    keywords: [],
    takenAt: null,
    bytes: photo.size || null,
    width: pixels(photo.width),
    height: pixels(photo.height),
    access: null,
    star: null,
    placements,
    handle: { bytes: kind === 'video' ? photo.size || null : null } satisfies Handle,
    changeToken: null,
    extra: {
      ...(photo.name && photo.name !== photo.fileName ? { name: photo.name } : {}),
      ...(typeof photo.dateCreated === 'string' ? { dateCreated: photo.dateCreated } : {}),
    },
  }
}

/** What `open` is given back; `bytes` as stated, of a video only. */
export interface Handle {
  bytes: number | null
}

/** Nothing is known of videos on this platform; a file named as one is no picture. */
function kindOf({ isVideo, mimeType, fileName }: Photo): PhotoKind {
  if (isVideo || (typeof mimeType === 'string' && /^video\//i.test(mimeType))) return 'video'
  return /\.(mp4|m4v|mov|avi|wmv|mkv|webm|mpe?g|3gp)$/i.test(fileName ?? '') ? 'video' : 'photo'
}

const pixels = (value: number | null | undefined) => (value && value < 2 ** 31 ? value : null)
