import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cancelRun } from '#server/runs.ts'
import { countedAndRecounted } from '#server/testing.ts'
import { aSite, type Site } from '#server/testing-site.ts'
import { picture } from '#workers/imaging/samples.ts'
import { reached, reportLines, type TestHouse } from '#workers/testing.ts'
import {
  type Api,
  apiOf,
  aSender,
  form,
  type MediaHouse,
  type MediaServer,
  type Sender,
  startMediaHouse,
  zip,
} from './testing.ts'

let place: MediaHouse
let house: TestHouse
let media: MediaServer
let anna: Sender
let api: Api
let files: Site
let site: string
const served = new Map<string, Buffer>()

beforeAll(async () => {
  place = await startMediaHouse()
  ;({ house, media, anna, api } = place)
  files = await aSite((request, response) => {
    const path = request.url!
    if (path.startsWith('/to/')) return response.writeHead(302, { location: path.slice(3) }).end()
    if (path.startsWith('/private')) return response.writeHead(302, { location: 'http://10.1.2.3/a.jpg' }).end()
    if (path.startsWith('/slow')) return
    if (path === '/hook') {
      json(request).then((message) => files.server.emit('told', message))
      return response.end()
    }
    const bytes = served.get(path)
    response.writeHead(bytes ? 200 : 404).end(bytes)
  })
  site = files.origin
})
afterAll(async () => {
  await files?.close()
  await place?.dispose()
})

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
    const answer = await api.post('/upload', form(sent, { instructions: { format: 'jpeg' } }))
    expect(answer.status).toBe(202)
    const { jobId, ...body } = await answer.json()
    expect(answer.headers.get('location')).toBe(`/status/${jobId}`)
    expect(body).toEqual({ status: 'processing', message: `Bulk upload queued, check /status/${jobId}` })
    const end = (await api.follow(jobId)).at(-1)!
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
    const { jobId } = await (await api.post('/upload', form(sent, { instructions: { preset: 'thumb' } }))).json()
    const end = (await api.follow(jobId)).at(-1)!
    expect(end.counts).toEqual({ total: 1000, processing: 0, completed: 963, failed: 37 })
    expect(end.status).toBe('completed_with_errors')
    const all = await api.status(jobId, '?limit=1000')
    expect(all.items.map(({ filename }) => filename)).toEqual(sent.map(([, name]) => name))
    expect(all.items.filter(({ code }) => code === 'not_an_image').map(({ index }) => index)).toEqual(
      sent.flatMap((_, i) => (isBad(i) ? [i] : [])),
    )
    expect((await reached(house, jobId)).totals).toMatchObject({ found: 1000, published: 963, skipped: 37 })
  })

  test('are all good: the job is completed; none is: it has failed', async () => {
    const good = await (await api.post('/upload', form((await pictures(3)).map((bytes) => [bytes, 'a.jpg'])))).json()
    expect((await api.follow(good.jobId)).at(-1)).toMatchObject({ status: 'completed', counts: { completed: 3 } })
    expect((await reached(house, good.jobId)).state).toBe('done')
    const none = await (
      await api.post(
        '/upload',
        form([
          [bad, 'a'],
          [bad, 'b'],
        ]),
      )
    ).json()
    expect(await api.status(none.jobId)).toMatchObject({ status: 'failed', counts: { failed: 2 }, urls: [] })
  })

  test('sent again with their Idempotency-Key are one job', async () => {
    const body = (await pictures(2)).map((bytes): [Buffer, string] => [bytes, 'a.jpg'])
    const headers = { 'Idempotency-Key': randomUUID() }
    const [first, second] = [
      await api.post('/upload', form(body), headers),
      await api.post('/upload', form(body), headers),
    ]
    expect(await second.json()).toEqual(await first.json())
  })

  test('are told page by page', async () => {
    const { jobId } = await (
      await api.post('/upload', form((await pictures(7)).map((bytes) => [bytes, 'a.jpg'])))
    ).json()
    const seen: number[] = []
    let cursor = ''
    for (;;) {
      const page = await api.status(jobId, `?limit=3${cursor}`)
      seen.push(...page.items.map(({ index }) => index))
      if (page.nextCursor === null) break
      cursor = `&cursor=${page.nextCursor}`
    }
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(await api.status(jobId, '?limit=0')).toMatchObject({ status: 422, code: 'invalid_parameter' })
  })

  test('are told to the receiver once all is ready', async () => {
    const told = once(files.server, 'told')
    const sent = (await pictures(2)).map((bytes): [Buffer, string] => [bytes, 'a.jpg'])
    const { jobId } = await (await api.post('/upload', form(sent, { notifyUrl: `${site}/hook` }))).json()
    const [message] = (await told) as [Record<string, unknown>]
    expect(message).toMatchObject({ type: 'upload.completed', status: 'completed', jobId })
    expect(message.urls).toEqual((await api.status(jobId)).urls)
  })

  test('and so is the one who sent a single picture', async () => {
    const told = once(files.server, 'told')
    const answer = await api.post('/upload', form([[await picture(), 'a.jpg']], { notifyUrl: `${site}/hook` }))
    const { imageId, url } = await answer.json()
    const [message] = await told
    expect(message).toMatchObject({ type: 'upload.completed', status: 'completed', imageId, urls: [url] })
  })
})

describe('status', () => {
  test('of a job that was cancelled says so of what is not ready', async () => {
    const { jobId } = await (
      await api.postJson('/upload', { urls: [`${site}/slow/1.jpg`, `${site}/slow/2.jpg`] })
    ).json()
    await cancelRun(house, 'test', jobId)
    expect(await api.status(jobId)).toMatchObject({
      status: 'failed',
      items: [{ code: 'cancelled' }, { code: 'cancelled' }],
    })
  })

  test('of another client, of nobody and of nonsense is the same answer', async () => {
    const { jobId } = await (
      await api.post('/upload', form((await pictures(2)).map((bytes) => [bytes, 'a.jpg'])))
    ).json()
    const { imageId } = await (await api.post('/upload', form([[await picture(), 'a.jpg']]))).json()
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
    expect(await apiOf(media, sender).status(randomUUID())).toMatchObject({ status: 403, code: 'forbidden_scope' })
    expect((await fetch(`${media.origin}/status/${randomUUID()}`)).status).toBe(401)
  })

  test('events end when the reader leaves, and leave nothing open', async () => {
    await house.pool.query(`update runs set state = 'paused' where state = 'running'`)
    const paused = await (await api.post('/upload', form((await pictures(2)).map((bytes) => [bytes, 'a.jpg'])))).json()
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
    const first = await (await api.postJson('/upload', body, headers)).json()
    expect(await (await api.postJson('/upload', body, headers)).json()).toEqual(first)
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
    const answer = await api.postJson('/upload', { urls, instructions: { preset: 'thumb' }, access: 'private' })
    expect(answer.status).toBe(202)
    const { jobId } = await answer.json()
    const end = (await api.follow(jobId)).at(-1)!
    expect(end.items.map(({ status, code }) => code ?? status)).toEqual([
      'completed',
      'source_error',
      'completed',
      'url_not_allowed',
      'not_an_image',
      'url_not_allowed',
    ])
    expect(end.items.map(({ filename }) => filename).slice(0, 3)).toEqual(['a.jpg', 'missing.jpg', 'b b.jpg'])
    expect((await fetch(api.local(end.urls[0]!))).status).toBe(200)
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
    const answer = await api.post('/upload', form([[archive, 'all.zip']]))
    expect(answer.status).toBe(202)
    const end = (await api.follow((await answer.json()).jobId)).at(-1)!
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
    const answer = await api.post('/upload', form([[archive(), 'all.zip']]))
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
    const { jobId } = await (await api.post('/upload', form([[archive, 'all.zip']]))).json()
    const end = (await api.follow(jobId)).at(-1)!
    expect(end.items.map(({ code, status }) => code ?? status)).toEqual(['corrupt_image', 'completed'])
  })
})
