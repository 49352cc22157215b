// Pictures that are asked for again and again, kept in memory: what the ledger says of them for less than a second, their
// bytes for as long as they are hot. Everything else is read from the store as it is sent.
import { close, open, read } from 'node:fs'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import type { House } from '#server/house.ts'
import { type Found, imageFinder, type StoredPicture } from '#server/images.ts'
import { NoSuchObject } from '#server/store/store.ts'
import type { Range } from './conditions.ts'
import { recent } from './recent.ts'

const MiB = 1024 * 1024
/** A picture that was deleted or made private is served no longer than this. */
const believedMilliseconds = 800
const mostNames = 20_000 // about 1 kB each
const largestBytes = MiB // a web rendition; originals are streamed

export interface HotImages {
  /** At once where it was asked for just now. Rejects with what the ledger throws. `name` is `nameOf` both, where it is at hand. */
  find(id: string, rendition: string | null, name?: string): Found | Promise<Found>
  /** All its bytes, or null where it is too large to keep. Rejects with what the store throws. */
  read(picture: StoredPicture): Buffer | Promise<Buffer> | null
}

export function nameOf(id: string, rendition: string | null): string {
  return rendition === null ? id : `${id}/${rendition}`
}

/** `maxBytes` bounds the bytes kept. */
export function hotImages(house: Pick<House, 'pool' | 'store'>, maxBytes = 64 * MiB): HotImages {
  const ask = imageFinder(house)
  const facts = recent<{ found: Found; at: number }>(mostNames)
  const bodies = recent<Buffer>(maxBytes, (body) => body.length)
  const reading = new Map<string, Promise<Buffer>>()

  async function look(id: string, rendition: string | null, name: string): Promise<Found> {
    const at = performance.now()
    const found = await ask(id, rendition)
    if (found) facts.set(name, { found, at })
    else facts.delete(name)
    return found
  }

  async function fetch(picture: StoredPicture): Promise<Buffer> {
    try {
      const body = await readWhole(house, picture)
      bodies.set(picture.etag, body)
      return body
    } finally {
      reading.delete(picture.etag)
    }
  }

  return {
    find(id, rendition, name = nameOf(id, rendition)) {
      const known = facts.get(name)
      return known && performance.now() - known.at < believedMilliseconds ? known.found : look(id, rendition, name)
    },
    read(picture) {
      if (picture.bytes > largestBytes) return null
      // Equal tags are equal bytes, whosever they are.
      const { etag } = picture
      const known = bodies.get(etag) ?? reading.get(etag)
      if (known) return known
      const body = fetch(picture)
      reading.set(etag, body)
      return body
    },
  }
}

/** A range of it, or all. Throws NoSuchObject also where it is not as long as the ledger says: its length is told before its bytes. */
export async function openImage(
  { store }: Pick<House, 'store'>,
  picture: StoredPicture,
  range?: Range,
): Promise<Readable> {
  const { stream, bytes } = await store.get(picture.key, range)
  if (bytes === picture.bytes) return stream
  stream.destroy()
  throw new NoSuchObject(picture.key)
}

async function readWhole(house: Pick<House, 'store'>, picture: StoredPicture): Promise<Buffer> {
  const path = house.store.path(picture.key)
  const body = path === null ? null : await readFileOf(path, picture.bytes).catch(() => null)
  // The store knows what to throw where it cannot be read.
  return body ?? (await buffer(await openImage(house, picture)))
}

const [openFile, closeFile, readFrom] = [promisify(open), promisify(close), promisify(read)]

/** null where the file has another length. */
async function readFileOf(path: string, bytes: number): Promise<Buffer | null> {
  const file = await openFile(path, 'r')
  try {
    const body = Buffer.allocUnsafeSlow(bytes + 1) // one more than there should be
    const { bytesRead } = await readFrom(file, body, 0, bytes + 1, 0)
    return bytesRead === bytes ? body.subarray(0, bytes) : null
  } finally {
    await closeFile(file)
  }
}
