import type { Pictures } from '../pictures.ts'
import { hash32, pick } from '../random.ts'
import type { Gallery, Group, Photo } from './world.ts'

/** Galleries by arithmetic: any photo of half a million is made from its number alone, nothing is kept. */

export interface WorldOptions {
  galleries: number
  photos: number
  seed: number
  pageMaximum: number
  loginName: string
}

/** No two ids are one rounding apart, and none survives a double: multiples of 6400 keep both remainders of the bases. */
const step = 6400n
const photoBase = 1710182934435540554n
const setBase = 562597392871954814n
const groupBase = 562597392652020926n
const perGallery = 1_000_000
const perSeed = 10_000_000_000n

const couples = ['Anna & Ben', 'Łucja & Tomasz', 'Mia & José', 'Zoë & Émile', 'Ines & Noah', 'Aiko & Ren', 'Eva & Paul']
const places = ['Kirchheim', 'Lake Como', 'Old Town Hall', 'Gut Sonnenhof', 'Brighton Pier', 'Łódź', 'Villa Rosa']
const shoots = ['Weddings', 'Portraits', 'Events', 'Travel']
const words = ['bride', 'groom', 'family', 'ceremony', 'dance', 'detail', 'landscape', 'black and white', 'Grüße']
const prefixes = ['IMG_', 'DSC0', '_MG_', 'P100', 'wedding-']

export class Ids {
  readonly #shift: bigint

  constructor(seed: number) {
    this.#shift = BigInt(seed % 1000) * perSeed
  }

  photo(gallery: number, index: number): string {
    return String(photoBase + (this.#shift + BigInt(gallery * perGallery + index)) * step)
  }

  set(gallery: number): string {
    return String(setBase + (this.#shift + BigInt(gallery)) * step)
  }

  group(group: number): string {
    return String(groupBase + (this.#shift + BigInt(group)) * step - perSeed * step * 2000n)
  }

  /** The numbers a photo's id was made from, or null where it is none of ours. */
  ofPhoto(id: string): { gallery: number; index: number } | null {
    const distance = BigInt(id) - photoBase
    if (distance < 0n || distance % step !== 0n) return null
    const number = distance / step - this.#shift
    if (number < 0n || number >= perSeed) return null
    return { gallery: (Number(number) / perGallery) | 0, index: Number(number) % perGallery }
  }
}

/** Hangs the regular galleries below the root: kind of shoot, year, gallery. */
export function growRegular(root: Group, options: WorldOptions, ids: Ids, pictures: Pictures): Gallery[] {
  const folders = new Map<string, Group>()
  const folder = (parent: Group, title: string, year: number): Group => {
    const key = `${parent.id}/${title}`
    const known = folders.get(key)
    if (known) return known
    const made: Group = {
      kind: 'group',
      id: ids.group(1000 + folders.size),
      parent,
      title,
      caption: parent === root ? `${title} of all years` : null,
      createdAt: `${year}-01-02 09:00:00`,
      modifiedAt: `${year}-12-30 18:00:00`,
      access: null,
      cover: null,
      elements: [],
    }
    parent.elements.push(made)
    folders.set(key, made)
    return made
  }
  return Array.from({ length: options.galleries }, (_, number) => {
    const shoot = shoots[number % shoots.length] ?? 'Events'
    const year = 2016 + (Math.floor(number / shoots.length) % 9)
    const parent = folder(folder(root, shoot, 2016), String(year), year)
    const gallery = regularGallery(number, parent, year, options, ids, pictures)
    parent.elements.push(gallery)
    return gallery
  })
}

function regularGallery(
  number: number,
  parent: Group,
  year: number,
  options: WorldOptions,
  ids: Ids,
  pictures: Pictures,
): Gallery {
  const { seed } = options
  // Some minutes before or after midnight, so that any shift of zones shows in the day.
  const time = ['23:59:30', '00:00:30', '12:00:00', '18:45:10'][number % 4]
  const day = timeText(
    Date.UTC(year, hash32(seed, number, 'month') % 12, 1 + (hash32(seed, number, 'day') % 28)),
  ).slice(0, 10)
  const gallery: Gallery = {
    kind: 'set',
    type: 'Gallery',
    id: ids.set(number),
    parent,
    owner: options.loginName,
    title: `${pick(couples, seed, number, 'title')}, ${pick(places, seed, number, 'place')} ${number + 1}`,
    caption: number % 3 === 0 ? `A day at ${pick(places, seed, number, 'place')}.\nThank you for having us!` : null,
    keywords: number % 2 === 0 ? [pick(words, seed, number, 'set')] : [],
    createdAt: `${day} ${time}`,
    modifiedAt: `${year}-12-30 18:00:00`,
    access: null,
    cover:
      options.photos > 0 && number % 5 !== 4 ? ids.photo(number, hash32(seed, number, 'cover') % options.photos) : null,
    count: options.photos,
    videos: 0,
    photo: (index) =>
      Number.isInteger(index) && index >= 0 && index < options.photos
        ? regularPhoto(gallery, number, index, seed, ids, pictures)
        : undefined,
    files: [],
    pageMaximum: options.pageMaximum,
    poison: null,
    cold: null,
  }
  return gallery
}

function regularPhoto(
  gallery: Gallery,
  number: number,
  index: number,
  seed: number,
  ids: Ids,
  pictures: Pictures,
): Photo {
  const id = ids.photo(number, index)
  const chosen = hash32(seed, number, index)
  const takenAt = timeText(Date.parse(`${gallery.createdAt.slice(0, 10)}T09:00:00Z`) + index * 37_000)
  const content = { kind: 'scene', scene: chosen % pictures.dated, mark: `photo ${id}`, takenAt } as const
  const { bytes, width, height } = pictures.describe(content.scene)
  return {
    id,
    gallery,
    owner: gallery.owner,
    fileName: `${prefixes[hash32(seed, number) % prefixes.length]}${String(index + 1).padStart(4, '0')}.jpg`,
    title: chosen % 7 === 0 ? `Moment ${index + 1}` : null,
    caption: chosen % 4 === 0 ? `${pick(couples, seed, number, 'title')}: moment ${index + 1} “of many”` : null,
    keywords: words.filter((_, at) => (chosen >>> at) % 5 === 0),
    copyright: chosen % 3 === 0 ? '© Studio Licht' : null,
    takenAt,
    uploadedAt: gallery.createdAt,
    width,
    height,
    rotation: 'None',
    mimeType: 'image/jpeg',
    sequence: String(chosen % 9),
    size: bytes,
    content,
    isVideo: false,
    legacy: false,
    access: null,
    unlisted: [],
  }
}

/** Milliseconds since 1970, read as if the clock had no zone: `YYYY-MM-DD HH:MM:SS`. */
export function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ')
}
