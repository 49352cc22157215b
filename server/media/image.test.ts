// Who is shown a picture, and for how long it may be kept.
import { randomUUID } from 'node:crypto'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as tables from '#db/schema.ts'
import { signedImagePath } from '#server/signing.ts'
import { type VerbHouse, verbHouse } from '#server/testing.ts'
import { bytesOf, expectProblem, fronts, picturesServed } from './testing.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

describe.each(fronts)('%s', (_, front) => {
  const { site, signed, photo } = picturesServed(front, () => house)

  test('a signed address gives the rendition and the original, byte for byte, with their own types', async () => {
    const { id, original, made } = await photo()
    const rendition = await fetch(signed(id, 'web'))
    expect(rendition.headers.get('content-type')).toBe('image/webp')
    expect(await bytesOf(rendition)).toEqual(made.web)
    const whole = await fetch(signed(id))
    expect(whole.headers.get('content-type')).toBe('image/jpeg')
    expect(whole.headers.get('content-length')).toBe('1000')
    expect(await bytesOf(whole)).toEqual(original)
  })

  test('a public picture of an upload needs no signature and may be kept by everybody for a year', async () => {
    const { id, original, made } = await photo({ access: 'public' })
    for (const [path, bytes] of [
      [id, original],
      [`${id}/web`, made.web],
    ] as const) {
      const response = await fetch(`${site.origin}/image/${path}`)
      expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
      expect(await bytesOf(response)).toEqual(bytes)
    }
  })

  test.each([
    ['a private picture of an upload', { run: 'upload', access: 'private' }],
    ['a hidden one', { run: 'upload', access: 'hidden' }],
    ['one of which nothing is known', { run: 'upload', access: null }],
    ['a picture that was public where it was migrated from', { run: 'migration', access: 'public' }],
  ] as const)('%s needs a signature', async (_, options) => {
    const { id } = await photo(options)
    await expectProblem(await fetch(`${site.origin}/image/${id}/web`), 403, 'signature_invalid')
    expect((await fetch(signed(id, 'web'))).status).toBe(200)
  })

  test('a private picture may be kept by its viewer alone, for as long as its address lives', async () => {
    const { id } = await photo()
    const { headers } = await fetch(signed(id, 'web'))
    const [, age] = headers.get('cache-control')!.match(/^private, max-age=(\d+), immutable$/)!
    expect(Number(age)).toBeGreaterThanOrEqual(599)
    expect(Number(age)).toBeLessThanOrEqual(900)
  })

  test('a picture may be shown by any page and cannot run anything', async () => {
    const { headers } = await fetch(signed((await photo()).id, 'web'))
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-security-policy')).toBe('sandbox')
    expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin')
  })

  test.each([
    ['image/jpeg', 'inline'],
    ['image/svg+xml', 'attachment'],
    ['text/html', 'attachment'],
    ['image/heic', 'attachment'],
    ['video/mp4', 'attachment'],
  ])('an original of type %s is sent as %s with its own name', async (contentType, disposition) => {
    const { id } = await photo({ contentType, filename: "Fest der Töchter (1)'.x" })
    const { headers } = await fetch(signed(id))
    expect(headers.get('content-type')).toBe(contentType)
    expect(headers.get('content-disposition')).toBe(
      `${disposition}; filename*=UTF-8''Fest%20der%20T%C3%B6chter%20%281%29%27.x`,
    )
  })

  test('without a signature, with a changed or an expired one, it is refused', async () => {
    const { id } = await photo()
    await expectProblem(await fetch(`${site.origin}/image/${id}/web`), 403, 'signature_invalid')
    await expectProblem(await fetch(`${signed(id, 'web')}x`), 403, 'signature_invalid')
    await expectProblem(await fetch(signed(id, 'web').replace('/web', '')), 403, 'signature_invalid')
    await expectProblem(await fetch(signed(id, 'web').replace('/web', '/%77eb')), 403, 'signature_invalid')
    const hourAgo = new Date(Date.now() - 3_600_000)
    const expired = signedImagePath(house, id, 'web', { seconds: 60, now: hourAgo })
    await expectProblem(await fetch(site.origin + expired), 403, 'signature_expired')
  })

  test('a signed address that is asked for again and again is refused as soon as it expires', async () => {
    const { id } = await photo()
    const address = site.origin + signedImagePath(house, id, 'web', { seconds: 1 })
    const expires = Number(new URL(address).searchParams.get('exp'))
    for (;;) {
      const asked = Date.now() / 1000
      const response = await fetch(address)
      if (response.status !== 200) return expectProblem(response, 403, 'signature_expired')
      expect(asked).toBeLessThan(expires)
    }
  })

  test('what was asked for of one picture is served by its name, before what its run makes of all', async () => {
    const { id, made } = await photo({
      renditions: { web: { preset: 'web' }, thumb: { preset: 'thumb' } },
      wanted: { web: { format: 'jpeg' }, 'Größe 2': { format: 'png' } },
    })
    const types: Record<string, string> = { web: 'image/jpeg', 'Größe 2': 'image/png', thumb: 'image/webp' }
    for (const [name, type] of Object.entries(types)) {
      const response = await fetch(signed(id, name))
      expect(response.headers.get('content-type')).toBe(type)
      expect(await bytesOf(response)).toEqual(made[name])
    }
  })

  test('an unknown image, an unknown rendition and one not made yet are told in the same words', async () => {
    const { id } = await photo()
    const urls = [signed(randomUUID()), signed(id, 'other'), signed(id, 'thumb'), signed(id, '__proto__')]
    const odd = ['image/x', 'nothing', 'image/', 'image', `image/${id}/`, `image/${id}/web/x`, 'image/%zz/%']
    const answers = await Promise.all(
      [...urls, ...odd.map((path) => `${site.origin}/${path}`)].map(async (url) => {
        const response = await fetch(url)
        return { status: response.status, body: await response.text() }
      }),
    )
    expect(answers[0]).toMatchObject({ status: 404, body: expect.stringContaining('"code":"not_found"') })
    for (const answer of answers) expect(answer).toEqual(answers[0])
  })

  test('a picture that was deleted is gone within a second, however hot it was, signed for or not', async () => {
    const { id, clientId } = await photo({ access: 'public' })
    expect((await fetch(`${site.origin}/image/${id}/web`)).status).toBe(200)
    await house.db.insert(tables.deletedImages).values({ publicId: id, clientId })
    await untilRefused(`${site.origin}/image/${id}/web`)
    await expectProblem(await fetch(`${site.origin}/image/${id}/web`), 410, 'gone')
    await expectProblem(await fetch(signed(id, 'web')), 410, 'gone')
  })

  test('a picture whose rows are gone as well is still said to be gone', async () => {
    const { id, clientId } = await photo({ access: 'public' })
    await house.db.insert(tables.deletedImages).values({ publicId: id, clientId })
    await house.db.delete(tables.photos).where(eq(tables.photos.publicId, id))
    await expectProblem(await fetch(`${site.origin}/image/${id}`), 410, 'gone')
  })

  test('a picture that was made private needs a signature within a second, however hot it was', async () => {
    const { id } = await photo({ access: 'public' })
    expect((await fetch(`${site.origin}/image/${id}/web`)).status).toBe(200)
    await house.db.update(tables.photos).set({ access: 'private' }).where(eq(tables.photos.publicId, id))
    await untilRefused(`${site.origin}/image/${id}/web`)
    await expectProblem(await fetch(`${site.origin}/image/${id}/web`), 403, 'signature_invalid')
    expect((await fetch(signed(id, 'web'))).headers.get('cache-control')).toMatch(/^private/)
  })

  /** Asks until it is refused; nothing asked for a second after now may be answered. */
  async function untilRefused(url: string): Promise<void> {
    const changed = performance.now()
    for (;;) {
      const asked = performance.now()
      const { status } = await fetch(url)
      if (status >= 400) return
      expect(asked - changed).toBeLessThan(1000)
    }
  }
})
