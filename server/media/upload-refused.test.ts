// What is refused before anything is made of it leaves nothing behind.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import sharp from 'sharp'
import { request } from 'undici'
import { describe, expect, test } from 'vitest'
import { picture } from '#workers/imaging/samples.ts'
import { aSender, type Body, expectProblem, form, left, mediaHouseOfFile } from './testing.ts'

const at = mediaHouseOfFile()

const upload = (body: Body, headers: Record<string, string> = {}) => at.api.post('/upload', body, headers)

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
    const before = await left(at.house)
    await expectProblem(await upload(await body()), status, code)
    expect(await left(at.house)).toEqual(before)
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
    const before = await left(at.house)
    await expectProblem(await upload(body, headers), status, code)
    expect(await left(at.house)).toEqual(before)
  })

  test('a file of more than 200 MB, before it is read to its end', async () => {
    const before = await left(at.house)
    let sent = 0
    const body = async function* () {
      yield Buffer.from(part)
      yield await picture()
      for (; sent < 400; sent++) yield Buffer.alloc(1_000_000, sent)
    }
    const answer = await request(`${at.media.origin}/upload`, {
      method: 'POST',
      headers: { ...at.anna.headers, ...multipart },
      body: Readable.from(body()),
    })
    expect(answer.statusCode).toBe(413)
    expect(await answer.body.json()).toMatchObject({ code: 'file_too_large' })
    expect(sent).toBeLessThan(300)
    expect(await left(at.house)).toEqual(before)
  })

  test('a request that announces more than may come, before a byte of it', async () => {
    const head = `POST /upload HTTP/1.1\r\nHost: x\r\nAuthorization: ${at.anna.headers.Authorization}\r\nContent-Type: ${multipart['Content-Type']}\r\n`
    for (const [length, beginning] of [
      [20_000_000_000, ''],
      [300_000_000, part],
    ] as const) {
      const socket = connect(Number(new URL(at.media.origin).port), '127.0.0.1')
      socket.write(`${head}Content-Length: ${length}\r\n\r\n${beginning}`)
      const [answer] = await once(socket, 'data')
      expect(String(answer)).toMatch(/^HTTP\/1.1 413 /)
      socket.destroy()
    }
  })

  test('more files than come at once', async () => {
    const before = await left(at.house)
    const body = `${`${part}x\r\n`.repeat(10_001)}--b--`
    await expectProblem(await upload(body, multipart), 413, 'too_many_items')
    expect(await left(at.house)).toEqual(before)
  })

  test('without a key, with a wrong one, or one that may not do it', async () => {
    const ask = (headers: Record<string, string>) => fetch(`${at.media.origin}/upload`, { method: 'POST', headers })
    await expectProblem(await ask({}), 401, 'unauthenticated')
    await expectProblem(await ask({ Authorization: 'Bearer pass_x' }), 401, 'unauthenticated')
    const reader = await aSender(at.house, 'Anna', ['read'])
    await expectProblem(await ask(reader.headers), 403, 'forbidden_scope')
  })

  test('another method', async () => {
    const answer = await fetch(`${at.media.origin}/upload`, { method: 'PUT' })
    expect(answer.headers.get('allow')).toBe('POST')
    await expectProblem(answer, 405, 'method_not_allowed')
  })
})
