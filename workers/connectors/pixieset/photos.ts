// One photo or video of Pixieset as the ledger keeps it.
import type { SourcePhoto } from '../connector.ts'
import { isoOf } from './dates.ts'
import type { ListedSet, Photo, Rendition, Video } from './wire.ts'

/** What `open` is given back. `id` is Pixieset's own, where a photo and a video of one collection share a number. */
export type Handle = { kind: 'photo'; id: string } | { kind: 'video'; id: string; set: string; file: string | null }

/** A photo with what its place and the cover are found by. */
export interface Entry {
  photo: SourcePhoto
  rank: number
  hash: string | null
}

export function photoOf(found: Photo, set: Pick<ListedSet, 'id' | 'private'>, galleryRef: string): Entry {
  const handle: Handle = { kind: 'photo', id: found.id }
  const hidden = set.private === true || isSet(found.mark_private_at)
  const visibility = isSet(found.visibility_status) ? found.visibility_status : null
  return {
    rank: found.rank ?? Number.POSITIVE_INFINITY,
    hash: [found.path_xxlarge, found.path_xlarge, found.path_large, found.path_medium, found.path_thumb].reduce<
      string | null
    >((hash, path) => hash ?? storageHash(path), null),
    photo: {
      ...ordinary(found, galleryRef),
      kind: 'photo',
      takenAt: isoOf(found.capture_date ?? null),
      bytes: found.size || null,
      width: found.width || null,
      height: found.height || null,
      access: hidden ? 'private' : null,
      handle,
      extra: {
        ...(found.starred ? { starred: true } : {}),
        ...(visibility === null ? {} : { visibilityStatus: visibility }),
      },
    },
  }
}

export function videoOf(found: Video, set: Pick<ListedSet, 'id' | 'private'>, galleryRef: string): Entry {
  const best = bestOf(found)
  const handle: Handle = { kind: 'video', id: found.id, set: set.id, file: best?.name ?? null }
  return {
    rank: found.rank ?? Number.POSITIVE_INFINITY,
    hash: null,
    photo: {
      ...ordinary(found, galleryRef),
      kind: 'video',
      takenAt: isoOf(found.capture_date ?? null),
      bytes: best?.filesize || null,
      width: best?.width ?? (found.width || null),
      height: best?.height ?? (found.height || null),
      access: set.private ? 'private' : null,
      handle,
      extra: {},
    },
  }
}

/** The widest rendition that is a video; they are listed in any order. */
export function bestOf({ metadata }: Video): Rendition | null {
  const files = (metadata?.static_renditions ?? []).filter(({ name, ext }) => ext === 'mp4' || /\.mp4$/i.test(name))
  const size = (of: Rendition) => [of.width ?? 0, of.height ?? 0, of.filesize ?? 0] as const
  const wider = (a: Rendition, b: Rendition) => {
    const [ofA, ofB] = [size(a), size(b)]
    return ofB[0] - ofA[0] || ofB[1] - ofA[1] || ofB[2] - ofA[2]
  }
  return files.toSorted(wider)[0] ?? null
}

/** The 32 hex digits in a picture's address: the same in all sizes of a photo. */
export function storageHash(address: string | null | undefined): string | null {
  return /\/([\da-f]{32})(?=[-.]|$)/i.exec(address ?? '')?.[1]?.toLowerCase() ?? null
}

function ordinary(found: Photo | Video, galleryRef: string) {
  return {
    ref: found.id,
    galleryRef,
    filename: found.name || null,
    caption: found.description || null,
    keywords: [],
    star: null,
    placements: [],
    changeToken: null,
  }
}

/** Anything but null, 0 and nothing. */
const isSet = (value: unknown) => value != null && value !== '' && value !== 0 && value !== '0' && value !== false
