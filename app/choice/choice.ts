// Which galleries of a plan are shown and chosen: rows of a tree that hold on with a few thousand galleries.
import type { Outputs } from '../trpc.ts'

export type PlannedGallery = Outputs['runs']['planned'][number]
export type Difference = PlannedGallery['difference']

export type Row =
  | { kind: 'folder'; key: string; depth: number; title: string; galleries: PlannedGallery[]; open: boolean }
  | { kind: 'gallery'; key: string; depth: number; gallery: PlannedGallery }

export interface Filter {
  /** Title, folder or id. */
  search: string
  /** null: all of them. */
  differences: Difference[] | null
}

export function matching(galleries: PlannedGallery[], { search, differences }: Filter): PlannedGallery[] {
  const words = search.toLocaleLowerCase().split(/\s+/).filter(Boolean)
  return galleries.filter((gallery) => {
    if (differences && !differences.includes(gallery.difference)) return false
    if (words.length === 0) return true
    const text = [...gallery.path, gallery.title, gallery.ref].join(' / ').toLocaleLowerCase()
    return words.every((word) => text.includes(word))
  })
}

/** In the order of the account, each folder before what is in it. What lies in a closed folder is not among the rows. */
export function rowsOf(galleries: PlannedGallery[], closed: ReadonlySet<string>): Row[] {
  const rows: Row[] = []
  const folders = new Map<string, Extract<Row, { kind: 'folder' }>>()
  for (const gallery of galleries) {
    const { path, folderRefs } = gallery
    let hidden = false
    path.forEach((title, depth) => {
      // What is gone has no folder in the account any more: it stands under the titles it had.
      const key = `folder ${folderRefs[depth] ?? `gone ${path.slice(0, depth + 1).join(' / ')}`}`
      let folder = folders.get(key)
      if (!folder) {
        folder = { kind: 'folder', key, depth, title, galleries: [], open: !closed.has(key) }
        folders.set(key, folder)
        if (!hidden) rows.push(folder)
      }
      folder.galleries.push(gallery)
      hidden ||= !folder.open
    })
    if (!hidden) rows.push({ kind: 'gallery', key: `gallery ${gallery.ref}`, depth: path.length, gallery })
  }
  return rows
}

/** What is gone is marked, not taken: there is nothing to choose. */
export const choosable = (galleries: PlannedGallery[]) =>
  galleries.filter(({ difference }) => difference !== 'gone').map(({ ref }) => ref)

export function stateOf(refs: string[], chosen: ReadonlySet<string>): 'all' | 'some' | 'none' {
  const taken = refs.filter((ref) => chosen.has(ref)).length
  return taken === 0 ? 'none' : taken === refs.length ? 'all' : 'some'
}

export function withChoice(chosen: ReadonlySet<string>, refs: string[], take: boolean): Set<string> {
  const next = new Set(chosen)
  for (const ref of refs) {
    if (take) next.add(ref)
    else next.delete(ref)
  }
  return next
}
