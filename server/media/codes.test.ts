// Every code that the media API promises, made to happen over HTTP: one case each, and none without a case.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deletePhotos } from '#server/deletion.ts'
import { createKey } from '#server/keys.ts'
import { announceWork } from '#server/live.ts'
import { signedImagePath } from '#server/signing.ts'
import { type Store, StoreFull, StoreUnavailable } from '#server/store/store.ts'
import { aSite, type Site } from '#server/testing-site.ts'
import type { StatusPage } from '#server/uploads/status.ts'
import { createHttp, type OpenHttp } from '#workers/http.ts'
import { heic, noise, picture } from '#workers/imaging/samples.ts'
import { createImager, type Imager } from '#workers/imaging.ts'
import { type RunningWorker, type Steps, startWorker } from '#workers/run.ts'
import { fetchPhotos } from '#workers/steps/fetch-photos.ts'
import { renderPhotos } from '#workers/steps/render-photos.ts'
import type { TestHouse } from '#workers/testing.ts'
import type { Tools } from '#workers/tools.ts'
import {
  aSender,
  form,
  type MediaHouse,
  type MediaServer,
  type Sender,
  startMedia,
  startMediaHouse,
} from './testing.ts'

/** What is answered with which status. */
const codes = {
  unauthenticated: 401,
  not_found: 404,
  forbidden_scope: 403,
  file_missing: 400,
  malformed_multipart: 400,
  incomplete_body: 400,
  invalid_instructions: 400,
  idempotency_key_invalid: 400,
  invalid_encoding: 400,
  request_in_progress: 409,
  file_too_large: 413,
  too_many_items: 413,
  unsupported_content_type: 415,
  not_an_image: 415,
  format_not_allowed: 415,
  empty_file: 422,
  too_many_pixels: 422,
  bad_dimensions: 422,
  too_many_frames: 422,
  truncated_image: 422,
  corrupt_image: 422,
  processing_timeout: 422,
  resource_limit: 422,
  checksum_mismatch: 422,
  idempotency_key_reused: 422,
  invalid_parameter: 422,
  invalid_watermark: 422,
  output_too_large: 422,
  url_not_allowed: 422,
  source_error: 424,
  source_timeout: 504,
  rate_limited: 429,
  quota_exceeded: 429,
  temporarily_unavailable: 503,
  insufficient_storage: 507,
  gone: 410,
  signature_invalid: 403,
  signature_expired: 403,
  range_not_satisfiable: 416,
  method_not_allowed: 405,
  uri_too_long: 414,
  headers_too_large: 431,
} as const
type Code = keyof typeof codes

let place: MediaHouse
let house: TestHouse
let media: MediaServer
let anna: Sender
let worker: RunningWorker
let http: OpenHttp
let temp: string
/** A host that answers 404, or nothing at all. */
let files: Site
let site: string
/** The decoder has `held.jpg` in hand until it is let go. */
const held = { taken: Promise.withResolvers<void>(), free: Promise.withResolvers<void>() }

beforeAll(async () => {
  place = await startMediaHouse({ worker: false })
  ;({ house, media, anna } = place)
  temp = await mkdtemp(join(tmpdir(), 'codes-'))
  http = createHttp({ allowLocal: true })
  const [usual, hasty] = [createImager(), createImager({ timeoutSeconds: 0 })]
  const imager: Imager = {
    async render(original, wanted, filename) {
      if (filename === 'held.jpg') {
        held.taken.resolve()
        await held.free.promise
      }
      return (filename === 'slow.jpg' ? hasty : usual).render(original, wanted, filename)
    },
  }
  const impatient: Tools['http'] = { request: (url, options) => http.request(url, { ...options, timeoutSeconds: 0.2 }) }
  const tools = { house, imager, http: impatient, temp }
  const steps = { 'fetch-photos': fetchPhotos, 'render-photos': renderPhotos } as unknown as Steps<typeof tools>
  worker = startWorker({ house, queues: ['fetch-photos', 'render-photos'], steps, tools })
  files = await aSite((asked, response) => {
    if (!asked.url!.startsWith('/slow')) response.writeHead(404).end()
  })
  site = files.origin
})
afterAll(async () => {
  await files?.close()
  await worker?.drain()
  await http?.close()
  await place?.dispose()
  await rm(temp, { recursive: true, force: true })
})

type Body = NonNullable<RequestInit['body']>
const post = (path: string, body: Body, headers: Record<string, string> = {}, origin = media.origin) =>
  fetch(origin + path, { method: 'POST', body, headers: { ...anna.headers, ...headers } })
const postJson = (path: string, body: unknown) =>
  post(path, JSON.stringify(body), { 'Content-Type': 'application/json' })
const get = (path: string, headers: Record<string, string> = anna.headers) => fetch(media.origin + path, { headers })

/** One file as a request of its own. */
const send = async (
  bytes: Uint8Array | Promise<Uint8Array>,
  { name = 'a.jpg', headers = {}, origin = media.origin, ...fields }: Record<string, unknown> & SendOptions = {},
) => post('/upload', form([[await bytes, name]], fields), headers, origin)
interface SendOptions {
  name?: string
  headers?: Record<string, string>
  origin?: string
}

const multipart = { 'Content-Type': 'multipart/form-data; boundary=b' }
const raw = (body: Body) => post('/upload', body, multipart)

/** A picture that is ready. */
async function ready(fields: Record<string, unknown> = {}): Promise<{ imageId: string; url: string }> {
  const answer = await send(picture(), fields)
  expect(answer.status).toBe(200)
  return answer.json()
}

/** As it is after its bytes were altered. */
async function altered(made: Promise<Buffer>, change: (bytes: Buffer) => Buffer | undefined): Promise<Buffer> {
  const bytes = await made
  return change(bytes) ?? bytes
}

/** Larger than its few bytes: what a header claims. */
const claiming = (width: number, height: number) =>
  altered(picture({ format: 'png' }), (png) => {
    png.writeUInt32BE(width, 16)
    png.writeUInt32BE(height, 20)
  })

/** An image whose bytes were to come from an address of the site and did not. */
async function neverCame(path: string): Promise<string> {
  const { jobId } = (await (await postJson('/upload', { urls: [site + path] })).json()) as { jobId: string }
  const status = async () => (await (await get(`/status/${jobId}`)).json()) as StatusPage
  // Between its tries it rests; nobody waits for that here.
  await expect
    .poll(
      async () => {
        await house.pool.query(
          `with tried as (update photos set attempts = 5, next_try_at = now() where run_id = $1 and state = 'listed' and attempts between 1 and 4 returning id)
         update pgboss.job set start_after = now() where name = 'fetch-photos' and state < 'active' and exists (select from tried)`,
          [jobId],
        )
        void announceWork(house, 'fetch-photos')
        return (await status()).status
      },
      { timeout: 30_000 },
    )
    .toBe('failed')
  const [item] = (await status()).items
  expect(item).toMatchObject({ status: 'failed', code: path === '/slow' ? 'source_timeout' : 'source_error' })
  return item!.imageId
}

/** By node's own client: fetch measures a body itself, and sends no address or header of any length. */
async function asked(path: string, headers: Record<string, string>, method = 'GET'): Promise<Response> {
  const call = request(media.origin + path, { method, headers: { ...anna.headers, ...headers } })
  call.on('error', () => {}) // hung up on, once it has answered
  call.flushHeaders()
  const [answer] = await once(call, 'response')
  const body = await text(answer)
  call.destroy()
  return new Response(body, { status: answer.statusCode, headers: answer.headers })
}

/** A media process whose store does not take anything. */
async function withStore(put: Store['put'], ask: (origin: string) => Promise<Response>): Promise<Response> {
  const other = await startMedia({ ...house, store: { ...house.store, put } })
  try {
    return await ask(other.origin)
  } finally {
    await other.close()
  }
}

const cases: { [code in Code]: () => Promise<Response> } = {
  unauthenticated: () => get(`/status/${randomUUID()}`, { Authorization: 'Bearer pass_x' }),
  not_found: () => get(`/status/${randomUUID()}`),
  forbidden_scope: async () => get(`/status/${randomUUID()}`, (await aSender(house, 'Anna', ['upload'])).headers),
  file_missing: () => post('/upload', form([], { access: 'public' })),
  malformed_multipart: () => raw('--b\r\nX: y\r\n\r\nz\r\n--b--'),
  incomplete_body: () => raw('--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\nx'),
  invalid_instructions: () => send(picture(), { instructions: { rotate: 1 } }),
  idempotency_key_invalid: () => send(picture(), { headers: { 'Idempotency-Key': 'a b' } }),
  invalid_encoding: () =>
    raw(Buffer.from('--b\r\nContent-Disposition: form-data; name="access"\r\n\r\n\xff\r\n--b--', 'latin1')),
  async request_in_progress() {
    const headers = { 'Idempotency-Key': randomUUID() }
    const bytes = await picture()
    const first = send(bytes, { name: 'held.jpg', headers })
    await held.taken.promise
    const second = await send(bytes, { name: 'held.jpg', headers })
    held.free.resolve()
    expect((await first).status).toBe(200)
    return second
  },
  file_too_large: () => asked('/upload', { ...multipart, 'Content-Length': '20000000000' }, 'POST'),
  too_many_items: () => postJson('/upload', { urls: Array.from({ length: 10_001 }, () => `${site}/a.jpg`) }),
  unsupported_content_type: () => post('/upload', 'x', { 'Content-Type': 'image/jpeg' }),
  not_an_image: () => send(Buffer.from('hello')),
  format_not_allowed: () => send(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), { name: 'a.svg' }),
  empty_file: () => send(Buffer.alloc(0)),
  too_many_pixels: () => send(claiming(20_000, 20_000)),
  bad_dimensions: () => send(claiming(0, 10)),
  too_many_frames: () =>
    send(
      altered(picture({ format: 'png' }), (png) => {
        // An acTL chunk of 1,000 frames behind the header.
        const frames = Buffer.from('\0\0\0\x08acTL\0\0\x03\xe8\0\0\0\0\0\0\0\0', 'latin1')
        return Buffer.concat([png.subarray(0, 33), frames, png.subarray(33)])
      }),
    ),
  truncated_image: () => send(altered(picture({ noise: true }), (jpeg) => jpeg.subarray(0, -200))),
  corrupt_image: () =>
    send(
      altered(picture({ width: 400, height: 300, noise: true }), (jpeg) =>
        Buffer.concat([jpeg.subarray(0, jpeg.length / 2), Buffer.from([0xff, 0xd9])]),
      ),
    ),
  processing_timeout: () => send(picture(), { name: 'slow.jpg' }),
  // Every coefficient of a progressive picture is in memory at once: 81 million pixels of three channels.
  resource_limit: () =>
    send(
      altered(noise(64, 64).jpeg({ progressive: true, chromaSubsampling: '4:4:4' }).toBuffer(), (jpeg) => {
        const frame = jpeg.indexOf(Buffer.from([0xff, 0xc2]))
        jpeg.writeUInt16BE(9000, frame + 5)
        jpeg.writeUInt16BE(9000, frame + 7)
      }),
    ),
  checksum_mismatch: () => send(picture(), { headers: { 'Content-Digest': `sha-256=:${'A'.repeat(43)}=:` } }),
  async idempotency_key_reused() {
    const headers = { 'Idempotency-Key': randomUUID() }
    expect((await send(picture(), { headers })).status).toBe(200)
    return send(picture(), { headers })
  },
  invalid_parameter: () => send(picture(), { access: 'secret' }),
  invalid_watermark: () => send(picture(), { instructions: { watermark: 'logo.png' } }),
  output_too_large: () =>
    send(picture(), { instructions: { resize: { width: 16_000, withoutEnlargement: false }, format: 'webp' } }),
  url_not_allowed: () => send(picture(), { notifyUrl: 'http://10.0.0.1/' }),
  source_error: async () =>
    postJson('/process', { imageIds: [await neverCame('/missing')], instructions: { format: 'png' } }),
  source_timeout: async () =>
    postJson('/process', { imageIds: [await neverCame('/slow')], instructions: { format: 'png' } }),
  async rate_limited() {
    const { key } = await createKey(house, 'test', { clientId: anna.clientId, scopes: ['read'], perMinute: 1 })
    const headers = { Authorization: `Bearer ${key}` }
    await get(`/status/${randomUUID()}`, headers)
    return get(`/status/${randomUUID()}`, headers)
  },
  async quota_exceeded() {
    const { key } = await createKey(house, 'test', { clientId: anna.clientId, scopes: ['upload'], perDay: 1 })
    const headers = { Authorization: `Bearer ${key}` }
    await send(picture(), { headers })
    return send(picture(), { headers })
  },
  temporarily_unavailable: () =>
    withStore(
      () => Promise.reject(new StoreUnavailable('away')),
      (origin) => send(picture(), { origin }),
    ),
  insufficient_storage: () =>
    withStore(
      () => Promise.reject(new StoreFull('full')),
      (origin) => send(picture(), { origin }),
    ),
  async gone() {
    const { imageId } = await ready()
    await deletePhotos(house, 'test', { clientId: anna.clientId, publicIds: [imageId] })
    return get(`/image/${imageId}`)
  },
  signature_invalid: async () => get(`/image/${(await ready({ access: 'private' })).imageId}/web`),
  async signature_expired() {
    const { imageId } = await ready({ access: 'private' })
    return get(signedImagePath(house, imageId, 'web', { seconds: 60, now: new Date(Date.now() - 3_600_000) }))
  },
  range_not_satisfiable: async () => get(`/image/${(await ready()).imageId}/web`, { Range: 'bytes=9000000-' }),
  method_not_allowed: () => fetch(`${media.origin}/status/${randomUUID()}`, { method: 'DELETE' }),
  uri_too_long: () => asked(`/status/${'x'.repeat(9000)}`, {}),
  headers_too_large: () => asked('/health', { Cookie: 'x'.repeat(40_000) }),
}

test.each(Object.keys(codes) as Code[])('%s', async (code) => {
  const answer = await cases[code]()
  const body = await answer.json()
  expect({ status: answer.status, code: body.code }).toEqual({ status: codes[code], code })
  expect(body).toMatchObject({ type: 'about:blank', title: expect.stringMatching(/\w/), status: codes[code] })
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  if (answer.status === 429 || answer.status === 503)
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
})

test('every code has a case, and the document names every one', async () => {
  expect(Object.keys(cases)).toEqual(Object.keys(codes))
  const document = await (await get('/openapi.json')).text()
  expect(Object.keys(codes).filter((code) => !document.includes(`\`${code}\``))).toEqual([])
})

test('a picture whose codec is not decoded is no refusal: it is kept, and the answer says unsupported_codec', async () => {
  const answer = await send(heic(400, 300), { name: 'a.heic' })
  expect(answer.status).toBe(200)
  expect(await answer.json()).toMatchObject({ status: 'completed', code: 'unsupported_codec', renditions: {} })
})

test('of another client, of nobody and of nonsense is one answer, word by word, wherever an id is named', async () => {
  const { imageId } = await ready()
  const berta = await aSender(house, 'Berta')
  const ask = async (id: string, headers: Record<string, string>) => {
    const process = { imageIds: [id], instructions: { format: 'png' } }
    const type = { 'Content-Type': 'application/json' }
    return Promise.all([
      get(`/status/${id}`, headers),
      get(`/status/${id}/events`, headers),
      ...(id === 'nonsense' ? [] : [post('/process', JSON.stringify(process), { ...headers, ...type })]),
    ])
  }
  const told = new Set<string>()
  for (const id of [imageId, randomUUID(), 'nonsense']) {
    for (const answer of await ask(id, berta.headers)) {
      const { headers } = answer
      told.add(JSON.stringify([answer.status, headers.get('content-type'), await answer.text()]))
    }
  }
  expect(told.size).toBe(1)
  expect([...told][0]).toContain('not_found')
})

test.each<[string, () => string, number, string]>([
  ['an address without end', () => `GET /${'x'.repeat(50_000)}`, 414, 'uri_too_long'],
  ['what is no HTTP', () => 'hello\r\n\r\n', 400, 'malformed_request'],
  [
    'a body whose chunks cannot be read',
    () => {
      const headers = { Host: 'x', ...anna.headers, ...multipart, 'Transfer-Encoding': 'chunked' }
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
      return `POST /upload HTTP/1.1\r\n${lines.join('')}\r\nno number\r\n`
    },
    400,
    'malformed_request',
  ],
])('%s is answered and hung up on', async (_, sent, status, code) => {
  const socket = connect(Number(new URL(media.origin).port), '127.0.0.1')
  socket.on('error', () => {})
  socket.write(sent())
  const answer = await text(socket)
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} [A-Z]`))
  expect(answer).toContain('connection: close')
  expect(JSON.parse(answer.split('\r\n\r\n')[1]!)).toMatchObject({ status, code })
})
