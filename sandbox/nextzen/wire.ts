import type { FaultSwitch } from '../faults.ts'
import { answerPlace } from './expected.ts'
import { type Album, albumsOf, type Node, photosOf, type World } from './world.ts'

/** What the dashboard's REST says of the account. */
export class Wire {
  readonly #world: World
  readonly #faults: FaultSwitch

  constructor(world: World, faults: FaultSwitch) {
    this.#world = world
    this.#faults = faults
  }

  tree(): object {
    const { top, folders, albums } = this.#world
    const folderTree = this.#faults.current.emptyLists ? [] : top.map(nodeOf)
    return { folderTree, foldersCount: folders, albumsCount: albums.size }
  }

  /** By date, the latest first: not the order of the tree. */
  contents(asked: { active: boolean; inactive: boolean }): Album[] {
    return [...albumsOf(this.#world.top)]
      .filter(({ active }) => (active ? asked.active : asked.inactive))
      .toSorted((a, b) =>
        a.dateCreated < b.dateCreated ? 1 : a.dateCreated > b.dateCreated ? -1 : a.id < b.id ? 1 : -1,
      )
  }

  content(all: Album[], skip: number, take: number): object {
    const page = this.#faults.current.emptyLists ? [] : all.slice(skip, skip + take)
    return { count: all.length, galleriesContent: page.map((album) => this.#contentOf(album)) }
  }

  photos(album: Album): object {
    const empty = this.#faults.current.emptyLists
    const photos = photosOf(album)
      .map((photo, index) => ({ photo, place: answerPlace(album, index) }))
      .toSorted((a, b) => a.place - b.place)
      .map(({ photo: { id, name, fileName, size, width, height, dateCreated } }) => ({
        id,
        name,
        fileName,
        size,
        width,
        height,
        dateCreated,
      }))
    const collections = album.collections().map(({ id, name, members }) => ({
      collectionId: id,
      name,
      mediaSortIndices: empty ? [] : members.map((index) => ({ id: album.photo(index)?.id })),
    }))
    return { photos: empty ? [] : photos, collections }
  }

  #contentOf(album: Album): object {
    const top = album.top.map((index) => album.photo(index)).filter((photo) => photo !== undefined)
    return {
      id: album.id,
      name: album.title,
      photoCount: album.count,
      dateCreated: album.dateCreated,
      ...(album.category === null ? {} : { eventCategory: album.category }),
      topMedia: top.map(({ id, version, fileName }) => ({ id, photoVersion: version, fileName })),
      photoUrlTemplate: `/${this.#world.siteId}/0/~sizeCode~/~photoId~/~photoVersion~/~resizeMethod~/~photoTitle~`,
    }
  }
}

function nodeOf(node: Node): object {
  return node.kind === 'folder'
    ? { x: node.id, a: node.title, d: true, e: false, f: node.children.map(nodeOf) }
    : { x: node.id, a: node.title, d: false, e: true, f: [], g: node.count }
}
