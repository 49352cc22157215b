import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttpServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '#db/testing.ts'
import { cancelRun } from '#server/runs.ts'
import { countedAndRecounted } from '#server/testing.ts'
import type { StatusPage } from '#server/uploads/status.ts'
import { picture } from '#workers/imaging/samples.ts'
import { reached, reportLines, type TestHouse, testHouse } from '#workers/testing.ts'
import { aSender, form, type MediaServer, type Sender, startMedia, zip } from './testing.ts'

let database: TestDatabase
let house: TestHouse
let media: MediaServer
let anna: Sender
let files: Server
let site: string
const served = new Map<string, Buffer>()

beforeAll(async () => {
  database = await testDatabase()
  house = await testHouse(database.url)
  media = await startMedia(house, { patienceSeconds: 30 })
  anna = await aSender(house, 'Anna')
  await house.startWorker()
  files = createHttpServer((request, response) => {
    const path = request.url!
    if (path.startsWith('/to/')) return response.writeHead(302, { location: path.slice(3) }).end()
    if (path.startsWith('/private')) return response.writeHead(302, { location: 'http://10.1.2.3/a.jpg' }).end()
    if (path.startsWith('/slow')) return
    if (path === '/hook') {
      json(request).then((message) => files.emit('told', message))
      return response.end()
    }
    const bytes = served.get(path)
    response.writeHead(bytes ? 200 : 404).end(bytes)
  })
  await once(files.listen(0, '127.0.0.1'), 'listening')
  site = `http://127.0.0.1:${(files.address() as AddressInfo).port}`
})
afterAll(async () => {
  files?.closeAllConnections()
  files?.close()
  await media?.close()
  await house?.dispose()
  await database?.drop()
})

type Body = NonNullable<RequestInit['body']>
const post = (path: string, body: Body, headers: Record<string, string> = {}) =>
  fetch(media.origin + path, { method: 'POST', body, headers: { ...anna.headers, ...headers } })
const postJson = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  post(path, JSON.stringify(body), { 'Content-Type': 'application/json', ...headers })
const status = async (id: string, query = '', sender = anna) =>
  (await fetch(`${media.origin}/status/${id}${query}`, { headers: sender.headers })).json() as Promise<StatusPage>
const local = (url: string) => media.origin + new URL(url).pathname + new URL(url).search

/** Every status that was told until nothing changed any more. */
async function follow(id: string): Promise<StatusPage[]> {
  const answer = await fetch(`${media.origin}/status/${id}/events`, { headers: anna.headers })
  expect(answer.headers.get('content-type')).toBe('text/event-stream')
  const text = await answer.text()
  return [...text.matchAll(/^event: status\ndata: (.*)\n\n/gm)].map(([, data]) => JSON.parse(data!))
}

const pictures = (count: number) => Promise.all(Array.from({ length: count }, () => picture()))
const bad = Buffer.from('no picture')

describe('many files', () => {
  test('become one job, in their order, and what is no picture fails alone', async () => {
    const good = await pictures(20)
    const sent = good.flatMap((bytes, i): [Buffer, string][] =>
      i % 4 === 1
        ? [
            [bytes, `${i}.jpg`],
            [bad, `bad ${i}`],
          ]
        : [[bytes, `${i}.jpg`]],
    )
    const answer = await post('/upload', form(sent, { instructions: { format: 'jpeg' } }))
    expect(answer.status).toBe(202)
    const { jobId, ...body } = await answer.json()
    expect(answer.headers.get('location')).toBe(`/status/${jobId}`)
    expect(body).toEqual({ status: 'processing', message: `Bulk upload queued, check /status/${jobId}` })
    const end = (await follow(jobId)).at(-1)!
    expect(end).toMatchObject({
      status: 'completed_with_errors',
      counts: { total: 25, processing: 0, completed: 20, failed: 5 },
    })
    expect(end.items.map(({ index }) => index)).toEqual(sent.map((_, i) => i))
    expect(end.items.map(({ filename }) => filename)).toEqual(sent.map(([, name]) => name))
    expect(end.items.filter(({ status }) => status === 'failed').map(({ code }) => code)).toEqual(
      Array(5).fill('not_an_image'),
    )
    expect(end.urls).toHaveLength(20)
    for (const [i, item] of end.items.entries()) {
      if (item.status === 'failed') continue
      const original = await fetch(`${media.origin}/image/${item.imageId}`)
      expect(Buffer.from(await original.arrayBuffer()).equals(sent[i]![0])).toBe(true)
    }
    const { state } = await reached(house, jobId)
    expect(state).toBe('done_with_problems')
    const { counted, recounted } = await countedAndRecounted(house, jobId)
    expect(counted).toEqual(recounted)
    const report = await reportLines(house, jobId)
    expect(report.filter(({ type }) => type === 'photo')).toHaveLength(25)
  })

  test('by the thousand, 37 of them bad, end with the 37 that are told by their places', async () => {
    const good = await pictures(20)
    const isBad = (i: number) => i % 27 === 13
    const sent = Array.from({ length: 1000 }, (_, i): [Buffer, string] => [isBad(i) ? bad : good[i % 20]!, `${i}`])
    const { jobId } = await (await post('/upload', form(sent, { instructions: { preset: 'thumb' } }))).json()
    const end = (await follow(jobId)).at(-1)!
    expect(end.counts).toEqual({ total: 1000, processing: 0, completed: 963, failed: 37 })
    expect(end.status).toBe('completed_with_errors')
    const all = await status(jobId, '?limit=1000')
    expect(all.items.map(({ filename }) => filename)).toEqual(sent.map(([, name]) => name))
    expect(all.items.filter(({ code }) => code === 'not_an_image').map(({ index }) => index)).toEqual(
      sent.flatMap((_, i) => (isBad(i) ? [i] : [])),
    )
    expect((await reached(house, jobId)).totals).toMatchObject({ found: 1000, published: 963, skipped: 37 })
  })

  test('are all good: the job is completed; none is: it has failed', async () => {
    const good = await (await post('/upload', form((await pictures(3)).map((bytes) => [bytes, 'a.jpg'])))).json()
    expect((await follow(good.jobId)).at(-1)).toMatchObject({ status: 'completed', counts: { completed: 3 } })
    expect((await reached(house, good.jobId)).state).toBe('done')
    const none = await (
      await post(
        '/upload',
        form([
          [bad, 'a'],
          [bad, 'b'],
        ]),
      )
    ).json()
    expect(await status(none.jobId)).toMatchObject({ status: 'failed', counts: { failed: 2 }, urls: [] })
  })

  test('sent again with their Idempotency-Key are one job', async () => {
    const body = (await pictures(2)).map((bytes): [Buffer, string] => [bytes, 'a.jpg'])
    const headers = { 'Idempotency-Key': randomUUID() }
    const [first, second] = [await post('/upload', form(body), headers), await post('/upload', form(body), headers)]
    expect(await second.json()).toEqual(await first.json())
  })

  test('are told page by page', async () => {
    const { jobId } = await (await post('/upload', form((await pictures(7)).map((bytes) => [bytes, 'a.jpg'])))).json()
    const seen: number[] = []
    let cursor = ''
    for (;;) {
      const page = await status(jobId, `?limit=3${cursor}`)
      seen.push(...page.items.map(({ index }) => index))
      if (page.nextCursor === null) break
      cursor = `&cursor=${page.nextCursor}`
    }
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(await status(jobId, '?limit=0')).toMatchObject({ status: 422, code: 'invalid_parameter' })
  })

  test('are told to the receiver once all is ready', async () => {
    const told = once(files, 'told')
    const sent = (await pictures(2)).map((bytes): [Buffer, string] => [bytes, 'a.jpg'])
    const { jobId } = await (await post('/upload', form(sent, { notifyUrl: `${site}/hook` }))).json()
    const [message] = (await told) as [Record<string, unknown>]
    expect(message).toMatchObject({ type: 'upload.completed', status: 'completed', jobId })
    expect(message.urls).toEqual((await status(jobId)).urls)
  })

  test('and so is the one who sent a single picture', async () => {
    const told = once(files, 'told')
    const answer = await post('/upload', form([[await picture(), 'a.jpg']], { notifyUrl: `${site}/hook` }))
    const { imageId, url } = await answer.json()
    const [message] = await told
    expect(message).toMatchObject({ type: 'upload.completed', status: 'completed', imageId, urls: [url] })
  })
})

describe('status', () => {
  test('of a job that was cancelled says so of what is not ready', async () => {
    const { jobId } = await (await postJson('/upload', { urls: [`${site}/slow/1.jpg`, `${site}/slow/2.jpg`] })).json()
    await cancelRun(house, 'test', jobId)
    expect(await status(jobId)).toMatchObject({
      status: 'failed',
      items: [{ code: 'cancelled' }, { code: 'cancelled' }],
    })
  })

  test('of another client, of nobody and of nonsense is the same answer', async () => {
    const { jobId } = await (await post('/upload', form((await pictures(2)).map((bytes) => [bytes, 'a.jpg'])))).json()
    const { imageId } = await (await post('/upload', form([[await picture(), 'a.jpg']]))).json()
    const berta = await aSender(house, 'Berta')
    const answers: string[] = []
    for (const id of [jobId, imageId, randomUUID(), 'nonsense', 'x'.repeat(300)])
      for (const path of ['', '/events']) {
        const answer = await fetch(`${media.origin}/status/${id}${path}`, { headers: berta.headers })
        expect(answer.status).toBe(404)
        answers.push(await answer.text())
      }
    expect(new Set(answers).size).toBe(1)
    expect(answers[0]).toContain('"code":"not_found"')
  })

  test('needs a key that may read', async () => {
    const sender = await aSender(house, 'Anna', ['upload'])
    expect(await status(randomUUID(), '', sender)).toMatchObject({ status: 403, code: 'forbidden_scope' })
    expect((await fetch(`${media.origin}/status/${randomUUID()}`)).status).toBe(401)
  })

  test('events end when the reader leaves, and leave nothing open', async () => {
    await house.pool.query(`update runs set state = 'paused' where state = 'running'`)
    const paused = await (await post('/upload', form((await pictures(2)).map((bytes) => [bytes, 'a.jpg'])))).json()
    await house.pool.query(`update runs set state = 'paused' where id = $1`, [paused.jobId])
    const leaving = new AbortController()
    const answer = await fetch(`${media.origin}/status/${paused.jobId}/events`, {
      headers: anna.headers,
      signal: leaving.signal,
    })
    const reader = answer.body!.getReader()
    expect(Buffer.from((await reader.read()).value!).toString()).toContain('"status":"')
    leaving.abort()
    await expect(reader.read()).rejects.toThrow()
    await house.pool.query(`update runs set state = 'running' where state = 'paused'`)
  })
})

describe('addresses', () => {
  test('sent again with their Idempotency-Key are one job', async () => {
    const headers = { 'Idempotency-Key': randomUUID() }
    const body = { urls: [`${site}/nowhere.jpg`] }
    const first = await (await postJson('/upload', body, headers)).json()
    expect(await (await postJson('/upload', body, headers)).json()).toEqual(first)
  })

  test('are fetched in their order; what they do not give fails alone', async () => {
    const [a, b] = await pictures(2)
    served.set('/a.jpg', a!)
    served.set('/sub/b%20b.jpg', b!)
    served.set('/text', bad)
    const urls = [
      `${site}/a.jpg`,
      `${site}/missing.jpg`,
      `${site}/to/sub/b%20b.jpg?x=1`,
      'http://169.254.169.254/latest',
      `${site}/text`,
      `${site}/private`,
    ]
    served.set('/sub/b%20b.jpg?x=1', b!)
    const answer = await postJson('/upload', { urls, instructions: { preset: 'thumb' }, access: 'private' })
    expect(answer.status).toBe(202)
    const { jobId } = await answer.json()
    const end = (await follow(jobId)).at(-1)!
    expect(end.items.map(({ status, code }) => code ?? status)).toEqual([
      'completed',
      'source_error',
      'completed',
      'url_not_allowed',
      'not_an_image',
      'url_not_allowed',
    ])
    expect(end.items.map(({ filename }) => filename).slice(0, 3)).toEqual(['a.jpg', 'missing.jpg', 'b b.jpg'])
    expect((await fetch(local(end.urls[0]!))).status).toBe(200)
    expect(end.status).toBe('completed_with_errors')
    expect((await reached(house, jobId)).state).toBe('done_with_problems')
  })
})

describe('an archive', () => {
  test('becomes one job of what is in it, in its order, without folders and what lies beside', async () => {
    const [a, b] = await pictures(2)
    const archive = zip([
      { name: 'wedding/', bytes: Buffer.alloc(0), mode: 0o040755 },
      { name: 'wedding/b.jpg', bytes: b! },
      { name: '__MACOSX/wedding/._b.jpg', bytes: bad },
      { name: 'wedding/.DS_Store', bytes: bad },
      { name: 'wedding/notes.txt', bytes: bad },
      { name: 'a ä.jpg', bytes: a! },
    ])
    const answer = await post('/upload', form([[archive, 'all.zip']]))
    expect(answer.status).toBe(202)
    const end = (await follow((await answer.json()).jobId)).at(-1)!
    expect(end.items.map(({ filename, status, code }) => [filename, code ?? status])).toEqual([
      ['b.jpg', 'completed'],
      ['notes.txt', 'not_an_image'],
      ['a ä.jpg', 'completed'],
    ])
  })

  test.each<[string, () => Buffer, number, string]>([
    ['a path upwards', () => zip([{ name: '../a.jpg', bytes: bad }]), 422, 'invalid_parameter'],
    ['an absolute path', () => zip([{ name: '/etc/a.jpg', bytes: bad }]), 422, 'invalid_parameter'],
    ['a path of Windows', () => zip([{ name: 'a\\b.jpg', bytes: bad }]), 422, 'invalid_parameter'],
    ['a link', () => zip([{ name: 'a.jpg', bytes: bad, mode: 0o120777 }]), 422, 'invalid_parameter'],
    ['an encrypted file', () => zip([{ name: 'a.jpg', bytes: bad, flags: 0x801 }]), 422, 'invalid_parameter'],
    ['a bomb', () => zip([{ name: 'a.jpg', bytes: Buffer.alloc(20_000_000) }]), 413, 'file_too_large'],
    ['half of it', () => zip([{ name: 'a.jpg', bytes: bad }]).subarray(0, 60), 422, 'invalid_parameter'],
    ['nothing but folders', () => zip([{ name: 'a/', bytes: Buffer.alloc(0), mode: 0o040755 }]), 400, 'file_missing'],
    [
      'more files than come at once',
      () => zip(Array.from({ length: 10_001 }, (_, i) => ({ name: `${i}.jpg`, bytes: bad }))),
      413,
      'too_many_items',
    ],
  ])('with %s is refused whole', async (_, archive, refused, code) => {
    const answer = await post('/upload', form([[archive(), 'all.zip']]))
    expect(await answer.json()).toMatchObject({ status: refused, code })
    const { rows } = await house.pool.query('select count(*) as n from loose_objects')
    expect(rows[0].n).toBe(0)
  })

  test('with a file that claims to be smaller has that file damaged', async () => {
    const [a] = await pictures(1)
    const archive = zip([
      { name: 'a.jpg', bytes: a!, claims: 10 },
      { name: 'b.jpg', bytes: a! },
    ])
    const { jobId } = await (await post('/upload', form([[archive, 'all.zip']]))).json()
    const end = (await follow(jobId)).at(-1)!
    expect(end.items.map(({ code, status }) => code ?? status)).toEqual(['corrupt_image', 'completed'])
  })
})

describe('further renditions', () => {
  const sent = async (access = 'public') =>
    (await (await post('/upload', form([[await picture({ width: 200, height: 100 }), 'a.jpg']], { access }))).json())
      .imageId as string

  test('of one image are answered at once, under the image and its own access', async () => {
    const imageId = await sent()
    const answer = await postJson('/process', { imageIds: [imageId], instructions: { preset: 'thumb' } })
    expect(answer.status).toBe(200)
    const body = await answer.json()
    expect(body).toMatchObject({ status: 'completed', imageId, renditions: { thumb: body.url } })
    expect(new URL(body.url).pathname).toBe(`/image/${imageId}/thumb`)
    expect((await fetch(local(body.url))).status).toBe(200)
    const now = await status(imageId)
    expect(Object.keys(now.items[0]!.renditions)).toEqual(['web', 'thumb'])
    expect(new URL(now.urls[0]!).pathname).toBe(`/image/${imageId}/web`)
  })

  test('of one image that are not made in time go on, and are told by the image', async () => {
    const imageId = await sent()
    const impatient = await startMedia(house, { patienceSeconds: 0 })
    const answer = await fetch(`${impatient.origin}/process`, {
      method: 'POST',
      body: JSON.stringify({ imageIds: [imageId], instructions: { format: 'avif' } }),
      headers: { ...anna.headers, 'Content-Type': 'application/json' },
    })
    await impatient.close()
    expect(answer.status).toBe(202)
    expect(answer.headers.get('location')).toBe(`/status/${imageId}`)
    const message = `Image is being processed, check /status/${imageId}`
    expect(await answer.json()).toEqual({ status: 'processing', imageId, message })
    expect((await follow(imageId)).at(-1)).toMatchObject({ status: 'completed' })
  })

  test('asked for again with their Idempotency-Key are answered again, and made once', async () => {
    const headers = { 'Idempotency-Key': randomUUID() }
    const body = { imageIds: [await sent(), await sent()], instructions: { format: 'jpeg' } }
    const first = await (await postJson('/process', body, headers)).json()
    expect(await (await postJson('/process', body, headers)).json()).toEqual(first)
    const other = await postJson('/process', { ...body, instructions: { format: 'png' } }, headers)
    expect(await other.json()).toMatchObject({ status: 422, code: 'idempotency_key_reused' })
  })

  test('of an image that is here by a migration are signed', async () => {
    const { jobId } = await (await post('/upload', form((await pictures(2)).map((bytes) => [bytes, 'a.jpg'])))).json()
    const imageId = (await follow(jobId)).at(-1)!.items[0]!.imageId
    await house.pool.query(`update runs set kind = 'migration' where id = $1`, [jobId])
    const { url } = await (await postJson('/process', { imageIds: [imageId], instructions: { format: 'png' } })).json()
    expect(new URL(url).searchParams.get('sig')).toBeTruthy()
    expect((await fetch(local(url))).headers.get('content-type')).toBe('image/png')
  })

  test('of many are one job; images of others fail like those that are nowhere', async () => {
    const [a, b] = [await sent(), await sent()]
    const berta = await aSender(house, 'Berta')
    const theirs = await (
      await fetch(`${media.origin}/upload`, {
        method: 'POST',
        body: form([[await picture(), 'a.jpg']]),
        headers: berta.headers,
      })
    ).json()
    const imageIds = [a, theirs.imageId, b, randomUUID(), a]
    const answer = await postJson('/process', { imageIds, instructions: { format: 'avif' } })
    expect(answer.status).toBe(202)
    const { jobId } = await answer.json()
    const end = (await follow(jobId)).at(-1)!
    expect(end.status).toBe('completed_with_errors')
    expect(end.items.map(({ imageId }) => imageId)).toEqual(imageIds)
    expect(end.items.map(({ code, status }) => code ?? status)).toEqual([
      'completed',
      'not_found',
      'completed',
      'not_found',
      'completed',
    ])
    expect((await fetch(local(end.urls[1]!))).headers.get('content-type')).toBe('image/avif')
    expect((await reached(house, jobId)).state).toBe('done_with_problems')
  })

  test.each([
    ['of an image that is nowhere', { imageIds: [randomUUID()], instructions: {} }, 404, 'not_found'],
    ['of nothing', { imageIds: [], instructions: {} }, 422, 'invalid_parameter'],
    ['of what is no id', { imageIds: ['x'], instructions: {} }, 422, 'invalid_parameter'],
    ['without instructions', { imageIds: [randomUUID()] }, 422, 'invalid_parameter'],
    ['with an unknown key', { imageIds: [randomUUID()], instructions: {}, x: 1 }, 422, 'invalid_parameter'],
    [
      'with wrong instructions',
      { imageIds: [randomUUID()], instructions: { quality: 0 } },
      400,
      'invalid_instructions',
    ],
  ])('%s are refused', async (_, body, refused, code) => {
    expect(await (await postJson('/process', body)).json()).toMatchObject({ status: refused, code })
  })

  test('that cannot be made leave the image as it is', async () => {
    const imageId = await sent()
    const crop = { crop: { left: 0, top: 0, width: 5000, height: 10 } }
    const answer = await postJson('/process', { imageIds: [imageId], instructions: crop })
    expect(await answer.json()).toMatchObject({ status: 422, code: 'bad_dimensions', imageId })
    expect(await status(imageId)).toMatchObject({
      status: 'completed_with_errors',
      items: [{ code: 'bad_dimensions' }],
    })
  })
})
