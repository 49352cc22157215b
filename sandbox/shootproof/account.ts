import type { Pictures } from '../pictures.ts'
import { growRegular, Ids, type RegularOptions } from './regular.ts'
import { growTraps } from './traps.ts'
import type { Brand, Event, Photo, World } from './world.ts'

export interface AccountOptions extends RegularOptions {
  scenario: 'plain' | 'traps'
}

/** A studio of two brands; ids of the first are numbers, of the second are not. */
export function openAccount(options: AccountOptions, pictures: Pictures): World {
  const { seed, scenario } = options
  const number = 41_000 + seed
  const brands: [Brand, Brand] = [
    {
      id: number,
      name: 'Studio Licht',
      galleryDomain: 'studiolicht',
      email: 'hello@studiolicht.example.com',
      categories: [
        // Categories are numbered apart from brands: this one has its brand's number.
        { id: number, name: 'Weddings' },
        { id: number + 1, name: 'Portraits' },
        { id: number + 2, name: 'Events / 2019' },
      ],
      events: [],
      showsPhotos: true,
      embedsCategories: true,
    },
    {
      id: `0b6c7d1e-52f4-4a7e-8e6d-${String(seed).padStart(12, '0')}`,
      name: null,
      galleryDomain: 'licht-minis',
      email: 'minis@example.com',
      categories: [
        { id: number + 10, name: 'Mini sessions' },
        { id: number + 11, name: 'Schools' },
      ],
      events: [],
      showsPhotos: false,
      embedsCategories: false,
    },
  ]
  const ids = new Ids(seed)
  const regular = growRegular(brands, options, ids, pictures)
  const kept = scenario === 'traps' ? growTraps(brands, seed, ids, pictures) : new Map<string, Photo>()
  const events = new Map<string, Event>()
  for (const { events: all } of brands) for (const event of all) events.set(String(event.id), event)
  const anyPhoto = (id: string): Photo | undefined => {
    const numbers = ids.ofPhoto(id)
    return kept.get(id) ?? (numbers ? regular[numbers.event]?.photo(numbers.index) : undefined)
  }
  return {
    // Not the address of either brand.
    email: `anna-${seed}@example.com`,
    password: `Schlüssel-№-${seed}`,
    clientId: `pass-client-${seed}`,
    brands,
    event: (id) => events.get(id),
    anyPhoto,
    photo(event, id) {
      const photo = anyPhoto(id)
      return photo?.event.id === event.id ? photo : undefined
    },
  }
}
