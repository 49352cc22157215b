import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import sharp from 'sharp'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '#db/testing.ts'
import { countedAndRecounted } from '#server/testing.ts'
import { heic, picture } from '#workers/imaging/samples.ts'
import { type TestHouse, testHouse } from '#workers/testing.ts'
import { aSender, form, type MediaServer, type Sender, startMedia } from './testing.ts'

let database: TestDatabase
let house: TestHouse
let media: MediaServer
let anna: Sender

beforeAll(async () => {
  database = await testDatabase()
  house = await testHouse(database.url)
  media = await startMedia(house, { patienceSeconds: 30 })
  anna = await aSender(house, 'Anna')
  await house.startWorker()
})
afterAll(async () => {
  await media?.close()
  await house?.dispose()
  await database?.drop()
})

type Body = NonNullable<RequestInit['body']>
const upload = (body: Body, headers: Record<string, string> = {}) =>
  fetch(`${media.origin}/upload`, { method: 'POST', body, headers: { ...anna.headers, ...headers } })
const local = (url: string) => media.origin + new URL(url).pathname + new URL(url).search
const digestOf = (bytes: Uint8Array) => `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`

async function expectProblem(answer: Response, status: number, code: string) {
  expect(await answer.clone().text()).toContain(`"code":"${code}"`)
  expect(answer.status).toBe(status)
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  return answer.json()
}

/** Photos and loose objects of everybody: what a refused request must not change. */
async function left(): Promise<unknown> {
  const { rows } = await house.pool.query(
    'select (select count(*) from photos) as photos, (select count(*) from loose_objects) as loose, (select count(*) from assets) as assets',
  )
  let objects = 0
  for await (const _ of house.store.list('')) objects++
  return { ...rows[0], objects }
}

describe('one picture', () => {
  test('is answered with its address as soon as its rendition is made', async () => {
    const bytes = await picture({ width: 60, height: 40 })
    const answer = await upload(form([[bytes, 'a.jpg']], { instructions: { resize: { width: 30 }, format: 'webp' } }))
    expect(answer.status).toBe(200)
    const body = await answer.json()
    expect(body).toMatchObject({ status: 'completed', imageId: expect.any(String) })
    const [[name, address]] = Object.entries(body.renditions) as [[string, string]]
    expect(name).toMatch(/^[0-9a-f]{16}$/)
    expect(body.url).toBe(address)
    const rendition = await fetch(local(body.url))
    expect(rendition.headers.get('content-type')).toBe('image/webp')
    expect(await sharp(Buffer.from(await rendition.arrayBuffer())).metadata()).toMatchObject({ width: 30, height: 20 })
    const original = await fetch(`${media.origin}/image/${body.imageId}`)
    expect(Buffer.from(await original.arrayBuffer())).toEqual(bytes)
  })

  test('for which nothing is asked gets the preset for the web', async () => {
    const { url, imageId, renditions } = await (await upload(form([[await picture(), 'a.jpg']]))).json()
    expect(Object.keys(renditions)).toEqual(['web'])
    expect(new URL(url).pathname).toBe(`/image/${imageId}/web`)
  })

  test('that is private has signed addresses and no others', async () => {
    const { url } = await (await upload(form([[await picture(), 'a.jpg']], { access: 'private' }))).json()
    expect((await fetch(local(url))).status).toBe(200)
    await expectProblem(await fetch(media.origin + new URL(url).pathname), 403, 'signature_invalid')
  })

  test('keeps its real type, its orientation and its own name, whatever its extension says', async () => {
    const upright = await picture({ width: 40, height: 60, format: 'png', orientation: 6 })
    const answer = await upload(form([[upright, '../ordner\\Ünï 1.jpg']], { instructions: { format: 'png' } }))
    const { imageId, url } = await answer.json()
    const original = await fetch(`${media.origin}/image/${imageId}`)
    expect(original.headers.get('content-type')).toBe('image/png')
    expect(original.headers.get('content-disposition')).toContain("filename*=UTF-8''%C3%9Cn%C3%AF%201.jpg")
    const { width, height } = await sharp(Buffer.from(await (await fetch(local(url))).arrayBuffer())).metadata()
    expect({ width, height }).toEqual({ width: 60, height: 40 })
  })

  test('is checked against the digest of its part, of the request, or of the file alone', async () => {
    const bytes = await picture()
    const body = new Response(form([[bytes, 'a.jpg']]))
    const type = body.headers.get('content-type')!
    const raw = Buffer.from(await body.arrayBuffer())
    expect((await upload(raw, { 'Content-Type': type, 'Content-Digest': digestOf(raw) })).status).toBe(200)
    expect((await upload(raw, { 'Content-Type': type, 'Content-Digest': digestOf(bytes) })).status).toBe(200)
    const before = await left()
    const wrong = { 'Content-Type': type, 'Content-Digest': digestOf(Buffer.from('other')) }
    await expectProblem(await upload(raw, wrong), 422, 'checksum_mismatch')
    const part = (digest: string) =>
      Buffer.concat([
        Buffer.from(
          `--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\nContent-Digest: ${digest}\r\n\r\n`,
        ),
        bytes,
        Buffer.from('\r\n--b--\r\n'),
      ])
    const multipart = { 'Content-Type': 'multipart/form-data; boundary=b' }
    expect((await upload(part(digestOf(bytes)), multipart)).status).toBe(200)
    await expectProblem(await upload(part(digestOf(raw)), multipart), 422, 'checksum_mismatch')
    await expectProblem(await upload(part('sha-256=x'), multipart), 422, 'invalid_parameter')
    expect(await left()).toMatchObject({ loose: (before as { loose: number }).loose })
  })

  test('twice is two images and one object', async () => {
    const bytes = await picture()
    const before = (await left()) as { objects: number; photos: number }
    const [a, b] = await Promise.all([upload(form([[bytes, 'a.jpg']])), upload(form([[bytes, 'b.jpg']]))])
    expect((await a.json()).imageId).not.toBe((await b.json()).imageId)
    expect(await left()).toMatchObject({ objects: before.objects + 2, photos: before.photos + 2, loose: 0 })
  })

  test('sent again with its Idempotency-Key is answered again, and refused with other bytes', async () => {
    const headers = { 'Idempotency-Key': randomUUID() }
    const bytes = await picture()
    const first = await (await upload(form([[bytes, 'a.jpg']]), headers)).json()
    const before = await left()
    expect(await (await upload(form([[bytes, 'a.jpg']]), headers)).json()).toEqual(first)
    expect(await left()).toEqual(before)
    const other = form([[await picture(), 'a.jpg']])
    await expectProblem(await upload(other, headers), 422, 'idempotency_key_reused')
    expect(await left()).toEqual(before)
    const invalid = form([[bytes, 'a.jpg']])
    await expectProblem(await upload(invalid, { 'Idempotency-Key': 'ä'.repeat(2) }), 400, 'idempotency_key_invalid')
  })

  test('of which the decoder makes nothing is refused, and its original is kept', async () => {
    const bytes = await picture({ width: 400, height: 300, noise: true })
    const broken = Buffer.concat([bytes.subarray(0, bytes.length / 2), Buffer.from([0xff, 0xd9])])
    const refused = await expectProblem(await upload(form([[broken, 'a.jpg']])), 422, 'corrupt_image')
    const status = await fetch(`${media.origin}/status/${refused.imageId}`, { headers: anna.headers })
    expect(await status.json()).toMatchObject({ status: 'failed', items: [{ code: 'corrupt_image' }] })
  })

  test('that cannot be cut as asked is refused', async () => {
    const crop = { crop: { left: 0, top: 0, width: 1000, height: 10 } }
    await expectProblem(await upload(form([[await picture(), 'a.jpg']], { instructions: crop })), 422, 'bad_dimensions')
  })

  test('is told that it goes on where nobody has made it in time', async () => {
    const impatient = await startMedia(house, { patienceSeconds: 0 })
    const answer = await fetch(`${impatient.origin}/upload`, {
      method: 'POST',
      body: form([[await picture({ width: 3000, height: 2000, noise: true }), 'a.jpg']]),
      headers: anna.headers,
    })
    const { imageId, ...body } = await answer.json()
    expect(answer.status).toBe(202)
    expect(body).toEqual({
      status: 'processing',
      message: `Image is being processed, check /status/${imageId}`,
    })
    await impatient.close()
    const ended = await (await fetch(`${media.origin}/status/${imageId}/events`, { headers: anna.headers })).text()
    expect(ended).toMatch(/"status":"completed".*\n\n$/)
  })

  test('whose codec is not decoded is kept, and says so', async () => {
    const bytes = heic(400, 300)
    const answer = await upload(form([[bytes, 'a.heic']]))
    expect(answer.status).toBe(200)
    const body = await answer.json()
    expect(body).toMatchObject({ status: 'completed', code: 'unsupported_codec', renditions: {} })
    expect(Buffer.from(await (await fetch(local(body.url))).arrayBuffer())).toEqual(bytes)
  })

  test('lies in the gallery and the set that are named, behind what is there', async () => {
    const first = await (
      await upload(
        form([
          [await picture(), '1.jpg'],
          [await picture(), '2.jpg'],
        ]),
      )
    ).json()
    const { rows } = await house.pool.query('select public_id from galleries where run_id = $1', [first.jobId])
    const gallery = rows[0].public_id
    const ids: string[] = []
    for (const set of ['Ceremony', 'Ceremony', 'Party']) {
      const answer = await upload(form([[await picture(), 'x.jpg']], { gallery, set }))
      ids.push((await answer.json()).imageId)
    }
    const places = await house.pool.query(
      `select s.title, array_agg(p.public_id order by l.position) as ids from galleries g join sets s on s.gallery_id = g.id
         join placements l on l.set_id = s.id join photos p on p.id = l.photo_id
       where g.public_id = $1 and s.title <> '' group by s.id order by s.position`,
      [gallery],
    )
    expect(places.rows).toEqual([
      { title: 'Ceremony', ids: ids.slice(0, 2) },
      { title: 'Party', ids: ids.slice(2) },
    ])
  })

  test('counts in the run of its key and day', async () => {
    const { rows } = await house.pool.query(
      `select g.run_id as run, g.title, r.state from galleries g join runs r on r.id = g.run_id where g.title like 'Uploads by camera, %'`,
    )
    expect(rows).toEqual([
      { run: expect.any(String), title: expect.stringMatching(/\d{4}-\d\d-\d\d$/), state: 'running' },
    ])
    const { counted, recounted } = await countedAndRecounted(house, rows[0].run)
    expect(counted).toEqual(recounted)
  })
})

describe('refused before anything is made of it', () => {
  const file = async (bytes: Uint8Array | Promise<Uint8Array>, name = 'a.jpg') => form([[await bytes, name]])
  const png = (width: number, height: number) => {
    const header = Buffer.alloc(33)
    header.write('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1')
    header.writeUInt32BE(width, 16)
    header.writeUInt32BE(height, 20)
    header.set([8, 2, 0, 0, 0], 24)
    return Buffer.concat([header, Buffer.from('\0\0\0\0IEND\xae\x42\x60\x82', 'latin1')])
  }
  const gif = async (frames: number) => {
    const still = await sharp({ create: { width: 2, height: 2, channels: 3, background: '#123' } })
      .gif()
      .toBuffer()
    const frame = still.subarray(still.indexOf(0x2c, 13), -1)
    return Buffer.concat([still.subarray(0, -1), ...Array.from({ length: frames - 1 }, () => frame), Buffer.from(';')])
  }

  test.each<[string, () => Promise<FormData> | FormData, number, string]>([
    ['no bytes', () => file(Buffer.alloc(0)), 422, 'empty_file'],
    ['text', () => file(Buffer.from('hello, this is no picture')), 415, 'not_an_image'],
    ['a page', () => file(Buffer.from('<!doctype html><html></html>')), 415, 'not_an_image'],
    [
      'a drawing in SVG',
      () => file(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')),
      415,
      'format_not_allowed',
    ],
    ['a PDF', () => file(Buffer.from('%PDF-1.7\n%âãÏÓ\n')), 415, 'format_not_allowed'],
    ['a bitmap', () => file(Buffer.concat([Buffer.from('BM'), Buffer.alloc(60)])), 415, 'format_not_allowed'],
    ['a cut JPEG', async () => file((await picture({ noise: true })).subarray(0, -200)), 422, 'truncated_image'],
    [
      'a cut PNG',
      async () => file((await picture({ format: 'png', noise: true })).subarray(0, -20)),
      422,
      'truncated_image',
    ],
    [
      'a JPEG without a frame',
      () => file(Buffer.from('ffd8ffe000104a46494600010100000100010000ffd9', 'hex')),
      422,
      'truncated_image',
    ],
    ['an area of nothing', () => file(png(0, 10)), 422, 'bad_dimensions'],
    ['more pixels than are decoded', () => file(png(20_000, 20_000)), 422, 'too_many_pixels'],
    ['too many frames', async () => file(await gif(300), 'a.gif'), 422, 'too_many_frames'],
    ['no file', () => form([], { access: 'public' }), 400, 'file_missing'],
    [
      'instructions that are no JSON',
      async () => form([[await picture(), 'a.jpg']], { instructions: '{' }),
      400,
      'invalid_instructions',
    ],
    [
      'an unknown instruction',
      async () => form([[await picture(), 'a.jpg']], { instructions: { rotate: 1 } }),
      400,
      'invalid_instructions',
    ],
    [
      'an instruction for the prototype',
      async () => form([[await picture(), 'a.jpg']], { instructions: '{"__proto__":{}}' }),
      400,
      'invalid_instructions',
    ],
    [
      'an unknown preset',
      async () => form([[await picture(), 'a.jpg']], { instructions: { preset: 'huge' } }),
      400,
      'invalid_instructions',
    ],
    [
      'a watermark that is not there',
      async () => form([[await picture(), 'a.jpg']], { instructions: { watermark: 'logo.png' } }),
      422,
      'invalid_watermark',
    ],
    ['an unknown field', async () => form([[await picture(), 'a.jpg']], { album: 'x' }), 422, 'invalid_parameter'],
    [
      'an unknown access',
      async () => form([[await picture(), 'a.jpg']], { access: 'secret' }),
      422,
      'invalid_parameter',
    ],
    [
      'a gallery that is not there',
      async () => form([[await picture(), 'a.jpg']], { gallery: randomUUID() }),
      422,
      'invalid_parameter',
    ],
    ['a set of no gallery', async () => form([[await picture(), 'a.jpg']], { set: 'x' }), 422, 'invalid_parameter'],
    [
      'a receiver at a private address',
      async () => form([[await picture(), 'a.jpg']], { notifyUrl: 'http://10.0.0.1/' }),
      422,
      'url_not_allowed',
    ],
  ])('%s', async (_, body, status, code) => {
    const before = await left()
    await expectProblem(await upload(await body()), status, code)
    expect(await left()).toEqual(before)
  })

  test('says by a JSON pointer where instructions are wrong', async () => {
    const body = form([[await picture(), 'a.jpg']], { instructions: { resize: { width: -1 } } })
    expect(await (await upload(body)).json()).toMatchObject({ code: 'invalid_instructions', pointer: '/resize/width' })
  })

  const multipart = { 'Content-Type': 'multipart/form-data; boundary=b' }
  const part = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
  test.each<[string, Body, Record<string, string>, number, string]>([
    ['text', 'hello', { 'Content-Type': 'text/plain' }, 415, 'unsupported_content_type'],
    ['a bare picture', 'x', { 'Content-Type': 'image/jpeg' }, 415, 'unsupported_content_type'],
    [
      'a compressed body',
      gzipSync('{}'),
      { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' },
      415,
      'unsupported_content_type',
    ],
    ['no boundary', 'x', { 'Content-Type': 'multipart/form-data' }, 400, 'malformed_multipart'],
    ['another boundary', '--c\r\n\r\n--c--', multipart, 400, 'incomplete_body'],
    ['a part without a name', '--b\r\nX: y\r\n\r\nz\r\n--b--', multipart, 400, 'malformed_multipart'],
    ['a body without its end', `${part}x`, multipart, 400, 'incomplete_body'],
    [
      'a name that is no UTF-8',
      Buffer.concat([
        Buffer.from('--b\r\nContent-Disposition: form-data; name="a'),
        Buffer.from([0xff]),
        Buffer.from('"\r\n\r\n\r\n--b--'),
      ]),
      multipart,
      400,
      'invalid_encoding',
    ],
    ['no JSON', '{', { 'Content-Type': 'application/json' }, 422, 'invalid_parameter'],
    ['no addresses', '{"urls":[]}', { 'Content-Type': 'application/json' }, 422, 'invalid_parameter'],
    [
      'a key for the prototype',
      '{"urls":["https://example.com/"],"__proto__":{}}',
      { 'Content-Type': 'application/json' },
      422,
      'invalid_parameter',
    ],
    [
      'only addresses that we do not talk to',
      '{"urls":["http://169.254.169.254/","file:///etc/passwd"]}',
      { 'Content-Type': 'application/json' },
      422,
      'url_not_allowed',
    ],
    [
      'too many addresses',
      JSON.stringify({ urls: Array.from({ length: 10_001 }, () => 'https://example.com/') }),
      { 'Content-Type': 'application/json' },
      413,
      'too_many_items',
    ],
  ])('%s as the body', async (_, body, headers, status, code) => {
    const before = await left()
    await expectProblem(await upload(body, headers), status, code)
    expect(await left()).toEqual(before)
  })

  test('a file of more than 200 MB, before it is read to its end', async () => {
    const before = await left()
    let sent = 0
    const body = async function* () {
      yield Buffer.from(part)
      yield await picture()
      for (; sent < 400; sent++) yield Buffer.alloc(1_000_000, sent)
    }
    const answer = await request(`${media.origin}/upload`, {
      method: 'POST',
      headers: { ...anna.headers, ...multipart },
      body: Readable.from(body()),
    })
    expect(answer.statusCode).toBe(413)
    expect(await answer.body.json()).toMatchObject({ code: 'file_too_large' })
    expect(sent).toBeLessThan(300)
    expect(await left()).toEqual(before)
  })

  test('a request that announces more than may come, before a byte of it', async () => {
    const head = `POST /upload HTTP/1.1\r\nHost: x\r\nAuthorization: ${anna.headers.Authorization}\r\nContent-Type: ${multipart['Content-Type']}\r\n`
    for (const [length, beginning] of [
      [20_000_000_000, ''],
      [300_000_000, part],
    ] as const) {
      const socket = connect(Number(new URL(media.origin).port), '127.0.0.1')
      socket.write(`${head}Content-Length: ${length}\r\n\r\n${beginning}`)
      const [answer] = await once(socket, 'data')
      expect(String(answer)).toMatch(/^HTTP\/1.1 413 /)
      socket.destroy()
    }
  })

  test('more files than come at once', async () => {
    const before = await left()
    const body = `${`${part}x\r\n`.repeat(10_001)}--b--`
    await expectProblem(await upload(body, multipart), 413, 'too_many_items')
    expect(await left()).toEqual(before)
  })

  test('without a key, with a wrong one, or one that may not do it', async () => {
    const ask = (headers: Record<string, string>) => fetch(`${media.origin}/upload`, { method: 'POST', headers })
    await expectProblem(await ask({}), 401, 'unauthenticated')
    await expectProblem(await ask({ Authorization: 'Bearer pass_x' }), 401, 'unauthenticated')
    const reader = await aSender(house, 'Anna', ['read'])
    await expectProblem(await ask(reader.headers), 403, 'forbidden_scope')
  })

  test('another method', async () => {
    const answer = await fetch(`${media.origin}/upload`, { method: 'PUT' })
    expect(answer.headers.get('allow')).toBe('POST')
    await expectProblem(answer, 405, 'method_not_allowed')
  })
})
