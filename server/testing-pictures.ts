// For tests of hosting: a picture with its original and renditions in the ledger and in the store.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import * as tables from '#db/schema.ts'
import type { House } from './house.ts'
import { type Instructions, instructionsHash, parseInstructions, resolvePreset } from './instructions.ts'
import { originalKey, renditionKey } from './store/store.ts'

export interface PictureOptions {
  contentType?: string
  filename?: string | null
  bytes?: number
  run?: 'migration' | 'upload'
  access?: 'public' | 'private' | 'hidden' | null
  /** What the run makes of each picture, by name; `web` and `thumb`, of which only `web` is made, where it is not said. */
  renditions?: { [name: string]: unknown }
  /** What was asked for of this picture alone. */
  wanted?: { [name: string]: unknown }
  /** Names of what is not made yet. */
  unmade?: string[]
}

export interface TestPicture {
  id: string
  photoId: number
  clientId: string
  sha256: string
  original: Buffer
  /** Bytes of each rendition that is made, by name. */
  made: { [name: string]: Buffer }
  /** Keys in the store, by name. */
  keys: { [name: string]: string }
}

/** 500 random bytes for each rendition; every call makes a client of its own. */
export async function aPicture(house: House, options: PictureOptions = {}): Promise<TestPicture> {
  const { contentType = 'image/jpeg', filename = 'a.jpg', bytes = 1000, run = 'upload', access = 'private' } = options
  const { db } = house
  const client = only(await db.insert(tables.clients).values({ name: randomUUID() }).returning())
  const renditions = parsed(options.renditions ?? { web: resolvePreset('web'), thumb: resolvePreset('thumb') })
  const wanted = parsed(options.wanted ?? {})
  const unmade = options.unmade ?? (options.renditions ? [] : ['thumb'])
  const values = { clientId: client.id, kind: run, state: 'done' as const, renditions, createdBy: 'test' }
  const { id: runId } = only(await db.insert(tables.runs).values(values).returning())
  const gallery = only(
    await db
      .insert(tables.galleries)
      .values({ clientId: client.id, runId, ref: 'g', title: 'g', position: 0, ordinal: 0 })
      .returning(),
  )
  const original = randomBytes(bytes)
  const sha256 = createHash('sha256').update(original).digest()
  const hex = sha256.toString('hex')
  await storeObject(house, originalKey(client.id, hex), original, contentType)
  await db.insert(tables.assets).values({ clientId: client.id, sha256, bytes, contentType })
  const made: TestPicture['made'] = {}
  const keys: TestPicture['keys'] = {}
  for (const [name, instructions] of Object.entries({ ...renditions, ...wanted })) {
    if (unmade.includes(name)) continue
    const body = randomBytes(500)
    const hash = instructionsHash(instructions)
    const key = renditionKey(client.id, hex, hash, instructions.format)
    await storeObject(house, key, body, `image/${instructions.format}`)
    await db.insert(tables.renditions).values({
      clientId: client.id,
      sha256,
      hash,
      extension: instructions.format,
      contentType: `image/${instructions.format}`,
      bytes: body.length,
      fileSha256: createHash('sha256').update(body).digest(),
      width: 1,
      height: 1,
      level: 'strict',
    })
    made[name] = body
    keys[name] = key
  }
  const photo = only(
    await db
      .insert(tables.photos)
      .values({
        ...{ clientId: client.id, runId, galleryId: gallery.id, ref: 'p', kind: 'photo', state: 'published' },
        ...{ filename, sha256, bytes, contentType, access },
      })
      .returning(),
  )
  for (const [name, instructions] of Object.entries(wanted)) {
    const hash = instructionsHash(instructions)
    await db.insert(tables.wantedRenditions).values({ photoId: photo.id, name, instructions, hash, code: 'ok' })
  }
  return { id: photo.publicId, photoId: photo.id, clientId: client.id, sha256: hex, original, made, keys }
}

export async function storeObject(house: House, key: string, body: Buffer, contentType: string): Promise<void> {
  const sha256 = createHash('sha256').update(body).digest('hex')
  await house.store.put(key, body, { sha256, bytes: body.length, contentType })
}

function parsed(wishes: { [name: string]: unknown }): { [name: string]: Instructions } {
  return Object.fromEntries(Object.entries(wishes).map(([name, wish]) => [name, parseInstructions(wish)]))
}

function only<T>(rows: T[]): T {
  return rows[0]!
}
