// For tests of the media API: a house with workers, the API on a port of its own, and what senders send.
import type { RequestListener } from 'node:http'
import { crc32, deflateRawSync } from 'node:zlib'
import { getRequestListener } from '@hono/node-server'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import type { House } from '#server/house.ts'
import type { TestHouse } from '#workers/testing.ts'
import { ownHouse } from '#workers/testing-house.ts'
import { findOrCreateClient } from '../clients.ts'
import { createKey, type Scope, scopes } from '../keys.ts'
import { signedImagePath } from '../signing.ts'
import { aPicture, type PictureOptions } from '../testing-pictures.ts'
import { aSite, type Site } from '../testing-site.ts'
import type { StatusPage } from '../uploads/status.ts'
import { openUploads } from '../uploads.ts'
import { type MediaOptions, mediaApp } from './app.ts'
import { imagesFirst } from './image.ts'
import { mediaServer } from './server.ts'

export interface MediaServer {
  origin: string
  close(): Promise<void>
}

export async function startMedia(house: House, options: MediaOptions = {}): Promise<MediaServer> {
  const uploads = openUploads(house)
  const { origin, close } = await aSite(mediaServer(house, { uploads, ...options }))
  return {
    origin,
    async close() {
      await close()
      await uploads.close()
    },
  }
}

export interface MediaHouse {
  house: TestHouse
  media: MediaServer
  /** Who may do everything, and what she asks. */
  anna: Sender
  api: Api
  dispose(): Promise<void>
}

/** A house on a database of its own, the API before it, one who sends, and a worker unless there is to be none. */
export async function startMediaHouse({ worker = true } = {}): Promise<MediaHouse> {
  await using begun = new AsyncDisposableStack()
  const house = await ownHouse()
  begun.defer(house.dispose)
  const media = await startMedia(house, { patienceSeconds: 30 })
  begun.defer(media.close)
  const anna = await aSender(house, 'Anna')
  if (worker) await house.startWorker()
  const all = begun.move()
  return { house, media, anna, api: apiOf(media, anna), dispose: () => all.disposeAsync() }
}

/** The same, set up before the tests of a file and taken down after them; there is nothing in it before. */
export function mediaHouseOfFile(): MediaHouse {
  const place = {} as MediaHouse
  beforeAll(async () => {
    Object.assign(place, await startMediaHouse())
  })
  afterAll(() => place.dispose?.())
  return place
}

/** What serves pictures. */
export const fronts: [name: string, front: (house: House) => RequestListener][] = [
  ['in front of the app', (house) => imagesFirst(house, getRequestListener(mediaApp(house).fetch))],
  ['through the app', (house) => getRequestListener(mediaApp(house).fetch)],
]

/** Pictures of a house that stands before the tests do, served by one of the `fronts` to the tests of a `describe`. */
export function picturesServed(front: (house: House) => RequestListener, house: () => House) {
  const site = {} as Site
  beforeAll(async () => {
    Object.assign(site, await aSite(front(house())))
  })
  afterAll(() => site.close?.())
  return {
    /** There is nothing in it before the tests. */
    site,
    signed: (id: string, rendition: string | null = null) =>
      site.origin + signedImagePath(house(), id, rendition, { seconds: 600 }),
    photo: (options: PictureOptions = {}) => aPicture(house(), options),
  }
}

/** The origin of a house's pictures, until the test ends. */
export async function serving(house: House): Promise<string> {
  const { origin, close } = await aSite(imagesFirst(house, getRequestListener(mediaApp(house).fetch)))
  onTestFinished(close)
  return origin
}

export const bytesOf = async (answer: Response) => Buffer.from(await answer.arrayBuffer())

/** It is a refusal as every refusal is; resolves with its body. */
export async function expectProblem(answer: Response, status: number, code: string) {
  const body = await answer.json()
  expect(body).toMatchObject({ status, code, title: expect.any(String) })
  expect(answer.status).toBe(status)
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(answer.headers.get('cache-control')).toBe('no-store')
  return body
}

export interface Sender {
  clientId: string
  keyId: string
  headers: { Authorization: string }
}

/** A key of a client; of another one for each name. */
export async function aSender(house: House, client: string, granted: Scope[] = [...scopes]): Promise<Sender> {
  const { id: clientId } = await findOrCreateClient(house, 'test', client)
  const { id: keyId, key } = await createKey(house, 'test', { clientId, name: 'camera', scopes: granted })
  return { clientId, keyId, headers: { Authorization: `Bearer ${key}` } }
}

export type Body = NonNullable<RequestInit['body']>

/** What a sender asks of the API. */
export function apiOf({ origin }: MediaServer, { headers }: Sender) {
  const post = (path: string, body: Body, more: Record<string, string> = {}) =>
    fetch(origin + path, { method: 'POST', body, headers: { ...headers, ...more } })
  return {
    post,
    postJson: (path: string, body: unknown, more: Record<string, string> = {}) =>
      post(path, JSON.stringify(body), { 'Content-Type': 'application/json', ...more }),
    status: async (id: string, query = '') =>
      (await fetch(`${origin}/status/${id}${query}`, { headers })).json() as Promise<StatusPage>,
    /** Every status that was told until nothing changed any more. */
    async follow(id: string): Promise<StatusPage[]> {
      const answer = await fetch(`${origin}/status/${id}/events`, { headers })
      expect(answer.headers.get('content-type')).toBe('text/event-stream')
      const text = await answer.text()
      return [...text.matchAll(/^event: status\ndata: (.*)\n\n/gm)].map(([, data]) => JSON.parse(data!))
    },
    /** An address that was told, where it is served here. */
    local: (url: string) => origin + new URL(url).pathname + new URL(url).search,
  }
}
export type Api = ReturnType<typeof apiOf>

/** Photos, loose objects and stored ones of everybody: what a refused request must not change. */
export async function left(house: House): Promise<Record<'photos' | 'loose' | 'assets' | 'objects', number>> {
  const { rows } = await house.pool.query(
    'select (select count(*) from photos) as photos, (select count(*) from loose_objects) as loose, (select count(*) from assets) as assets',
  )
  let objects = 0
  for await (const _ of house.store.list('')) objects++
  return { ...rows[0], objects }
}

/** Files under `file`, in order; fields besides. */
export function form(files: [bytes: Uint8Array, name: string][], fields: Record<string, unknown> = {}): FormData {
  const body = new FormData()
  for (const [name, value] of Object.entries(fields))
    body.append(name, typeof value === 'string' ? value : JSON.stringify(value))
  for (const [bytes, name] of files) body.append('file', new Blob([bytes as Uint8Array<ArrayBuffer>]), name)
  return body
}

interface Zipped {
  name: string
  bytes: Buffer
  /** As Unix has it: kind and rights. */
  mode?: number
  /** What it says of its length. */
  claims?: number
  flags?: number
}

/** A ZIP archive as its specification says, with whatever is asked of it. */
export function zip(entries: Zipped[]): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, bytes, mode = 0o100644, claims = bytes.length, flags = 0x800 } of entries) {
    const packed = deflateRawSync(bytes)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(flags, 2)
    common.writeUInt16LE(8, 4)
    common.writeUInt32LE(crc32(bytes), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(claims, 18)
    common.writeUInt16LE(Buffer.byteLength(name), 22)
    const head = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, Buffer.from(name), packed])
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE((mode << 16) >>> 0, 6)
    tail.writeUInt32LE(offset, 10)
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x03', 'latin1'), common, tail, Buffer.from(name)]))
    parts.push(head)
    offset += head.length
  }
  const end = Buffer.alloc(18)
  end.writeUInt16LE(entries.length, 4)
  end.writeUInt16LE(entries.length, 6)
  const listed = Buffer.concat(directory)
  end.writeUInt32LE(listed.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...parts, listed, Buffer.from('PK\x05\x06', 'latin1'), end])
}
