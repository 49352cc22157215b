import type { Pictures } from '../pictures.ts'
import { hash32, pick } from '../random.ts'
import type { Album, Brand, Event, Id, Photo } from './world.ts'

/** Events by arithmetic: any photo of half a million is made from its number alone, nothing is kept. */

const photoBase = 10_000_000_000_000
const perSeed = 10_000_000_000
const perEvent = 1_000_000
const eventBase = 3_000_000
const eventsPerSeed = 20_000

const couples = ['Anna & Ben', 'Łucja & Tomasz', 'Mia & José', 'Zoë & Émile', 'Ines & Noah', 'Aiko & Ren', 'Eva & Paul']
const places = ['Kirchheim', 'Lake Como', 'Old Town Hall', 'Gut Sonnenhof', 'Brighton Pier', 'Łódź', 'Villa Rosa']
const prefixes = ['IMG_', 'DSC0', '_MG_', 'P100', 'wedding-']

export class Ids {
  readonly #seed: number

  constructor(seed: number) {
    this.#seed = seed
  }

  event(number: number): number {
    return eventBase + this.#seed * eventsPerSeed + number
  }

  album(number: number, index: number): number {
    return this.event(number) * 100 + index
  }

  photo(number: number, index: number): number {
    return photoBase + this.#seed * perSeed + number * perEvent + index
  }

  /** The numbers a photo's id was made from, or null where it is none of ours. */
  ofPhoto(id: string): { event: number; index: number } | null {
    const number = Number(id) - photoBase - this.#seed * perSeed
    if (!Number.isSafeInteger(number) || number < 0 || number >= perSeed) return null
    return { event: Math.floor(number / perEvent), index: number % perEvent }
  }
}

export interface RegularOptions {
  galleries: number
  photos: number
  seed: number
}

/** Two of three events go to the first brand, the third to the second; every fourth has no category. */
export function growRegular(brands: [Brand, Brand], options: RegularOptions, ids: Ids, pictures: Pictures): Event[] {
  return Array.from({ length: options.galleries }, (_, number) => {
    const brand = number % 3 === 2 ? brands[1] : brands[0]
    const event = regularEvent(number, brand, options, ids, pictures)
    brand.events.push(event)
    return event
  })
}

function regularEvent(
  number: number,
  brand: Brand,
  { photos, seed }: RegularOptions,
  ids: Ids,
  pictures: Pictures,
): Event {
  const day = new Date(
    Date.UTC(2016 + (number % 9), hash32(seed, number, 'month') % 12, 1 + (hash32(seed, number, 'day') % 28)),
  )
    .toISOString()
    .slice(0, 10)
  const { albums, albumsOf } = grouped(number, ids)
  const event: Event = {
    id: ids.event(number),
    brand,
    name: `${pick(couples, seed, number, 'title')}, ${pick(places, seed, number, 'place')} ${number + 1}`,
    date: number % 7 === 6 ? null : day,
    category:
      number % 4 === 3 ? null : (brand.categories[hash32(seed, number, 'category') % brand.categories.length] ?? null),
    cover: photos > 0 && number % 5 !== 4 ? hash32(seed, number, 'cover') % photos : null,
    active: number % 6 !== 5,
    albums,
    count: photos,
    photo: (index) =>
      Number.isInteger(index) && index >= 0 && index < photos
        ? regularPhoto(event, number, index, albumsOf(index), seed, ids, pictures, day)
        : undefined,
    originals: 'given',
  }
  return event
}

/** Four ways by turns: no album, flat ones with photos in none, three deep, and photos in two at once. */
function grouped(number: number, ids: Ids): { albums: Album[]; albumsOf(index: number): Id[] } {
  const id = (index: number) => ids.album(number, index)
  const flat = ['Ceremony', 'Reception', 'Portraits'].map((name, index) => ({ id: id(index), name, parent: null }))
  const deep = [
    { id: id(0), name: 'The day', parent: null },
    { id: id(1), name: 'Evening', parent: id(0) },
    { id: id(2), name: 'Dance', parent: id(1) },
  ]
  switch (number % 4) {
    case 0:
      return { albums: [], albumsOf: () => [] }
    case 1:
      return { albums: flat, albumsOf: (index) => (index % 5 === 4 ? [] : [id(index % 3)]) }
    case 2:
      return { albums: deep, albumsOf: (index) => [id(index % 3)] }
    default:
      return { albums: flat, albumsOf: (index) => (index % 3 === 0 ? [id(0), id(2)] : [id(1)]) }
  }
}

function regularPhoto(
  event: Event,
  number: number,
  index: number,
  albums: Id[],
  seed: number,
  ids: Ids,
  pictures: Pictures,
  day: string,
): Photo {
  const id = ids.photo(number, index)
  const takenAt = new Date(Date.parse(`${day}T09:00:00Z`) + index * 37_000).toISOString().slice(0, 19).replace('T', ' ')
  return {
    id,
    event,
    name: `${prefixes[hash32(seed, number) % prefixes.length]}${String(index + 1).padStart(4, '0')}.jpg`,
    albums,
    content: { kind: 'scene', scene: hash32(seed, number, index) % pictures.dated, mark: `photo ${id}`, takenAt },
    isVideo: false,
  }
}
