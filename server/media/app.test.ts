import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as tables from '#db/schema.ts'
import { type TestDatabase, testDatabase } from '#db/testing.ts'
import { parseEnv } from '#server/env.ts'
import { type House, openHouse } from '#server/house.ts'
import { findImage } from '#server/images.ts'
import { instructionsHash, resolvePreset } from '#server/instructions.ts'
import { signedImagePath } from '#server/signing.ts'
import { originalKey, renditionKey } from '#server/store/store.ts'
import { mediaApp } from './app.ts'

let database: TestDatabase
let house: House
let dir: string
let server: Server
let origin: string

beforeAll(async () => {
  database = await testDatabase()
  dir = await mkdtemp(join(tmpdir(), 'media-'))
  house = await openHouse(
    parseEnv({ DATABASE_URL: database.url, PASS_SECRET_KEY: randomBytes(32).toString('base64'), PASS_DATA_DIR: dir }),
  )
  server = serve({ fetch: mediaApp(house).fetch, hostname: '127.0.0.1', port: 0 }) as Server
  await once(server, 'listening')
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await house.close()
  await database.drop()
  await rm(dir, { recursive: true })
})

interface Stored {
  id: string
  original: Buffer
  web: Buffer
  sha256: string
}

/** A published photo with its original and a `web` rendition in the store. */
async function photo(contentType = 'image/jpeg', filename: string | null = 'a.jpg', bytes = 1000): Promise<Stored> {
  const { db } = house
  const [client] = await db.insert(tables.clients).values({ name: randomUUID() }).returning()
  const clientId = client!.id
  const web = resolvePreset('web')
  const [run] = await db
    .insert(tables.runs)
    .values({
      clientId,
      kind: 'upload',
      state: 'done',
      renditions: { web, thumb: resolvePreset('thumb') },
      createdBy: 'test',
    })
    .returning()
  const [gallery] = await db
    .insert(tables.galleries)
    .values({ clientId, runId: run!.id, ref: 'g', title: 'g', position: 0, ordinal: 0 })
    .returning()
  const [original, rendition] = [randomBytes(bytes), randomBytes(500)]
  const hash = instructionsHash(web)
  const sha256 = createHash('sha256').update(original).digest()
  const hex = sha256.toString('hex')
  await put(originalKey(clientId, hex), original, contentType)
  await put(renditionKey(clientId, hex, hash, 'webp'), rendition, 'image/webp')
  await db.insert(tables.assets).values({ clientId, sha256, bytes, contentType })
  await db.insert(tables.renditions).values({
    clientId,
    sha256,
    hash,
    extension: 'webp',
    contentType: 'image/webp',
    bytes: 500,
    fileSha256: createHash('sha256').update(rendition).digest(),
    width: 1,
    height: 1,
    level: 'strict',
  })
  const [row] = await db
    .insert(tables.photos)
    .values({
      clientId,
      runId: run!.id,
      galleryId: gallery!.id,
      ref: 'p',
      kind: 'photo',
      state: 'published',
      filename,
      sha256,
      bytes,
      contentType,
    })
    .returning()
  return { id: row!.publicId, original, web: rendition, sha256: hex }
}

async function put(key: string, body: Buffer, contentType: string) {
  const sha256 = createHash('sha256').update(body).digest('hex')
  await house.store.put(key, body, { sha256, bytes: body.length, contentType })
}

const signed = (id: string, rendition: string | null = null) =>
  origin + signedImagePath(house, id, rendition, { seconds: 600 })
const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer())

async function expectProblem(response: Response, status: number, code: string) {
  expect(response.status).toBe(status)
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(await response.json()).toMatchObject({ status, code, title: expect.any(String) })
}

test('a signed address gives the rendition and the original, byte for byte, with their own types', async () => {
  const { id, original, web } = await photo()
  const rendition = await fetch(signed(id, 'web'))
  expect(rendition.headers.get('content-type')).toBe('image/webp')
  expect(await bytesOf(rendition)).toEqual(web)
  const whole = await fetch(signed(id))
  expect(whole.headers.get('content-type')).toBe('image/jpeg')
  expect(whole.headers.get('content-length')).toBe('1000')
  expect(await bytesOf(whole)).toEqual(original)
})

test('an original too large to keep in memory is streamed, whole and in ranges', async () => {
  const { id, original } = await photo('image/jpeg', 'large.jpg', 3_000_000)
  expect(await bytesOf(await fetch(signed(id)))).toEqual(original)
  const part = await fetch(signed(id), { headers: { Range: 'bytes=2000000-2999999' } })
  expect(part.status).toBe(206)
  expect(await bytesOf(part)).toEqual(original.subarray(2_000_000))
})

test('a picture may be kept by its viewer for as long as its address lives, shown by any page, and cannot run anything', async () => {
  const { id } = await photo()
  const { headers } = await fetch(signed(id, 'web'))
  const [, age] = headers.get('cache-control')!.match(/^private, max-age=(\d+), immutable$/)!
  expect(Number(age)).toBeGreaterThanOrEqual(599)
  expect(Number(age)).toBeLessThanOrEqual(900)
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
])('an original of type %s is sent as %s with its own name', async (type, disposition) => {
  const { id } = await photo(type, "Fest der Töchter (1)'.x")
  const { headers } = await fetch(signed(id))
  expect(headers.get('content-type')).toBe(type)
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

test('an unknown image, an unknown rendition and one not made yet are told in the same words', async () => {
  const { id } = await photo()
  const answers = await Promise.all(
    [signed(randomUUID()), signed(id, 'other'), signed(id, 'thumb'), `${origin}/image/x`, `${origin}/nothing`].map(
      async (url) => {
        const response = await fetch(url)
        return { status: response.status, body: await response.text() }
      },
    ),
  )
  expect(answers[0]).toMatchObject({ status: 404, body: expect.stringContaining('"code":"not_found"') })
  for (const answer of answers) expect(answer).toEqual(answers[0])
})

test('HEAD tells length and type and sends no bytes', async () => {
  const { id, sha256 } = await photo()
  const response = await fetch(signed(id), { method: 'HEAD' })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-length')).toBe('1000')
  expect(response.headers.get('etag')).toBe(`"${sha256}"`)
  expect(await response.text()).toBe('')
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
  const response = await fetch(signed(id, 'web'), { headers: { 'If-None-Match': tag(etag) } })
  expect(response.status).toBe(status)
  expect(response.headers.get('etag')).toBe(etag)
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
  const { id, web } = await photo()
  const response = await fetch(signed(id, 'web'), { headers: { Range: range } })
  expect(response.status).toBe(status)
  expect(response.headers.get('content-range')).toBe(status === 206 ? `bytes ${start}-${end - 1}/500` : null)
  expect(await bytesOf(response)).toEqual(web.subarray(start, end))
})

test.each(['bytes=500-', 'bytes=9999-10000', 'bytes=-0'])('a range outside (%s) is not satisfiable', async (range) => {
  const { id } = await photo()
  const response = await fetch(signed(id, 'web'), { headers: { Range: range } })
  expect(response.headers.get('content-range')).toBe('bytes */500')
  await expectProblem(response, 416, 'range_not_satisfiable')
})

test('a range asked for of other bytes than these gives the whole', async () => {
  const { id, sha256 } = await photo()
  const ask = (tag: string) => fetch(signed(id), { headers: { Range: 'bytes=0-9', 'If-Range': tag } })
  expect((await ask('"other"')).status).toBe(200)
  expect((await ask(`"${sha256}"`)).status).toBe(206)
})

test('an object that the store has lost is not found, and found again when it is back', async () => {
  const { id, web } = await photo()
  const { key } = (await findImage(house, id, 'web'))!
  await house.store.remove([key])
  await expectProblem(await fetch(signed(id, 'web')), 404, 'not_found')
  await put(key, web, 'image/webp')
  expect((await fetch(signed(id, 'web'))).status).toBe(200)
})

test('other methods are refused', async () => {
  const { id } = await photo()
  const response = await fetch(signed(id), { method: 'DELETE' })
  expect(response.headers.get('allow')).toBe('GET, HEAD')
  await expectProblem(response, 405, 'method_not_allowed')
})

test('health answers when database and store do, and the document describes every route', async () => {
  expect(await (await fetch(`${origin}/health`)).json()).toEqual({ status: 'ok' })
  const document = await (await fetch(`${origin}/openapi.json`)).json()
  expect(document).toMatchObject({ openapi: '3.1.0' })
  expect(Object.keys(document.paths).toSorted()).toEqual(['/health', '/image/{id}', '/image/{id}/{rendition}'])
  expect(Object.keys(document.paths['/image/{id}'].get.responses)).toEqual([
    '200',
    '206',
    '304',
    '403',
    '404',
    '416',
    '503',
  ])
})
