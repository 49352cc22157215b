import type { Content } from '../originals.ts'

/** The account as it stands, before anything is said about wires. Ids are decimal strings: they pass 2^53. */

export type AccessType = 'Private' | 'Public' | 'UserList' | 'Password'

export interface Access {
  realmId: string
  type: AccessType
  /** One comma-separated string, as on the wire. */
  mask: string
  viewers?: string[]
  passwordHint?: string
  password?: string
}

export interface Photo {
  id: string
  /** The gallery it lies in physically. */
  gallery: Gallery
  owner: string
  fileName: string
  title: string | null
  caption: string | null
  keywords: string[]
  copyright: string | null
  /** `YYYY-MM-DD HH:MM:SS`, no zone, as all times here. */
  takenAt: string | null
  uploadedAt: string
  width: number
  height: number
  rotation: string
  mimeType: string
  sequence: string
  /** What the API states; the bytes may differ. Null: nothing stated. */
  size: number | null
  content: Content
  isVideo: boolean
  /** Old ones have small ids and addresses under /img/v0. */
  legacy: boolean
  access: Access | null
  /** Fields that only LoadPhoto at level Full gives. */
  unlisted: ('Keywords' | 'FileName')[]
}

export interface RawFile {
  id: string
  fileName: string
  size: number
  content: Content
}

interface Node {
  id: string
  parent: Group | null
  title: string
  caption: string | null
  createdAt: string
  modifiedAt: string
  /** Null where it is derived from the parent. */
  access: Access | null
  /** Photo id of the cover snapshot. */
  cover: string | null
}

export interface Group extends Node {
  kind: 'group'
  elements: Element[]
}

interface PhotoSet extends Node {
  kind: 'set'
  parent: Group
  keywords: string[]
  /** Photos and videos, without files. */
  count: number
  videos: number
  /** Undefined past the end. Computed anew on every call where the gallery is regular. */
  photo(index: number): Photo | undefined
  files: RawFile[]
  /** Counts changes of its list of photos. */
  revision?: number
  /** The server never gives more at once, whatever is asked. */
  pageMaximum: number
  /** Any page of more than `over` photos that holds the photo is answered by HTTP 500. */
  poison: { photo: string; over: number } | null
  /** Cold: the listing says so, or the originals hang, until some time after the first question. */
  cold: 'listing' | 'originals' | null
}

export interface Gallery extends PhotoSet {
  type: 'Gallery'
  owner: string
}

export interface Collection extends PhotoSet {
  type: 'Collection'
}

export type AnySet = Gallery | Collection
export type Element = Group | AnySet

export interface FavoritesSet {
  id: string
  name: string
  changeNumber: number
  sharedAt: string
  sharerName: string
  sharerEmail: string
  sharerMessage: string
}

/** Photos in the account's own galleries, each once. Bytes are what the API states. */
export interface Totals {
  galleries: number
  collections: number
  photos: number
  photoBytes: number
  files: number
  fileBytes: number
}

export interface World {
  loginName: string
  email: string
  password: string
  displayName: string
  root: Group
  groups: Map<string, Group>
  sets: Map<string, AnySet>
  favorites: FavoritesSet[]
  realms: Map<string, Access>
  totals(): Totals
  /** Photos added since the start, and by null those taken away. */
  changed: Map<string, Photo | null>
  /** Counts changes since the start. */
  generation: number
  photo(id: string): Photo | undefined
  file(id: string): { file: RawFile; gallery: AnySet } | undefined
}

export function* setsOf(group: Group): Generator<AnySet> {
  for (const element of group.elements) {
    if (element.kind === 'group') yield* setsOf(element)
    else yield element
  }
}

export function* photosOf(set: AnySet): Generator<Photo> {
  for (let index = 0; index < set.count; index++) {
    const photo = set.photo(index)
    if (photo) yield photo
  }
}

/** Titles from below the root down to the element's folder. */
export function pathOf(element: Element): string[] {
  const path: string[] = []
  for (let group = element.parent; group?.parent; group = group.parent) path.unshift(group.title)
  return path
}

/** The access that holds, and the element it comes from. */
export function effectiveAccess(of: Element | Photo): { access: Access; derived: boolean } {
  if (of.access) return { access: of.access, derived: false }
  const above = 'gallery' in of ? of.gallery : of.parent
  if (!above) throw new TypeError('The root has access of its own')
  return { access: effectiveAccess(above).access, derived: true }
}
