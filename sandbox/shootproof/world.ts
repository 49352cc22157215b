import type { Content } from '../originals.ts'

/** The studio as it stands, before anything is said about wires. Ids are numbers or text, as ShootProof has both. */

export type Id = number | string

export interface Category {
  id: Id
  name: string
}

export interface Brand {
  id: Id
  /** Null: the wire has no name, only the domain. */
  name: string | null
  galleryDomain: string
  email: string
  categories: Category[]
  events: Event[]
  /** Photos carry the same image object as covers do. */
  showsPhotos: boolean
  /** The category as an object in the event, or its bare id. */
  embedsCategories: boolean
}

export interface Album {
  id: Id
  name: string
  parent: Id | null
}

export interface Photo {
  id: Id
  event: Event
  name: string
  albums: Id[]
  content: Content
  isVideo: boolean
}

export interface Event {
  id: Id
  brand: Brand
  name: string
  /** As on the wire. */
  date: string | null
  category: Category | null
  /** `elsewhere`: a picture that is none of the event's photos. */
  cover: number | 'elsewhere' | null
  /** Inactive ones are absent in v2. */
  active: boolean
  albums: Album[]
  count: number
  /** Undefined past the end. Computed anew on every call where the event is regular. */
  photo(index: number): Photo | undefined
  /** What `/original` answers. `late`: the first address of each photo is over already. */
  originals: 'given' | 'late' | 403 | 404
}

export interface World {
  email: string
  password: string
  clientId: string
  brands: Brand[]
  event(id: string): Event | undefined
  photo(event: Event, id: string): Photo | undefined
  /** By the number alone, for the second host. */
  anyPhoto(id: string): Photo | undefined
}

export function* photosOf(event: Event): Generator<Photo> {
  for (let index = 0; index < event.count; index++) {
    const photo = event.photo(index)
    if (photo) yield photo
  }
}

export function titleOf(brand: Brand): string {
  return brand.name ?? brand.galleryDomain
}

/** Events as a tree of folders shows them: a category stands where its first event does. */
export function eventsInTree(brand: Brand): Event[] {
  const ordered: Event[] = []
  const given = new Set<Category>()
  for (const event of brand.events) {
    const { category } = event
    if (category === null) ordered.push(event)
    else if (given.size < given.add(category).size)
      ordered.push(...brand.events.filter((one) => one.category === category))
  }
  return ordered
}
