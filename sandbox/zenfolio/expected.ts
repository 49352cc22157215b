import { createHash } from 'node:crypto'
import { setImmediate as breathe } from 'node:timers/promises'
import type { Content, Originals } from '../originals.ts'
import { type AnySet, effectiveAccess, type Photo, pathOf, photosOf, setsOf, type World } from './world.ts'

/** The truth as report lines: galleries in tree order, each with its own photos, then the favourite lists. */
export async function* expectedLines(world: World, originals: Originals): AsyncGenerator<string> {
  for (const set of setsOf(world.root)) {
    yield JSON.stringify(galleryLine(set))
    for (const photo of photosOf(set)) {
      if (!belongs(photo, set, world)) continue
      yield JSON.stringify({
        type: 'photo',
        ref: photo.id,
        gallery: set.id,
        filename: photo.fileName,
        caption: photo.caption,
        keywords: photo.keywords,
        takenAt: photo.takenAt?.replace(' ', 'T') ?? null,
        kind: photo.isVideo ? 'video' : 'photo',
        ...(await measured(photo.content, originals)),
        isOriginal: !photo.isVideo,
      })
      // Hashing half a million pictures must not keep others from being answered.
      await breathe()
    }
    for (const file of set.files) {
      yield JSON.stringify({
        type: 'photo',
        ref: file.id,
        gallery: set.id,
        filename: file.fileName,
        caption: null,
        keywords: [],
        takenAt: null,
        kind: 'file',
        ...(await measured(file.content, originals)),
        isOriginal: true,
      })
    }
  }
  for (const list of world.favorites) {
    yield JSON.stringify({
      type: 'favourites',
      gallery: null,
      ref: list.id,
      name: list.name,
      owner: list.sharerName,
      photos: null,
    })
  }
}

/** A linked photo belongs to its own gallery, or to the collection where that gallery is another member's. */
function belongs(photo: Photo, set: AnySet, world: World): boolean {
  return photo.gallery === set || photo.owner !== world.loginName
}

function galleryLine(set: AnySet): Record<string, unknown> {
  const { access } = effectiveAccess(set)
  const refs = [...photosOf(set)].map((photo) => photo.id)
  return {
    type: 'gallery',
    ref: set.id,
    path: pathOf(set),
    title: set.title,
    description: set.caption,
    date: set.createdAt.slice(0, 10),
    access: { Public: 'public', Password: 'password', Private: 'private', UserList: 'private' }[access.type],
    // No password can be read, so none is known where one is asked for.
    passwordKnown: access.type !== 'Password',
    expiresAt: null,
    coverRef: set.cover,
    statedCount: set.count + set.files.length,
    sets: [{ ref: null, parentRef: null, title: null, photos: [...refs, ...set.files.map((file) => file.id)] }],
  }
}

async function measured(content: Content, originals: Originals): Promise<Record<string, unknown>> {
  const { bytes, contentType } = await originals(content)
  return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), contentType }
}
