import { type OddKind, oddKinds } from '../odd-files.ts'
import { oddNames } from '../odd-names.ts'
import type { Pictures } from '../pictures.ts'
import { hash32 } from '../random.ts'
import type { Ids } from './regular.ts'
import type { Album, Brand, Category, Event, Id, Photo } from './world.ts'

/** Far above the regular events, so that no id is given twice. */
const firstNumber = 9000

interface PhotoWish {
  id?: Id
  name?: string
  albums?: Id[]
  odd?: OddKind
  isVideo?: boolean
}
type EventWish = Partial<Omit<Event, 'name' | 'brand' | 'photo' | 'count'>>

/** Puts everything that a reader of this account could trip over before the regular events; returns the photos by id. */
export function growTraps(brands: [Brand, Brand], seed: number, ids: Ids, pictures: Pictures): Map<string, Photo> {
  const kit = new TrapKit(seed, ids, pictures)
  const [first, second] = brands
  const ordinary = brands.map((brand) => brand.events.splice(0))
  growEvents(kit, first)
  growAlbums(kit, first)
  growIds(kit, first)
  growNames(kit, first)
  growContents(kit, first)
  growOriginals(kit, first)
  growSecondBrand(kit, second)
  brands.forEach((brand, at) => {
    brand.events.push(...(ordinary[at] ?? []))
  })
  return kit.photos
}

class TrapKit {
  readonly photos = new Map<string, Photo>()
  readonly #seed: number
  readonly #ids: Ids
  readonly #pictures: Pictures
  #events = 0

  constructor(seed: number, ids: Ids, pictures: Pictures) {
    this.#seed = seed
    this.#ids = ids
    this.#pictures = pictures
  }

  /** Of the event that is made next. */
  album(index: number, name: string, parent: number | null = null): Album {
    const number = firstNumber + this.#events
    return {
      id: this.#ids.album(number, index),
      name,
      parent: parent === null ? null : this.#ids.album(number, parent),
    }
  }

  event(brand: Brand, name: string, wishes: PhotoWish[], wish: EventWish = {}): Event {
    const number = firstNumber + this.#events++
    const photos: Photo[] = []
    const event: Event = {
      id: this.#ids.event(number),
      brand,
      name,
      date: '2019-06-01',
      category: null,
      cover: wishes.length > 0 ? 0 : null,
      active: true,
      albums: [],
      count: wishes.length,
      photo: (index) => photos[index],
      originals: 'given',
      ...wish,
    }
    for (const [index, one] of wishes.entries()) photos.push(this.#photo(event, number, index, one))
    for (const photo of photos) this.photos.set(String(photo.id), photo)
    brand.events.push(event)
    return event
  }

  #photo(event: Event, number: number, index: number, { odd, ...wish }: PhotoWish): Photo {
    const id = wish.id ?? this.#ids.photo(number, index)
    const { dated, undated } = this.#pictures
    const chosen = hash32(this.#seed, 'trap', number, index)
    const isDated = index % 5 !== 4
    return {
      id,
      event,
      name: `trap-${String(index + 1).padStart(3, '0')}.${odd ? oddKinds[odd].extension : 'jpg'}`,
      albums: [],
      content: odd
        ? { kind: 'odd', odd, mark: `photo ${id}` }
        : {
            kind: 'scene',
            scene: isDated ? chosen % dated : dated + (chosen % undated),
            mark: `photo ${id}`,
            takenAt: isDated ? '2019-06-01 12:30:00' : null,
          },
      isVideo: false,
      ...wish,
    }
  }
}

function some(count: number, wish: (index: number) => PhotoWish = () => ({})): PhotoWish[] {
  return Array.from({ length: count }, (_, index) => wish(index))
}

function growEvents(kit: TrapKit, brand: Brand): void {
  const [weddings, portraits] = brand.categories as [Category, Category]
  kit.event(brand, 'Without album', some(5))
  kit.event(brand, 'Empty', [], { date: null })
  kit.event(brand, 'Inactive', some(3), { active: false, category: weddings })
  kit.event(brand, 'Without date', some(2), { date: null })
  kit.event(brand, 'Without cover', some(2), { cover: null, category: portraits })
  kit.event(brand, 'Cover from elsewhere', some(2), { cover: 'elsewhere' })
  kit.event(brand, 'Highlights', some(2), { category: weddings })
  kit.event(brand, 'Highlights', some(3), { category: weddings })
  kit.event(brand, 'Highlights', some(1))
  kit.event(brand, 'More than a page', some(65), { cover: 64 })
  kit.event(brand, 'Evening in the west', some(1), { date: '2019-12-31T23:30:00-08:00' })
  kit.event(brand, 'Midnight', some(1), { date: '2020-01-01 00:00:00' })
  kit.event(brand, 'No day at all', some(1), { date: '0000-00-00' })
}

function growAlbums(kit: TrapKit, brand: Brand): void {
  const empty = [kit.album(0, 'To come'), kit.album(1, 'Later', 0)]
  kit.event(brand, 'Albums without photos', [], { albums: empty })

  // Children are listed before their parents, and two albums have one name.
  const deep = [
    kit.album(3, 'Dance', 2),
    kit.album(2, 'Evening', 1),
    kit.album(4, 'Evening', 1),
    kit.album(1, 'The day'),
    kit.album(5, 'Empty below', 3),
  ]
  kit.event(
    brand,
    'Three deep',
    some(9, (index) => ({ albums: [[deep[0]?.id ?? 0], [deep[1]?.id ?? 0], [deep[3]?.id ?? 0]][index % 3] })),
    { albums: deep },
  )

  const three = [kit.album(1, 'One'), kit.album(2, 'Two'), kit.album(3, 'Three')]
  const inThree = three.map(({ id }) => id)
  kit.event(
    brand,
    'In three albums and in none',
    [{ albums: inThree }, {}, { albums: inThree.toReversed() }, {}, { albums: inThree.slice(1) }],
    { albums: three },
  )

  const many = Array.from({ length: 27 }, (_, index) => kit.album(index + 1, `Table ${index + 1}`))
  kit.event(
    brand,
    'Many albums',
    some(30, (index) => ({ albums: [many[(index * 7) % many.length]?.id ?? 0] })),
    { albums: many },
  )
  const names = ['../up', 'CON', '<b>bold</b>', 'Cafe\u0301', 'Caf\u00e9', '👩‍👩‍👧‍👦', ' spaced ', 'x'.repeat(300)]
  const hostile = names.map((name, index) => kit.album(index + 1, name))
  kit.event(
    brand,
    'Names of albums',
    some(names.length, (index) => ({ albums: [hostile[index]?.id ?? 0] })),
    { albums: hostile },
  )
}

function growIds(kit: TrapKit, brand: Brand): void {
  const uuid = (last: number) => `6f1c2b9e-0d3a-4c57-9b1e-${String(last).padStart(12, '0')}`
  const albums: Album[] = [
    { id: uuid(11), name: 'First', parent: null },
    { id: uuid(12), name: 'Second', parent: uuid(11) },
  ]
  kit.event(
    brand,
    'Ids that are no numbers',
    some(3, (index) => ({ id: uuid(20 + index), albums: [uuid(11 + (index % 2))] })),
    { id: uuid(1), albums },
  )
  kit.event(brand, 'Digits as text', some(2), { id: '7000000001' })
  // Events, albums and photos are numbered apart: the same number is three different things.
  const albumsOfOne: Album[] = [{ id: 7_000_000_002, name: 'Numbered like its event', parent: null }]
  kit.event(brand, 'One number', [{ id: 7_000_000_002, albums: [7_000_000_002] }, {}], {
    id: 7_000_000_002,
    albums: albumsOfOne,
    category: brand.categories.find(({ id }) => id === brand.id) ?? null,
  })
}

function growNames(kit: TrapKit, brand: Brand): void {
  const titles = [
    '../../outside',
    'a/b\\c:d*e?f"g<h>i|j',
    'CON',
    '..',
    ' leading and trailing ',
    'bell\u0007 and next line\u0085 and override \u202egpj.exe',
    '👩‍👩‍👧‍👦 Família 🎉🏳️‍🌈',
    'Cafe\u0301',
    'Caf\u00e9',
    '<script>alert(1)</script> &amp; <b>bold</b>',
    "Robert'); DROP TABLE photos;--",
    '{{7*7}} $(id) %s %00',
    '1234567890123456789',
    'null',
    'שלום · 日本語 · العربية',
    'Lang '.repeat(60).trim(),
  ]
  const category = brand.categories.at(-1) ?? null
  for (const title of titles) kit.event(brand, title, some(1), { category })
  const names = ['../../../etc/passwd', 'C:\\Windows\\system32\\cmd.jpg', 'CON.jpg', 'no extension', '..', ...oddNames]
  kit.event(
    brand,
    'File names',
    names.map((name) => ({ name })),
  )
}

function growContents(kit: TrapKit, brand: Brand): void {
  const kinds: OddKind[] = ['damaged', 'gif', 'png', 'webp', 'tiff', 'heic']
  kit.event(brand, 'Kinds of pictures', [...kinds.map((odd) => ({ odd })), {}])
  kit.event(brand, 'A clip among photos', [{}, { odd: 'mp4', name: 'first dance.mp4', isVideo: true }, {}])
  const twins = kit.event(brand, 'Equal bytes', some(3))
  const [one, , other] = [twins.photo(0), twins.photo(1), twins.photo(2)]
  if (one && other) other.content = one.content
}

function growOriginals(kit: TrapKit, brand: Brand): void {
  kit.event(brand, 'Originals that only v2 gives', some(20), { originals: 403 })
  kit.event(brand, 'Originals that are not found', some(3), { originals: 404 })
  kit.event(brand, 'Addresses that are over', some(4), { originals: 'late' })
}

/** Its photos show no image, its categories are bare ids, and it has no name. */
function growSecondBrand(kit: TrapKit, brand: Brand): void {
  const [mini, school] = brand.categories as [Category, Category]
  kit.event(brand, 'Highlights', some(2), { category: school })
  kit.event(brand, 'Outside any category', some(2), { active: false })
  const albums = [kit.album(1, 'Class A'), kit.album(2, 'Class B')]
  kit.event(
    brand,
    'Two classes',
    some(14, (index) => ({ albums: [albums[index % 2]?.id ?? 0] })),
    { albums, category: mini },
  )
}
