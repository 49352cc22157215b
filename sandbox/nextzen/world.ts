import type { Content } from '../originals.ts'

/** The account as it stands, before anything is said about wires. */

export interface Photo {
  id: string
  /** What people see; the file is called `fileName`. */
  name: string
  fileName: string
  /** What the API states; the bytes may differ. */
  size: number | null
  width: number | null
  height: number | null
  dateCreated: string
  version: number
  content: Content
}

export interface Collection {
  /** null: the default set. */
  id: string | null
  name: string | null
  /** Numbers of photos, in the order of the set. */
  members: number[]
}

export interface Album {
  kind: 'album'
  id: string
  parent: Folder | null
  title: string
  active: boolean
  dateCreated: string
  category: string | null
  count: number
  /** Undefined past the end. Computed anew on every call where the album is regular. */
  photo(index: number): Photo | undefined
  indexOf(photoId: string): number | undefined
  collections(): Collection[]
  /** Numbers of the photos shown on the cover, the first one first. */
  top: number[]
}

export interface Folder {
  kind: 'folder'
  id: string
  parent: Folder | null
  title: string
  children: Node[]
}

export type Node = Folder | Album

export interface World {
  siteId: string
  email: string
  password: string
  displayName: string
  /** What stands at the top: the tree has no root of its own. */
  top: Node[]
  albums: Map<string, Album>
  folders: number
}

export function* albumsOf(nodes: readonly Node[]): Generator<Album> {
  for (const node of nodes) {
    if (node.kind === 'album') yield node
    else yield* albumsOf(node.children)
  }
}

export function pathOf(album: Album): string[] {
  const path: string[] = []
  for (let folder = album.parent; folder; folder = folder.parent) path.unshift(folder.title)
  return path
}

export function photosOf(album: Album): Photo[] {
  return Array.from({ length: album.count }, (_, index) => album.photo(index)).filter((photo) => photo !== undefined)
}
