import type { Pictures } from '../pictures.ts'
import { hash32, pick } from '../random.ts'
import { secondOf, uuid } from './ids.ts'
import type { Album, Collection, Folder, Node, Photo } from './world.ts'

/** Albums by arithmetic: any photo of half a million is made from its numbers alone, nothing is kept. */

export interface WorldOptions {
  galleries: number
  photos: number
  seed: number
}

const couples = ['Nora & Finn', 'Żaneta & Piotr', 'Lea & Jamal', 'Chloé & Max', 'Yuki & Sam', 'Ida & Luis']
const places = ['Schloss Benrath', 'Bath Abbey', 'Lago Maggiore', 'Gdańsk', 'The Old Mill', 'Casa Verde']
const kinds = ['Weddings', 'Families', 'Corporate']
const categories = ['Wedding', 'Portrait', 'Corporate', null]
const prefixes = ['DSC_', 'IMG_', 'NZ6_', 'portrait-']

/** Hangs the regular albums below their kind and year. Numbers of albums start at 0, those of folders at 1000. */
export function growRegular(top: Node[], options: WorldOptions, pictures: Pictures): Album[] {
  const { seed } = options
  const folders = new Map<string, Folder>()
  const folder = (parent: Folder | null, title: string): Folder => {
    const key = `${parent?.id}/${title}`
    const known = folders.get(key)
    if (known) return known
    const id = uuid('folder', seed, 1000 + folders.size)
    const made: Folder = { kind: 'folder', id, parent, title, children: [] }
    ;(parent?.children ?? top).push(made)
    folders.set(key, made)
    return made
  }
  return Array.from({ length: options.galleries }, (_, number) => {
    const year = 2019 + (Math.floor(number / kinds.length) % 7)
    const parent = folder(folder(null, kinds[number % kinds.length] ?? 'Others'), String(year))
    const album = regularAlbum(number, parent, year, options, pictures)
    parent.children.push(album)
    return album
  })
}

function regularAlbum(number: number, parent: Folder, year: number, options: WorldOptions, pictures: Pictures): Album {
  const { seed, photos: count } = options
  const day = new Date(Date.UTC(year, hash32(seed, number, 'month') % 12, 1 + (hash32(seed, number, 'day') % 28)))
  // Some minutes before or after midnight, so that any shift of zones shows in the day.
  const time = ['T23:59:30Z', 'T00:00:30.5Z', 'T12:00:00', 'T00:10:00+09:00'][number % 4]
  const dateCreated = `${day.toISOString().slice(0, 10)}${time}`
  return {
    kind: 'album',
    id: uuid('album', seed, number),
    parent,
    title: `${pick(couples, seed, number, 'title')} · ${pick(places, seed, number, 'place')} ${number + 1}`,
    active: number % 6 !== 5,
    dateCreated,
    category: pick(categories, seed, number, 'category'),
    count,
    photo: (index) =>
      Number.isInteger(index) && index >= 0 && index < count
        ? regularPhoto(number, index, dateCreated, seed, pictures)
        : undefined,
    indexOf: (id) => secondOf(id, 'photo', seed, number),
    collections: () => arrangement(number, count, seed),
    top: count === 0 || number % 5 === 4 ? [] : [hash32(seed, number, 'cover') % count, 0],
  }
}

/** Four ways to lie in sets; the order in each is neither that of the photos nor that of another set. */
function arrangement(number: number, count: number, seed: number): Collection[] {
  const all = Array.from({ length: count }, (_, index) => index)
  const set = (nth: number, name: string, members: number[]): Collection => ({
    id: uuid('set', seed, number, nth),
    name,
    members: shuffled(members, seed, number, nth),
  })
  const rest = (members: number[]): Collection => ({
    id: null,
    name: 'Photos',
    members: shuffled(members, seed, number, 0),
  })
  switch (number % 4) {
    case 0:
      return [rest(all)]
    case 1:
      return [
        rest(all.filter((index) => index % 3 === 0)),
        set(
          1,
          'Ceremony',
          all.filter((index) => index % 3 === 1),
        ),
        set(
          2,
          'Party',
          all.filter((index) => index % 3 === 2 || index % 15 === 1),
        ),
      ]
    case 2:
      return [
        rest([]),
        set(
          1,
          'Highlights',
          all.filter((index) => index % 2 === 0),
        ),
        set(2, 'Everything', all),
      ]
    default:
      return [
        set(
          1,
          'Album picks',
          all.filter((index) => index % 4 === 0),
        ),
        rest(all),
      ]
  }
}

export function shuffled(members: number[], ...parts: number[]): number[] {
  return members.toSorted((a, b) => hash32(...parts, a) - hash32(...parts, b))
}

function regularPhoto(number: number, index: number, dateCreated: string, seed: number, pictures: Pictures): Photo {
  const id = uuid('photo', seed, number, index)
  const chosen = hash32(seed, number, index)
  const taken = new Date(Date.UTC(2020, number % 12, 3, 9) + index * 41_000)
  const takenAt = taken.toISOString().slice(0, 19).replace('T', ' ')
  const content = {
    kind: 'scene',
    scene: chosen % pictures.dated,
    mark: `nextzen ${id.slice(0, 36)}`,
    takenAt,
  } as const
  const { bytes, width, height } = pictures.describe(content.scene)
  const base = `${prefixes[hash32(seed, number) % prefixes.length]}${String(index + 1).padStart(4, '0')}`
  return {
    id,
    name: base,
    fileName: `${base}.jpg`,
    size: bytes,
    width,
    height,
    dateCreated,
    version: 1 + (chosen % 3),
    content,
  }
}
