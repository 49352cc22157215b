import { createHash } from 'node:crypto'
import { setImmediate as breathe } from 'node:timers/promises'
import { captureTime } from '../capture-time.ts'
import type { Originals } from '../originals.ts'
import { type Event, eventsInTree, photosOf, titleOf, type World } from './world.ts'

/** The truth as report lines: brand by brand, events in the order of the tree, each with its photos. */
export async function* expectedLines(world: World, originals: Originals): AsyncGenerator<string> {
  for (const brand of world.brands)
    for (const event of eventsInTree(brand)) {
      yield JSON.stringify(galleryLine(event))
      for (const photo of photosOf(event)) {
        const { bytes, contentType } = await originals(photo.content)
        yield JSON.stringify({
          type: 'photo',
          ref: String(photo.id),
          gallery: String(event.id),
          filename: photo.name,
          caption: null,
          keywords: [],
          takenAt: captureTime(bytes),
          kind: photo.isVideo ? 'video' : 'photo',
          bytes: bytes.length,
          sha256: createHash('sha256').update(bytes).digest('hex'),
          contentType,
          isOriginal: true,
        })
        // Hashing half a million pictures must not keep others from being answered.
        await breathe()
      }
    }
}

function galleryLine(event: Event): Record<string, unknown> {
  const { brand, category } = event
  return {
    type: 'gallery',
    ref: String(event.id),
    path: [titleOf(brand), ...(category ? [category.name] : [])],
    title: event.name,
    description: null,
    date: event.date === '0000-00-00' ? null : (event.date?.slice(0, 10) ?? null),
    access: null,
    passwordKnown: null,
    expiresAt: null,
    // A cover can be told only by the address that a photo shows as well.
    coverRef: brand.showsPhotos && typeof event.cover === 'number' ? String(event.photo(event.cover)?.id) : null,
    statedCount: event.count,
    sets: setsOf(event),
  }
}

function setsOf(event: Event): object[] {
  const photos = [...photosOf(event)]
  const refs = (which: (albums: string[]) => boolean) =>
    photos.filter(({ albums }) => which(albums.map(String))).map(({ id }) => String(id))
  const sets: object[] = event.albums.map(({ id, name, parent }) => ({
    ref: String(id),
    parentRef: parent === null ? null : String(parent),
    title: name,
    photos: refs((albums) => albums.includes(String(id))),
  }))
  const rest = refs((albums) => albums.length === 0)
  if (event.albums.length === 0 || rest.length > 0) sets.push({ ref: null, parentRef: null, title: null, photos: rest })
  return sets
}
