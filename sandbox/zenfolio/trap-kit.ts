import { type OddFiles, type OddKind, oddKinds } from '../odd-files.ts'
import type { Content } from '../originals.ts'
import type { Pictures } from '../pictures.ts'
import { hash32 } from '../random.ts'
import { type Ids, timeText, type WorldOptions } from './regular.ts'
import type { Access, AccessType, Collection, FavoritesSet, Gallery, Group, Photo, RawFile } from './world.ts'

/** Far above the regular galleries, so that no id is given twice. */
const firstNumber = 9000

export type PhotoWish = Partial<Omit<Photo, 'gallery'>> & { odd?: OddKind }
type GroupWish = Partial<Omit<Group, 'title' | 'parent' | 'elements'>>
type GalleryWish = Partial<Omit<Gallery, 'title' | 'parent' | 'photo' | 'count'>>

/** Puts irregular things into an account and remembers the photos, which no arithmetic would find again. */
export class TrapKit {
  readonly root: Group
  readonly photos = new Map<string, Photo>()
  readonly favorites: FavoritesSet[] = []
  readonly #options: WorldOptions
  readonly #ids: Ids
  readonly #pictures: Pictures
  readonly #oddFiles: OddFiles
  #galleries = 0
  #groups = 0
  #realms = 0

  constructor(root: Group, options: WorldOptions, ids: Ids, pictures: Pictures, oddFiles: OddFiles) {
    this.root = root
    this.#options = options
    this.#ids = ids
    this.#pictures = pictures
    this.#oddFiles = oddFiles
  }

  access(type: AccessType, more: Partial<Access> = {}): Access {
    return { realmId: this.#ids.set(firstNumber + 500 + this.#realms++), type, mask: 'None', ...more }
  }

  group(parent: Group, title: string, wish: GroupWish = {}): Group {
    const group: Group = {
      kind: 'group',
      id: this.#ids.group(this.#groups++ + 1),
      parent,
      title,
      caption: null,
      createdAt: '2018-02-28 23:30:00',
      modifiedAt: '2018-03-01 00:30:00',
      access: null,
      cover: null,
      elements: [],
      ...wish,
    }
    parent.elements.push(group)
    return group
  }

  async gallery(parent: Group, title: string, wishes: PhotoWish[], wish: GalleryWish = {}): Promise<Gallery> {
    const number = firstNumber + this.#galleries++
    const photos: Photo[] = []
    const gallery: Gallery = {
      ...this.#set(number, parent, title, photos),
      type: 'Gallery',
      owner: this.#options.loginName,
      ...wish,
    }
    for (const [index, one] of wishes.entries()) photos.push(await this.#photo(gallery, number, index, one))
    for (const photo of photos) this.photos.set(photo.id, photo)
    gallery.count = photos.length
    gallery.videos = photos.filter((photo) => photo.isVideo).length
    parent.elements.push(gallery)
    return gallery
  }

  collection(
    parent: Group,
    title: string,
    wish: Partial<Collection> = {},
  ): { set: Collection; link(photos: Photo[]): void } {
    const photos: Photo[] = []
    const number = firstNumber + this.#galleries++
    const set: Collection = { ...this.#set(number, parent, title, photos), type: 'Collection', ...wish }
    parent.elements.push(set)
    return {
      set,
      link(more) {
        photos.push(...more)
        set.count = photos.length
        set.videos = photos.filter((photo) => photo.isVideo).length
      },
    }
  }

  async file(fileName: string, odd: OddKind, id: string): Promise<RawFile> {
    const content: Content = { kind: 'odd', odd, mark: `file ${id}` }
    return { id, fileName, size: (await this.#oddFiles(odd, content.mark)).length, content }
  }

  /** An id that nothing else has, for a file or a favourites set. */
  freshId(number: number): string {
    return this.#ids.photo(firstNumber + 900, number)
  }

  #set(number: number, parent: Group, title: string, photos: Photo[]): Omit<Gallery, 'type' | 'owner'> {
    return {
      kind: 'set',
      id: this.#ids.set(number),
      parent,
      title,
      caption: null,
      keywords: [],
      createdAt: number % 2 === 0 ? '2019-12-31 23:59:59' : '2020-01-01 00:00:01',
      modifiedAt: '2020-06-15 12:00:00',
      access: null,
      cover: null,
      count: 0,
      videos: 0,
      photo: (index) => photos[index],
      files: [],
      pageMaximum: this.#options.pageMaximum,
      poison: null,
      cold: null,
    }
  }

  async #photo(gallery: Gallery, number: number, index: number, { odd, ...wish }: PhotoWish): Promise<Photo> {
    const id = wish.id ?? this.#ids.photo(number, index)
    const dated = odd === undefined && wish.takenAt !== null
    const takenAt = timeText(Date.UTC(2019, 5, 1, 12, 30) + (number * 1000 + index) * 1000)
    const chosen = hash32(this.#options.seed, 'trap', number, index)
    const { dated: datedScenes, undated } = this.#pictures
    const content: Content =
      odd === undefined
        ? {
            kind: 'scene',
            scene: dated ? chosen % datedScenes : datedScenes + (chosen % undated),
            mark: `photo ${id}`,
            takenAt: dated ? (wish.takenAt ?? takenAt) : null,
          }
        : { kind: 'odd', odd, mark: `photo ${id}` }
    const { bytes, width, height } =
      content.kind === 'scene'
        ? this.#pictures.describe(content.scene)
        : { bytes: (await this.#oddFiles(content.odd, content.mark)).length, width: 320, height: 240 }
    const photo: Photo = {
      id,
      gallery,
      owner: gallery.owner,
      fileName: `trap-${String(index + 1).padStart(3, '0')}.${odd ? oddKinds[odd].extension : 'jpg'}`,
      title: null,
      caption: null,
      keywords: [],
      copyright: null,
      takenAt,
      uploadedAt: gallery.createdAt,
      width,
      height,
      rotation: 'None',
      mimeType: odd ? oddKinds[odd].contentType : 'image/jpeg',
      sequence: String(chosen % 5),
      size: bytes,
      content,
      isVideo: false,
      legacy: false,
      access: null,
      unlisted: [],
      ...wish,
    }
    return photo
  }
}

export function some(count: number, wish: (index: number) => PhotoWish = () => ({})): PhotoWish[] {
  return Array.from({ length: count }, (_, index) => wish(index))
}
