import { createHash } from 'node:crypto'
import type { Pictures } from '../pictures.ts'
import { hash32, pick } from '../random.ts'
import type { Collection, ContentSet, Folder, Written } from './world.ts'
import { dayOnly, epoch, local, nothing, zoned } from './written.ts'

/** Collections by arithmetic: any photo is made from its number alone, nothing is kept. */

export interface WorldOptions {
  scenario: 'plain' | 'traps'
  galleries: number
  photos: number
  seed: number
}

const photosPerSet = 1_000_000
const setsPerCollection = 10
const photoBase = 2_000_000_000

const couples = ['Anna & Ben', 'Łucja & Tomasz', 'Mia & José', 'Zoë & Émile', 'Ines & Noah', 'Aiko & Ren', 'Eva & Paul']
const places = ['Kirchheim', 'Lake Como', 'Old Town Hall', 'Gut Sonnenhof', 'Brighton Pier', 'Łódź', 'Villa Rosa']
const shoots = ['Weddings', 'Portraits', 'Events']
const setNames = ['Highlights', 'Ceremony', 'Party']

/** Numbers of things: the collection, the set within it, the photo within that. */
export class Ids {
  readonly #shift: number

  constructor(seed: number) {
    this.#shift = seed % 1000
  }

  collection(number: number): string {
    return String(10_000_000 + this.#shift * 20_000 + number)
  }

  set(collection: number, set: number): string {
    return String(160_000_000 + (this.#shift * 20_000 + collection) * setsPerCollection + set)
  }

  photo(collection: number, set: number, index: number): string {
    return String(photoBase + (collection * setsPerCollection + set) * photosPerSet + index)
  }

  ofPhoto(id: string): { collection: number; set: number; index: number } | null {
    const number = Number(id) - photoBase
    if (!Number.isSafeInteger(number) || number < 0) return null
    const set = Math.floor(number / photosPerSet)
    return {
      collection: Math.floor(set / setsPerCollection),
      set: set % setsPerCollection,
      index: number % photosPerSet,
    }
  }
}

/** The storage hash of a record: its id stands in it, so that a picture's address finds its photo again. */
export function hashOf(id: string): string {
  const digest = createHash('md5').update(`storage ${id}`).digest('hex').slice(0, 16)
  return `${digest}${BigInt(id).toString(16).padStart(16, '0')}`
}

export function idInHash(hash: string): string | null {
  const id = String(BigInt(`0x${hash.slice(16)}`))
  return hashOf(id) === hash ? id : null
}

/** Two folders deep: kind of shoot, year. */
export function regularFolders(options: WorldOptions): Folder[] {
  const folders = new Map<string, Folder>()
  for (let number = 0; number < options.galleries; number++) {
    const { shoot, year } = folderOf(number)
    const outer = { id: `${4000 + shoot}`, parentId: null, name: shoots[shoot] ?? '' }
    if (!folders.has(outer.id)) folders.set(outer.id, outer)
    const inner = { id: innerId(shoot, year), parentId: outer.id, name: String(year) }
    if (!folders.has(inner.id)) folders.set(inner.id, inner)
  }
  return [...folders.values()]
}

const folderOf = (number: number) => ({
  shoot: number % shoots.length,
  year: 2016 + (Math.floor(number / shoots.length) % 9),
})
const innerId = (shoot: number, year: number) => `${5000 + shoot * 100 + year - 2000}`

export function regularCollection(number: number, options: WorldOptions, ids: Ids, pictures: Pictures): Collection {
  const { seed, photos } = options
  const { shoot, year } = folderOf(number)
  const day = new Date(Date.UTC(year, hash32(seed, number, 'month') % 12, 1 + (hash32(seed, number, 'day') % 28)))
    .toISOString()
    .slice(0, 10)
  const collection: Collection = {
    id: ids.collection(number),
    urlKey: `shoot-${seed}-${number}`,
    name: `${pick(couples, seed, number, 'title')}, ${pick(places, seed, number, 'place')} ${number + 1}`,
    description: number % 3 === 0 ? `A day at ${pick(places, seed, number, 'place')}.\nThank you for having us!` : null,
    eventDate: writtenDay(day, number),
    createdAt: local(`${day} 12:00:00`),
    expireAt: nothing,
    statedPhotos: photos,
    status: number % 7 === 6 ? 2 : 0,
    folderId: number % 5 === 4 ? null : innerId(shoot, year),
    coverHash: null,
    coverRef: null,
    password: null,
    privatePassword: null,
    downloadPin: number % 5 === 0 ? null : String(hash32(seed, number, 'pin') % 10_000).padStart(4, '0'),
    downloads: true,
    hidden: number % 6 === 5,
    expired: false,
    coverPage: number % 2 === 0,
    sets: [],
    favourites: [],
  }
  const sizes = number % 2 === 0 ? [photos] : [Math.ceil(photos / 2), Math.floor(photos / 2)]
  collection.sets = sizes.map((count, at) => regularSet(collection, number, at, count, day, options, ids, pictures))
  const [first] = collection.sets
  if (first && first.count > 0 && number % 4 !== 3) {
    const cover = first.photo(hash32(seed, number, 'cover') % first.count)
    collection.coverHash = cover?.hash ?? null
    collection.coverRef = cover?.id ?? null
  }
  return collection
}

/** Minutes before or after midnight, so that any shift of zones shows in the day. */
function writtenDay(day: string, number: number): Written {
  switch (number % 4) {
    case 0:
      return zoned(`${day}T23:59:30-05:00`)
    case 1:
      return zoned(`${day}T00:00:30+09:00`)
    case 2:
      return epoch(Date.parse(`${day}T00:00:01Z`) / 1000)
    default:
      return dayOnly(day)
  }
}

export function regularSet(
  collection: Collection,
  number: number,
  at: number,
  count: number,
  day: string,
  options: WorldOptions,
  ids: Ids,
  pictures: Pictures,
): ContentSet {
  const set: ContentSet = {
    id: ids.set(number, at),
    collection,
    name: setNames[at] ?? `Set ${at + 1}`,
    slug: (setNames[at] ?? `set-${at + 1}`).toLowerCase(),
    description: null,
    private: false,
    count,
    videos: [],
    photo(index) {
      if (!Number.isInteger(index) || index < 0 || index >= count) return undefined
      const id = ids.photo(number, at, index)
      const chosen = hash32(options.seed, number, at, index)
      const takenAt = timeText(Date.parse(`${day}T09:00:00Z`) + index * 37_000)
      const content = { kind: 'scene', scene: chosen % pictures.dated, mark: `photo ${id}`, takenAt } as const
      const { bytes, width, height } = pictures.describe(content.scene)
      return {
        id,
        collection,
        set,
        name: `IMG_${String(index + 1).padStart(4, '0')}.${chosen % 3 === 0 ? 'JPG' : 'jpg'}`,
        description: chosen % 4 === 0 ? `Moment ${index + 1} “of many”` : null,
        capture: chosen % 2 === 0 ? zoned(`${takenAt.replace(' ', 'T')}-05:00`) : local(takenAt),
        width,
        height,
        size: bytes,
        rank: index + 1,
        starred: chosen % 11 === 0,
        private: false,
        hash: hashOf(id),
        content,
        overAtFirst: false,
        deleted: false,
      }
    },
  }
  return set
}

/** Milliseconds since 1970, read as if the clock had no zone: `YYYY-MM-DD HH:MM:SS`. */
export function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ')
}
