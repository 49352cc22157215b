// The part of the suite that a real account can prove: nothing is known of it beforehand, so it is held against itself.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ProviderId, providers } from '#server/providers.ts'
import { createBrowser } from '#workers/browser.ts'
import { createHttp, type OpenHttp } from '#workers/http.ts'
import {
  type Connector,
  NotAvailable,
  type SourceFolder,
  type SourceGallery,
  type SourceSession,
  Thawing,
} from '../connector.ts'
import { all } from './reading.ts'

/** How many galleries are listed whole, and how many of their originals are opened. */
const galleriesRead = 10
const originalsOpened = 10

export function liveTests(connector: Connector, credentials: Record<string, string>): void {
  describe(`${connector.provider} live`, () => {
    let http: OpenHttp
    let session: SourceSession
    let galleries: SourceGallery[]
    let folders: SourceFolder[]
    const browser = createBrowser({ allowLocal: false })

    beforeAll(async () => {
      const provider: ProviderId = connector.provider
      const signal = AbortSignal.timeout(30 * 60_000)
      http = createHttp({ allowLocal: false, pacing: connector.pacing })
      session = await connector.signIn(providers[provider].credentials.parse(credentials), {
        endpoints: providers[provider].endpoints,
        http,
        browser: browser.scoped({ signal }),
        rotate: async (changed) => void process.stderr.write(`keep these: ${JSON.stringify(changed)}\n`),
        signal,
        note: (event, shape) => void process.stderr.write(`${event} ${JSON.stringify(shape ?? null)}\n`),
      })
      const listed = await all(session.galleries())
      galleries = listed.flatMap((page) => page.galleries)
      folders = listed.flatMap((page) => page.folders)
    }, 300_000)
    afterAll(() => Promise.all([http.close(), browser.close()]))

    test('the account states as many galleries as are listed', async () => {
      const { galleries: stated } = await session.account()
      expect(galleries.length).toBeGreaterThan(0)
      if (stated !== null) expect(galleries.length).toBe(stated)
    })

    test('every folder of a gallery is listed', async () => {
      const refs = new Set<string | null>([null, ...folders.map(({ ref }) => ref)])
      for (const { folderRef } of galleries) expect(refs).toContain(folderRef)
    }, 300_000)

    test('galleries list as many photos as stated, resume at a cursor, and their originals go on from the middle', async () => {
      let opened = 0
      for (const gallery of galleries.slice(0, galleriesRead)) {
        const detail = await session.detail(gallery)
        const pages = await all(session.photos({ ...gallery, statedCount: detail.statedCount })).catch(waiting)
        if (!pages) continue
        const photos = pages.flatMap((page) => page.photos)
        expect(new Set(photos.map(({ ref }) => ref)).size).toBe(photos.length)
        if (detail.expectedCount !== null) expect(photos.length).toBe(detail.expectedCount)
        const cursor = pages[0]?.next
        if (cursor) {
          const rest = await all(session.photos(gallery, cursor))
          expect(rest.flatMap((page) => page.photos.map(({ ref }) => ref))).toEqual(
            pages.slice(1).flatMap((page) => page.photos.map(({ ref }) => ref)),
          )
        }
        const photo = photos[0]
        if (!photo || opened++ >= originalsOpened) continue
        const whole = await session.open(photo).catch(waiting)
        if (!whole) continue
        const bytes = Buffer.concat(await all(whole.stream))
        if (connector.abilities.sizes === 'exact') expect(bytes.length).toBe(photo.bytes)
        const start = bytes.length >> 1
        const rest = await session.open(photo, { start })
        expect(Buffer.concat(await all(rest.stream)).equals(bytes.subarray(start))).toBe(true)
      }
    }, 1_800_000)
  })
}

/** null for what a live account may have in its archive or not give at all. */
function waiting(error: unknown): null {
  if (error instanceof Thawing || error instanceof NotAvailable) return null
  throw error
}
