// Pixieset, read over the JSON API behind the photographer's dashboard, with the session of a signed-in browser.
import type {
  AccountPage,
  AccountSummary,
  Connector,
  FavouriteList,
  GalleryDetail,
  Opened,
  Page,
  PhotoAddress,
  SourceSession,
} from '../connector.ts'
import { listAccount } from './account.ts'
import type { Calls } from './calls.ts'
import { detailOf } from './collections.ts'
import { listFavourites } from './favourites.ts'
import { Listed } from './listed.ts'
import { listPhotos } from './listing.ts'
import { openOriginal } from './originals.ts'
import { type Portal, readPortal } from './portal.ts'
import { Sets } from './sets.ts'
import { begin, type Credentials, readAccount, type SignedIn } from './signin.ts'

export const pixieset: Connector<Credentials> = {
  provider: 'pixieset',
  abilities: {
    folders: true,
    sets: 'flat',
    collections: false,
    covers: true,
    dates: true,
    descriptions: true,
    captions: true,
    keywords: false,
    takenAt: true,
    access: true,
    passwords: 'known',
    expiry: true,
    favourites: true,
    stars: false,
    videos: 'derived',
    files: false,
    sizes: 'exact',
    thaw: 'none',
  },
  // No limit is published. Others waited 0.09 to 2 s between calls and had 4 originals at once; it grows while nobody
  // complains, and after a 429 without a time the host rests up to 240 s.
  pacing: { page: { start: 2, least: 0.05, most: 20 }, bytes: { start: 4, least: 0.05, most: 60 } },
  /** Measured by the owner of a large account. With a cookie a person has to sign in again. */
  sessionLife: (credentials) => ({ hours: 3.5, renewable: 'password' in credentials }),
  async signIn(credentials, context) {
    return new Session(await begin(credentials, context))
  },
}

class Session implements SourceSession {
  readonly #calls: Calls
  readonly #kept: SignedIn['kept']
  readonly #sets: Sets
  readonly #listed: Listed
  #portal: Promise<Portal | null> | undefined

  constructor({ calls, kept }: SignedIn) {
    this.#calls = calls
    this.#kept = kept
    this.#sets = new Sets(calls)
    this.#listed = new Listed(calls)
  }

  async account(): Promise<AccountSummary> {
    const { user, profile } = await readAccount(this.#calls)
    const names = [profile?.business_name, user.username].filter((name) => name && !name.includes('@'))
    return {
      ref: user.id ?? user.username ?? null,
      name: names[0] ?? 'Pixieset',
      galleries: null,
      photos: null,
      bytes: null,
    }
  }

  galleries(cursor?: string): AsyncGenerator<AccountPage> {
    return listAccount(this.#calls, cursor)
  }

  detail(gallery: { ref: string }): Promise<GalleryDetail> {
    return detailOf(this.#calls, gallery.ref, this.#sets, this.#listed, () => this.#shown(), this.#kept.loginName)
  }

  /** Read once; what failed is tried again by the next gallery. */
  #shown(): Promise<Portal | null> {
    this.#portal ??= readPortal(this.#calls, this.#kept.loginName).catch((error) => {
      this.#portal = undefined
      throw error
    })
    return this.#portal
  }

  photos(gallery: { ref: string; statedCount: number | null }, cursor?: string): AsyncGenerator<Page> {
    return listPhotos(this.#calls, this.#sets, gallery, cursor)
  }

  favourites(refs: string[]): AsyncGenerator<FavouriteList> {
    return listFavourites(this.#calls, refs)
  }

  open(photo: PhotoAddress, range?: { start: number }): Promise<Opened> {
    return openOriginal(this.#calls, this.#sets, photo, range?.start ?? 0)
  }

  keep(): SignedIn['kept'] {
    return this.#kept
  }
}
