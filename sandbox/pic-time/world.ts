import type { Content } from '../originals.ts'

/** The account as it stands, before anything is said about wires. Ids are decimal strings. */

export interface Scene {
  id: string
  name: string
}

export interface Photo {
  id: string
  fileName: string
  scene: Scene
  content: Content
  /** Uploaded later than the rest of an archived project: at hand all the same. */
  late?: boolean
}

/** How a single download of an archived photo answers: a page, JSON, or what the storage says behind the redirect. */
export type ColdAnswer = 'page' | 'json' | 'storage'

export interface Project {
  id: string
  /** The number its photo ids are made of. */
  number: number
  /** 15 is offline. */
  status: number
  /** As on the wire. */
  created: string | null
  eventDate: string | null
  name: string | null
  otherName: string | null
  virtualPath: string
  /** Segment of the public addresses; older galleries have none. */
  pathToken: string | null
  storageId: number
  /** Of the manifest's flat list. */
  stride: 4 | 5
  scenes: Scene[]
  /** Photos in the order of the rows, which need not be grouped by scene. */
  count: number
  /** Undefined past the end. */
  photo(index: number): Photo | undefined
  /** Offsets of photos that visitors do not see. */
  hidden: number[]
  cold: ColdAnswer | null
  /** Single downloads come in web size. */
  bounded: boolean
  /** The truth behind the wire: the event's day, the cover's file and the photo it surely is. */
  date: string | null
  coverFile: string | null
  coverRef: string | null
}

export interface World {
  accountId: number
  email: string
  password: string
  projects: Project[]
  project(id: string): Project | undefined
  at(virtualPath: string): Project | undefined
  photo(id: string): { project: Project; photo: Photo } | undefined
}

export function* photosOf(project: Project): Generator<Photo> {
  for (let index = 0; index < project.count; index++) {
    const photo = project.photo(index)
    if (photo) yield photo
  }
}

export const isOffline = (project: Project) => project.status === 15
