import { randomBytes } from 'node:crypto'
import { readdir, stat, utimes, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import sharp from 'sharp'
import { Upload } from 'tus-js-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lastingFolder } from '../folders.ts'
import { pauseRun } from '../runs.ts'
import { countedAndRecounted, jobsOf, type VerbHouse, verbHouse } from '../testing.ts'
import { type AnnouncedFile, announceFiles, finishWithout } from './announce.ts'
import { skipFiles } from './arrivals.ts'
import { uploadFacts } from './facts.ts'
import { abandonedHours, sweepParts } from './parts.ts'
import { again, anUpload, file, ledgerOf, type MediaOrigin, mediaOrigin, sendFile } from './testing.ts'
import { tokenSeconds, uploadToken } from './tokens.ts'

let house: VerbHouse
let media: MediaOrigin

beforeAll(async () => {
  house = await verbHouse()
  media = await mediaOrigin(house)
})

afterAll(async () => {
  await media[Symbol.asyncDispose]()
  await house.dispose()
})

async function pictures(...paths: string[]) {
  const all = await Promise.all(paths.map(async (path, i) => ({ path, data: await picture(i * 3 + path.length) })))
  return all.map(({ path, data }) => ({ ...file(path, data.length), data }))
}
const listed = (files: AnnouncedFile[]) => files.map(({ path, bytes, modified }) => ({ path, bytes, modified }))

describe('the bytes', () => {
  it('settle as they arrive, whatever their order; a file that is no picture is listed with its reason', async () => {
    const [a, b] = await pictures('a.jpg', 'b.jpg')
    const text = { ...file('c.jpg', 5), data: Buffer.from('hello') }
    const { id, token } = await anUpload(house, listed([a!, b!, text]))
    for (const one of [text, b!, a!]) await sendFile(media.url, token, one, one.data)
    expect((await ledgerOf(house, id)).map(({ state, code }) => [state, code])).toEqual([
      ['stored', null],
      ['stored', null],
      ['skipped', 'not_an_image'],
    ])
    const { counted, recounted } = await countedAndRecounted(house, id)
    expect(counted).toEqual(recounted)
    expect((await jobsOf(house, 'render-photos')).filter(({ group }) => group === id)).toHaveLength(2)
  })

  it('of equal files are two photos and one object', async () => {
    const [a] = await pictures('a.jpg')
    const twin = { ...a!, path: 'twin.jpg' }
    const { id, token } = await anUpload(house, listed([a!, twin]))
    expect(await sendFile(media.url, token, a!, a!.data)).toEqual({ arrival: 'here' })
    expect(await sendFile(media.url, token, twin, a!.data)).toEqual({ arrival: 'here' })
    const hashes = (await ledgerOf(house, id)).map(({ sha256 }) => sha256)
    expect(new Set(hashes).size).toBe(1)
    expect(await uploadFacts(house, id)).toMatchObject({ duplicates: 1, duplicateBytes: a!.bytes })
  })

  it('that come again are not waited for', async () => {
    const [a] = await pictures('a.jpg')
    const { id, token } = await anUpload(house, listed([a!]))
    await sendFile(media.url, token, a!, a!.data)
    await expect(sendFile(media.url, token, a!, a!.data)).rejects.toMatchObject({ status: 409, code: 'already_here' })
    expect(await announceFiles(house, 'test', id, again(listed([a!])))).toMatchObject({ lacking: [], changed: [] })
  })

  it('of a file that changed since are told, kept as they were sent, and sent again where that is wished', async () => {
    const [a, b] = await pictures('a.jpg', 'longer-name.jpg')
    const { id, token } = await anUpload(house, listed([a!]))
    await sendFile(media.url, token, a!, a!.data)
    const changed = { ...file('a.jpg', b!.bytes, 2), data: b!.data }
    expect(await announceFiles(house, 'test', id, again(listed([changed])))).toMatchObject({
      lacking: [],
      changed: [0],
    })
    expect(await announceFiles(house, 'test', id, again(listed([changed]), { replace: true }))).toMatchObject({
      lacking: [0],
      changed: [],
    })
    await sendFile(media.url, token, changed, changed.data)
    const { counted, recounted } = await countedAndRecounted(house, id)
    expect(counted).toEqual(recounted)
    expect(counted[0]).toMatchObject({ total: 1, stored: 1, bytes_stored: b!.bytes, bytes_found: b!.bytes })
  })

  it('of another length than announced are refused before they are sent', async () => {
    const [a] = await pictures('a.jpg')
    const { token } = await anUpload(house, [file('a.jpg', 5)])
    await expect(sendFile(media.url, token, a!, a!.data)).rejects.toMatchObject({ status: 409, code: 'file_changed' })
  })

  it('that are cut off go on where they stood', async () => {
    const [a] = await pictures('a.jpg')
    const { id, token } = await anUpload(house, listed([a!]))
    const { url, offset } = await beginAndBreak(token, a!, 100)
    expect(offset).toBe(100)
    const parts = await fetch(`${media.url}/uploads/parts`, { headers: { Authorization: `Bearer ${token}` } })
    expect(await parts.json()).toEqual({
      parts: [{ id: url.split('/').at(-1), path: 'a.jpg', modified: 1, offset: 100 }],
    })
    const sent: number[] = []
    await new Promise<void>((resolve, reject) => {
      new Upload(a!.data, {
        uploadUrl: url,
        headers: { Authorization: `Bearer ${token}` },
        onProgress: (bytes) => sent.push(bytes),
        onSuccess: () => resolve(),
        onError: reject,
      }).start()
    })
    expect(sent[0]).toBe(100)
    expect((await ledgerOf(house, id))[0]).toMatchObject({ state: 'stored' })
    expect(await readdir(await lastingFolder(house.env.PASS_DATA_DIR, 'tus'))).toEqual([])
  })

  it('that nobody goes on with for a day are swept', async () => {
    const [a] = await pictures('a.jpg')
    const { token } = await anUpload(house, listed([a!]))
    const { url } = await beginAndBreak(token, a!, 10)
    const folder = await lastingFolder(house.env.PASS_DATA_DIR, 'tus')
    const fresh = join(folder, 'fresh')
    await writeFile(fresh, 'x')
    const old = new Date(Date.now() - (abandonedHours + 1) * 3600_000)
    for (const name of [url.split('/').at(-1)!, `${url.split('/').at(-1)}.json`])
      await utimes(join(folder, name), old, old)
    expect(await sweepParts(folder)).toBe(1)
    expect(await readdir(folder)).toEqual(['fresh'])
    expect(await sweepParts(folder, Date.now() + (abandonedHours + 1) * 3600_000)).toBe(1)
  })

  it('are not taken while the run is paused', async () => {
    const [a] = await pictures('a.jpg')
    const { id, token } = await anUpload(house, listed([a!]))
    await pauseRun(house, 'test', id)
    await expect(sendFile(media.url, token, a!, a!.data)).rejects.toMatchObject({ status: 409, code: 'wrong_state' })
  })

  it('are seen in the chosen gallery, behind what it has, in the order of the list', async () => {
    const first = await pictures('1.jpg')
    const there = await anUpload(house, listed(first), { layout: { into: 'gallery', root: null, title: 'Wedding' } })
    await sendFile(media.url, there.token, first[0]!, first[0]!.data)
    const { rows } = await house.pool.query<{ id: number; galleryId: string }>(
      'select id, public_id as "galleryId" from galleries where run_id = $1',
      [there.id],
    )
    const more = await pictures('22.jpg', '333.jpg', 'Party/4444.jpg')
    const layout = { into: 'gallery', root: null, title: 'Wedding' } as const
    const { clientId } = there
    const upload = await anUpload(house, listed(more), { layout, clientId, galleryId: rows[0]!.galleryId })
    for (const one of more.toReversed()) await sendFile(media.url, upload.token, one, one.data)
    const seen = await house.pool.query(
      `select nullif(s.title, '') as "set", p.filename from placements l join sets s on s.id = l.set_id join photos p on p.id = l.photo_id
       where s.gallery_id = $1 order by s.position, l.position`,
      [rows[0]!.id],
    )
    expect(seen.rows).toEqual([
      { set: null, filename: '1.jpg' },
      { set: null, filename: '22.jpg' },
      { set: null, filename: '333.jpg' },
      { set: 'Party', filename: '4444.jpg' },
    ])
  })
})

describe('when a photo was taken', () => {
  it('is known of an upload of which nothing is made too', async () => {
    const data = await sharp(await picture(1))
      .withExif({ IFD2: { DateTimeOriginal: '2024:05:06 07:08:09' } })
      .jpeg()
      .toBuffer()
    const [plain] = await pictures('plain.jpg')
    const dated = { ...plain!, path: 'dated.jpg', bytes: data.length, data }
    const { id, token } = await anUpload(house, listed([dated, plain!]), { renditions: ['none'] })
    for (const one of [dated, plain!]) await sendFile(media.url, token, one, one.data)
    const { rows } = await house.pool.query(
      'select filename, taken_at as "takenAt" from photos where run_id = $1 order by filename',
      [id],
    )
    expect(rows).toEqual([
      { filename: 'dated.jpg', takenAt: '2024-05-06T07:08:09' },
      { filename: 'plain.jpg', takenAt: null },
    ])
  })
})

describe('an upload that does not come whole', () => {
  it('is finished by a person with what is here, and goes on when the rest is announced again', async () => {
    const [a, b] = await pictures('a.jpg', 'b.jpg')
    const { id, token } = await anUpload(house, listed([a!, b!]), { renditions: ['none'] })
    await sendFile(media.url, token, a!, a!.data)
    expect(await finishWithout(house, 'test', id)).toEqual({ left: 1 })
    expect((await ledgerOf(house, id)).map(({ state, code }) => [state, code])).toEqual([
      ['published', null],
      ['skipped', 'not_sent'],
    ])
    expect(await announceFiles(house, 'test', id, again(listed([a!, b!])))).toMatchObject({ lacking: [1] })
    await sendFile(media.url, token, b!, b!.data)
    const { counted, recounted } = await countedAndRecounted(house, id)
    expect(counted).toEqual(recounted)
    expect(counted[0]).toMatchObject({ published: 2, skipped: 0 })
  })

  it('leaves out what its sender cannot read, until it is announced again', async () => {
    const files = [file('a.jpg'), file('b.jpg')]
    const { id } = await anUpload(house, files)
    await skipFiles(house, id, [{ path: 'a.jpg', code: 'unreadable_file' }])
    expect((await ledgerOf(house, id))[0]).toMatchObject({ state: 'skipped', code: 'unreadable_file' })
    expect(await announceFiles(house, 'test', id, again(files))).toMatchObject({ lacking: [0, 1] })
  })
})

describe('who may send', () => {
  const post = (path: string, headers: Record<string, string>, body: object = {}) =>
    fetch(`${media.url}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })

  it('is who bears the token of the run, while it lasts', async () => {
    const { id, token } = await anUpload(house, [file('a.jpg')])
    const codeOf = async (authorization: string) => {
      const answer = await post('/uploads/complete', { Authorization: authorization }, { files: 1 })
      return [answer.status, ((await answer.json()) as { code?: string }).code]
    }
    expect(await codeOf(`Bearer ${token}`)).toEqual([200, undefined])
    const ended = uploadToken(house, { runId: id, actor: 'test' }, Date.now() - tokenSeconds * 1000 - 1000).token
    const forged = token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A')
    for (const wrong of [ended, forged, '', `upload_.${randomBytes(32).toString('base64url')}`])
      expect(await codeOf(`Bearer ${wrong}`)).toEqual([401, 'unauthenticated'])
  })

  it('is nobody with the token of another run: what was begun there is not found', async () => {
    const [a] = await pictures('a.jpg')
    const mine = await anUpload(house, listed([a!]))
    const theirs = await anUpload(house, listed([a!]))
    const { url } = await beginAndBreak(mine.token, a!, 10)
    const look = await fetch(url, {
      method: 'HEAD',
      headers: { Authorization: `Bearer ${theirs.token}`, 'Tus-Resumable': '1.0.0' },
    })
    expect(look.status).toBe(404)
  })

  it('are the console’s own pages, and those of no other origin', async () => {
    const { token } = await anUpload(house, [file('a.jpg')])
    const preflight = (origin: string) =>
      fetch(`${media.url}/uploads/bytes`, {
        method: 'OPTIONS',
        headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' },
      })
    const own = await preflight(house.env.CONSOLE_URL)
    expect(own.status).toBe(204)
    expect(own.headers.get('Access-Control-Allow-Origin')).toBe(house.env.CONSOLE_URL)
    expect(own.headers.get('Access-Control-Allow-Headers')).toMatch(/Authorization.*Upload-Length/)
    expect((await preflight('https://elsewhere.example')).status).toBe(403)
    const answer = await post(
      '/uploads/complete',
      { Authorization: `Bearer ${token}`, Origin: house.env.CONSOLE_URL },
      { files: 1 },
    )
    expect(answer.headers.get('Access-Control-Allow-Origin')).toBe(house.env.CONSOLE_URL)
    const foreign = await post('/uploads/complete', { Authorization: `Bearer ${token}`, Origin: 'null' }, { files: 1 })
    expect(foreign.status).toBe(403)
  })

  it.each(['../a.jpg', '/a.jpg', 'a//b.jpg', './a.jpg', ''])('cannot announce the path “%s”', async (path) => {
    const { token } = await anUpload(house, [file('a.jpg')])
    const answer = await post('/uploads/files', { Authorization: `Bearer ${token}` }, again([file(path)]))
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([422, 'invalid_parameter'])
  })
})

/** Sends the first bytes of a file and goes away in the middle. */
async function beginAndBreak(token: string, one: AnnouncedFile & { data: Buffer }, bytes: number) {
  const headers = { Authorization: `Bearer ${token}`, 'Tus-Resumable': '1.0.0' }
  const metadata = `path ${Buffer.from(one.path).toString('base64')},modified ${Buffer.from(`${one.modified}`).toString('base64')}`
  const begun = await fetch(`${media.url}/uploads/bytes`, {
    method: 'POST',
    headers: { ...headers, 'Upload-Length': `${one.bytes}`, 'Upload-Metadata': metadata },
  })
  const url = begun.headers.get('Location')!
  const patch = request(url, {
    method: 'PATCH',
    headers: {
      ...headers,
      'Upload-Offset': '0',
      'Content-Type': 'application/offset+octet-stream',
      'Content-Length': `${one.bytes}`,
    },
  })
  const closed = new Promise((resolve) => patch.once('close', resolve))
  patch.on('error', () => {})
  patch.write(one.data.subarray(0, bytes))
  const path = join(house.env.PASS_DATA_DIR, 'tmp/tus', url.split('/').at(-1)!)
  await expect.poll(async () => (await stat(path)).size).toBe(bytes)
  patch.destroy()
  await closed
  return { url, offset: bytes }
}

async function picture(seed: number): Promise<Buffer> {
  const background = { r: seed % 256, g: (seed * 7) % 256, b: (seed * 31) % 256 }
  return sharp({ create: { width: 24 + (seed % 5), height: 16, channels: 3, background } })
    .jpeg()
    .toBuffer()
}
