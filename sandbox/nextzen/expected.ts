import { setImmediate as breathe } from 'node:timers/promises'
import { bareLine } from '../expected.ts'
import type { Originals } from '../originals.ts'
import { type Album, albumsOf, pathOf, photosOf, type World } from './world.ts'

/** The truth as report lines: each gallery in tree order, followed by its photos. */
export async function* expectedLines(world: World, originals: Originals): AsyncGenerator<string> {
  for (const album of albumsOf(world.top)) {
    yield JSON.stringify(galleryLine(album))
    for (const photo of photosOf(album)) {
      yield JSON.stringify(bareLine(photo, album.id, await originals(photo.content)))
      // Hashing half a million pictures must not keep others from being answered.
      await breathe()
    }
  }
}

function galleryLine(album: Album): Record<string, unknown> {
  const day = album.dateCreated.slice(0, 10)
  return {
    type: 'gallery',
    ref: album.id,
    path: pathOf(album),
    title: album.title,
    description: null,
    date: day === '0001-01-01' ? null : day,
    access: null,
    passwordKnown: null,
    expiresAt: null,
    coverRef: album.photo(album.top[0] ?? -1)?.id ?? null,
    statedCount: album.count,
    sets: setsOf(album),
  }
}

/** The default set is one of ours where it holds photos, where some lie in no set, or where there is no other. */
function setsOf(album: Album): unknown[] {
  const refs = (members: number[]) => members.map((index) => album.photo(index)?.id)
  const collections = album.collections()
  const placed = new Set(collections.flatMap(({ members }) => members))
  const left = Array.from({ length: album.count }, (_, index) => index).filter((index) => !placed.has(index))
  // In the order in which the API lists the photos.
  left.sort((a, b) => answerPlace(album, a) - answerPlace(album, b))
  const lines = collections.map(({ id, name, members }) => ({
    ref: id,
    parentRef: null,
    title: id === null && name === 'Photos' ? null : name,
    photos: refs(id === null ? [...members, ...left] : members),
  }))
  if (lines.length === 0) return [{ ref: null, parentRef: null, title: null, photos: refs(left) }]
  return lines.filter(({ ref, photos }) => ref !== null || photos.length > 0 || lines.length === 1)
}

/** `photos` comes in an order of its own: by the number backwards, odd ones first. */
export function answerPlace(album: Album, index: number): number {
  return (index % 2 === 0 ? album.count : 0) + album.count - index
}
