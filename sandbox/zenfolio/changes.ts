import { InvalidChange } from '../change.ts'
import type { Pictures } from '../pictures.ts'
import { Ids, timeText } from './regular.ts'
import { type AnySet, type Gallery, type Group, type Photo, photosOf, setsOf, type World } from './world.ts'

/**
 * What a photographer does to an account between two visits. Galleries, folders and photos are named by their ids; a
 * folder of null is the top.
 */
export type Change =
  | { do: 'add-gallery'; title: string; folder?: string | null; at?: number; photos: number }
  | { do: 'remove-gallery'; gallery: string }
  | { do: 'rename-gallery'; gallery: string; title: string }
  | { do: 'move-gallery'; gallery: string; folder?: string | null; at?: number }
  | { do: 'add-photos'; gallery: string; photos: number }
  | { do: 'remove-photos'; gallery: string; photos: string[] }
  /** Other bytes under the same ids. */
  | { do: 'replace-photos'; gallery: string; photos: string[] }
  | { do: 'caption-photos'; gallery: string; photos: string[]; caption: string }
  /** The last first. */
  | { do: 'reorder-photos'; gallery: string }
  | { do: 'set-cover'; gallery: string; photo: string }
  | { do: 'rename-folder'; folder: string; title: string }

/** Far above everything else, so that no id is given twice. */
const firstNumber = 9700

/** Takes `{"changes":[…]}`, or `{}` for one of each; answers what was done. Throws InvalidChange. */
export function changesOf(world: World, pictures: Pictures, seed: number): (wanted: unknown) => { changes: Change[] } {
  const hand = new Hand(world, pictures, new Ids(seed))
  return (wanted) => {
    const { changes = oneOfEach(world) } = Object(wanted) as { changes?: Change[] }
    if (!Array.isArray(changes)) throw new InvalidChange('changes is a list')
    for (const change of changes) hand.perform(change)
    return { changes }
  }
}

function oneOfEach(world: World): Change[] {
  const plain = [...setsOf(world.root)].filter(
    (set): set is Gallery => set.type === 'Gallery' && set.count >= 3 && !set.cold && !set.poison,
  )
  if (plain.length < 8) throw new InvalidChange('one of each needs eight galleries of three photos')
  const [grown, shrunk, replaced, turned, captioned, renamed, moved, removed] = plain as [Gallery, ...Gallery[]] &
    Record<number, Gallery>
  const id = (set: Gallery | undefined, index: number) => set!.photo(index)!.id
  const folder = renamed!.parent.parent === null ? null : renamed!.parent.id
  return [
    { do: 'add-gallery', title: 'New since the last visit', at: 0, photos: 3 },
    { do: 'add-photos', gallery: grown.id, photos: 2 },
    { do: 'remove-photos', gallery: shrunk!.id, photos: [id(shrunk, 0)] },
    { do: 'replace-photos', gallery: replaced!.id, photos: [id(replaced, 1)] },
    { do: 'reorder-photos', gallery: turned!.id },
    { do: 'set-cover', gallery: turned!.id, photo: id(turned, 2) },
    {
      do: 'caption-photos',
      gallery: captioned!.id,
      photos: [id(captioned, 0)],
      caption: 'Said since the last visit',
    },
    { do: 'rename-gallery', gallery: renamed!.id, title: 'Another title' },
    { do: 'move-gallery', gallery: moved!.id, folder: folder === moved!.parent.id ? null : folder },
    { do: 'remove-gallery', gallery: removed!.id },
  ]
}

class Hand {
  readonly #world: World
  readonly #pictures: Pictures
  readonly #ids: Ids
  readonly #lists = new WeakMap<AnySet, Photo[]>()
  #galleries = 0
  #photos = 0
  #steps = 0

  constructor(world: World, pictures: Pictures, ids: Ids) {
    this.#world = world
    this.#pictures = pictures
    this.#ids = ids
  }

  perform(change: Change): void {
    this.#steps++
    this.#world.generation++
    switch (change.do) {
      case 'add-gallery':
        this.#addGallery(change)
        return
      case 'remove-gallery':
        this.#removeGallery(this.#gallery(change.gallery))
        return
      case 'rename-gallery':
        this.#touched(change.gallery).title = change.title
        return
      case 'move-gallery': {
        const set = this.#gallery(change.gallery)
        leave(set)
        this.#enter(set, change.folder, change.at)
        return
      }
      case 'add-photos':
        this.#listed(change.gallery, (photos, set) => [...photos, ...this.#made(set, change.photos)])
        return
      case 'remove-photos':
        this.#removePhotos(change.gallery, new Set(change.photos))
        return
      case 'replace-photos':
        this.#edited(change.gallery, change.photos, (photo) => {
          photo.sequence = String(Number(photo.sequence || 0) + 1)
          if (photo.content.kind !== 'scene') throw new InvalidChange('only pictures are replaced')
          photo.content = { ...photo.content, mark: `photo ${photo.id} again ${this.#steps}` }
        })
        return
      case 'caption-photos':
        this.#edited(change.gallery, change.photos, (photo) => {
          photo.caption = change.caption
        })
        return
      case 'reorder-photos':
        this.#listed(change.gallery, (photos) => photos.toReversed())
        return
      case 'set-cover':
        this.#touched(change.gallery).cover = change.photo
        return
      case 'rename-folder':
        this.#folder(change.folder).title = change.title
        return
      default:
        throw new InvalidChange(`nobody can ${String((change as { do: unknown }).do)}`)
    }
  }

  #addGallery({ title, folder, at, photos }: Extract<Change, { do: 'add-gallery' }>): void {
    const set: Gallery = {
      kind: 'set',
      type: 'Gallery',
      id: this.#ids.set(firstNumber + this.#galleries++),
      parent: this.#folder(folder),
      owner: this.#world.loginName,
      title,
      caption: null,
      keywords: [],
      createdAt: '2025-09-01 10:00:00',
      modifiedAt: '2025-09-01 10:00:00',
      access: null,
      cover: null,
      count: 0,
      videos: 0,
      photo: () => undefined,
      files: [],
      pageMaximum: 500,
      poison: null,
      cold: null,
    }
    this.#enter(set, folder, at)
    this.#world.sets.set(set.id, set)
    this.#listed(set.id, () => this.#made(set, photos))
    set.cover = set.photo(0)?.id ?? null
  }

  #removeGallery(set: Gallery): void {
    this.#removePhotos(set.id, new Set([...photosOf(set)].map((photo) => photo.id)))
    leave(set)
    this.#world.sets.delete(set.id)
  }

  /** From its gallery, and from the collections that link it. */
  #removePhotos(gallery: string, gone: Set<string>): void {
    for (const set of this.#world.sets.values()) {
      const holds =
        set.id === gallery || (set.type === 'Collection' && [...photosOf(set)].some(({ id }) => gone.has(id)))
      if (!holds) continue
      this.#listed(set.id, (photos) => photos.filter((photo) => !gone.has(photo.id)))
      if (set.cover !== null && gone.has(set.cover)) set.cover = null
    }
    for (const id of gone) this.#world.changed.set(id, null)
  }

  #edited(gallery: string, ids: string[], edit: (photo: Photo) => void): void {
    this.#listed(gallery, (photos) => {
      for (const id of ids) {
        const photo = photos.find((one) => one.id === id)
        if (!photo) throw new InvalidChange(`there is no photo ${id} in ${gallery}`)
        edit(photo)
      }
      return photos
    })
  }

  /** From now on the gallery's photos are kept, not computed. */
  #listed(id: string, change: (photos: Photo[], set: Gallery) => Photo[]): void {
    const set = this.#touched(id)
    const photos = change(this.#lists.get(set) ?? [...photosOf(set)], set as Gallery)
    for (const photo of photos) if (photo.gallery === set) this.#world.changed.set(photo.id, photo)
    this.#lists.set(set, photos)
    set.photo = (index) => photos[index]
    set.count = photos.length
    set.videos = photos.filter((photo) => photo.isVideo).length
    set.revision = (set.revision ?? 0) + 1
  }

  #made(set: Gallery, count: number): Photo[] {
    return Array.from({ length: count }, () => {
      const number = this.#photos++
      const id = this.#ids.photo(firstNumber, number)
      const takenAt = timeText(Date.UTC(2025, 8, 1, 10) + number * 60_000)
      const scene = number % this.#pictures.dated
      const { bytes, width, height } = this.#pictures.describe(scene)
      return {
        id,
        gallery: set,
        owner: set.owner,
        fileName: `NEW_${String(number + 1).padStart(4, '0')}.jpg`,
        title: null,
        caption: null,
        keywords: [],
        copyright: null,
        takenAt,
        uploadedAt: '2025-09-01 10:00:00',
        width,
        height,
        rotation: 'None',
        mimeType: 'image/jpeg',
        sequence: '1',
        size: bytes,
        content: { kind: 'scene', scene, mark: `photo ${id}`, takenAt },
        isVideo: false,
        legacy: false,
        access: null,
        unlisted: [],
      } satisfies Photo
    })
  }

  #enter(set: AnySet, folder: string | null | undefined, at: number | undefined): void {
    set.parent = this.#folder(folder)
    set.parent.elements.splice(at ?? set.parent.elements.length, 0, set)
  }

  #folder(id: string | null | undefined): Group {
    const group = id == null ? this.#world.root : this.#world.groups.get(id)
    if (!group) throw new InvalidChange(`there is no folder ${id}`)
    return group
  }

  #gallery(id: string): Gallery {
    const set = this.#world.sets.get(id)
    if (set?.type !== 'Gallery') throw new InvalidChange(`there is no gallery ${id}`)
    return set
  }

  #touched(id: string): AnySet {
    const set = this.#world.sets.get(id)
    if (!set) throw new InvalidChange(`there is no gallery ${id}`)
    set.modifiedAt = timeText(Date.UTC(2025, 9, 1) + this.#steps * 60_000)
    return set
  }
}

function leave(set: AnySet): void {
  set.parent.elements.splice(set.parent.elements.indexOf(set), 1)
}
