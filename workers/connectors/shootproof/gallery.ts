// One event: its albums as sets, and the photos with their places in them.
import {
  type GalleryDetail,
  NotAvailable,
  NotFound,
  type Page,
  type SourcePhoto,
  type SourceSet,
} from '../connector.ts'
import type { Calls } from './calls.ts'
import type { Events } from './events.ts'
import { beginning, type Place, walk, whole } from './walk.ts'
import type { Album, Event, Photo } from './wire.ts'

/** Photos on one page, whatever ShootProof puts into one answer. */
const largestPage = 500

interface Found {
  brand: string
  event: Event
}

/**
 * Looks through the photo list where it has to: only there it shows whether photos lie in no album, whether the albums
 * hold what they state, and which photo is the cover.
 */
export async function detailOf(calls: Calls, found: Found): Promise<GalleryDetail> {
  const { brand, event } = found
  const ids = { brand, event: event.id }
  const wrong = (expected: string) => calls.wrong(`albums: ${expected}`, 'albums', ids)
  const albums = await whole((page) => under(calls.read('albums', ids, page)), wrong)
  const seen = await look(calls, found, albums)
  if (event.photosCount === undefined)
    throw calls.wrong('event: photosCount', 'event', ids, Object.keys(event).join(' '))
  const count = event.photosCount
  return {
    description: null,
    expiresAt: null,
    access: null,
    passwordUnknown: false,
    password: null,
    passwordHint: null,
    coverRef: event.coverPhoto?.id ?? seen.cover,
    date: event.eventDate.day,
    statedCount: count,
    expectedCount: count,
    sets: setsOf(calls, albums, seen.inNone),
    extra: {},
  }
}

/** In the order of the list; what is in no album comes last. */
function setsOf(calls: Calls, albums: Album[], someInNone: boolean): SourceSet[] {
  const known = new Set(albums.map(({ id }) => id))
  const sets: SourceSet[] = albums.map((album, position) => {
    const parent = album.parentAlbumId ?? null
    if (parent !== null && !known.has(parent)) calls.noteOnce('an album below one that is not listed')
    return {
      ref: album.id,
      parentRef: parent !== null && known.has(parent) ? parent : null,
      title: album.name ?? '',
      position,
    }
  })
  if (albums.length === 0 || someInNone) sets.push({ ref: null, parentRef: null, title: '', position: albums.length })
  return sets
}

async function look(calls: Calls, found: Found, albums: Album[]): Promise<{ inNone: boolean; cover: string | null }> {
  const covers = new Set(found.event.coverPhoto?.displayUrl ?? [])
  const placed = new Map<string, Set<string>>(albums.map(({ id }) => [id, new Set()]))
  const shown = new Set<string>()
  let inNone = false
  let told = false
  if (albums.length === 0 && covers.size === 0) return { inNone, cover: null }
  for await (const { items } of walkPhotos(calls, found, beginning)) {
    for (const { item } of items) {
      const albumIds = albumsOf(calls, item)
      told ||= item.belongsToAlbumIds !== undefined
      inNone ||= albumIds.length === 0
      for (const id of albumIds) placed.get(id)?.add(item.id)
      if (albumIds.some((id) => !placed.has(id))) calls.noteOnce('a photo in an album that is not listed')
      if (item.displayUrl.some((address) => covers.has(address))) shown.add(item.id)
    }
    // Without albums only the cover is looked for: found, or nowhere to be seen in the first page.
    const seeable = shown.size === 0 && items.some(({ item }) => item.displayUrl.length > 0)
    if (albums.length === 0 && !seeable) break
  }
  // One photo that does not say is an odd photo; all of them in an event whose albums hold any is a renamed field.
  if (inNone && !told && albums.some(({ photosCount }) => photosCount !== 0))
    throw calls.wrong('photos: items[].belongsToAlbumIds', 'photos', { brand: found.brand, event: found.event.id })
  holdCounts(calls, found, albums, placed)
  if (covers.size > 0 && shown.size === 0) calls.noteOnce('a cover that no photo shows the address of')
  const [cover, ...others] = shown
  return { inNone, cover: cover !== undefined && others.length === 0 ? cover : null }
}

/** An album states its own photos; that a parent also counts its children's is allowed for. Fewer is loud. */
function holdCounts(calls: Calls, { brand, event }: Found, albums: Album[], placed: Map<string, Set<string>>): void {
  for (const { id, photosCount } of albums) {
    if (photosCount == null) continue
    const own = placed.get(id) ?? new Set()
    if (own.size >= photosCount) continue
    if (withChildren(id, albums, placed).size >= photosCount) continue
    const expected = `photos: belongsToAlbumIds (${own.size} photos of an album that states ${photosCount})`
    throw calls.wrong(expected, 'photos', { brand, event: event.id })
  }
}

function withChildren(
  id: string,
  albums: Album[],
  placed: Map<string, Set<string>>,
  above = new Set<string>(),
): Set<string> {
  if (above.has(id)) return new Set()
  const below = albums.filter(({ parentAlbumId }) => parentAlbumId === id)
  const path = new Set([...above, id])
  return new Set([
    ...(placed.get(id) ?? []),
    ...below.flatMap((child) => [...withChildren(child.id, albums, placed, path)]),
  ])
}

function walkPhotos(calls: Calls, { brand, event }: Found, from: Place, current?: Events) {
  const ids = { brand, event: event.id }
  const wrong = (expected: string) => calls.wrong(`photos: ${expected}`, 'photos', ids)
  const expected = async () => (await current?.find(event.id))?.event.photosCount ?? 0
  return walk(from, (page) => under(calls.read('photos', ids, page)), wrong, current && expected)
}

/** A list of an event that was found a moment ago: "not found" is "forbidden" here. */
async function under<List>(list: Promise<List>): Promise<List> {
  try {
    return await list
  } catch (error) {
    if (!(error instanceof NotFound)) throw error
    throw new NotAvailable('ShootProof lists this gallery and refuses what is in it', undefined, { cause: error })
  }
}

/** A cursor is `pass:page:index:listed:total`, with `:skip` where an answer was too long for one page. */
export async function* listPhotos(calls: Calls, events: Events, ref: string, cursor?: string): AsyncGenerator<Page> {
  const found = await events.find(ref)
  let { place, skip } = readCursor(cursor)
  for await (const { items, next } of walkPhotos(calls, found, place, events)) {
    if (items[0]) calls.noteOnce('fields of a photo', Object.keys(items[0].item))
    const photos = items.map(({ item, index }) => photoOf(calls, item, found, index))
    for (; photos.length - skip > largestPage; skip += largestPage)
      yield { photos: photos.slice(skip, skip + largestPage), next: writeCursor(place, skip + largestPage) }
    yield { photos: photos.slice(skip), next: next && writeCursor(next, 0) }
    skip = 0
    if (next) place = next
  }
  if (cursor === undefined && !found.event.photosCount) await calls.proveAlive()
}

function photoOf(calls: Calls, photo: Photo, { brand, event }: Found, position: number): SourcePhoto {
  const albumIds = albumsOf(calls, photo)
  return {
    ref: photo.id,
    kind: isVideo(photo.name) ? 'video' : 'photo',
    galleryRef: event.id,
    filename: photo.name || null,
    caption: null,
    keywords: [],
    takenAt: null,
    bytes: null,
    width: null,
    height: null,
    access: null,
    star: null,
    placements: albumIds.length === 0 ? [{ setRef: null, position }] : albumIds.map((setRef) => ({ setRef, position })),
    handle: { brand } satisfies Handle,
    changeToken: null,
    extra: {},
  }
}

/** What `open` is given back. No address: those that ShootProof gives expire. */
export interface Handle {
  brand: string
}

function albumsOf(calls: Calls, { belongsToAlbumIds }: Photo): string[] {
  if (belongsToAlbumIds == null) calls.noteOnce('a photo without belongsToAlbumIds')
  return [...new Set(belongsToAlbumIds)]
}

/** How ShootProof marks videos is not known; the file name is all there is. */
const isVideo = (name: string | null) => /\.(mp4|m4v|mov|avi|mkv|webm|wmv|mpe?g|3gp)$/i.test(name?.trim() ?? '')

function readCursor(cursor: string | undefined): { place: Place; skip: number } {
  if (cursor === undefined) return { place: beginning, skip: 0 }
  const numbers = /^([12]):(\d+):(\d+):(\d+):(\d*)(?::(\d+))?$/.exec(cursor)
  if (!numbers) throw new TypeError('not a cursor of this connector')
  const [, pass, page, index, listed, total, skip] = numbers
  const place: Place = {
    pass: pass === '2' ? 2 : 1,
    page: Number(page),
    index: Number(index),
    listed: Number(listed),
    total: total ? Number(total) : null,
  }
  return { place, skip: Number(skip ?? 0) }
}

function writeCursor({ pass, page, index, listed, total }: Place, skip: number): string {
  return `${pass}:${page}:${index}:${listed}:${total ?? ''}${skip > 0 ? `:${skip}` : ''}`
}
