// What every connector must do, derived from the abilities it declares: it cannot claim one and skip its test. Over real
// HTTP against the provider's stand-in; with `LIVE=<provider>` also against the account in the file `LIVE_CREDENTIALS`.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createHttp, type OpenHttp } from '#workers/http.ts'
import { all, type ReadAccount, readAccount, thawed } from './conformance/account.ts'
import { liveSuite } from './conformance/live.ts'
import type { Faults, Site, StandIn, TrueGallery, TruePhoto, Truth } from './conformance/stand-in.ts'
import {
  AnswerTooLarge,
  Challenge,
  type Connector,
  RateLimited,
  SessionExpired,
  SignInRefused,
  SourceFault,
  type SourcePhoto,
  type SourceSession,
  SourceUnreachable,
  Thawing,
  Truncated,
  UnexpectedPage,
} from './connector.ts'

export function describeConnector(connector: Connector, site: Site): void {
  const { abilities } = connector
  describe(`${connector.provider} against its stand-in`, () => {
    let http: OpenHttp
    let place: StandIn
    let truth: Truth
    let session: SourceSession
    let account: ReadAccount
    /** Everything that could carry a secret out: errors, notes, what is kept in the ledger. */
    const outgoing: unknown[] = []

    beforeAll(async () => {
      http = createHttp({ allowLocal: true })
      place = await site.start('--thaw-seconds', '0')
      truth = await place.truth()
      session = await signIn()
      account = await readAccount(session)
    })
    afterEach(() => place.faults({}))
    afterAll(async () => {
      await http.close()
      await place.stop()
    })

    function signIn(kept?: unknown, at = place): Promise<SourceSession> {
      return connector.signIn(at.credentials, {
        endpoints: at.endpoints,
        http,
        kept,
        signal: new AbortController().signal,
        note: (...note) => outgoing.push(note),
      })
    }

    /** The error of something that has to fail. */
    async function failure(work: Promise<unknown>): Promise<unknown> {
      const error = await work.then(
        () => expect.unreachable('it went well'),
        (reason: unknown) => reason,
      )
      outgoing.push(error)
      return error
    }

    async function failureUnder(faults: Faults, work: () => Promise<unknown>): Promise<unknown> {
      await place.faults(faults)
      return failure(work())
    }

    async function sinceThen<Result>(work: () => Promise<Result>) {
      const before = await place.requests()
      const result = await work()
      const after = await place.requests()
      return { result, requests: after.total - before.total, signIns: after.signIns - before.signIns }
    }

    const photos = () => account.galleries.flatMap((gallery) => gallery.photos)
    /** Each photo once, by the gallery that owns it; another account's belong to the gallery that shows them. */
    const ownedPhotos = () => {
      const ours = new Set(account.galleries.map(({ gallery }) => gallery.ref))
      return new Map(
        account.galleries.flatMap(({ gallery, photos }) =>
          photos.map((photo) => {
            const owner = ours.has(photo.galleryRef) ? photo.galleryRef : gallery.ref
            return [`${owner}/${photo.ref}`, photo] as const
          }),
        ),
      )
    }
    const truePhotos = () => truth.photos.map((photo) => [`${photo.gallery}/${photo.ref}`, photo] as const)
    const aPhoto = () => photos().find(({ kind }) => kind === 'photo') as SourcePhoto
    const listed = (reader: SourceSession) => all(reader.galleries())
    const pagesOf = (reader: SourceSession, index: number, cursor?: string) => {
      const { gallery } = account.galleries[index] ?? expect.unreachable('no such gallery')
      return thawed(() => all(reader.photos(gallery, cursor)))
    }
    const most = (measure: (gallery: ReadAccount['galleries'][number]) => number) => {
      const measures = account.galleries.map(measure)
      return measures.indexOf(Math.max(...measures))
    }

    describe('sign-in', () => {
      test('tells the name of the account, which is no e-mail address', async () => {
        const { name } = await session.account()
        expect(name).not.toBe('')
        expect(name).not.toContain('@')
      })

      test('tries a wrong password at most twice, then names what to do', async () => {
        const { result, signIns } = await sinceThen(() => failureUnder({ wrongPassword: true }, () => signIn()))
        expect(result).toBeInstanceOf(SignInRefused)
        expect((result as SignInRefused).todo).toMatch(/\w+ \w+ .*\.$/)
        expect(signIns).toBeLessThanOrEqual(2)
      })

      test('stops at a locked account for a person', async () => {
        const error = await failureUnder({ locked: true }, () => signIn())
        expect(error).toBeInstanceOf(Challenge)
        expect((error as Challenge).todo).not.toBe('')
      })

      test('stops for a person where the edge or the account refuses programs', async () => {
        for (const faults of [{ edgeBlock: true }, { apiOff: true }]) {
          const error = await failureUnder(faults, () => signIn())
          expect(error instanceof SignInRefused || error instanceof Challenge, inspect(error)).toBe(true)
        }
      })

      test('goes on with a kept session without signing in', async () => {
        const kept = JSON.parse(JSON.stringify(session.keep()))
        const { result, signIns } = await sinceThen(async () => (await signIn(kept)).account())
        expect(result).toEqual(await session.account())
        expect(signIns).toBe(0)
      })

      test('asks nothing when it goes on with a kept session', async () => {
        expect((await sinceThen(() => signIn(session.keep()))).requests).toBe(0)
      })
    })

    describe('the listing', () => {
      const same = (field: string, of: (gallery: TrueGallery) => unknown) =>
        test(`${field} of every gallery is the provider's`, () => {
          const read = account.galleries.map(({ facts }) => [facts.ref, of(facts)])
          expect(read).toEqual(truth.galleries.map((gallery) => [gallery.ref, of(gallery)]))
        })
      const samePhotos = (field: string, of: (photo: Omit<TruePhoto, 'gallery'> | SourcePhoto) => unknown) =>
        test(`${field} of every photo is the provider's`, () => {
          const told = ownedPhotos()
          const read = truePhotos().map(([key]) => [key, told.has(key) ? of(told.get(key) as SourcePhoto) : 'missing'])
          expect(read).toEqual(truePhotos().map(([key, photo]) => [key, of(photo)]))
          expect(told.size).toBe(truth.photos.length)
        })
      /** A claim is only proved where the account has something of the kind. */
      const proved = (claim: string, of: () => unknown[]) =>
        test(`the account has ${claim} to prove it with`, () => expect(of().length).toBeGreaterThan(0))

      same('the title', ({ title }) => title)
      same('the folder path', ({ path }) => (abilities.folders ? path : []))
      same('the stated count', ({ statedCount }) => statedCount)
      if (abilities.folders) proved('nested folders', () => truth.galleries.filter(({ path }) => path.length > 1))

      test('every photo of every gallery is there, in order, in its sets', () => {
        const sets = ({ ref, sets }: TrueGallery) => [ref, sets.map((set) => (set.ref ? set : { ...set, title: '' }))]
        expect(account.galleries.map(({ facts }) => sets(facts))).toEqual(truth.galleries.map(sets))
      })
      test('folders come before what is in them, each with a place of its own', () => {
        const known = new Set<string | null>([null])
        for (const folder of account.folders) {
          expect(known).toContain(folder.parentRef)
          known.add(folder.ref)
        }
        const places = [
          ...account.folders.map(({ parentRef, position }) => `${parentRef}/${position}`),
          ...account.galleries.map(({ gallery }) => `${gallery.folderRef}/${gallery.position}`),
        ]
        expect(new Set(places).size).toBe(places.length)
      })
      if (abilities.sets !== 'none')
        proved('sets', () => truth.galleries.flatMap(({ sets }) => sets.filter((set) => set.ref)))
      if (abilities.sets === 'nested')
        proved('nested sets', () => truth.galleries.flatMap(({ sets }) => sets.filter((set) => set.parentRef)))

      if (abilities.collections) {
        test('virtual galleries place photos of the galleries that own them', () => {
          const virtual = account.galleries.filter(({ gallery }) => gallery.virtual)
          const ours = new Set(account.galleries.map(({ gallery }) => gallery.ref))
          expect(virtual.flatMap((read) => read.photos).some((photo) => ours.has(photo.galleryRef))).toBe(true)
          for (const { gallery, photos } of virtual)
            for (const photo of photos) expect(photo.galleryRef).not.toBe(gallery.ref)
        })
      }
      test('photos of other galleries belong to the gallery they are listed in', () => {
        for (const { gallery, photos } of account.galleries.filter((read) => !read.gallery.virtual))
          for (const photo of photos) expect(photo.galleryRef).toBe(gallery.ref)
      })

      samePhotos('the file name', ({ filename }) => filename)
      samePhotos('the kind', ({ kind }) => kind)

      const galleryFields = {
        covers: ['coverRef', null],
        dates: ['date', null],
        descriptions: ['description', null],
        access: ['access', null],
        expiry: ['expiresAt', null],
      } as const
      for (const [ability, [field, none]] of Object.entries(galleryFields)) {
        const claimed = abilities[ability as keyof typeof galleryFields]
        if (!claimed) {
          test(`${ability} are not invented`, () =>
            expect(account.galleries.filter(({ facts }) => facts[field] !== none)).toEqual([]))
          continue
        }
        same(ability, (gallery) => gallery[field])
        proved(ability, () => truth.galleries.filter((gallery) => gallery[field] !== none))
      }

      const photoFields = { captions: 'caption', keywords: 'keywords', takenAt: 'takenAt' } as const
      for (const [ability, field] of Object.entries(photoFields)) {
        const isTold = (photo: Pick<SourcePhoto, typeof field>) => photo[field] !== null && photo[field].length > 0
        if (!abilities[ability as keyof typeof photoFields]) {
          test(`${ability} are not invented`, () => expect(photos().filter(isTold)).toEqual([]))
          continue
        }
        samePhotos(ability, (photo) => photo[field])
        proved(ability, () => truth.photos.filter(isTold))
      }

      if (abilities.passwords !== 'none') {
        same('whether the password is known', ({ passwordKnown }) => passwordKnown)
        proved('passwords', () => truth.galleries.filter(({ access }) => access === 'password'))
      }
      if (abilities.passwords === 'required')
        test('no password is invented', () => {
          expect(account.galleries.filter(({ detail }) => detail.password !== null)).toEqual([])
        })

      if (abilities.favourites) {
        test('favourite lists are the provider’s', () => {
          expect(truth.favourites.length).toBeGreaterThan(0)
          const untold = account.favourites.every(({ photoRefs }) => photoRefs === null)
          const wanted = truth.favourites.map((list) => (untold ? { ...list, photos: [] } : list))
          expect(account.favourites.map(({ facts }) => facts)).toEqual(wanted)
        })
      }
      if (abilities.sizes === 'exact') samePhotos('the size', ({ bytes }) => bytes)
      if (abilities.videos !== 'none') proved('videos', () => truth.photos.filter(({ kind }) => kind === 'video'))
      if (abilities.files) proved('files', () => truth.photos.filter(({ kind }) => kind === 'file'))

      test('no page repeats a photo of another page', () => {
        for (const { photos } of account.galleries)
          expect(new Set(photos.map(({ ref }) => ref)).size).toBe(photos.length)
      })
      test('only the last page has no next one', () => {
        for (const { pages } of account.galleries) {
          expect(pages.at(-1)?.next).toBeNull()
          for (const { next } of pages.slice(0, -1)) expect(next).toEqual(expect.any(String))
        }
      })
      test('handles are small JSON', () => {
        for (const { handle } of photos()) {
          expect(JSON.parse(JSON.stringify(handle))).toEqual(handle)
          expect(Buffer.byteLength(JSON.stringify(handle))).toBeLessThanOrEqual(2048)
        }
      })
      test('resumes at the cursor of a page and asks for no earlier page again', async () => {
        const index = most(({ pages }) => pages.length)
        const whole = await sinceThen(() => pagesOf(session, index))
        expect(whole.result.length).toBeGreaterThan(1)
        const [first, ...rest] = whole.result
        const resumed = await sinceThen(() => pagesOf(session, index, first?.next ?? undefined))
        expect(resumed.result).toEqual(rest)
        expect(resumed.requests).toBeLessThan(whole.requests)
      })
    })

    describe('originals', () => {
      test('every original has the SHA-256 that the provider serves', async () => {
        const served: unknown[][] = []
        for (const [key, photo] of ownedPhotos()) {
          const { bytes, opened } = await readOriginal(session, photo)
          if (opened.bytes !== null) expect(bytes.length).toBe(opened.bytes)
          served.push([key, createHash('sha256').update(bytes).digest('hex'), opened.isOriginal])
        }
        const wanted = truePhotos().map(([key, { sha256, isOriginal }]) => [key, sha256, isOriginal])
        expect(served.toSorted()).toEqual(wanted.toSorted())
      })
      if (abilities.videos === 'derived')
        test('a video that is a rendition is said to be one', () => {
          for (const { kind, isOriginal } of truth.photos) if (kind === 'video') expect(isOriginal).toBe(false)
        })
      test('goes on from a byte in the middle', async () => {
        const whole = await readOriginal(session, aPhoto())
        const start = whole.bytes.length >> 1
        const rest = await readOriginal(session, aPhoto(), { start })
        expect(rest.bytes.equals(whole.bytes.subarray(start))).toBe(true)
        expect(rest.opened.bytes ?? rest.bytes.length).toBe(whole.bytes.length - start)
      })
      test('a stream that ends before its stated length throws', async () => {
        await place.faults({ rateTruncated: 1 })
        const errors: unknown[] = []
        for (const photo of photos().slice(0, 12)) {
          const opened = await session.open(photo).catch((error) => void errors.push(error))
          if (opened && opened.bytes !== null) errors.push(await failure(collect(opened.stream)))
        }
        expect(errors.length).toBeGreaterThan(0)
        for (const error of errors) expect(error).toBeInstanceOf(Truncated)
      })
      test('a page in place of a picture is not taken for one', async () => {
        const error = await failureUnder({ rateHtml: 1 }, () => session.open(aPhoto()))
        expect(error instanceof UnexpectedPage || error instanceof SessionExpired, inspect(error)).toBe(true)
      })
    })

    describe('trouble', () => {
      test('empty lists are loud, never "done"', async () => {
        const index = most(({ photos }) => photos.length)
        expect(await failureUnder({ emptyLists: true }, () => listed(session))).toBeInstanceOf(UnexpectedPage)
        expect(await failure(pagesOf(session, index))).toBeInstanceOf(UnexpectedPage)
      })
      test('changed markup is loud and names the field', async () => {
        const error = await failureUnder({ changedMarkup: true }, async () => readAccount(await signIn()))
        expect(error).toBeInstanceOf(UnexpectedPage)
        const { expected, evidence } = error as UnexpectedPage
        expect(expected).toMatch(/\w{2,}/)
        expect(evidence.url).toMatch(/^http/)
      })
      test('429 becomes RateLimited with the seconds that were asked for', async () => {
        const calls = [() => session.account(), () => listed(session), () => session.open(aPhoto())]
        for (const call of calls) {
          const error = await failureUnder({ rate429: 1, retryAfter: 7 }, call)
          expect(error).toBeInstanceOf(RateLimited)
          expect((error as RateLimited).seconds).toBe(7)
        }
      })
      test('server errors, pages in place of lists and broken connections are told apart', async () => {
        const index = most(({ photos }) => photos.length)
        const calls = [() => listed(session), () => pagesOf(session, index)]
        for (const call of calls) {
          expect(await failureUnder({ rate5xx: 1 }, call)).toBeInstanceOf(SourceFault)
          const page = await failureUnder({ rateHtml: 1 }, call)
          expect(page instanceof UnexpectedPage || page instanceof SessionExpired, inspect(page)).toBe(true)
          const reset = await failureUnder({ rateReset: 1 }, call)
          expect(reset instanceof SourceUnreachable || reset instanceof Truncated, inspect(reset)).toBe(true)
          expect(await failureUnder({ rateTruncated: 1 }, call)).not.toBeInstanceOf(AnswerTooLarge)
        }
      })
      for (const silentExpiry of [false, true])
        test(`a session that ends ${silentExpiry ? 'silently' : 'by name'} is told as such, and all works again after signing in`, async () => {
          const ending = await signIn()
          await place.faults({ expireTokenEvery: 5, silentExpiry })
          const error = await failure(readAccount(ending))
          expect(error).toBeInstanceOf(SessionExpired)
          await place.faults({})
          const again = await readAccount(await signIn())
          expect(again.galleries.map(({ facts }) => facts)).toEqual(account.galleries.map(({ facts }) => facts))
        })

      if (abilities.thaw !== 'none')
        test('what the provider keeps in its archive is Thawing, and comes once it is back', async () => {
          const cold = await site.start('--thaw-seconds', '1000000')
          try {
            const reader = await signIn(undefined, cold)
            const looks = (await listed(reader)).map((gallery) => async () => {
              const [page] = await all(reader.photos(gallery))
              const photo = gallery.virtual ? undefined : page?.photos[0]
              if (photo) await collect((await reader.open(photo)).stream)
            })
            const results = await Promise.allSettled(looks.map((look) => look()))
            const waiting = results.flatMap((result, i) => (result.status === 'rejected' ? [{ ...result, i }] : []))
            expect(waiting.length).toBeGreaterThan(0)
            for (const { reason } of waiting) expect(reason).toBeInstanceOf(Thawing)
            await cold.faults({ thawSeconds: 0 })
            for (const { i } of waiting) await looks[i]?.()
          } finally {
            await cold.stop()
          }
        }, 180_000)
    })

    test('it only read: the stand-in saw no write and no method it does not know', async () => {
      const { writes, unknown } = await place.requests()
      expect({ writes, unknown }).toEqual({ writes: [], unknown: [] })
    })
    test('no secret is in any error, its evidence, a note, a photo or a gallery', () => {
      outgoing.push(account)
      const told = inspect(outgoing, { depth: 20, maxArrayLength: null, maxStringLength: null, showHidden: true })
      const { loginName: _, email: __, clientId: ___, ...secrets } = place.credentials
      const kept = Object.values(session.keep() as Record<string, unknown>).filter((value) => value !== _)
      for (const secret of [...Object.values(secrets), ...kept]) expect(told).not.toContain(secret)
    })
  })

  if (process.env.LIVE === connector.provider) {
    const file = process.env.LIVE_CREDENTIALS
    if (!file) throw new Error('LIVE needs LIVE_CREDENTIALS, the path of a JSON file with the credentials')
    liveSuite(connector, JSON.parse(readFileSync(file, 'utf8')))
  }
}

async function readOriginal(session: SourceSession, photo: SourcePhoto, range?: { start: number }) {
  const opened = await thawed(() => session.open(photo, range))
  return { opened, bytes: await collect(opened.stream) }
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await all(stream))
}
