import type { Content } from '../originals.ts'

/** The account as it stands, before anything is said about wires. Ids are digits. */

/** A date as the wire has it, and what it means. */
export interface Written {
  wire: string | number | null
  /** The calendar day as written, or null for junk. */
  day: string | null
  /** ISO 8601 with the wall clock as written, or null for junk. */
  iso: string | null
}

export interface Photo {
  id: string
  collection: Collection
  set: ContentSet
  name: string
  description: string | null
  capture: Written
  width: number
  height: number
  /** Bytes of the original, exactly. */
  size: number
  rank: number
  starred: boolean
  /** Marked private by a visitor. */
  private: boolean
  /** In the address: 32 hex digits, different for every record. */
  hash: string
  content: Content
  /** Its first signed address is over already. */
  overAtFirst: boolean
  /** Deleted since it was listed. */
  deleted: boolean
}

export interface Rendition {
  name: string
  width: number
  height: number
  content: Content
  size: number
}

export interface Video {
  id: string
  collection: Collection
  set: ContentSet
  name: string
  rank: number
  width: number
  height: number
  playbackId: string
  /** 2 is ready, 3 ran out of time. */
  status: number
  renditions: Rendition[]
  /** The first token that is told is over already. */
  overAtFirst: boolean
}

export interface ContentSet {
  id: string
  collection: Collection
  name: string
  slug: string
  description: string | null
  private: boolean
  /** Photos, by rank. */
  count: number
  photo(index: number): Photo | undefined
  videos: Video[]
}

export interface Collection {
  id: string
  urlKey: string
  name: string
  description: string | null
  eventDate: Written
  createdAt: Written
  expireAt: Written
  statedPhotos: number
  status: number
  folderId: string | null
  /** Of a photo, or of a picture that is none of the collection; null: no cover. */
  coverHash: string | null
  coverRef: string | null
  password: string | null
  privatePassword: string | null
  downloadPin: string | null
  downloads: boolean
  hidden: boolean
  expired: boolean
  /** Its first page is a cover without the script's data. */
  coverPage: boolean
  sets: ContentSet[]
  favourites: FavouriteList[]
}

export interface FavouriteList {
  id: string
  name: string
  email: string
  photos: string[]
}

export interface Folder {
  id: string
  parentId: string | null
  name: string
}

export interface World {
  userId: number
  userName: string
  email: string
  password: string
  businessName: string
  folders: Folder[]
  /** In the order of the account's list. */
  collections: Collection[]
  byId: Map<string, Collection>
  sets: Map<string, ContentSet>
  photo(id: string): Photo | undefined
  photoByHash(hash: string): Photo | undefined
  video(playbackId: string): Video | undefined
}

export function* photosOf(set: ContentSet): Generator<Photo> {
  for (let index = 0; index < set.count; index++) {
    const photo = set.photo(index)
    if (photo) yield photo
  }
}
