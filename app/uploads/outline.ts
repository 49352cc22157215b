// What a list of files becomes, in figures: shown before anything is started.
import { type Layout, placeOf } from '#server/manifests/layout.ts'

export interface OutlinedGallery {
  title: string
  files: number
  bytes: number
  /** Titles and their files, in the order they are met. */
  sets: { title: string; files: number }[]
}

export interface Outline {
  galleries: OutlinedGallery[]
  files: number
  bytes: number
  sets: number
}

export function outlineOf(files: readonly { path: string; bytes: number }[], layout: Layout): Outline {
  const galleries = new Map<string, OutlinedGallery & { bySet: Map<string, { title: string; files: number }> }>()
  let bytes = 0
  for (const file of files) {
    const { gallery: title, set } = placeOf(file.path, layout)
    let gallery = galleries.get(title)
    if (!gallery) {
      gallery = { title, files: 0, bytes: 0, sets: [], bySet: new Map() }
      galleries.set(title, gallery)
    }
    gallery.files += 1
    gallery.bytes += file.bytes
    bytes += file.bytes
    if (set === null) continue
    const known = gallery.bySet.get(set) ?? { title: set, files: 0 }
    if (known.files === 0) {
      gallery.bySet.set(set, known)
      gallery.sets.push(known)
    }
    known.files += 1
  }
  const all = [...galleries.values()].map(({ bySet: _, ...gallery }) => gallery)
  return { galleries: all, files: files.length, bytes, sets: all.reduce((sum, { sets }) => sum + sets.length, 0) }
}
