// The structure and every field that the connector claims are the provider's; what it does not claim is not invented.
import { describe, expect, test } from 'vitest'
import type { AccountPage, SourcePhoto } from '../connector.ts'
import type { Meeting } from './meeting.ts'
import { all } from './reading.ts'
import type { TrueGallery, TruePhoto } from './stand-in.ts'

const galleryFields = {
  covers: 'coverRef',
  dates: 'date',
  descriptions: 'description',
  access: 'access',
  expiry: 'expiresAt',
} as const
const photoFields = { captions: 'caption', keywords: 'keywords', takenAt: 'takenAt' } as const

export function listingTests(meeting: Meeting): void {
  const { abilities } = meeting.connector
  describe('the listing', () => {
    const same = (field: string, of: (gallery: TrueGallery) => unknown) =>
      test(`${field} of every gallery as the provider has it`, () => {
        const read = meeting.account.galleries.map(({ facts }) => [facts.ref, of(facts)])
        expect(read).toEqual(meeting.truth.galleries.map((gallery) => [gallery.ref, of(gallery)]))
      })
    const samePhotos = (field: string, of: (photo: Omit<TruePhoto, 'gallery'> | SourcePhoto) => unknown) =>
      test(`${field} of every photo as the provider has it`, () => {
        const told = meeting.ownedPhotos()
        const valueIn = (photo: SourcePhoto | undefined) => (photo ? of(photo) : 'missing')
        const read = meeting.truePhotos().map(([key]) => [key, valueIn(told.get(key))])
        expect(read).toEqual(meeting.truePhotos().map(([key, photo]) => [key, of(photo)]))
        expect(told.size).toBe(meeting.truth.photos.length)
      })
    /** A claim is only proved where the account has something of the kind. */
    const proved = (claim: string, of: () => unknown[]) =>
      test(`the account has ${claim} to prove it with`, () => expect(of().length).toBeGreaterThan(0))
    const notInvented = (field: string, of: () => unknown[]) =>
      test(`no ${field} invented`, () => expect(of()).toEqual([]))

    same('title', ({ title }) => title)
    same('folder path', ({ path }) => (abilities.folders ? path : []))
    same('stated count', ({ statedCount }) => statedCount)
    samePhotos('file name', ({ filename }) => filename)
    samePhotos('kind', ({ kind }) => kind)
    if (abilities.sizes === 'exact')
      test('size of every photo that can be had as the provider has it', () => {
        const told = meeting.ownedPhotos()
        const had = meeting.truePhotos().filter(([, { code }]) => code === undefined)
        const sizes = had.map(([key, { bytes }]) => [key, bytes])
        expect(had.map(([key]) => [key, told.get(key)?.bytes])).toEqual(sizes)
      })

    for (const [ability, field] of Object.entries(galleryFields)) {
      if (abilities[ability as keyof typeof galleryFields]) {
        same(ability, (gallery) => gallery[field])
        proved(ability, () => meeting.truth.galleries.filter((gallery) => gallery[field] !== null))
      } else {
        notInvented(ability, () => meeting.account.galleries.filter(({ facts }) => facts[field] !== null))
      }
    }
    for (const [ability, field] of Object.entries(photoFields)) {
      const isTold = (photo: Pick<SourcePhoto, typeof field>) => photo[field] !== null && photo[field].length > 0
      if (abilities[ability as keyof typeof photoFields]) {
        samePhotos(ability, (photo) => photo[field])
        proved(ability, () => meeting.truth.photos.filter(isTold))
      } else {
        notInvented(ability, () => meeting.photos().filter(isTold))
      }
    }
    if (!abilities.stars) notInvented('stars', () => meeting.photos().filter(({ star }) => star !== null))

    if (abilities.passwords !== 'none') {
      same('knowledge of the password', ({ passwordKnown }) => passwordKnown)
      proved('passwords', () => meeting.truth.galleries.filter(({ access }) => access === 'password'))
    }
    if (abilities.passwords !== 'known')
      notInvented('passwords', () => meeting.account.galleries.filter(({ detail }) => detail.password !== null))

    const trueSets = () => meeting.truth.galleries.flatMap(({ sets }) => sets.filter(({ ref }) => ref !== null))
    if (abilities.folders) proved('nested folders', () => meeting.truth.galleries.filter(({ path }) => path.length > 1))
    if (abilities.sets !== 'none') proved('sets', trueSets)
    if (abilities.sets === 'nested')
      proved('nested sets', () => trueSets().filter(({ parentRef }) => parentRef !== null))
    if (abilities.videos !== 'none') proved('videos', () => meeting.truth.photos.filter(({ kind }) => kind === 'video'))
    if (abilities.files) proved('files', () => meeting.truth.photos.filter(({ kind }) => kind === 'file'))

    test('every photo of every gallery is there, in order, in its sets', () => {
      // The one set of a gallery without sets has no title at the provider.
      const setsOf = ({ ref, sets }: TrueGallery) => [ref, sets.map((set) => (set.ref ? set : { ...set, title: '' }))]
      expect(meeting.account.galleries.map(({ facts }) => setsOf(facts))).toEqual(meeting.truth.galleries.map(setsOf))
    })
    test('folders come before what is in them, each with a place of its own', () => {
      const { folders, galleries } = meeting.account
      const known = new Set<string | null>([null])
      for (const folder of folders) {
        expect(known).toContain(folder.parentRef)
        known.add(folder.ref)
      }
      const places = [
        ...folders.map(({ parentRef, position }) => `${parentRef}/${position}`),
        ...galleries.map(({ gallery }) => `${gallery.folderRef}/${gallery.position}`),
      ]
      expect(new Set(places).size).toBe(places.length)
    })
    if (abilities.collections)
      test('virtual galleries place photos of the galleries that own them', () => {
        const { galleries } = meeting.account
        const ours = new Set(galleries.map(({ gallery }) => gallery.ref))
        const placed = galleries.filter(({ gallery }) => gallery.virtual).flatMap(({ photos }) => photos)
        expect(placed.some(({ galleryRef }) => ours.has(galleryRef))).toBe(true)
        const virtual = new Set(galleries.flatMap(({ gallery }) => (gallery.virtual ? gallery.ref : [])))
        for (const { galleryRef } of placed) expect(virtual).not.toContain(galleryRef)
      })
    test('photos of any other gallery are its own', () => {
      for (const { gallery, photos } of meeting.account.galleries)
        if (!gallery.virtual) for (const photo of photos) expect(photo.galleryRef).toBe(gallery.ref)
    })
    if (abilities.favourites)
      test('favourite lists are as the provider has them', () => {
        const { favourites } = meeting.account
        const untold = favourites.every(({ photoRefs }) => photoRefs === null)
        const wanted = meeting.truth.favourites.map((list) => (untold ? { ...list, photos: [] } : list))
        expect(wanted.length).toBeGreaterThan(0)
        expect(favourites.map(({ facts }) => facts)).toEqual(wanted)
      })

    test('no page repeats a photo of another page, and only the last has no next one', () => {
      for (const { pages, photos } of meeting.account.galleries) {
        expect(new Set(photos.map(({ ref }) => ref)).size).toBe(photos.length)
        expect(pages.at(-1)?.next).toBeNull()
        for (const { next } of pages.slice(0, -1)) expect(next).toEqual(expect.any(String))
      }
    })
    test('handles are JSON of at most 2 kB', () => {
      for (const { handle } of meeting.photos()) {
        expect(JSON.parse(JSON.stringify(handle))).toEqual(handle)
        expect(Buffer.byteLength(JSON.stringify(handle))).toBeLessThanOrEqual(2048)
      }
    })
    test('the account goes on at the cursor of each of its pages, to the same end and for fewer requests', async () => {
      // What comes twice counts once, as it came first.
      const once = <Found extends { ref: string }>(found: Found[]) =>
        [...Map.groupBy(found, ({ ref }) => ref).values()].map(([first]) => first)
      const merged = (pages: AccountPage[]) => ({
        folders: once(pages.flatMap(({ folders }) => folders)),
        galleries: once(pages.flatMap(({ galleries }) => galleries)),
      })
      const whole = await meeting.counted(() => all(meeting.session.galleries()))
      expect(whole.result.at(-1)?.next).toBeNull()
      for (const [i, { next }] of whole.result.slice(0, -1).entries()) {
        const rest = await meeting.counted(() => all(meeting.session.galleries(next ?? undefined)))
        expect(merged([...whole.result.slice(0, i + 1), ...rest.result])).toEqual(merged(whole.result))
        expect(rest.requests).toBeLessThan(whole.requests)
      }
    })
    test('resumes at the cursor of a page and asks for no earlier page again', async () => {
      const whole = await meeting.counted(() => meeting.pagesOfLargest('pages'))
      expect(whole.result.length).toBeGreaterThan(1)
      const [first, ...rest] = whole.result
      const resumed = await meeting.counted(() => meeting.pagesOfLargest('pages', first?.next ?? undefined))
      expect(resumed.result).toEqual(rest)
      // Where one answer holds a whole gallery, that answer is asked for again.
      expect(resumed.requests).toBeLessThan(Math.max(2, whole.requests))
    })
  })
}
