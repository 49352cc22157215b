import { type OddFiles, type OddKind, oddKinds } from '../odd-files.ts'
import { oddNames } from '../odd-names.ts'
import type { Content } from '../originals.ts'
import type { Pictures } from '../pictures.ts'
import { hash32 } from '../random.ts'
import { uuid } from './ids.ts'
import { shuffled, type WorldOptions } from './regular.ts'
import type { Album, Collection, Folder, Node, Photo } from './world.ts'

/** Above the regular albums, so that no id is given twice. */
const firstNumber = 9000

type PhotoWish = Partial<Photo> & { odd?: OddKind }
/** Sets by name; an undefined name is the default set. Absent: one default set with everything. */
type SetWish = { name?: string | null; default?: boolean; members: number[] }
type AlbumWish = Partial<Pick<Album, 'active' | 'dateCreated' | 'category' | 'top'>> & { sets?: SetWish[] }

const some = (count: number, wish: (index: number) => PhotoWish = () => ({})): PhotoWish[] =>
  Array.from({ length: count }, (_, index) => wish(index))
const all = (count: number) => Array.from({ length: count }, (_, index) => index)

/** Puts everything that a reader of this account could trip over at the top, before the regular albums. */
export async function growTraps(top: Node[], options: WorldOptions, pictures: Pictures, oddFiles: OddFiles) {
  const kit = new TrapKit([], options, pictures, oddFiles)
  await growTree(kit)
  await growSets(kit)
  await growNames(kit)
  await growContents(kit)
  top.unshift(...kit.top)
}

async function growTree(kit: TrapKit): Promise<void> {
  await kit.album(null, 'At the top', some(3))
  kit.folder(null, 'Nothing in here')
  await kit.album(null, 'Empty album', [], { sets: [{ default: true, name: 'Photos', members: [] }] })
  await kit.album(null, 'Empty album without a set', [], { sets: [] })
  const one = kit.folder(null, 'Clients')
  const two = kit.folder(one, 'Families')
  const three = kit.folder(two, 'Berger')
  const four = kit.folder(three, '2021')
  await kit.album(four, 'Deep down', some(4))
  await kit.album(two, 'Between', some(2))
  kit.folder(four, 'Empty and deep')
  const same = kit.folder(null, 'Equal titles')
  await kit.album(same, 'Highlights', some(3))
  await kit.album(same, 'Highlights', some(2))
  await kit.album(kit.folder(same, 'Highlights'), 'Highlights', some(2))
  await kit.album(null, 'Not active', some(3), { active: false, dateCreated: '2018-12-31T23:59:59.999Z' })
  await kit.album(null, 'No day of any calendar', some(1), { dateCreated: '0001-01-01T00:00:00' })
  await kit.album(null, 'Without a cover', some(2), { top: [] })
}

async function growSets(kit: TrapKit): Promise<void> {
  const folder = kit.folder(null, 'Sets')
  await kit.album(folder, 'A photo in three sets', some(6), {
    sets: [
      { default: true, name: 'Photos', members: [5, 0] },
      { name: 'First', members: [3, 1, 0] },
      { name: 'Second', members: [0, 2, 4] },
    ],
  })
  await kit.album(folder, 'A set with no photos', some(3), {
    sets: [
      { default: true, name: 'Photos', members: [2, 0, 1] },
      { name: 'To be filled', members: [] },
    ],
  })
  await kit.album(folder, 'Nothing in the default set', some(4), {
    sets: [
      { default: true, name: 'Photos', members: [] },
      { name: 'All of them', members: [3, 1, 2, 0] },
    ],
  })
  await kit.album(folder, 'Sets of equal names, the default one last and renamed', some(4), {
    sets: [
      { name: 'Part', members: [1] },
      { name: 'Part', members: [0] },
      { default: true, name: 'Everything else', members: [3, 2] },
    ],
  })
  await kit.album(folder, 'Photos in no set', some(5), {
    sets: [
      { default: true, name: null, members: [4] },
      { name: 'Half', members: [2, 0] },
    ],
  })
  await kit.album(folder, 'More than a page', some(520))
}

async function growNames(kit: TrapKit): Promise<void> {
  const folder = kit.folder(null, 'Names ../../../etc')
  const titles = [
    '../../outside',
    'a/b\\c:d*e?f"g<h>i|j',
    'CON',
    ' leading and trailing ',
    'bell\u0007 and next line\u0085 and override \u202egpj.exe',
    '👩‍👩‍👧‍👦 Família 🎉',
    'Cafe\u0301',
    'Caf\u00e9',
    '<script>alert(1)</script> &amp; <b>bold</b>',
    "Robert'); DROP TABLE photos;--",
    'null',
    'שלום · 日本語 · العربية',
    'Lang '.repeat(60).trim(),
  ]
  for (const title of titles)
    await kit.album(folder, title, some(1), {
      sets: [
        { default: true, name: 'Photos', members: [] },
        { name: `Set of ${title}`, members: [0] },
      ],
    })
  const fileNames = [
    '../../../etc/passwd',
    'C:\\Windows\\system32\\cmd.jpg',
    'CON.jpg',
    'no extension',
    'percent %2e%2e%2f?query#fragment.jpg',
    ...oddNames,
  ]
  await kit.album(
    null,
    'File names',
    fileNames.map((fileName, index) => ({ fileName, name: index % 2 === 0 ? 'A title is no file name' : fileName })),
  )
}

async function growContents(kit: TrapKit): Promise<void> {
  const folder = kit.folder(null, 'Contents')
  const kinds: OddKind[] = ['damaged', 'gif', 'png', 'webp', 'tiff', 'heic']
  await kit.album(folder, 'Kinds of pictures', [...kinds.map((odd) => ({ odd })), {}])
  const twins = await kit.album(folder, 'Equal bytes', some(3))
  const copies = await kit.album(folder, 'Equal bytes elsewhere', some(2))
  Object.assign(twins.photo(0)!, like(copies.photo(1)!))
  Object.assign(twins.photo(1)!, like(copies.photo(1)!))
  const sizes = await kit.album(folder, 'Sizes that disagree', some(4))
  for (const [index, factor] of [0.83, 3, 0.1].entries()) {
    const photo = sizes.photo(index)!
    photo.size = Math.round((photo.size ?? 0) * factor)
  }
  Object.assign(sizes.photo(3)!, { size: null, width: null, height: null })
}

const like = ({ content, size, width, height }: Photo) => ({ content, size, width, height })

class TrapKit {
  readonly top: Node[]
  readonly #options: WorldOptions
  readonly #pictures: Pictures
  readonly #oddFiles: OddFiles
  #albums = 0
  #folders = 0

  constructor(top: Node[], options: WorldOptions, pictures: Pictures, oddFiles: OddFiles) {
    this.top = top
    this.#options = options
    this.#pictures = pictures
    this.#oddFiles = oddFiles
  }

  folder(parent: Folder | null, title: string): Folder {
    const id = uuid('folder', this.#options.seed, this.#folders++)
    const folder: Folder = { kind: 'folder', id, parent, title, children: [] }
    ;(parent?.children ?? this.top).push(folder)
    return folder
  }

  async album(parent: Folder | null, title: string, wishes: PhotoWish[], wish: AlbumWish = {}): Promise<Album> {
    const { seed } = this.#options
    const number = firstNumber + this.#albums++
    const photos: Photo[] = []
    for (const [index, one] of wishes.entries()) photos.push(await this.#photo(number, index, one))
    const count = photos.length
    const { sets, ...facts } = wish
    const wanted = sets ?? [{ default: true, name: 'Photos', members: shuffled(all(count), seed, number) }]
    const collections: Collection[] = wanted.map(({ name, members, ...set }, nth) => ({
      id: set.default ? null : uuid('set', seed, number, nth),
      name: name ?? null,
      members,
    }))
    const numbers = new Map(photos.map(({ id }, index) => [id, index]))
    const album: Album = {
      kind: 'album',
      id: uuid('album', seed, number),
      parent,
      title,
      active: true,
      dateCreated: number % 2 === 0 ? '2019-12-31T23:59:59Z' : '2020-01-01T00:00:01-08:00',
      category: null,
      count,
      photo: (index) => photos[index],
      indexOf: (id) => numbers.get(id),
      collections: () => collections,
      top: count > 0 ? [count - 1] : [],
      ...facts,
    }
    ;(parent?.children ?? this.top).push(album)
    return album
  }

  async #photo(number: number, index: number, { odd, ...wish }: PhotoWish): Promise<Photo> {
    const { seed } = this.#options
    const id = uuid('photo', seed, number, index)
    const chosen = hash32(seed, 'trap', number, index)
    const takenAt = `2019-06-0${1 + (chosen % 9)} 12:30:0${index % 10}`
    const content: Content =
      odd === undefined
        ? { kind: 'scene', scene: chosen % this.#pictures.dated, mark: `nextzen ${id}`, takenAt }
        : { kind: 'odd', odd, mark: `nextzen ${id}` }
    const { bytes, width, height } =
      content.kind === 'scene'
        ? this.#pictures.describe(content.scene)
        : { bytes: (await this.#oddFiles(content.odd, content.mark)).length, width: 320, height: 240 }
    const base = `trap-${String(index + 1).padStart(3, '0')}`
    return {
      id,
      name: base,
      fileName: `${base}.${odd ? oddKinds[odd].extension : 'jpg'}`,
      size: bytes,
      width,
      height,
      dateCreated: '2020-02-29T23:30:00Z',
      version: 1,
      content,
      ...wish,
    }
  }
}
