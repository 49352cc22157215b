import { createHash } from 'node:crypto'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Sandbox } from '../providers.ts'
import { call, control, expected, type Line, named, openSandbox, setsIn, signIn, type WireObject } from '../testing.ts'

let sandbox: Sandbox
let token: string
let sets: WireObject[]
let truth: Line[]

beforeAll(async () => {
  sandbox = await openSandbox()
  token = (await signIn(sandbox)).result
  const login = JSON.stringify([sandbox.credentials.loginName])
  sets = setsIn((await call(sandbox, 'LoadGroupHierarchy', login, token)).result)
  truth = await expected(sandbox)
})
afterAll(() => sandbox.close())

async function photosOf(title: string): Promise<WireObject[]> {
  const params = `[${named(sets, title).Id},0,60]`
  return (await call<WireObject[]>(sandbox, 'LoadPhotoSetPhotos', params, token)).result
}

async function get(photo: WireObject | undefined, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(photo?.OriginalUrl ?? '', { headers })
}

async function bytesOf(response: Response): Promise<Buffer> {
  return Buffer.from(await response.arrayBuffer())
}

const truthOf = (gallery: string) =>
  truth.filter((line) => line.type === 'photo' && line.gallery === named(sets, gallery).Id)

describe('originals', () => {
  it.each(['Deep down', 'Kinds of pictures', 'Videos', 'Equal bytes', 'From 2006', 'Best of everything'])(
    'of %s are served on another host, byte for byte as the truth says',
    async (title) => {
      const photos = new Map((await photosOf(title)).map((photo) => [photo.Id, photo]))
      const lines = truthOf(title)
      expect(lines.length).toBeGreaterThan(0)
      for (const line of lines) {
        const photo = photos.get(line.ref)
        expect(new URL(photo?.OriginalUrl ?? '').host).not.toBe(new URL(sandbox.origin).host)
        const response = await get(photo)
        const bytes = await bytesOf(response)
        expect({
          bytes: bytes.length,
          sha256: createHash('sha256').update(bytes).digest('hex'),
          contentType: response.headers.get('content-type'),
          stated: Number(response.headers.get('content-length')),
        }).toEqual({ bytes: line.bytes, sha256: line.sha256, contentType: line.contentType, stated: line.bytes })
      }
    },
  )

  it('are pictures, each with bytes of its own', async () => {
    const lines = truthOf('More than a page')
    expect(new Set(lines.map((line) => line.sha256)).size).toBe(130)
    const [photo] = await photosOf('More than a page')
    const picture = await bytesOf(await get(photo))
    expect((await sharp(picture, { failOn: 'warning' }).stats()).entropy).toBeGreaterThan(3)
    const exif = (await sharp(picture).metadata()).exif?.toString('latin1')
    expect(exif).toContain(photo?.TakenOn?.Value.replaceAll('-', ':'))
  })

  it('are the same bytes for two photos in two places', () => {
    const [first, second, third] = truthOf('Equal bytes')
    expect(first?.sha256).toBe(third?.sha256)
    expect(second?.sha256).toBe(truthOf('Equal bytes elsewhere')[0]?.sha256)
  })

  it('of videos are small renditions, far below the stated size and not original', async () => {
    const videos = (await photosOf('Videos')).filter((photo) => photo.OriginalUrl.endsWith('-200.mp4'))
    expect(videos.map((video) => video.Size > 400_000_000)).toEqual([true, true, true])
    expect(
      truthOf('Videos')
        .filter((line) => !line.isOriginal)
        .map((line) => line.kind),
    ).toEqual(['video', 'video', 'video'])
    expect((await bytesOf(await get(videos[0]))).subarray(4, 8).toString()).toBe('ftyp')
  })

  it('of files come from LoadGalleryFiles and may carry the number of a photo', async () => {
    const [shot] = await photosOf('Shot with files')
    const params = `[${named(sets, 'Files only').Id},0,10]`
    const [scan] = (await call<WireObject[]>(sandbox, 'LoadGalleryFiles', params, token)).result
    expect(scan?.Id).toBe(shot?.Id)
    expect((await get(scan)).headers.get('content-type')).toBe('image/tiff')
  })

  it('may be a picture whose transfer is whole but whose scan is not', async () => {
    const bytes = await bytesOf(await get((await photosOf('Kinds of pictures'))[0]))
    expect(bytes.subarray(-2)).not.toEqual(Buffer.from([0xff, 0xd9]))
    await expect(sharp(bytes, { failOn: 'warning' }).stats()).rejects.toThrow()
  })

  it('can be had in ranges, unless they changed', async () => {
    const [photo] = await photosOf('At the root')
    const whole = await get(photo)
    const bytes = await bytesOf(whole)
    const etag = whole.headers.get('etag') ?? ''
    const part = await get(photo, { range: 'bytes=100-199', 'if-range': etag })
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 100-199/${bytes.length}`])
    expect(await bytesOf(part)).toEqual(bytes.subarray(100, 200))
    expect(await bytesOf(await get(photo, { range: 'bytes=-10' }))).toEqual(bytes.subarray(-10))
    expect((await get(photo, { range: 'bytes=5-', 'if-range': '"other"' })).status).toBe(200)
    expect((await get(photo, { range: `bytes=${bytes.length}-` })).status).toBe(416)
  })
})

describe('restricted originals', () => {
  it.each([
    ['Inherits private', 404],
    ['For a list of users', 404],
    ['Inherits a password', 403],
    ['Protected originals', 403],
    ['Originals behind a password', 403],
  ])('of %s are refused to strangers and given to the owner, by header or cookie', async (title, status) => {
    const [photo] = await photosOf(title)
    expect((await get(photo)).status).toBe(status)
    expect((await get(photo, { 'x-zenfolio-token': 'made up' })).status).toBe(403)
    expect((await get(photo, { 'x-zenfolio-token': token })).status).toBe(200)
    expect((await get(photo, { cookie: `zf_token=${token}` })).status).toBe(200)
  })

  it('open to a visitor with the key of GetDownloadOriginalKey', async () => {
    const [photo, other] = await photosOf('Originals behind a password')
    expect((await call(sandbox, 'GetDownloadOriginalKey', `[[${photo?.Id}],"guess"]`)).error.code).toBe(
      'E_INVALIDCREDENTIALS',
    )
    const { result: key } = await call<string>(sandbox, 'GetDownloadOriginalKey', `[[${photo?.Id}],"dl"]`)
    expect((await fetch(`${photo?.OriginalUrl}?key=${key}`)).status).toBe(200)
    expect((await fetch(`${other?.OriginalUrl}?key=${key}`)).status).toBe(403)
  })

  it('keep one private photo of a public gallery back', async () => {
    const photos = await photosOf('Private photo in a public gallery')
    expect(await Promise.all(photos.map(async (photo) => (await get(photo)).status))).toEqual([200, 404, 403, 200])
  })
})

describe('sized pictures', () => {
  it('are counted apart, and need the token of the address', async () => {
    const [photo] = await photosOf('At the root')
    await control(sandbox, 'requests/reset', {})
    const address = `http://${photo?.UrlHost}${photo?.UrlCore}-5.jpg`
    expect((await fetch(address)).status).toBe(403)
    expect((await fetch(`${address}?sn=1&tk=${photo?.UrlToken}`)).status).toBe(200)
    expect(await (await control(sandbox, 'requests')).json()).toMatchObject({ sized: 1, originals: 0, total: 2 })
  })
})

describe('cold storage', () => {
  it('is named by the listing, and by originals that answer nothing until they are thawed', async () => {
    await control(sandbox, 'faults', { thawSeconds: 3600 })
    const params = `[${named(sets, 'Archived').Id},0,60]`
    const archived = await call(sandbox, 'LoadPhotoSetPhotos', params, token)
    expect(archived).toMatchObject({
      status: 200,
      result: null,
      error: { message: expect.stringContaining('archived') },
    })
    const [photo] = await photosOf('Originals in cold storage')
    const waiting = fetch(photo?.OriginalUrl ?? '', { signal: AbortSignal.timeout(300) })
    await expect(waiting).rejects.toThrow(/timeout/)

    await control(sandbox, 'faults', { reset: true })
    expect((await call<WireObject[]>(sandbox, 'LoadPhotoSetPhotos', params, token)).result).toHaveLength(5)
    expect((await get(photo)).status).toBe(200)
  })
})
