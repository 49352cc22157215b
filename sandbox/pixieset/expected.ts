import { createHash } from 'node:crypto'
import { setImmediate as breathe } from 'node:timers/promises'
import type { Content, Originals } from '../originals.ts'
import { type Collection, photosOf, type Video, type World } from './world.ts'

/** The truth as report lines: collections in tree order, each with its photos, then the favourite lists. */
export async function* expectedLines(world: World, contents: Originals): AsyncGenerator<string> {
  for (const collection of inTreeOrder(world)) {
    yield JSON.stringify(galleryLine(collection, world))
    for (const set of collection.sets) {
      for (const photo of photosOf(set)) {
        yield JSON.stringify({
          type: 'photo',
          ref: photo.id,
          gallery: collection.id,
          filename: photo.name,
          caption: photo.description || null,
          keywords: [],
          takenAt: photo.capture.iso,
          kind: 'photo',
          ...(photo.deleted
            ? { state: 'skipped', code: 'gone_at_source' }
            : { ...(await measured(photo.content, contents)), isOriginal: true }),
        })
        // Hashing half a million pictures must not keep others from being answered.
        await breathe()
      }
      for (const video of set.videos) yield JSON.stringify(await videoLine(video, contents))
    }
  }
  for (const collection of world.collections)
    for (const list of collection.favourites)
      yield JSON.stringify({
        type: 'favourites',
        gallery: collection.id,
        ref: list.id,
        name: list.name,
        owner: list.email,
        photos: list.photos,
      })
}

/** Folders before collections at each level; those in a folder that is not listed come last. */
function inTreeOrder({ folders, collections }: World): Collection[] {
  const below = (parentId: string | null): Collection[] => [
    ...folders.filter((folder) => folder.parentId === parentId).flatMap((folder) => below(folder.id)),
    ...collections.filter(({ folderId }) => folderId === parentId),
  ]
  const known = new Set<string | null>([null, ...folders.map(({ id }) => id)])
  return [...below(null), ...collections.filter(({ folderId }) => !known.has(folderId))]
}

function pathOf(folderId: string | null, world: World): string[] {
  const folder = world.folders.find(({ id }) => id === folderId)
  return folder ? [...pathOf(folder.parentId, world), folder.name] : []
}

function galleryLine(collection: Collection, world: World): Record<string, unknown> {
  return {
    type: 'gallery',
    ref: collection.id,
    path: pathOf(collection.folderId, world),
    title: collection.name,
    description: collection.description || null,
    date: collection.eventDate.day ?? collection.createdAt.day,
    access: accessOf(collection),
    passwordKnown: true,
    expiresAt: collection.expireAt.day,
    coverRef: collection.coverRef,
    statedCount: collection.statedPhotos,
    sets:
      collection.sets.length === 0
        ? [{ ref: null, parentRef: null, title: null, photos: [] }]
        : collection.sets.map((set) => ({
            ref: set.id,
            parentRef: null,
            title: set.name,
            // By rank, photos before videos on a tie.
            photos: [...photosOf(set), ...set.videos].toSorted((a, b) => a.rank - b.rank).map(({ id }) => id),
          })),
  }
}

function accessOf({ password, hidden, expired }: Collection): string {
  if (password !== null) return 'password'
  return hidden || expired ? 'hidden' : 'public'
}

async function videoLine(video: Video, contents: Originals): Promise<Record<string, unknown>> {
  const [widest] = video.renditions.toSorted((a, b) => b.width - a.width)
  return {
    type: 'photo',
    ref: video.id,
    gallery: video.collection.id,
    filename: video.name,
    caption: null,
    keywords: [],
    takenAt: null,
    kind: 'video',
    ...(widest
      ? { ...(await measured(widest.content, contents)), isOriginal: false }
      : { state: 'skipped', code: 'not_available' }),
  }
}

async function measured(content: Content, contents: Originals): Promise<Record<string, unknown>> {
  const { bytes, contentType } = await contents(content)
  return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), contentType }
}
