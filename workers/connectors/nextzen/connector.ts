// The new Zenfolio ("NextZen"), read over the REST of its own dashboard.
import {
  type AccountPage,
  type AccountSummary,
  type Connector,
  type GalleryDetail,
  type Opened,
  type Page,
  type PhotoAddress,
  SignInRefused,
  type SourceSession,
} from '../connector.ts'
import { todo } from './answers.ts'
import type { Calls } from './calls.ts'
import { listGalleries } from './galleries.ts'
import { openOriginal } from './originals.ts'
import { loadListing, pagesOf } from './photos.ts'
import { begin, type Credentials, claimsOf, type SignedIn } from './signin.ts'
import { Counts, loadTree } from './tree.ts'

/** "Month-valid", say those who have used one. */
const sessionHours = 30 * 24

export const nextzen: Connector<Credentials> = {
  provider: 'nextzen',
  abilities: {
    folders: true,
    sets: 'flat',
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
    sizes: 'hint',
    thaw: 'none',
  },
  // Every photo costs a page request for its address, and those are what 429 was seen on: ten at once went well.
  pacing: { page: { start: 8, least: 0.2, most: 40 }, bytes: { start: 20, least: 1, most: 400 } },
  sessionLife(credentials) {
    if (!('bearer' in credentials)) return { hours: sessionHours, renewable: true }
    const { endsAt } = claimsOf(credentials.bearer)
    return { hours: endsAt && Math.max(0, (endsAt.getTime() - Date.now()) / 3_600_000), renewable: false }
  },
  async signIn(credentials, context) {
    return new Session(await begin(credentials, context))
  },
}

class Session implements SourceSession {
  readonly #calls: Calls
  readonly #kept: SignedIn['kept']
  readonly #counts: Counts

  constructor({ calls, kept }: SignedIn) {
    this.#calls = calls
    this.#kept = kept
    this.#counts = new Counts(calls)
  }

  async account(): Promise<AccountSummary> {
    const tree = await loadTree(this.#calls)
    this.#counts.keep(tree)
    const { count } = await this.#calls.content(0)
    if (count === 0 && tree.albums.size === 0) throw new SignInRefused(todo.nothingHere)
    const photos = [...tree.albums.values()].map((album) => album.photos)
    const { subject, name } = claimsOf(this.#kept.bearer)
    return {
      ref: subject,
      name: name ?? 'Zenfolio',
      galleries: Math.max(count, tree.albums.size),
      photos: photos.reduce((sum, some) => (sum === null || some === null ? null : sum + some), 0),
      bytes: null,
    }
  }

  galleries(cursor?: string): AsyncGenerator<AccountPage> {
    return listGalleries(this.#calls, this.#counts, cursor)
  }

  async detail(gallery: { ref: string }): Promise<GalleryDetail> {
    const { photos, sets } = await loadListing(this.#calls, this.#counts, gallery.ref, null)
    return {
      description: null,
      expiresAt: null,
      access: null,
      passwordUnknown: false,
      password: null,
      passwordHint: null,
      coverRef: null,
      date: null,
      statedCount: null,
      expectedCount: photos.length,
      sets,
      extra: {},
    }
  }

  async *photos(gallery: { ref: string; statedCount: number | null }, cursor?: string): AsyncGenerator<Page> {
    yield* pagesOf(await loadListing(this.#calls, this.#counts, gallery.ref, gallery.statedCount), cursor)
  }

  open(photo: PhotoAddress, range?: { start: number }): Promise<Opened> {
    return openOriginal(this.#calls, photo, range?.start ?? 0)
  }

  keep(): SignedIn['kept'] {
    return this.#kept
  }
}
