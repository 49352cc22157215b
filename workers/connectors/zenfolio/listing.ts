// The photos of one gallery, page by page: pictures and videos first, then the files attached to it.
import { NotAvailable, NotFound, type Page, SourceFault, type SourcePhoto, SourceUnreachable } from '../connector.ts'
import type { Calls } from './calls.ts'
import { fileOf, pictureOf } from './photos.ts'
import { several } from './several.ts'
import { isVirtual, statedPictures } from './tree.ts'
import type { GalleryFile, Photo, PhotoSet } from './wire.ts'

/**
 * Photos asked for at once. Clients ask for 10 to 5,000 and the server's most is unknown; a photo is 1 to 2 kB of
 * JSON, so 500 is an answer of at most 1 MB and a thousand calls for half a million photos.
 */
const largestBatch = 500
/** Below this an answer that never comes is not the fault of the batch. */
const batchWorthHalving = 50
/** Incomplete photos on one page: each costs a call that may fail, and a page is gone through again as a whole. */
const mostLooks = 10
/** LoadPhoto calls at once, for photos that the list leaves incomplete. */
const parallelLooks = 4

/**
 * Where a listing stands. `again` is the second look from the beginning, taken when fewer pictures came than stated.
 * `index` counts what was received in this phase, `listed` the different photos among them; `base` is the place of the
 * first file. Written as `phase:index:listed:base`.
 */
interface Place {
  phase: 'pictures' | 'again' | 'files'
  index: number
  listed: number
  base: number
}

/**
 * A short page is not the end: it goes on until the stated count or an empty page. Throws UnexpectedPage where, after
 * a second look, fewer came than are stated. `known` saves asking for the PhotoSet again.
 */
export async function* listPhotos(
  calls: Calls,
  gallery: { ref: string; virtual: boolean },
  cursor?: string,
  known?: PhotoSet,
): AsyncGenerator<Page> {
  const look = () => calls.call('LoadPhotoSet', gallery.ref, 'Full', false)
  let set = known ?? (await look())
  let place = readPlace(cursor)
  const batch = new Batch()
  const given = new Set<string>()
  let thisPass = new Set<string>()

  while (place.phase !== 'files') {
    const { photos, short, alone, silent } = await nextPictures(calls, gallery.ref, place.index, batch)
    if (silent && place.listed < (statedPictures(set) ?? Number.POSITIVE_INFINITY))
      throw calls.unexpected('LoadPhotoSetPhotos: Photo[]')
    const entries = photos.map((photo, i) => ({ photo, position: place.index + i }))
    let page: SourcePhoto[] = []
    let news = 0
    for (const [i, slice] of (alone ? [entries] : slicesOf(entries, gallery.virtual)).entries()) {
      if (i > 0) yield { photos: page, next: writePlace(place) }
      const fresh = slice.filter(({ photo }) => isNew(thisPass, photo.Id))
      const wanted = fresh.filter(({ photo }) => isNew(given, photo.Id))
      const whole = alone ? wanted : await complete(calls, wanted, gallery.virtual)
      page = whole.map(({ photo, position }) => pictureOf(photo, gallery, set, position))
      place = { ...place, index: place.index + slice.length, listed: place.listed + fresh.length }
      news += fresh.length
    }

    const stated = statedPictures(set)
    const atEnd = news === 0 || (stated !== null && place.listed >= stated && short)
    if (atEnd && stated === null && place.listed === 0) throw calls.unexpected('LoadPhotoSet: PhotoCount')
    if (atEnd && place.listed < (stated ?? 0)) {
      set = await look()
      const missing = (statedPictures(set) ?? 0) - place.listed
      if (missing > 0 && place.phase === 'again')
        throw calls.unexpected(`LoadPhotoSetPhotos: ${shortage(place, missing)}`)
      if (missing > 0) {
        thisPass = new Set()
        place = { phase: 'again', index: 0, listed: 0, base: 0 }
        yield { photos: page, next: writePlace(place) }
        continue
      }
    }
    if (atEnd) {
      if (!mayHaveFiles(set)) {
        await calls.proveAlive()
        yield { photos: page, next: null }
        return
      }
      place = { phase: 'files', index: 0, listed: 0, base: place.index }
    }
    yield { photos: page, next: writePlace(place) }
  }
  yield* listFiles(calls, gallery, place, set)
}

async function* listFiles(calls: Calls, gallery: { ref: string }, from: Place, set: PhotoSet): AsyncGenerator<Page> {
  const seen = new Set<string>()
  let place = from
  for (;;) {
    const files = await filesFrom(calls, gallery.ref, place.index)
    const numbered = files.map((file, i) => ({ file, position: place.base + place.index + i }))
    const fresh = numbered.filter(({ file }) => isNew(seen, file.Id))
    place = { ...place, index: place.index + files.length, listed: place.listed + fresh.length }

    const stated = set.FileCount ?? null
    const atEnd = fresh.length === 0 || (stated !== null && place.listed >= stated && files.length < largestBatch)
    if (atEnd && place.listed < (stated ?? 0)) {
      const now = await calls.call('LoadPhotoSet', gallery.ref, 'Full', false)
      const missing = (now.FileCount ?? 0) - place.listed
      if (missing > 0) throw calls.unexpected(`LoadGalleryFiles: ${shortage(place, missing)}`)
    }
    if (atEnd) await calls.proveAlive()
    yield {
      photos: fresh.map(({ file, position }) => fileOf(file, gallery.ref, position)),
      next: atEnd ? null : writePlace(place),
    }
    if (atEnd) return
  }
}

/** A gallery without files may have no list of them: "no such object" is none, while the gallery itself is there. */
async function filesFrom(calls: Calls, galleryRef: string, index: number): Promise<GalleryFile[]> {
  try {
    return (await calls.call('LoadGalleryFiles', galleryRef, index, largestBatch)) ?? []
  } catch (error) {
    if (!(error instanceof NotFound)) throw error
    await calls.call('LoadPhotoSet', galleryRef, 'Level1', false)
    return []
  }
}

/** Finds one file again, for a fresh address. */
export async function findFile(calls: Calls, galleryRef: string, fileRef: string): Promise<GalleryFile> {
  for (let index = 0; ; ) {
    const files = await filesFrom(calls, galleryRef, index)
    const file = files.find((candidate) => candidate.Id === fileRef)
    if (file) return file
    if (files.length === 0) throw new NotFound('the file is in its gallery no more')
    index += files.length
  }
}

/** For a gallery that does not state it. */
export async function countFiles(calls: Calls, galleryRef: string): Promise<number> {
  const seen = new Set<string>()
  for (let index = 0; ; ) {
    const files = await filesFrom(calls, galleryRef, index)
    const before = seen.size
    for (const { Id } of files) seen.add(Id)
    if (seen.size === before) return before
    index += files.length
  }
}

function shortage(place: Place, missing: number): string {
  return place.listed === 0
    ? `an empty list where ${missing} photos are stated`
    : `fewer photos than stated, ${missing} missing of ${place.listed + missing}`
}

function mayHaveFiles(set: PhotoSet): boolean {
  return !isVirtual(set) && set.FileCount !== 0
}

function isNew(seen: Set<string>, ref: string): boolean {
  return seen.size < seen.add(ref).size
}

/** How many to ask for: halved when the server fails on a batch, doubled again after each that went well. */
class Batch {
  size = largestBatch
  halve() {
    this.size = Math.max(1, this.size >> 1)
  }
  grow() {
    this.size = Math.min(largestBatch, this.size * 2)
  }
}

/**
 * `short`: fewer came than were asked for. `alone`: the one photo that the server cannot list, loaded by itself.
 * `silent`: null instead of a list, which can only be its end.
 */
async function nextPictures(calls: Calls, setRef: string, index: number, batch: Batch) {
  for (;;) {
    try {
      const answer = await calls.call('LoadPhotoSetPhotos', setRef, index, batch.size)
      const photos = answer ?? []
      const short = photos.length < batch.size
      batch.grow()
      return { photos, short, alone: false, silent: answer === null }
    } catch (error) {
      if (!mayBeTheBatch(error, batch.size)) throw error
      if (batch.size === 1) break
      batch.halve()
    }
  }
  const [size] = await calls.call('LoadPhotoSetPhotoSizes', setRef, index, 1)
  calls.context.note('photo that Zenfolio cannot list', { index, found: size !== undefined })
  batch.grow()
  if (!size) return { photos: [], short: true, alone: false, silent: false }
  return { photos: [await loadAlone(calls, size)], short: false, alone: true, silent: false }
}

/** 500 is what a photo that cannot be listed gives, 504 and silence what a batch too large gives; 502 and 503 neither. */
function mayBeTheBatch(error: unknown, size: number): boolean {
  if (error instanceof SourceFault) return ![502, 503].includes(error.status)
  return error instanceof SourceUnreachable && size > batchWorthHalving
}

/**
 * Less detail where more fails. Where even Level1 fails while the server answers otherwise, the bare reference: the
 * photo is then in the ledger and fails there, rather than its gallery stopping before it.
 */
async function loadAlone(calls: Calls, size: Pick<Photo, 'Id' | 'Width' | 'Height'>): Promise<Photo> {
  for (const level of ['Full', 'Level2', 'Level1'] as const) {
    try {
      return await calls.call('LoadPhoto', size.Id, level)
    } catch (error) {
      if (!(error instanceof SourceFault || error instanceof NotFound)) throw error
    }
  }
  return { ...size, TakenOn: null, AccessDescriptor: null, OriginalUrl: null } as Photo
}

/** Cuts a batch so that no page needs more than `mostLooks` calls of its own. */
function slicesOf<Entry extends { photo: Photo }>(entries: Entry[], virtual: boolean): Entry[][] {
  const slices: Entry[][] = []
  let looks = 0
  for (const entry of entries) {
    const cost = lacks(entry.photo, virtual) ? 1 : 0
    if (slices.length === 0 || looks + cost > mostLooks) {
      slices.push([])
      looks = 0
    }
    slices.at(-1)?.push(entry)
    looks += cost
  }
  return slices
}

/** LoadPhoto only for those whose list entry lacks what the ledger needs. */
async function complete(calls: Calls, listed: { photo: Photo; position: number }[], virtual: boolean) {
  const photos = await several(parallelLooks, listed, async ({ photo, position }) => ({
    photo: lacks(photo, virtual) ? await lookAt(calls, photo) : photo,
    position,
  }))
  for (const field of ['FileName', 'OriginalUrl'] as const)
    if (photos.length > 0 && photos.every(({ photo }) => photo[field] === undefined))
      throw calls.unexpected(`LoadPhoto: Photo.${field}`, Object.keys(photos[0]?.photo ?? {}).join(' '))
  return photos
}

function lacks(photo: Photo, virtual: boolean): boolean {
  return (
    photo.Keywords == null || photo.FileName == null || photo.OriginalUrl == null || (virtual && photo.Gallery == null)
  )
}

/** A photo that vanished since it was listed, or is another member's, stays as it was listed. */
async function lookAt(calls: Calls, listed: Photo): Promise<Photo> {
  try {
    const full = await calls.call('LoadPhoto', listed.Id, 'Full')
    // A null takes nothing from the list, but it is no absent field either.
    const told = Object.entries(full).filter(([field, value]) => value != null || listed[field as keyof Photo] == null)
    return { ...listed, ...Object.fromEntries(told) }
  } catch (error) {
    if (error instanceof NotFound || error instanceof NotAvailable)
      return { ...listed, FileName: listed.FileName ?? null, OriginalUrl: listed.OriginalUrl ?? null }
    throw error
  }
}

function readPlace(cursor: string | undefined): Place {
  if (cursor === undefined) return { phase: 'pictures', index: 0, listed: 0, base: 0 }
  const [, phase, index, listed, base] = /^(pictures|again|files):(\d+):(\d+):(\d+)$/.exec(cursor) ?? []
  if (!phase) throw new TypeError('not a cursor of this connector')
  return { phase: phase as Place['phase'], index: Number(index), listed: Number(listed), base: Number(base) }
}

function writePlace({ phase, index, listed, base }: Place): string {
  return `${phase}:${index}:${listed}:${base}`
}
