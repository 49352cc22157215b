import { createHash, randomUUID } from 'node:crypto'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { countedAndRecounted } from '#server/testing.ts'
import { heic, picture } from '#workers/imaging/samples.ts'
import { type Body, expectProblem, form, left, mediaHouseOfFile, startMedia } from './testing.ts'

const at = mediaHouseOfFile()

const upload = (body: Body, headers: Record<string, string> = {}) => at.api.post('/upload', body, headers)
const digestOf = (bytes: Uint8Array) => `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`

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
    const rendition = await fetch(at.api.local(body.url))
    expect(rendition.headers.get('content-type')).toBe('image/webp')
    expect(await sharp(Buffer.from(await rendition.arrayBuffer())).metadata()).toMatchObject({ width: 30, height: 20 })
    const original = await fetch(`${at.media.origin}/image/${body.imageId}`)
    expect(Buffer.from(await original.arrayBuffer())).toEqual(bytes)
  })

  test('for which nothing is asked gets the preset for the web', async () => {
    const { url, imageId, renditions } = await (await upload(form([[await picture(), 'a.jpg']]))).json()
    expect(Object.keys(renditions)).toEqual(['web'])
    expect(new URL(url).pathname).toBe(`/image/${imageId}/web`)
  })

  test('that is private has signed addresses and no others', async () => {
    const { url } = await (await upload(form([[await picture(), 'a.jpg']], { access: 'private' }))).json()
    expect((await fetch(at.api.local(url))).status).toBe(200)
    await expectProblem(await fetch(at.media.origin + new URL(url).pathname), 403, 'signature_invalid')
  })

  test('keeps its real type, its orientation and its own name, whatever its extension says', async () => {
    const upright = await picture({ width: 40, height: 60, format: 'png', orientation: 6 })
    const answer = await upload(form([[upright, '../ordner\\Ünï 1.jpg']], { instructions: { format: 'png' } }))
    const { imageId, url } = await answer.json()
    const original = await fetch(`${at.media.origin}/image/${imageId}`)
    expect(original.headers.get('content-type')).toBe('image/png')
    expect(original.headers.get('content-disposition')).toContain("filename*=UTF-8''%C3%9Cn%C3%AF%201.jpg")
    const { width, height } = await sharp(Buffer.from(await (await fetch(at.api.local(url))).arrayBuffer())).metadata()
    expect({ width, height }).toEqual({ width: 60, height: 40 })
  })

  test('is checked against the digest of its part, of the request, or of the file alone', async () => {
    const bytes = await picture()
    const body = new Response(form([[bytes, 'a.jpg']]))
    const type = body.headers.get('content-type')!
    const raw = Buffer.from(await body.arrayBuffer())
    expect((await upload(raw, { 'Content-Type': type, 'Content-Digest': digestOf(raw) })).status).toBe(200)
    expect((await upload(raw, { 'Content-Type': type, 'Content-Digest': digestOf(bytes) })).status).toBe(200)
    const before = await left(at.house)
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
    expect(await left(at.house)).toMatchObject({ loose: before.loose })
  })

  test('twice is two images and one object', async () => {
    const bytes = await picture()
    const before = await left(at.house)
    const [a, b] = await Promise.all([upload(form([[bytes, 'a.jpg']])), upload(form([[bytes, 'b.jpg']]))])
    expect((await a.json()).imageId).not.toBe((await b.json()).imageId)
    expect(await left(at.house)).toMatchObject({ objects: before.objects + 2, photos: before.photos + 2, loose: 0 })
  })

  test('sent again with its Idempotency-Key is answered again, and refused with other bytes', async () => {
    const headers = { 'Idempotency-Key': randomUUID() }
    const bytes = await picture()
    const first = await (await upload(form([[bytes, 'a.jpg']]), headers)).json()
    const before = await left(at.house)
    expect(await (await upload(form([[bytes, 'a.jpg']]), headers)).json()).toEqual(first)
    expect(await left(at.house)).toEqual(before)
    const other = form([[await picture(), 'a.jpg']])
    await expectProblem(await upload(other, headers), 422, 'idempotency_key_reused')
    expect(await left(at.house)).toEqual(before)
    const invalid = form([[bytes, 'a.jpg']])
    await expectProblem(await upload(invalid, { 'Idempotency-Key': 'ä'.repeat(2) }), 400, 'idempotency_key_invalid')
  })

  test('of which the decoder makes nothing is refused, and its original is kept', async () => {
    const bytes = await picture({ width: 400, height: 300, noise: true })
    const broken = Buffer.concat([bytes.subarray(0, bytes.length / 2), Buffer.from([0xff, 0xd9])])
    const refused = await expectProblem(await upload(form([[broken, 'a.jpg']])), 422, 'corrupt_image')
    const status = await fetch(`${at.media.origin}/status/${refused.imageId}`, { headers: at.anna.headers })
    expect(await status.json()).toMatchObject({ status: 'failed', items: [{ code: 'corrupt_image' }] })
  })

  test('that cannot be cut as asked is refused', async () => {
    const crop = { crop: { left: 0, top: 0, width: 1000, height: 10 } }
    await expectProblem(await upload(form([[await picture(), 'a.jpg']], { instructions: crop })), 422, 'bad_dimensions')
  })

  test('is told that it goes on where nobody has made it in time', async () => {
    const impatient = await startMedia(at.house, { patienceSeconds: 0 })
    const answer = await fetch(`${impatient.origin}/upload`, {
      method: 'POST',
      body: form([[await picture({ width: 3000, height: 2000, noise: true }), 'a.jpg']]),
      headers: at.anna.headers,
    })
    const { imageId, ...body } = await answer.json()
    expect(answer.status).toBe(202)
    expect(body).toEqual({
      status: 'processing',
      message: `Image is being processed, check /status/${imageId}`,
    })
    await impatient.close()
    const ended = await (
      await fetch(`${at.media.origin}/status/${imageId}/events`, { headers: at.anna.headers })
    ).text()
    expect(ended).toMatch(/"status":"completed".*\n\n$/)
  })

  test('whose codec is not decoded is kept, and says so', async () => {
    const bytes = heic(400, 300)
    const answer = await upload(form([[bytes, 'a.heic']]))
    expect(answer.status).toBe(200)
    const body = await answer.json()
    expect(body).toMatchObject({ status: 'completed', code: 'unsupported_codec', renditions: {} })
    expect(Buffer.from(await (await fetch(at.api.local(body.url))).arrayBuffer())).toEqual(bytes)
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
    const { rows } = await at.house.pool.query('select public_id from galleries where run_id = $1', [first.jobId])
    const gallery = rows[0].public_id
    const ids: string[] = []
    for (const set of ['Ceremony', 'Ceremony', 'Party']) {
      const answer = await upload(form([[await picture(), 'x.jpg']], { gallery, set }))
      ids.push((await answer.json()).imageId)
    }
    const places = await at.house.pool.query(
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
    const { rows } = await at.house.pool.query(
      `select g.run_id as run, g.title, r.state from galleries g join runs r on r.id = g.run_id where g.title like 'Uploads by camera, %'`,
    )
    expect(rows).toEqual([
      { run: expect.any(String), title: expect.stringMatching(/\d{4}-\d\d-\d\d$/), state: 'running' },
    ])
    const { counted, recounted } = await countedAndRecounted(at.house, rows[0].run)
    expect(counted).toEqual(recounted)
  })
})
