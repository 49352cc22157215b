// What goes wrong at providers, and by which error it is told: the class decides what happens next.
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import {
  Challenge,
  type Page,
  RateLimited,
  SessionExpired,
  SignInRefused,
  SourceFault,
  type SourceGallery,
  SourceUnreachable,
  Thawing,
  Truncated,
  UnexpectedPage,
} from '../connector.ts'
import { readAccount } from './account.ts'
import type { Meeting } from './meeting.ts'
import { all, broughtBack, thawed } from './reading.ts'

export function signInTests(meeting: Meeting): void {
  describe('sign-in', () => {
    test('tells the name of the account, which is no e-mail address', async () => {
      const { name } = await meeting.session.account()
      expect(name).not.toBe('')
      expect(name).not.toContain('@')
    })
    test('tries a wrong password at most twice, then says in a sentence what to do', async () => {
      const refused = () => meeting.failureUnder({ wrongPassword: true }, () => meeting.signIn())
      const { result, signIns } = await meeting.counted(refused)
      expect(result).toBeInstanceOf(SignInRefused)
      expect((result as SignInRefused).todo).toMatch(/^\w+ \w+.*\.$/)
      expect(signIns).toBeLessThanOrEqual(2)
    })
    test('stops at a locked account for a person', async () => {
      const error = await meeting.failureUnder({ locked: true }, () => meeting.signIn())
      expect(error).toBeInstanceOf(Challenge)
      expect((error as Challenge).todo).toMatch(/^\w+ \w+.*\.$/)
    })
    test('stops for a person where the edge or the account refuses programs', async () => {
      for (const faults of [{ edgeBlock: true }, { apiOff: true }]) {
        const error = await meeting.failureUnder(faults, () => meeting.signIn())
        expect(error instanceof SignInRefused || error instanceof Challenge, inspect(error)).toBe(true)
      }
    })
    test('goes on with a kept session without asking anything', async () => {
      const kept = JSON.parse(JSON.stringify(meeting.session.keep()))
      const { result, requests } = await meeting.counted(() => meeting.signIn(kept))
      expect(requests).toBe(0)
      const { result: account, signIns } = await meeting.counted(() => result.account())
      expect(account).toEqual(await meeting.session.account())
      expect(signIns).toBe(0)
    })
  })
}

export function troubleTests(meeting: Meeting): void {
  const lists = [() => meeting.galleries(), () => meeting.pagesOfLargest('photos')]
  describe('trouble', () => {
    test('empty lists are loud, never "done"', async () => {
      for (const list of lists) {
        const error = await meeting.failureUnder({ emptyLists: true }, list)
        expect(error instanceof UnexpectedPage || error instanceof Challenge, inspect(error)).toBe(true)
      }
    })
    test('changed markup is loud and names the field', async () => {
      const read = async () => readAccount(await meeting.signIn())
      const error = await meeting.failureUnder({ changedMarkup: true }, read)
      expect(error).toBeInstanceOf(UnexpectedPage)
      const { expected, evidence } = error as UnexpectedPage
      expect(expected).toMatch(/\w{2,}/)
      expect(evidence.url).toMatch(/^http/)
    })
    test('429 is RateLimited with the seconds that were asked for', async () => {
      for (const call of [...lists, () => meeting.session.open(meeting.aPhoto())]) {
        const error = await meeting.failureUnder({ rate429: 1, retryAfter: 7 }, call)
        expect(error).toBeInstanceOf(RateLimited)
        expect((error as RateLimited).seconds).toBe(7)
      }
    })
    test('server errors, pages in place of lists and broken connections are told apart', async () => {
      for (const list of lists) {
        expect(await meeting.failureUnder({ rate5xx: 1 }, list)).toBeInstanceOf(SourceFault)
        const page = await meeting.failureUnder({ rateHtml: 1 }, list)
        expect(page instanceof UnexpectedPage || page instanceof SessionExpired, inspect(page)).toBe(true)
        const broken = await meeting.failureUnder({ rateReset: 1 }, list)
        expect(broken instanceof SourceUnreachable || broken instanceof Truncated, inspect(broken)).toBe(true)
        expect(await meeting.failureUnder({ rateTruncated: 1 }, list)).toBeInstanceOf(Truncated)
      }
    })
    test('a listing that goes on from its cursors through all of this ends with the same photos', async () => {
      const storm = { rate5xx: 0.05, rateReset: 0.05, rateTruncated: 0.05, rate429: 0.05 }
      await meeting.place.faults({ ...storm, expireTokenEvery: 40 })
      for (const { gallery, photos } of meeting.account.galleries)
        expect((await stubborn(meeting, gallery)).map(({ ref }) => ref).toSorted()).toEqual(
          photos.map(({ ref }) => ref).toSorted(),
        )
    })
    for (const silentExpiry of [false, true])
      test(`a session that ends ${silentExpiry ? 'silently' : 'by name'} is told as such, and all works after signing in`, async () => {
        const ending = await meeting.signIn()
        const error = await meeting.failureUnder({ expireTokenEvery: 5, silentExpiry }, () => readAccount(ending))
        expect(error).toBeInstanceOf(SessionExpired)
        await meeting.place.faults({})
        const again = await readAccount(await meeting.signIn())
        expect(again.galleries.map(({ facts }) => facts)).toEqual(meeting.account.galleries.map(({ facts }) => facts))
      })
    if (meeting.connector.abilities.thaw === 'asked')
      test('an archive is asked once, is not ready before its time, and what is at hand is ready at once', async () => {
        const cold = await meeting.site.start('--thaw-seconds', '1000000')
        try {
          const session = await meeting.signIn(undefined, cold)
          const galleries = await meeting.galleries(session)
          const { archived = [], others = [] } = Object.groupBy(galleries, (gallery) =>
            gallery.archived ? 'archived' : 'others',
          )
          expect(archived.length).toBeGreaterThan(0)
          expect(others.length).toBeGreaterThan(0)
          const asked: [SourceGallery, unknown][] = []
          for (const gallery of archived) {
            const state = await session.thaw?.(gallery)
            if (!state?.ready) asked.push([gallery, JSON.parse(JSON.stringify(state?.ticket))])
          }
          expect(asked.length).toBeGreaterThan(0)
          expect(asked.length).toBeLessThan(archived.length)
          const { total } = await cold.requests()
          for (const [gallery, ticket] of asked)
            expect(await session.thaw?.(gallery, ticket)).toMatchObject({ ready: false })
          // To look takes less than to ask.
          expect((await cold.requests()).total - total).toBeLessThan(total / 2)
          await cold.faults({ thawSeconds: 0 })
          for (const [gallery, ticket] of asked)
            expect(await session.thaw?.(gallery, ticket)).toMatchObject({ ready: true })
        } finally {
          await cold.stop()
        }
      })
    if (meeting.connector.abilities.thaw !== 'none')
      test('what is in the archive is Thawing, and comes once it is back', async () => {
        const cold = await meeting.site.start('--thaw-seconds', '1000000')
        try {
          const session = await meeting.signIn(undefined, cold)
          const looks = (await meeting.galleries(session)).map((gallery) => ({
            async look() {
              const photos = (await all(session.photos(gallery))).flatMap((page) => page.photos)
              if (photos[0] && !gallery.virtual) await all((await session.open(photos[0])).stream)
            },
            request: () => broughtBack(session, gallery),
          }))
          const results = await Promise.allSettled(looks.map(({ look }) => look()))
          const waiting = looks.filter((_, i) => results[i]?.status === 'rejected')
          expect(waiting.length).toBeGreaterThan(0)
          for (const result of results) if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(Thawing)
          await cold.faults({ thawSeconds: 0 })
          for (const { look, request } of waiting) await thawed(look, request)
        } finally {
          await cold.stop()
        }
      }, 180_000) // originals that hang are given their time
  })
}

/** Lists a gallery as the run would: again from the last cursor after what is worth another try. */
async function stubborn(meeting: Meeting, gallery: SourceGallery): Promise<Page['photos']> {
  const photos: Page['photos'] = []
  let session = meeting.session
  let cursor: string | undefined
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      for await (const page of session.photos(gallery, cursor)) {
        photos.push(...page.photos)
        if (page.next === null) return [...new Map(photos.map((photo) => [photo.ref, photo])).values()]
        cursor = page.next
      }
    } catch (error) {
      meeting.outgoing.push(error)
      if (error instanceof SessionExpired) session = await meeting.signIn().catch(() => session)
      else if (!worthAnotherTry.some((type) => error instanceof type)) throw error
    }
  }
  return expect.unreachable('a hundred attempts')
}

const worthAnotherTry = [RateLimited, SourceFault, SourceUnreachable, Truncated, Thawing]
