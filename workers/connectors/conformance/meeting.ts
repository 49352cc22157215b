// A connector, its provider's stand-in, and what the connector read there: what all tests of the suite look at.
import { expect } from 'vitest'
import { createBrowser, type OpenBrowser } from '#workers/browser.ts'
import { createHttp, type OpenHttp } from '#workers/http.ts'
import type { Connector, Page, SourcePhoto, SourceSession } from '../connector.ts'
import { type ReadAccount, readAccount } from './account.ts'
import { all, thawed } from './reading.ts'
import type { Faults, Site, StandIn, TruePhoto, Truth } from './stand-in.ts'

export class Meeting {
  readonly connector: Connector
  readonly site: Site
  /** Everything that could carry a secret out: errors and notes. */
  readonly outgoing: unknown[] = []
  http!: OpenHttp
  browser!: OpenBrowser
  readonly #ending = new AbortController()
  place!: StandIn
  truth!: Truth
  session!: SourceSession
  account!: ReadAccount

  constructor(connector: Connector, site: Site) {
    this.connector = connector
    this.site = site
  }

  async begin(): Promise<void> {
    this.http = createHttp({ allowLocal: true })
    this.browser = createBrowser({ allowLocal: true })
    this.place = await this.site.start('--thaw-seconds', '0')
    this.truth = await this.place.truth()
    this.session = await this.signIn()
    this.account = await readAccount(this.session)
  }

  async end(): Promise<void> {
    await this.browser.close()
    await this.http.close()
    await this.place.stop()
  }

  /** A session that we cannot renew is handed over anew each time. */
  async signIn(kept?: unknown, place = this.place): Promise<SourceSession> {
    const life = this.connector.sessionLife?.(place.credentials)
    if (kept === undefined && life?.renewable === false) await place.handOver()
    return this.connector.signIn(place.credentials, {
      endpoints: place.endpoints,
      http: this.http,
      browser: this.browser.scoped({ signal: this.#ending.signal }),
      rotate: async (credentials) => {
        place.credentials = credentials
      },
      kept,
      signal: this.#ending.signal,
      note: (...note) => this.outgoing.push(note),
    })
  }

  /** The error of something that has to fail. */
  async failure(work: Promise<unknown>): Promise<unknown> {
    const error = await work.then(
      () => expect.unreachable('it went well'),
      (reason: unknown) => reason,
    )
    this.outgoing.push(error)
    return error
  }

  async failureUnder(faults: Faults, work: () => Promise<unknown>): Promise<unknown> {
    await this.place.faults(faults)
    return this.failure(work())
  }

  /** How many requests the work took. */
  async counted<Result>(work: () => Promise<Result>) {
    const before = await this.place.requests()
    const result = await work()
    const after = await this.place.requests()
    return { result, requests: after.total - before.total, signIns: after.signIns - before.signIns }
  }

  photos(): SourcePhoto[] {
    return this.account.galleries.flatMap((gallery) => gallery.photos)
  }

  aPhoto(): SourcePhoto {
    return this.photos().find(({ kind }) => kind === 'photo') ?? expect.unreachable('no photo')
  }

  /** Each photo once, by the gallery that owns it; another account's belong to the gallery that shows them. */
  ownedPhotos(): Map<string, SourcePhoto> {
    const ours = new Set(this.account.galleries.map(({ gallery }) => gallery.ref))
    const ownerOf = (photo: SourcePhoto, shown: string) => (ours.has(photo.galleryRef) ? photo.galleryRef : shown)
    return new Map(
      this.account.galleries.flatMap(({ gallery, photos }) =>
        photos.map((photo) => [`${ownerOf(photo, gallery.ref)}/${photo.ref}`, photo] as const),
      ),
    )
  }

  truePhotos(): (readonly [string, TruePhoto])[] {
    return this.truth.photos.map((photo) => [`${photo.gallery}/${photo.ref}`, photo] as const)
  }

  /** The gallery that has the most of something, from a cursor on. */
  pagesOfLargest(of: 'pages' | 'photos', cursor?: string, session = this.session): Promise<Page[]> {
    const [largest] = this.account.galleries.toSorted((a, b) => b[of].length - a[of].length)
    const { gallery } = largest ?? expect.unreachable('no gallery')
    return thawed(() => all(session.photos(gallery, cursor)))
  }

  galleries(session = this.session) {
    return all(session.galleries()).then((pages) => pages.flatMap((page) => page.galleries))
  }
}
