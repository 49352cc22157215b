// One photo, video or file of Zenfolio as the ledger keeps it.
import type { SourcePhoto } from '../connector.ts'
import { accessOf } from './tree.ts'
import type { GalleryFile, Photo, PhotoSet } from './wire.ts'

export function pictureOf(
  photo: Photo,
  gallery: { ref: string; virtual: boolean },
  set: PhotoSet,
  position: number,
): SourcePhoto {
  return {
    ref: photo.Id,
    kind: photo.IsVideo || /^video\//i.test(photo.MimeType ?? '') ? 'video' : 'photo',
    galleryRef: (gallery.virtual ? photo.Gallery : null) ?? gallery.ref,
    filename: photo.FileName || null,
    caption: photo.Caption || null,
    keywords: photo.Keywords ?? [],
    takenAt: photo.TakenOn && `${photo.TakenOn.day}T${photo.TakenOn.time}`,
    bytes: photo.Size ?? null,
    width: photo.Width || null,
    height: photo.Height || null,
    access: accessOf(photo.AccessDescriptor, accessOf(set.AccessDescriptor, null)),
    star: null,
    placements: [{ setRef: null, position }],
    handle: handleOf(photo.OriginalUrl),
    // Numbers the picture's replacements. TextCn goes with its texts, which the listing tells anyway.
    changeToken: photo.Sequence == null ? null : String(photo.Sequence),
    extra: told({
      title: photo.Title,
      copyright: photo.Copyright,
      categories: photo.Categories,
      rotation: photo.Rotation === 'None' ? null : photo.Rotation,
    }),
  }
}

export function fileOf(file: GalleryFile, galleryRef: string, position: number): SourcePhoto {
  return {
    ref: file.Id,
    kind: 'file',
    galleryRef,
    filename: file.FileName || null,
    caption: null,
    keywords: [],
    takenAt: null,
    bytes: file.Size ?? null,
    width: null,
    height: null,
    access: null,
    star: null,
    placements: [{ setRef: null, position }],
    handle: handleOf(file.OriginalUrl),
    changeToken: null,
    extra: {},
  }
}

/** What `open` is given back. `url` is null where the address may hold a secret or is too long to keep. */
export interface Handle {
  url: string | null
}

function handleOf(address: string | null | undefined): Handle {
  return { url: address && !address.includes('?') && Buffer.byteLength(address) <= 1500 ? address : null }
}

/** Without the empty ones. */
export function told(values: Record<string, unknown>): Record<string, unknown> {
  const isTold = (value: unknown) => value != null && value !== '' && !(Array.isArray(value) && value.length === 0)
  return Object.fromEntries(Object.entries(values).filter(([, value]) => isTold(value)))
}
