import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { picture } from '#workers/imaging/samples.ts'
import { reached } from '#workers/testing.ts'
import { aSender, form, mediaHouseOfFile, startMedia } from './testing.ts'

const at = mediaHouseOfFile()

describe('further renditions', () => {
  const sent = async (access = 'public') =>
    (
      await (
        await at.api.post('/upload', form([[await picture({ width: 200, height: 100 }), 'a.jpg']], { access }))
      ).json()
    ).imageId as string

  test('of one image are answered at once, under the image and its own access', async () => {
    const imageId = await sent()
    const answer = await at.api.postJson('/process', { imageIds: [imageId], instructions: { preset: 'thumb' } })
    expect(answer.status).toBe(200)
    const body = await answer.json()
    expect(body).toMatchObject({ status: 'completed', imageId, renditions: { thumb: body.url } })
    expect(new URL(body.url).pathname).toBe(`/image/${imageId}/thumb`)
    expect((await fetch(at.api.local(body.url))).status).toBe(200)
    const now = await at.api.status(imageId)
    expect(Object.keys(now.items[0]!.renditions)).toEqual(['web', 'thumb'])
    expect(new URL(now.urls[0]!).pathname).toBe(`/image/${imageId}/web`)
  })

  test('of one image that are not made in time go on, and are told by the image', async () => {
    const imageId = await sent()
    const impatient = await startMedia(at.house, { patienceSeconds: 0 })
    const answer = await fetch(`${impatient.origin}/process`, {
      method: 'POST',
      body: JSON.stringify({ imageIds: [imageId], instructions: { format: 'avif' } }),
      headers: { ...at.anna.headers, 'Content-Type': 'application/json' },
    })
    await impatient.close()
    expect(answer.status).toBe(202)
    expect(answer.headers.get('location')).toBe(`/status/${imageId}`)
    const message = `Image is being processed, check /status/${imageId}`
    expect(await answer.json()).toEqual({ status: 'processing', imageId, message })
    expect((await at.api.follow(imageId)).at(-1)).toMatchObject({ status: 'completed' })
  })

  test('asked for again with their Idempotency-Key are answered again, and made once', async () => {
    const headers = { 'Idempotency-Key': randomUUID() }
    const body = { imageIds: [await sent(), await sent()], instructions: { format: 'jpeg' } }
    const first = await (await at.api.postJson('/process', body, headers)).json()
    expect(await (await at.api.postJson('/process', body, headers)).json()).toEqual(first)
    const other = await at.api.postJson('/process', { ...body, instructions: { format: 'png' } }, headers)
    expect(await other.json()).toMatchObject({ status: 422, code: 'idempotency_key_reused' })
  })

  test('of an image that is here by a migration are signed', async () => {
    const { jobId } = await (
      await at.api.post(
        '/upload',
        form([
          [await picture(), 'a.jpg'],
          [await picture(), 'b.jpg'],
        ]),
      )
    ).json()
    const imageId = (await at.api.follow(jobId)).at(-1)!.items[0]!.imageId
    await at.house.pool.query(`update runs set kind = 'migration' where id = $1`, [jobId])
    const { url } = await (
      await at.api.postJson('/process', { imageIds: [imageId], instructions: { format: 'png' } })
    ).json()
    expect(new URL(url).searchParams.get('sig')).toBeTruthy()
    expect((await fetch(at.api.local(url))).headers.get('content-type')).toBe('image/png')
  })

  test('of many are one job; images of others fail like those that are nowhere', async () => {
    const [a, b] = [await sent(), await sent()]
    const berta = await aSender(at.house, 'Berta')
    const theirs = await (
      await fetch(`${at.media.origin}/upload`, {
        method: 'POST',
        body: form([[await picture(), 'a.jpg']]),
        headers: berta.headers,
      })
    ).json()
    const imageIds = [a, theirs.imageId, b, randomUUID(), a]
    const answer = await at.api.postJson('/process', { imageIds, instructions: { format: 'avif' } })
    expect(answer.status).toBe(202)
    const { jobId } = await answer.json()
    const end = (await at.api.follow(jobId)).at(-1)!
    expect(end.status).toBe('completed_with_errors')
    expect(end.items.map(({ imageId }) => imageId)).toEqual(imageIds)
    expect(end.items.map(({ code, status }) => code ?? status)).toEqual([
      'completed',
      'not_found',
      'completed',
      'not_found',
      'completed',
    ])
    expect((await fetch(at.api.local(end.urls[1]!))).headers.get('content-type')).toBe('image/avif')
    expect((await reached(at.house, jobId)).state).toBe('done_with_problems')
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
    expect(await (await at.api.postJson('/process', body)).json()).toMatchObject({ status: refused, code })
  })

  test('that cannot be made leave the image as it is', async () => {
    const imageId = await sent()
    const crop = { crop: { left: 0, top: 0, width: 5000, height: 10 } }
    const answer = await at.api.postJson('/process', { imageIds: [imageId], instructions: crop })
    expect(await answer.json()).toMatchObject({ status: 422, code: 'bad_dimensions', imageId })
    expect(await at.api.status(imageId)).toMatchObject({
      status: 'completed_with_errors',
      items: [{ code: 'bad_dimensions' }],
    })
  })
})
