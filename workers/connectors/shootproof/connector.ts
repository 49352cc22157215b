// ShootProof, read over its Studio API.
import type {
  AccountPage,
  AccountSummary,
  Connector,
  GalleryDetail,
  Opened,
  Page,
  PhotoAddress,
  SourceSession,
} from '../connector.ts'
import { accountPages, brandsOf, countEvents, oldestOf, titleOf } from './account.ts'
import type { Calls } from './calls.ts'
import { Events } from './events.ts'
import { detailOf, listPhotos } from './gallery.ts'
import { Legacy } from './legacy.ts'
import { openOriginal } from './originals.ts'
import { begin, type Credentials, type KeptSession, type SignedIn, tokenHours } from './signin.ts'

export const shootproof: Connector<Credentials> = {
  provider: 'shootproof',
  abilities: {
    folders: true,
    sets: 'nested',
    collections: false,
    covers: true,
    dates: true,
    descriptions: false,
    captions: false,
    keywords: false,
    takenAt: false,
    access: false,
    passwords: 'none',
    expiry: false,
    favourites: false,
    stars: false,
    videos: 'none',
    files: false,
    sizes: 'none',
    thaw: 'none',
  },
  // No limit is published. Every original costs a page as well, and half a million in a day are six a second.
  pacing: { page: { start: 12, least: 0.5, most: 60 }, bytes: { start: 50, least: 1, most: 1000 } },
  sessionLife(credentials) {
    if ('accessToken' in credentials) return { hours: tokenHours, renewable: false }
    return { hours: 'email' in credentials ? null : tokenHours, renewable: true }
  },
  async signIn(credentials, context) {
    return new Session(await begin(credentials, context))
  },
}

class Session implements SourceSession {
  readonly #calls: Calls
  readonly #kept: KeptSession
  readonly #events: Events
  readonly #legacy: Legacy

  constructor({ calls, kept }: SignedIn) {
    this.#calls = calls
    this.#kept = kept
    this.#events = new Events(calls)
    this.#legacy = new Legacy(calls)
  }

  /** Named after its brands: what `/me` tells of the studio is not known. */
  async account(): Promise<AccountSummary> {
    const brands = await brandsOf(this.#calls)
    const names = brands.map(titleOf).filter((name) => !name.includes('@'))
    return {
      ref: oldestOf(brands),
      name: names.join(', ') || 'ShootProof',
      galleries: await countEvents(this.#calls, brands),
      photos: null,
      bytes: null,
    }
  }

  galleries(cursor?: string): AsyncIterable<AccountPage> {
    return accountPages(this.#calls, cursor)
  }

  async detail(gallery: { ref: string }): Promise<GalleryDetail> {
    return detailOf(this.#calls, await this.#events.find(gallery.ref))
  }

  photos(gallery: { ref: string }, cursor?: string): AsyncIterable<Page> {
    return listPhotos(this.#calls, this.#events, gallery.ref, cursor)
  }

  open(photo: PhotoAddress, range?: { start: number }): Promise<Opened> {
    return openOriginal(this.#calls, this.#legacy, photo, range?.start ?? 0)
  }

  keep(): KeptSession {
    return this.#kept
  }
}
