// The tree of folders and albums, which one answer holds whole: where each gallery lies, and how many photos it states.
import type { SourceFolder } from '../connector.ts'
import type { Calls } from './calls.ts'
import { keyOf, type Node } from './wire.ts'

/** An album's place in the account. */
export interface Album {
  ref: string
  folderRef: string | null
  title: string
  position: number
  photos: number | null
}

export interface Tree {
  /** Parents before children. */
  folders: SourceFolder[]
  /** By `keyOf` their ref. */
  albums: Map<string, Album>
  /** Places taken at the top. */
  top: number
}

/** Throws UnexpectedPage where there are fewer albums than it says of itself. */
export async function loadTree(calls: Calls): Promise<Tree> {
  const { folderTree, albumsCount, foldersCount } = await calls.tree()
  const tree: Tree = { folders: [], albums: new Map(), top: folderTree.length }
  const known = new Set<string>()
  const visit = (nodes: Node[], folderRef: string | null) => {
    for (const [position, node] of nodes.entries()) {
      if (isAlbum(node, calls)) {
        if (!node.x) throw calls.unexpected('folders/tree: folderTree[].x of an album', Object.keys(node).join(' '))
        const album = { ref: node.x, folderRef, title: node.a ?? '', position, photos: node.g ?? null }
        if (!tree.albums.has(keyOf(node.x))) tree.albums.set(keyOf(node.x), album)
        if (node.f?.length) calls.context.note('album with something inside', { inside: node.f.length })
        continue
      }
      if (!node.x) throw calls.unexpected('folders/tree: folderTree[].x of a folder', Object.keys(node).join(' '))
      if (known.has(node.x)) continue
      known.add(node.x)
      tree.folders.push({
        ref: node.x,
        parentRef: folderRef,
        title: node.a ?? '',
        description: null,
        position,
        access: null,
      })
      visit(node.f ?? [], node.x)
    }
  }
  visit(folderTree, null)
  // One node without a title is an odd node; all of them without is a renamed field.
  if (everyNode(folderTree, (node) => node.a === undefined))
    throw calls.unexpected('folders/tree: folderTree[].a', Object.keys(folderTree[0] ?? {}).join(' '))
  const missing = (albumsCount ?? 0) - tree.albums.size
  if (missing > 0) throw calls.unexpected(`folders/tree: folderTree, ${missing} of ${albumsCount} albums missing`)
  if (albumsCount != null && missing < 0) calls.context.note('more albums than stated', { albumsCount, missing })
  if (foldersCount != null && foldersCount !== known.size)
    calls.context.note('other number of folders than stated', { foldersCount, found: known.size })
  return tree
}

/** `e` says so; where no flag is set, an album is what counts photos and has nothing inside. */
function isAlbum(node: Node, calls: Calls): boolean {
  if (node.e) return true
  if (node.d || node.f?.length) return false
  if (node.g != null) return true
  throw calls.unexpected('folders/tree: folderTree[].d or .e', Object.keys(node).join(' '))
}

function everyNode(nodes: Node[], fits: (node: Node) => boolean): boolean {
  return nodes.length > 0 && nodes.every((node) => fits(node) && (!node.f?.length || everyNode(node.f, fits)))
}

/** How many photos each album states, from the last look at the tree. */
export class Counts {
  readonly #calls: Calls
  #looked: Promise<Map<string, number | null>> | undefined

  constructor(calls: Calls) {
    this.#calls = calls
  }

  keep(tree: Tree): void {
    this.#looked = Promise.resolve(new Map([...tree.albums].map(([ref, { photos }]) => [ref, photos])))
  }

  async of(galleryRef: string): Promise<number | null> {
    this.#looked ??= this.#look()
    return (await this.#looked).get(keyOf(galleryRef)) ?? null
  }

  async now(galleryRef: string): Promise<number | null> {
    this.#looked = this.#look()
    return this.of(galleryRef)
  }

  /** Of many that ask at once, one looks; a look that failed is not kept. */
  #look(): Promise<Map<string, number | null>> {
    const looking = loadTree(this.#calls).then(
      ({ albums }) => new Map([...albums].map(([ref, { photos }]) => [ref, photos])),
    )
    looking.catch(() => {
      if (this.#looked === looking) this.#looked = undefined
    })
    return looking
  }
}
