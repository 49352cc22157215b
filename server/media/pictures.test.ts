// Pictures of every kind, as their sender gets them back: what faults.md says of them, over HTTP.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ExifReader from 'exifreader'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { instructionsHash, parseInstructions } from '#server/instructions.ts'
import { pauseQueue, resumeQueue } from '#server/queue-control.ts'
import type { Item, StatusPage } from '#server/uploads/status.ts'
import { distance, heic, noise, patches, picture, proPhoto, turned } from '#workers/imaging/samples.ts'
import type { TestHouse } from '#workers/testing.ts'
import { apiOf, form, type MediaHouse, type MediaServer, type Sender, startMediaHouse } from './testing.ts'

let place: MediaHouse
let house: TestHouse
let media: MediaServer
let anna: Sender
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pictures-'))
  place = await startMediaHouse()
  ;({ house, media, anna } = place)
})
afterAll(async () => {
  await place?.dispose()
  await rm(folder, { recursive: true, force: true })
})

const bytesOf = async (answer: Response) => Buffer.from(await answer.arrayBuffer())
const get = (path: string, more: Record<string, string> = {}) => fetch(media.origin + path, { headers: more })
const local = (address: string) => new URL(address).pathname + new URL(address).search

/** Sent as one job; what became of each, by name. */
async function sent(pictures: Record<string, Buffer>, instructions: object): Promise<Record<string, Item>> {
  const files = Object.entries(pictures).map(([name, bytes]): [Buffer, string] => [bytes, name])
  const body = form(files, { instructions })
  const answer = await fetch(`${media.origin}/upload`, { method: 'POST', body, headers: anna.headers })
  const { jobId } = (await answer.json()) as { jobId: string }
  const last = (await apiOf(media, anna).follow(jobId)).at(-1)!
  return Object.fromEntries(last.items.map((item) => [item.filename!, item]))
}

test('of whatever orientation and colours, it comes back upright and in sRGB, with its original as it was', async () => {
  const upright = await patches()
  const profile = join(folder, 'prophoto.icc')
  await writeFile(profile, proPhoto())
  const muted = await sharp(upright).modulate({ saturation: 0.4 }).png().toBuffer() // CMYK holds these colours
  const wide = () => sharp(upright).toColourspace('rgb16')
  const sides = [1, 2, 3, 4, 5, 6, 7, 8].map(async (orientation) => [
    `orientation ${orientation}.jpg`,
    await turned(upright, orientation),
  ])
  const originals: Record<string, Buffer> = {
    ...Object.fromEntries(await Promise.all(sides)),
    'p3.jpg': await sharp(upright).withIccProfile('p3').jpeg({ quality: 95 }).toBuffer(),
    'prophoto 16 bit.png': await wide().withIccProfile(profile).png().toBuffer(),
    'prophoto.png': await sharp(upright).withIccProfile(profile).png().toBuffer(),
    '16 bit.tif': await wide().tiff().toBuffer(),
    'cmyk.jpg': await sharp(muted).withIccProfile('cmyk').jpeg({ quality: 95 }).toBuffer(),
  }
  const items = await sent(originals, { resize: { width: 240 }, format: 'png' })
  expect(Object.keys(items)).toEqual(Object.keys(originals))
  for (const [name, { imageId, url, status }] of Object.entries(items)) {
    expect(status, name).toBe('completed')
    const made = await bytesOf(await get(local(url!)))
    const { width, height, space, orientation, icc } = await sharp(made).metadata()
    expect({ width, height, space, orientation, icc }, name).toEqual({ width: 240, height: 160, space: 'srgb' })
    const isCmyk = name.startsWith('cmyk')
    expect(await distance(made, isCmyk ? muted : upright), name).toBeLessThan(isCmyk ? 12 : 5)
    expect((await bytesOf(await get(`/image/${imageId}`))).equals(originals[name]!), name).toBe(true)
  }
})

test('where it was taken is in its original, and in no rendition of it', async () => {
  const place = { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 0/1', GPSLongitudeRef: 'E', GPSLongitude: '7/1 0/1 0/1' }
  const original = await noise(160, 120)
    .withExif({ IFD0: { Copyright: 'Anna' }, IFD3: place })
    .jpeg()
    .toBuffer()
  const body = form([[original, 'a.jpg']], { instructions: { preset: 'web' } })
  const answer = await fetch(`${media.origin}/upload`, { method: 'POST', body, headers: anna.headers })
  const { imageId, renditions } = (await answer.json()) as { imageId: string; renditions: Record<string, string> }
  const kept = await bytesOf(await get(`/image/${imageId}`))
  expect(kept.equals(original)).toBe(true)
  expect(ExifReader.load(kept).GPSLatitude?.description).toBe(51.5)
  const made = [renditions.web!]
  for (const format of ['jpeg', 'avif', 'png', 'webp']) made.push(await processed(imageId, { format }))
  for (const address of made) {
    const bytes = await bytesOf(await get(local(address)))
    const { exif, xmp, iptc } = await sharp(bytes).metadata()
    expect([exif, xmp, iptc]).toEqual([undefined, undefined, undefined])
    expect(bytes.includes('Anna') || bytes.includes('GPS')).toBe(false)
  }
})

test('when it was taken is known as soon as it is here', async () => {
  const dated = await noise(16, 12)
    .withExif({ IFD2: { DateTimeOriginal: '2024:05:06 07:08:09', OffsetTimeOriginal: '+02:00' } })
    .jpeg()
    .toBuffer()
  await pauseQueue(house, 'test', 'render-photos')
  try {
    const body = form([
      [dated, 'dated.jpg'],
      [await picture(), 'plain.jpg'],
    ])
    const answer = await fetch(`${media.origin}/upload`, { method: 'POST', body, headers: anna.headers })
    const { jobId } = (await answer.json()) as { jobId: string }
    const { rows } = await house.pool.query(
      'select filename, state, taken_at as "takenAt" from photos where run_id = $1 order by filename',
      [jobId],
    )
    expect(rows).toEqual([
      { filename: 'dated.jpg', state: 'stored', takenAt: '2024-05-06T07:08:09+02:00' },
      { filename: 'plain.jpg', state: 'stored', takenAt: null },
    ])
  } finally {
    await resumeQueue(house, 'test', 'render-photos')
  }
})

async function processed(imageId: string, instructions: object): Promise<string> {
  const type = { 'Content-Type': 'application/json' }
  const body = JSON.stringify({ imageIds: [imageId], instructions })
  const answer = await fetch(`${media.origin}/process`, { method: 'POST', body, headers: { ...anna.headers, ...type } })
  expect(answer.status).toBe(200)
  const { renditions } = (await answer.json()) as { renditions: Record<string, string> }
  return renditions[instructionsHash(parseInstructions(instructions))]!
}

test('is what its bytes are, whatever its name says; a phone’s HEVC is kept and not shown', async () => {
  const [png, jpeg] = [await picture({ format: 'png' }), await picture()]
  const items = await sent({ 'a.jpg': png, 'b.cr2.txt': jpeg, 'c.jpg': heic(400, 300) }, { format: 'webp' })
  const typeOf = async (name: string) => (await get(`/image/${items[name]!.imageId}`)).headers.get('content-type')
  expect([await typeOf('a.jpg'), await typeOf('b.cr2.txt'), await typeOf('c.jpg')]).toEqual([
    'image/png',
    'image/jpeg',
    'image/heic',
  ])
  expect(items['c.jpg']).toMatchObject({ status: 'completed', code: 'unsupported_codec', renditions: {} })
  const kept = await get(`/image/${items['c.jpg']!.imageId}`)
  expect(kept.headers.get('content-disposition')).toMatch(/^attachment/)
  expect((await bytesOf(kept)).equals(heic(400, 300))).toBe(true)
})

test('made as AVIF and as WebP, each caller gets what they accept; made private, nobody gets either unsigned', async () => {
  const resize = { width: 30 }
  const items = await sent({ 'a.jpg': await picture(), 'b.jpg': await picture() }, { resize, format: 'webp' })
  const { imageId, url } = items['a.jpg']!
  const path = local(url!)
  expect((await get(path, { Accept: 'image/avif' })).headers.get('content-type')).toBe('image/webp')
  const avif = local(await processed(imageId, { resize, format: 'avif' }))
  // What is known of a picture is believed for less than a second.
  const typeFor = async (accept: string) => (await get(path, { Accept: accept })).headers.get('content-type')
  await expect.poll(() => typeFor('image/avif,image/webp')).toBe('image/avif')
  expect(await typeFor('image/webp')).toBe('image/webp')
  expect(await typeFor('*/*')).toBe('image/webp')
  await house.pool.query(`update photos set access = 'private' where public_id = $1`, [imageId])
  for (const address of [path, avif, `/image/${imageId}`])
    await expect.poll(async () => (await get(address)).status).toBe(403)
  const { urls } = (await (
    await fetch(`${media.origin}/status/${imageId}`, { headers: anna.headers })
  ).json()) as StatusPage
  expect((await get(local(urls[0]!))).status).toBe(200)
})
