import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readlink, rm, truncate } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import * as tables from '#db/schema.ts'
import { type TestDatabase, testDatabase } from '#db/testing.ts'
import { parseEnv } from '#server/env.ts'
import { type House, openHouse } from '#server/house.ts'
import { findImage, type Image } from '#server/images.ts'
import { signedImagePath } from '#server/signing.ts'
import { aPicture, type PictureOptions, storeObject } from '#server/testing-pictures.ts'
import { mediaApp } from './app.ts'
import { imagesFirst } from './image.ts'

let database: TestDatabase
let house: House
let dir: string

beforeAll(async () => {
  database = await testDatabase()
  dir = await mkdtemp(join(tmpdir(), 'media-'))
  house = await openHouse(environment({}))
})

afterAll(async () => {
  await house.close()
  await database.drop()
  await rm(dir, { recursive: true })
})

const environment = (more: Record<string, string>) =>
  parseEnv({
    DATABASE_URL: database.url,
    PASS_SECRET_KEY: randomBytes(32).toString('base64'),
    PASS_DATA_DIR: dir,
    LOG_LEVEL: 'silent',
    ...more,
  })

const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer())

async function expectProblem(response: Response, status: number, code: string) {
  expect(response.status).toBe(status)
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(await response.json()).toMatchObject({ status, code, title: expect.any(String) })
}

async function listening(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function stop(server: Server): void {
  server.closeAllConnections()
  server.close()
}

/** A house that differs in some of its parts, and where its pictures are. */
async function serving(parts: Partial<House>): Promise<string> {
  const other = { ...house, ...parts }
  const server = createServer(imagesFirst(other, getRequestListener(mediaApp(other).fetch)))
  onTestFinished(() => stop(server))
  return listening(server)
}

const fronts: [string, () => Server][] = [
  ['in front of the app', () => createServer(imagesFirst(house, getRequestListener(mediaApp(house).fetch)))],
  ['through the app', () => createServer(getRequestListener(mediaApp(house).fetch))],
]

describe.each(fronts)('%s', (_, create) => {
  let server: Server
  let origin: string
  beforeAll(async () => {
    server = create()
    origin = await listening(server)
  })
  afterAll(() => stop(server))

  const signed = (id: string, rendition: string | null = null) =>
    origin + signedImagePath(house, id, rendition, { seconds: 600 })
  const photo = (options: PictureOptions = {}) => aPicture(house, options)

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

  test('an original too large to keep in memory is streamed, whole and in ranges', async () => {
    const { id, original } = await photo({ bytes: 3_000_000 })
    expect(original.equals(await bytesOf(await fetch(signed(id))))).toBe(true)
    const part = await fetch(signed(id), { headers: { Range: 'bytes=2000000-2999999' } })
    expect(part.status).toBe(206)
    expect(original.subarray(2_000_000).equals(await bytesOf(part))).toBe(true)
  })

  test('a public picture of an upload needs no signature and may be kept by everybody for a year', async () => {
    const { id, original, made } = await photo({ access: 'public' })
    for (const [path, bytes] of [
      [id, original],
      [`${id}/web`, made.web],
    ] as const) {
      const response = await fetch(`${origin}/image/${path}`)
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
    await expectProblem(await fetch(`${origin}/image/${id}/web`), 403, 'signature_invalid')
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
    await expectProblem(await fetch(`${origin}/image/${id}/web`), 403, 'signature_invalid')
    await expectProblem(await fetch(`${signed(id, 'web')}x`), 403, 'signature_invalid')
    await expectProblem(await fetch(signed(id, 'web').replace('/web', '')), 403, 'signature_invalid')
    await expectProblem(await fetch(signed(id, 'web').replace('/web', '/%77eb')), 403, 'signature_invalid')
    const hourAgo = new Date(Date.now() - 3_600_000)
    const expired = signedImagePath(house, id, 'web', { seconds: 60, now: hourAgo })
    await expectProblem(await fetch(origin + expired), 403, 'signature_expired')
  })

  test('a signed address that is asked for again and again is refused as soon as it expires', async () => {
    const { id } = await photo()
    const address = origin + signedImagePath(house, id, 'web', { seconds: 1 })
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
      [...urls, ...odd.map((path) => `${origin}/${path}`)].map(async (url) => {
        const response = await fetch(url)
        return { status: response.status, body: await response.text() }
      }),
    )
    expect(answers[0]).toMatchObject({ status: 404, body: expect.stringContaining('"code":"not_found"') })
    for (const answer of answers) expect(answer).toEqual(answers[0])
  })

  test('a picture that was deleted is gone within a second, however hot it was, signed for or not', async () => {
    const { id, clientId } = await photo({ access: 'public' })
    expect((await fetch(`${origin}/image/${id}/web`)).status).toBe(200)
    await house.db.insert(tables.deletedImages).values({ publicId: id, clientId })
    await untilRefused(`${origin}/image/${id}/web`)
    await expectProblem(await fetch(`${origin}/image/${id}/web`), 410, 'gone')
    await expectProblem(await fetch(signed(id, 'web')), 410, 'gone')
  })

  test('a picture whose rows are gone as well is still said to be gone', async () => {
    const { id, clientId } = await photo({ access: 'public' })
    await house.db.insert(tables.deletedImages).values({ publicId: id, clientId })
    await house.db.delete(tables.photos).where(eq(tables.photos.publicId, id))
    await expectProblem(await fetch(`${origin}/image/${id}`), 410, 'gone')
  })

  test('a picture that was made private needs a signature within a second, however hot it was', async () => {
    const { id } = await photo({ access: 'public' })
    expect((await fetch(`${origin}/image/${id}/web`)).status).toBe(200)
    await house.db.update(tables.photos).set({ access: 'private' }).where(eq(tables.photos.publicId, id))
    await untilRefused(`${origin}/image/${id}/web`)
    await expectProblem(await fetch(`${origin}/image/${id}/web`), 403, 'signature_invalid')
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

  test('a rendition made anew with other bytes has another tag, and its new bytes are served', async () => {
    const { id, keys } = await photo({ access: 'public' })
    const address = `${origin}/image/${id}/web`
    const before = (await fetch(address)).headers.get('etag')
    const anew = randomBytes(600)
    await house.store.remove([keys.web!])
    await storeObject(house, keys.web!, anew, 'image/webp')
    const [photoRow] = await house.db.select().from(tables.photos).where(eq(tables.photos.publicId, id))
    await house.db
      .update(tables.renditions)
      .set({ bytes: 600, fileSha256: randomBytes(32) })
      .where(eq(tables.renditions.sha256, photoRow!.sha256!))
    for (;;) {
      const response = await fetch(address)
      const body = await bytesOf(response)
      if (response.headers.get('etag') === before) continue
      expect(body).toEqual(anew)
      return
    }
  })

  test('HEAD tells length and type of the whole, whatever range is asked for, and sends no bytes', async () => {
    const { id, sha256 } = await photo()
    for (const headers of [{}, { Range: 'bytes=0-9' }] as Record<string, string>[]) {
      const response = await fetch(signed(id), { method: 'HEAD', headers })
      expect(response.status).toBe(200)
      expect(response.headers.get('content-length')).toBe('1000')
      expect(response.headers.get('etag')).toBe(`"${sha256}"`)
      expect(await response.text()).toBe('')
    }
    const refused = await fetch(`${origin}/image/${id}`, { method: 'HEAD' })
    expect(refused.status).toBe(403)
    expect(await refused.text()).toBe('')
  })

  test.each([
    ['the same tag', (tag: string) => tag, 304],
    ['the same tag made weak by a proxy', (tag: string) => `W/${tag}`, 304],
    ['one of several', (tag: string) => `"a", ${tag}`, 304],
    ['anything', () => '*', 304],
    ['another tag', () => '"other"', 200],
  ])('asked with If-None-Match of %s it answers %3$s', async (_, tag, status) => {
    const { id } = await photo()
    const etag = (await fetch(signed(id, 'web'))).headers.get('etag')!
    for (const method of ['GET', 'HEAD']) {
      const response = await fetch(signed(id, 'web'), { method, headers: { 'If-None-Match': tag(etag) } })
      expect(response.status).toBe(status)
      expect(response.headers.get('etag')).toBe(etag)
      expect(response.headers.get('cache-control')).toMatch(/^private, max-age=/)
      expect(await bytesOf(response)).toHaveLength(method === 'GET' && status === 200 ? 500 : 0)
    }
  })

  test.each([
    ['bytes=0-0', 206, [0, 1]],
    ['bytes=10-', 206, [10, 500]],
    ['bytes=-10', 206, [490, 500]],
    ['bytes=-9999', 206, [0, 500]],
    ['bytes=490-9999', 206, [490, 500]],
    ['bytes=5-4', 200, [0, 500]],
    ['bytes=0-1,4-5', 200, [0, 500]],
    ['pages=1-2', 200, [0, 500]],
  ] as const)('a range of %s answers %i', async (range, status, [start, end]) => {
    const { id, made } = await photo()
    const response = await fetch(signed(id, 'web'), { headers: { Range: range } })
    expect(response.status).toBe(status)
    expect(response.headers.get('content-range')).toBe(status === 206 ? `bytes ${start}-${end - 1}/500` : null)
    expect(await bytesOf(response)).toEqual(made.web!.subarray(start, end))
  })

  test.each(['bytes=500-', 'bytes=9999-10000', 'bytes=-0'])(
    'a range outside (%s) is not satisfiable',
    async (range) => {
      const { id } = await photo()
      const response = await fetch(signed(id, 'web'), { headers: { Range: range } })
      expect(response.headers.get('content-range')).toBe('bytes */500')
      await expectProblem(response, 416, 'range_not_satisfiable')
    },
  )

  test('a range asked for of other bytes than these gives the whole', async () => {
    const { id, sha256 } = await photo()
    const ask = (tag: string) => fetch(signed(id), { headers: { Range: 'bytes=0-9', 'If-Range': tag } })
    expect((await ask('"other"')).status).toBe(200)
    expect((await ask(`W/"${sha256}"`)).status).toBe(200)
    expect((await ask(`"${sha256}"`)).status).toBe(206)
  })

  test('an object that the store has lost is not found, and found again when it is back', async () => {
    const { id, made, original, keys } = await photo({ bytes: 3_000_000 })
    const { key } = (await findImage(house, id, null)) as Image
    await house.store.remove([keys.web!, key])
    await expectProblem(await fetch(signed(id, 'web')), 404, 'not_found')
    await expectProblem(await fetch(signed(id)), 404, 'not_found')
    await storeObject(house, keys.web!, made.web!, 'image/webp')
    await storeObject(house, key, original, 'image/jpeg')
    expect((await fetch(signed(id, 'web'))).status).toBe(200)
    expect((await fetch(signed(id))).status).toBe(200)
  })

  test('an object that is not as long as the ledger says is not found', async () => {
    for (const bytes of [499, 501]) {
      const { id, keys } = await photo()
      await house.store.remove([keys.web!])
      await storeObject(house, keys.web!, randomBytes(bytes), 'image/webp')
      await expectProblem(await fetch(signed(id, 'web')), 404, 'not_found')
    }
  })

  test('what cannot be said in a header is a fault of ours, and the next one is served', async () => {
    const { id } = await photo({ access: 'public' })
    const { id: odd } = await photo({ access: 'public', contentType: 'image/\nx' })
    await expectProblem(await fetch(`${origin}/image/${odd}`), 500, 'internal_error')
    await expectProblem(await fetch(`${origin}/image/${odd}`), 500, 'internal_error')
    expect((await fetch(`${origin}/image/${id}`)).status).toBe(200)
  })

  test('other methods are refused', async () => {
    const { id } = await photo()
    for (const method of ['DELETE', 'POST', 'OPTIONS']) {
      const response = await fetch(signed(id), { method, body: method === 'POST' ? 'x' : null })
      expect(response.headers.get('allow')).toBe('GET, HEAD')
      await expectProblem(response, 405, 'method_not_allowed')
    }
  })

  const resize = { width: 100, height: 100 }
  const both = { small: { resize }, 'small-avif': { resize, format: 'avif' }, png: { resize, format: 'png' } }

  test.each([
    ['small', 'image/avif,image/webp,*/*;q=0.8', 'image/avif'],
    ['small', 'image/webp,*/*;q=0.8', 'image/webp'],
    ['small', '*/*', 'image/webp'],
    ['small', 'image/avif;q=0.5,image/webp;q=0.4', 'image/avif'],
    ['small', 'image/jpeg', 'image/webp'],
    ['small', 'image/png,image/jxl;q=1.0,image/avif;q=9', 'image/webp'],
    ['small-avif', 'image/webp', 'image/webp'],
    ['small-avif', '*/*', 'image/avif'],
    ['png', 'image/avif,image/webp', 'image/png'],
  ])('of %s made as AVIF and as WebP, a caller who accepts %s gets %s', async (name, accept, type) => {
    const { id, made } = await photo({ wanted: both, access: 'public' })
    const response = await fetch(`${origin}/image/${id}/${name}`, { headers: { Accept: accept } })
    expect(response.headers.get('content-type')).toBe(type)
    expect(response.headers.get('vary')).toBe(name === 'png' ? null : 'Accept')
    const bytes = { 'image/avif': made['small-avif'], 'image/webp': made.small, 'image/png': made.png }[type]
    expect(await bytesOf(response)).toEqual(bytes)
    const again = { Accept: accept, 'If-None-Match': response.headers.get('etag')! }
    const known = await fetch(`${origin}/image/${id}/${name}`, { headers: again })
    expect(known.status).toBe(304)
    expect(known.headers.get('vary')).toBe(name === 'png' ? null : 'Accept')
  })

  test.each([
    ['not made yet', { wanted: both, unmade: ['small-avif', 'thumb'] }],
    ['of another size', { wanted: { small: { resize }, other: { resize: { width: 99 }, format: 'avif' } } }],
    ['without the watermark', { wanted: { small: { watermark: { text: '©' } }, bare: { format: 'avif' } } }],
  ] as const)('an AVIF %s is not the same rendition', async (_, options) => {
    const { id } = await photo({ ...options, unmade: [...('unmade' in options ? options.unmade : ['thumb'])] })
    const response = await fetch(signed(id, 'small'), { headers: { Accept: 'image/avif' } })
    expect(response.headers.get('content-type')).toBe('image/webp')
    expect(response.headers.get('vary')).toBeNull()
  })

  test('a caller who leaves in the middle leaves no file open, and others are served', async () => {
    const { id, original, sha256 } = await photo({ bytes: 50_000_000 })
    const { hostname, port } = new URL(origin)
    const socket = connect(Number(port), hostname)
    socket.write(`GET ${signed(id).slice(origin.length)} HTTP/1.1\r\nHost: x\r\n\r\n`)
    await once(socket, 'data')
    expect(await openFiles(sha256)).toBe(1)
    socket.destroy()
    while ((await openFiles(sha256)) > 0);
    expect(original.equals(await bytesOf(await fetch(signed(id))))).toBe(true)
  })
})

async function openFiles(name: string): Promise<number> {
  const open = await readdir('/proc/self/fd')
  const paths = await Promise.all(open.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
  return paths.filter((path) => path.endsWith(name)).length
}

test('from a store that has no files of this machine, small and large pictures are served alike', async () => {
  const origin = await serving({ store: { ...house.store, path: () => null } })
  const { id, original, made } = await aPicture(house, { bytes: 3_000_000, access: 'public' })
  expect(await bytesOf(await fetch(`${origin}/image/${id}/web`))).toEqual(made.web)
  expect(original.equals(await bytesOf(await fetch(`${origin}/image/${id}`)))).toBe(true)
  const part = await fetch(`${origin}/image/${id}`, { headers: { Range: 'bytes=-100' } })
  expect(await bytesOf(part)).toEqual(original.subarray(-100))
})

test('a body that breaks off in the store is cut off, not ended', async () => {
  const get: House['store']['get'] = async (key, range) => {
    const found = await house.store.get(key, range)
    found.stream.once('data', () => found.stream.destroy(new Error('the disk is broken')))
    return found
  }
  const origin = await serving({ store: { ...house.store, path: () => null, get } })
  const { id } = await aPicture(house, { bytes: 3_000_000, access: 'public' })
  await expect(bytesOf(await fetch(`${origin}/image/${id}`))).rejects.toThrow()
})

test('a file that becomes shorter while it is sent is cut off, not ended', async () => {
  const origin = await serving({})
  const { id } = await aPicture(house, { bytes: 50_000_000, access: 'public' })
  const { key } = (await findImage(house, id, null)) as Image
  const reader = (await fetch(`${origin}/image/${id}`)).body!.getReader()
  await reader.read()
  await truncate(house.store.path(key)!, 100_000)
  const rest = async () => {
    while (!(await reader.read()).done);
  }
  await expect(rest()).rejects.toThrow()
})

describe('where others send the bytes', () => {
  const bucket = {
    ...{ S3_BUCKET: 'pictures', S3_ENDPOINT: 'http://127.0.0.1:9' },
    ...{ S3_ACCESS_KEY_ID: 'id', S3_SECRET_ACCESS_KEY: 'secret' },
  }
  const cdn = { MEDIA_CDN_URL: 'https://cdn.example/pictures/' }

  /** The same ledger with another environment, and addresses that are signed for it. */
  async function elsewhere(more: Record<string, string>) {
    const env = environment(more)
    const other = await openHouse(env)
    onTestFinished(() => other.close())
    const origin = await serving(other)
    return {
      ask: (path: string, init?: RequestInit) => fetch(origin + path, { redirect: 'manual', ...init }),
      sign: (id: string, seconds = 600) => signedImagePath(other, id, 'web', { seconds }),
      signOriginal: (id: string) => signedImagePath(other, id, null, { seconds: 600 }),
    }
  }

  test('with MEDIA_REDIRECT a picture is at a presigned address of the bucket for five minutes, kept for one', async () => {
    const { ask, sign } = await elsewhere({ ...bucket, MEDIA_REDIRECT: '1' })
    const { id, keys } = await aPicture(house)
    for (const method of ['GET', 'HEAD']) {
      const response = await ask(sign(id), { method })
      expect(response.status).toBe(302)
      expect(response.headers.get('cache-control')).toBe('private, max-age=60')
      const there = new URL(response.headers.get('location')!)
      expect(there.host).toBe('127.0.0.1:9')
      expect(there.pathname).toBe(`/pictures/${keys.web}`)
      expect(there.searchParams.get('X-Amz-Expires')).toBe('300')
      expect(there.searchParams.get('X-Amz-Signature')).toMatch(/^[0-9a-f]{64}$/)
    }
  })

  test('a presigned address lives no longer than the signed one it stands for', async () => {
    const { ask, sign } = await elsewhere({ ...bucket, MEDIA_REDIRECT: '1' })
    const { id } = await aPicture(house)
    const response = await ask(sign(id, 20))
    const there = new URL(response.headers.get('location')!)
    expect(Number(there.searchParams.get('X-Amz-Expires'))).toBeLessThanOrEqual(30)
    const [, kept] = response.headers.get('cache-control')!.match(/max-age=(\d+)/)!
    expect(Number(kept)).toBeLessThanOrEqual(30)
  })

  test('the bucket sends an unsafe original as attachment too', async () => {
    const { ask, signOriginal } = await elsewhere({ ...bucket, MEDIA_REDIRECT: '1' })
    const { id } = await aPicture(house, { contentType: 'image/svg+xml', filename: 'a.svg' })
    const there = new URL((await ask(signOriginal(id))).headers.get('location')!)
    expect(there.searchParams.get('response-content-disposition')).toBe("attachment; filename*=UTF-8''a.svg")
  })

  test('who may not see a picture is not sent anywhere', async () => {
    const { ask } = await elsewhere({ ...bucket, ...cdn, MEDIA_REDIRECT: '1' })
    const { id, clientId } = await aPicture(house)
    await expectProblem(await ask(`/image/${id}/web`), 403, 'signature_invalid')
    await house.db.insert(tables.deletedImages).values({ publicId: randomUUID(), clientId })
    await expectProblem(await ask(`/image/${randomUUID()}`), 404, 'not_found')
  })

  test('with MEDIA_CDN_URL public pictures are at the CDN, private ones and unsafe originals never', async () => {
    const { ask, sign } = await elsewhere(cdn)
    const open = await aPicture(house, { access: 'public', contentType: 'image/heic' })
    const response = await ask(`/image/${open.id}/web`)
    expect(response.status).toBe(302)
    expect(response.headers.get('location')).toBe(`https://cdn.example/pictures/${open.keys.web}`)
    expect(response.headers.get('cache-control')).toBe('private, max-age=60')
    expect((await ask(`/image/${open.id}`)).status).toBe(200)
    const secret = await aPicture(house)
    expect(await bytesOf(await ask(sign(secret.id)))).toEqual(secret.made.web)
  })

  test('the redirect depends on Accept as the picture does', async () => {
    const { ask } = await elsewhere(cdn)
    const wanted = { small: {}, 'small-avif': { format: 'avif' } }
    const { id, keys } = await aPicture(house, { access: 'public', wanted })
    const response = await ask(`/image/${id}/small`, { headers: { Accept: 'image/avif' } })
    expect(response.headers.get('vary')).toBe('Accept')
    expect(response.headers.get('location')).toBe(`https://cdn.example/pictures/${keys['small-avif']}`)
  })

  test('MEDIA_REDIRECT without a bucket stops the start and names the variable', () => {
    expect(() => environment({ MEDIA_REDIRECT: '1' })).toThrow(/MEDIA_REDIRECT: needs S3_BUCKET/)
  })
})
