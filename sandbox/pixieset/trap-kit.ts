import { type OddFiles, type OddKind, oddKinds } from '../odd-files.ts'
import type { Content } from '../originals.ts'
import type { Pictures } from '../pictures.ts'
import { hash32, noise } from '../random.ts'
import { hashOf, type Ids, timeText, type WorldOptions } from './regular.ts'
import type { Collection, ContentSet, Folder, Photo, Rendition, Video } from './world.ts'
import { local, nothing, zoned } from './written.ts'

/** Far above the regular collections, so that no id is given twice. */
const firstNumber = 9000

export type PhotoWish = Partial<Omit<Photo, 'collection' | 'set'>> & { odd?: OddKind }
export type VideoWish = Partial<Pick<Video, 'id' | 'name' | 'rank' | 'status' | 'overAtFirst'>> & {
  /** Widths, in the order in which they are listed. */
  widths?: number[]
}
export type SetWish = Partial<Pick<ContentSet, 'name' | 'slug' | 'description' | 'private'>> & {
  photos?: PhotoWish[]
  videos?: VideoWish[]
}
type CollectionWish = Partial<Omit<Collection, 'name' | 'sets' | 'id'>>

/** Puts irregular things into an account and remembers the photos, which no arithmetic would find again. */
export class TrapKit {
  readonly collections: Collection[] = []
  readonly folders: Folder[] = []
  readonly photos = new Map<string, Photo>()
  readonly videos = new Map<string, Video>()
  readonly #options: WorldOptions
  readonly #ids: Ids
  readonly #pictures: Pictures
  readonly #oddFiles: OddFiles

  constructor(options: WorldOptions, ids: Ids, pictures: Pictures, oddFiles: OddFiles) {
    this.#options = options
    this.#ids = ids
    this.#pictures = pictures
    this.#oddFiles = oddFiles
  }

  folder(name: string, parentId: string | null = null): Folder {
    const folder = { id: String(700 + this.folders.length), parentId, name }
    this.folders.push(folder)
    return folder
  }

  async collection(name: string, sets: SetWish[], wish: CollectionWish = {}): Promise<Collection> {
    const number = firstNumber + this.collections.length
    const collection: Collection = {
      id: this.#ids.collection(number),
      urlKey: `trap-${this.collections.length}`,
      name,
      description: null,
      eventDate: zoned(number % 2 === 0 ? '2019-12-31T23:59:59-05:00' : '2020-01-01T00:00:01+09:00'),
      createdAt: local('2020-02-02 02:02:02'),
      expireAt: nothing,
      statedPhotos: 0,
      status: 0,
      folderId: null,
      coverHash: null,
      coverRef: null,
      password: null,
      privatePassword: null,
      downloadPin: '0042',
      downloads: true,
      hidden: false,
      expired: false,
      coverPage: true,
      sets: [],
      favourites: [],
      ...wish,
    }
    for (const [at, { photos = [], videos = [], ...more }] of sets.entries()) {
      const made: Photo[] = []
      const set: ContentSet = {
        id: this.#ids.set(number, at),
        collection,
        name: at === 0 ? 'Highlights' : `Set ${at + 1}`,
        slug: at === 0 ? 'highlights' : `set-${at + 1}`,
        description: null,
        private: false,
        count: photos.length,
        photo: (index) => made[index],
        videos: [],
        ...more,
      }
      for (const [index, one] of photos.entries()) made.push(await this.#photo(set, number, at, index, one))
      made.sort((a, b) => a.rank - b.rank)
      for (const photo of made) this.photos.set(photo.id, photo)
      for (const [index, one] of videos.entries()) set.videos.push(await this.#video(set, number, at, index, one))
      collection.sets.push(set)
    }
    if (wish.statedPhotos === undefined)
      collection.statedPhotos = collection.sets.reduce((sum, set) => sum + set.count, 0)
    this.collections.push(collection)
    return collection
  }

  cover(collection: Collection, photo: Photo | undefined): void {
    collection.coverHash = photo?.hash ?? null
    collection.coverRef = photo?.id ?? null
  }

  async #photo(set: ContentSet, number: number, at: number, index: number, wish: PhotoWish): Promise<Photo> {
    const { odd, content: given, ...more } = wish
    const id = wish.id ?? this.#ids.photo(number, at, index)
    const takenAt = timeText(Date.UTC(2019, 5, 1, 12, 30) + (number * 1000 + at * 100 + index) * 1000)
    const dated = odd === undefined && wish.capture?.iso !== null
    const chosen = hash32(this.#options.seed, 'trap', number, at, index)
    const { dated: datedScenes, undated } = this.#pictures
    const mark = `photo ${id}`
    const scene = dated ? chosen % datedScenes : datedScenes + (chosen % undated)
    const content: Content =
      given ?? (odd ? { kind: 'odd', odd, mark } : { kind: 'scene', scene, mark, takenAt: dated ? takenAt : null })
    const { bytes, width, height } = await this.#measure(content)
    return {
      id,
      collection: set.collection,
      set,
      name: `trap-${String(index + 1).padStart(3, '0')}.${odd ? oddKinds[odd].extension : 'JPG'}`,
      description: null,
      capture: odd ? nothing : zoned(`${takenAt.replace(' ', 'T')}+02:00`),
      width,
      height,
      size: bytes,
      rank: index + 1,
      starred: false,
      private: false,
      hash: hashOf(id),
      content,
      overAtFirst: false,
      deleted: false,
      ...more,
    }
  }

  async #video(set: ContentSet, number: number, at: number, index: number, wish: VideoWish): Promise<Video> {
    const { widths = [640, 1920, 1280], ...more } = wish
    const id = wish.id ?? String(700_000_000 + (number * 10 + at) * 100 + index)
    const playbackId = noise(12, 'playback', id, set.id).toString('hex')
    const renditions: Rendition[] = []
    for (const width of widths) {
      const content: Content = { kind: 'odd', odd: 'mp4', mark: `video ${id} ${set.id} ${width}` }
      const name = `${width >= 1920 ? 'high' : width >= 1280 ? 'medium' : 'low'}.mp4`
      renditions.push({
        name,
        width,
        height: Math.round(width * 0.5625),
        content,
        size: (await this.#measure(content)).bytes,
      })
    }
    const video: Video = {
      id,
      collection: set.collection,
      set,
      name: `film ${index + 1}.mov`,
      rank: index + 1,
      width: 1920,
      height: 1080,
      playbackId,
      status: 2,
      renditions,
      overAtFirst: false,
      ...more,
    }
    this.videos.set(playbackId, video)
    return video
  }

  async #measure(content: Content): Promise<{ bytes: number; width: number; height: number }> {
    if (content.kind === 'scene') return this.#pictures.describe(content.scene)
    return { bytes: (await this.#oddFiles(content.odd, content.mark)).length, width: 320, height: 240 }
  }
}

export function some(count: number, wish: (index: number) => PhotoWish = () => ({})): PhotoWish[] {
  return Array.from({ length: count }, (_, index) => wish(index))
}
