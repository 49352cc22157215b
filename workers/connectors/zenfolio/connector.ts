// Zenfolio Classic, read over JSON-RPC (API 1.8).
import {
  type AccountPage,
  type AccountSummary,
  type Connector,
  type FavouriteList,
  type GalleryDetail,
  NotAvailable,
  NotFound,
  type Opened,
  type Page,
  type PhotoAddress,
  SourceFault,
  type SourceSession,
  UnexpectedPage,
} from '../connector.ts'
import type { Calls } from './calls.ts'
import { countFiles, listPhotos } from './listing.ts'
import { openOriginal } from './originals.ts'
import { told } from './photos.ts'
import { several } from './several.ts'
import { begin, type Credentials, type SignedIn } from './signin.ts'
import { accessOf, isVirtual, loadTree, statedCount, type Tree } from './tree.ts'
import type { PhotoSet } from './wire.ts'

export const zenfolio: Connector<Credentials> = {
  provider: 'zenfolio',
  abilities: {
    folders: true,
    sets: 'none',
    collections: true,
    covers: true,
    dates: true,
    descriptions: true,
    captions: true,
    keywords: true,
    takenAt: true,
    access: true,
    passwords: 'required',
    expiry: false,
    favourites: true,
    stars: false,
    videos: 'derived',
    files: true,
    sizes: 'hint',
    thaw: 'probed',
  },
  pacing: { page: { start: 20, least: 0.5, most: 100 }, bytes: { start: 200, least: 1, most: 2000 } },
  async signIn(credentials, context) {
    return new Session(await begin(credentials, context))
  },
}

class Session implements SourceSession {
  readonly #calls: Calls
  readonly #kept: SignedIn['kept']
  /** PhotoSets as `detail` saw them, until their photos are listed. */
  readonly #sets = new Map<string, PhotoSet>()

  constructor({ calls, kept }: SignedIn) {
    this.#calls = calls
    this.#kept = kept
  }

  async account(): Promise<AccountSummary> {
    const user = await this.#calls.call('LoadPrivateProfile')
    const names = [user.DisplayName, user.LoginName].filter((name) => name && !name.includes('@'))
    const sum = (a: number | null | undefined, b: number | null | undefined) => (a == null ? null : a + (b ?? 0))
    return {
      name: names[0] ?? 'Zenfolio',
      galleries: sum(user.GalleryCount, user.CollectionCount),
      photos: sum(user.PhotoCount, user.RawFileCount),
      bytes: sum(user.PhotoBytes, user.RawFileBytes),
    }
  }

  /** The whole tree comes in one answer. */
  async *galleries(): AsyncGenerator<AccountPage> {
    const tree = await this.#wholeTree()
    const folders = await several(4, tree.folders, async ({ folder, group }) => {
      const caption = group.Caption ?? (await this.#captionOf(group.Id))
      return { ...folder, description: caption || null }
    })
    yield { folders, galleries: tree.galleries, next: null }
  }

  /** A group that was deleted since the tree was read, or is refused, keeps no other folder waiting. */
  async #captionOf(groupId: string): Promise<string | null> {
    try {
      return (await this.#calls.call('LoadGroup', groupId, 'Level2', false)).Caption ?? null
    } catch (error) {
      if (!(error instanceof NotFound || error instanceof NotAvailable)) throw error
      this.#calls.context.note('folder whose caption Zenfolio refuses', { error: error.name })
      return null
    }
  }

  async #wholeTree(): Promise<Tree> {
    const tree = await loadTree(this.#calls, this.#kept.loginName)
    await this.#calls.proveAlive()
    if (await this.#isWhole(tree)) return tree
    throw this.#calls.unexpected('LoadGroupHierarchy: as many galleries as User.GalleryCount states')
  }

  async #isWhole(tree: Tree): Promise<boolean> {
    const { GalleryCount } = await this.#calls.call('LoadPrivateProfile')
    return tree.galleries.length >= (GalleryCount ?? 0)
  }

  async detail(gallery: { ref: string; virtual: boolean }): Promise<GalleryDetail> {
    const set = await this.#calls.call('LoadPhotoSet', gallery.ref, 'Full', false)
    this.#sets.set(gallery.ref, set)
    const access = accessOf(set.AccessDescriptor, null)
    const count = statedCount({ ...set, FileCount: set.FileCount ?? (await this.#filesOf(set)) })
    return {
      description: set.Caption || null,
      expiresAt: null,
      access,
      passwordUnknown: access === 'password',
      password: null,
      passwordHint: access === 'password' ? await this.#passwordHint(set) : null,
      coverRef: set.TitlePhoto?.Id ?? null,
      date: set.CreatedOn?.day ?? null,
      statedCount: count,
      expectedCount: count,
      sets: [{ ref: null, parentRef: null, title: '', position: 0 }],
      extra: told({ keywords: set.Keywords, categories: set.Categories, publicUrl: set.PageUrl }),
    }
  }

  /** Where they cannot be counted, listing them says why. */
  async #filesOf(set: PhotoSet): Promise<number> {
    if (isVirtual(set)) return 0
    try {
      return await countFiles(this.#calls, set.Id)
    } catch (error) {
      if (error instanceof UnexpectedPage || error instanceof NotAvailable || error instanceof SourceFault) return 0
      throw error
    }
  }

  async #passwordHint({ AccessDescriptor: access }: PhotoSet): Promise<string | null> {
    const hint = access?.PasswordHint || access?.SrcPasswordHint
    if (hint || !access?.RealmId) return hint || null
    try {
      const realm = await this.#calls.call('LoadAccessRealm', access.RealmId)
      return realm?.PasswordHint || realm?.SrcPasswordHint || null
    } catch (error) {
      // A hint is a courtesy to the photographer: no gallery waits for it.
      if (error instanceof NotFound || error instanceof NotAvailable || error instanceof SourceFault) return null
      throw error
    }
  }

  async *photos(gallery: { ref: string; virtual: boolean }, cursor?: string): AsyncGenerator<Page> {
    const known = this.#sets.get(gallery.ref)
    this.#sets.delete(gallery.ref)
    yield* listPhotos(this.#calls, gallery, cursor, known)
  }

  async *favourites(): AsyncGenerator<FavouriteList> {
    const sets = await this.#favoritesSets()
    await this.#calls.proveAlive()
    for (const set of sets)
      yield {
        ref: set.Id,
        galleryRef: null,
        name: set.Name ?? '',
        owner: set.SharerName || set.SharerEmail || null,
        photoRefs: null,
      }
  }

  /** Names at most are lost with these lists: where they are refused, or fail while all else answers, nothing waits. */
  async #favoritesSets() {
    for (let looks = 1; ; looks++) {
      try {
        return (await this.#calls.call('LoadSharedFavoritesSets')) ?? []
      } catch (error) {
        const failed = error instanceof SourceFault
        if (!(failed || error instanceof NotFound || error instanceof NotAvailable)) throw error
        await this.#calls.proveAlive()
        if (!failed || looks === 3)
          throw new NotAvailable('Zenfolio refuses the favourite lists', undefined, { cause: error })
      }
    }
  }

  open(photo: PhotoAddress, range?: { start: number }): Promise<Opened> {
    return openOriginal(this.#calls, photo, range?.start ?? 0)
  }

  keep(): SignedIn['kept'] {
    return this.#kept
  }
}
