// Pic-Time, read as the photographer's own dashboard reads it: over asmx methods with the cookies of a signed-in browser.
import type {
  AccountPage,
  AccountSummary,
  Connector,
  GalleryDetail,
  Opened,
  Page,
  PhotoAddress,
  SourceSession,
  ThawState,
} from '../connector.ts'
import { Account } from './account.ts'
import { thaw } from './archive.ts'
import type { Calls } from './calls.ts'
import { Exports } from './exports.ts'
import { openOriginal } from './originals.ts'
import { type Handle, Projects } from './project.ts'
import { begin, type Credentials, type SignedIn } from './signin.ts'

export const picTime: Connector<Credentials> = {
  provider: 'pic-time',
  abilities: {
    folders: false,
    sets: 'flat',
    collections: false,
    covers: true,
    dates: true,
    descriptions: false,
    captions: false,
    keywords: false,
    takenAt: false,
    access: true,
    passwords: 'none',
    expiry: false,
    favourites: false,
    stars: false,
    videos: 'none',
    files: false,
    sizes: 'none',
    thaw: 'asked',
  },
  // Six downloads at once with pauses of 150 to 350 ms still met blocks: begun with what two at once come to.
  pacing: { page: { start: 3, least: 0.2, most: 10 }, bytes: { start: 3, least: 0.2, most: 12 } },
  sessionLife: (credentials) => ({ hours: null, renewable: 'password' in credentials }),
  async signIn(credentials, context) {
    return new Session(await begin(credentials, context))
  },
}

class Session implements SourceSession {
  readonly #calls: Calls
  readonly #kept: SignedIn['kept']
  readonly #account: Account
  readonly #projects: Projects
  readonly #exports: Exports

  constructor({ calls, kept }: SignedIn) {
    this.#calls = calls
    this.#kept = kept
    this.#account = new Account(calls)
    this.#projects = new Projects(calls, this.#account)
    this.#exports = new Exports(calls, this.#account)
  }

  /** An account is told apart by its origin; its name is the brand in it, or the photographer's own domain. */
  async account(): Promise<AccountSummary> {
    const projects = await this.#account.read()
    const counts = projects.map(({ photoCount }) => photoCount ?? null)
    const { host, hostname } = this.#calls.base
    return {
      ref: host,
      name: /^([^.]+)\.pic-time\.com$/.exec(hostname)?.[1] ?? host,
      galleries: projects.length,
      photos: counts.includes(null) ? null : counts.reduce<number>((sum, count) => sum + (count ?? 0), 0),
      bytes: null,
    }
  }

  galleries(cursor?: string): AsyncIterable<AccountPage> {
    return this.#account.pages(cursor)
  }

  detail(gallery: { ref: string }): Promise<GalleryDetail> {
    return this.#projects.detail(gallery.ref)
  }

  photos(gallery: { ref: string }, cursor?: string): AsyncIterable<Page> {
    return this.#projects.pages(gallery.ref, cursor)
  }

  thaw(gallery: { ref: string }, ticket?: unknown, missing?: PhotoAddress): Promise<ThawState> {
    return thaw(this.#calls, this.#account, this.#projects, gallery.ref, ticket, missing)
  }

  open(photo: PhotoAddress, range?: { start: number }): Promise<Opened> {
    const start = range?.start ?? 0
    const { bounded } = photo.handle as Handle
    const byExport = () => this.#exports.open(photo, start)
    return bounded ? byExport() : openOriginal(this.#calls, this.#account, photo, start, byExport)
  }

  keep(): SignedIn['kept'] {
    return this.#kept
  }
}
