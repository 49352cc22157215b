// What a sender's own system hears of what it sent, from the request to the signed message.
import { once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { picture } from '#workers/imaging/samples.ts'
import { reached, type TestHouse } from '#workers/testing.ts'
import { deleteGallery } from '../deletion.ts'
import { createKey } from '../keys.ts'
import { uploadEnded } from '../media/schemas.ts'
import { form, type MediaHouse, type MediaServer, startMediaHouse } from '../media/testing.ts'
import { cancelRun } from '../runs.ts'
import { aSite, type Site } from '../testing-site.ts'
import { tellSenders } from './callbacks.ts'
import type { StatusPage } from './status.ts'

let place: MediaHouse
let house: TestHouse
let media: MediaServer
let key: string
let secret: string
/** The sender's system: it serves pictures, and is told at `/hook/<what for>`. */
let system: Site
let site: string
const served = new Map<string, Buffer>()

beforeAll(async () => {
  place = await startMediaHouse()
  ;({ house, media } = place)
  const { clientId } = place.anna
  const made = await createKey(house, 'test', { clientId, scopes: ['upload', 'read', 'process'] })
  key = made.key
  secret = made.webhookSecret
  system = await aSite(async (request, response) => {
    if (request.url!.startsWith('/slow')) return
    const bytes = served.get(request.url!)
    if (request.method === 'GET') return response.writeHead(bytes ? 200 : 404).end(bytes)
    const body = await text(request)
    response.writeHead(204).end()
    system.server.emit(request.url!, { headers: request.headers, body })
  })
  site = system.origin
})
afterAll(async () => {
  await system?.close()
  await place?.dispose()
})

const authorised = () => ({ Authorization: `Bearer ${key}` })
const post = async (path: string, body: FormData | object) => {
  const isForm = body instanceof FormData
  const headers = { ...authorised(), ...(isForm ? {} : { 'Content-Type': 'application/json' }) }
  const answer = await fetch(media.origin + path, {
    method: 'POST',
    headers,
    body: isForm ? body : JSON.stringify(body),
  })
  return (await answer.json()) as Record<string, string>
}
const statusOf = async (id: string) =>
  (await (await fetch(`${media.origin}/status/${id}`, { headers: authorised() })).json()) as StatusPage
const opened = async (address: string) => (await fetch(media.origin + address.slice(house.env.MEDIA_URL.length))).status

/** The message to one of its addresses, checked as the specification's own package does, and of the shape that is documented. */
async function told(address: string) {
  const [heard] = (await once(system.server, address)) as [{ headers: IncomingHttpHeaders; body: string }]
  return uploadEnded.strict().parse(new Webhook(secret).verify(heard.body, heard.headers as Record<string, string>))
}

test('a job of which some failed says so, with the addresses of those that are ready, in their order', async () => {
  const message = told('/hook/some')
  const files: [Buffer, string][] = [
    [await picture(), '0.jpg'],
    [Buffer.from('no picture'), '1.txt'],
    [await picture(), '2.jpg'],
  ]
  const { jobId } = await post('/upload', form(files, { notifyUrl: `${site}/hook/some`, access: 'private' }))
  const { type, timestamp, status, urls, ...rest } = await message
  expect({ type, status, ...rest }).toEqual({
    type: 'upload.completed_with_errors',
    status: 'completed_with_errors',
    jobId,
  })
  expect(Date.parse(`${timestamp}`)).toBeGreaterThan(Date.now() - 60_000)
  const { items } = await statusOf(jobId!)
  const ids = [items[0]!.imageId, items[2]!.imageId]
  expect(urls.map((address) => new URL(address).pathname)).toEqual(ids.map((id) => `/image/${id}/web`))
  for (const address of urls) expect(await opened(address)).toBe(200)
})

test('a single picture that cannot be made is told with its code', async () => {
  const message = told('/hook/broken')
  const bytes = await picture({ width: 400, height: 300, noise: true })
  const broken = Buffer.concat([bytes.subarray(0, bytes.length / 2), Buffer.from([0xff, 0xd9])])
  const { imageId } = await post('/upload', form([[broken, 'a.jpg']], { notifyUrl: `${site}/hook/broken` }))
  expect(await message).toMatchObject({ type: 'upload.failed', imageId, code: 'corrupt_image', urls: [] })
})

test('pictures from addresses are told when they are here; none that came is a failure', async () => {
  served.set('/a.jpg', await picture())
  const [some, none] = [told('/hook/urls'), told('/hook/nothing')]
  const sent = await post('/upload', { urls: [`${site}/a.jpg`, `${site}/b.jpg`], notifyUrl: `${site}/hook/urls` })
  const failed = await post('/upload', { urls: [`${site}/c.jpg`], notifyUrl: `${site}/hook/nothing` })
  const message = await some
  expect(message).toMatchObject({ status: 'completed_with_errors', jobId: sent.jobId })
  expect(message.urls).toHaveLength(1)
  expect(await none).toMatchObject({ type: 'upload.failed', status: 'failed', jobId: failed.jobId, urls: [] })
})

test('further renditions are told of under the image, or under their job', async () => {
  const [first, second] = await Promise.all([
    post('/upload', form([[await picture(), 'a.jpg']])),
    post('/upload', form([[await picture(), 'b.jpg']])),
  ])
  const [one, many] = [told('/hook/one'), told('/hook/many')]
  const instructions = { format: 'png' }
  const imageIds = [first!.imageId, second!.imageId]
  await post('/process', { imageIds: imageIds.slice(0, 1), instructions, notifyUrl: `${site}/hook/one` })
  const { jobId } = await post('/process', { imageIds, instructions, notifyUrl: `${site}/hook/many` })
  const single = await one
  expect(single).toMatchObject({ status: 'completed', imageId: imageIds[0] })
  expect(single.urls).toHaveLength(1)
  const bulk = await many
  expect(bulk).toMatchObject({ status: 'completed', jobId })
  expect(bulk.urls.map((address) => new URL(address).pathname.split('/')[2])).toEqual(imageIds)
})

test('what was deleted before its sender was told is told to nobody, and holds up nobody', async () => {
  const files = form([
    [await picture(), '0.jpg'],
    [await picture(), '1.jpg'],
  ])
  const { jobId } = await post('/upload', files)
  await reached(house, jobId!)
  const { rows } = await house.pool.query<{ id: string }>('select public_id as id from galleries where run_id = $1', [
    jobId,
  ])
  await deleteGallery(house, 'test', rows[0]!.id)
  await house.pool.query(
    `insert into upload_callbacks (client_id, key_id, run_id, url)
     select r.client_id, k.id, r.id, $2 from runs r join api_keys k on k.client_id = r.client_id where r.id = $1`,
    [jobId, `${site}/hook/deleted`],
  )
  const message = told('/hook/after')
  await post('/upload', form([[await picture(), 'a.jpg']], { notifyUrl: `${site}/hook/after` }))
  expect(await message).toMatchObject({ status: 'completed' })
  const deliveries = await house.pool.query(`select from webhook_deliveries where url like '%deleted'`)
  expect(deliveries.rowCount).toBe(0)
})

test('a job that a person cancels is told as it stands, and nothing is told twice', async () => {
  const message = told('/hook/cancelled')
  const urls = [`${site}/slow.jpg`, 'http://169.254.169.254/']
  const { jobId } = await post('/upload', { urls, notifyUrl: `${site}/hook/cancelled` })
  await cancelRun(house, 'test', jobId!)
  expect(await message).toMatchObject({ type: 'upload.failed', jobId, urls: [] })
  expect(await tellSenders(house)).toBe(0)
  const deliveries = await house.pool.query(`select from webhook_deliveries where body like '%' || $1 || '%'`, [jobId])
  expect(deliveries.rowCount).toBe(1)
})
