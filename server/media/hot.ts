// Pictures that are asked for again and again, kept in memory: what the ledger says of them for a few seconds, their
// bytes for as long as they are hot. Everything else is read from the store as it is sent.
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { House } from '#server/house.ts'
import { findImage, type Image } from '#server/images.ts'
import { NoSuchObject } from '#server/store/store.ts'
import type { Range } from './conditions.ts'

/** A change in the ledger is seen after this long. */
const believedMilliseconds = 10_000
const largestBytes = 1024 * 1024 // a web rendition; originals are streamed
const entryBytes = 1024 // what an entry costs beside its bytes

interface Entry {
  image: Image
  at: number
  body: Promise<Buffer> | null
}

export interface HotImages {
  /** null where there is none (never remembered). Throws what the ledger throws. */
  find(id: string, rendition: string | null): Promise<Image | null>
  /** All its bytes, or null where it is too large to keep. Throws what the store throws. */
  read(id: string, rendition: string | null, image: Image): Promise<Buffer> | null
}

/** `maxBytes` bounds the bytes and the entries together. */
export function hotImages(house: House, maxBytes = 64 * 1024 * 1024): HotImages {
  const entries = new Map<string, Entry>()
  let held = 0

  const weight = (entry: Entry) => entryBytes + (entry.body ? entry.image.bytes : 0)
  const forget = (name: string) => {
    const entry = entries.get(name)
    if (!entry) return
    entries.delete(name)
    held -= weight(entry)
  }
  const keep = (name: string, entry: Entry) => {
    forget(name)
    entries.set(name, entry)
    held += weight(entry)
    for (const oldest of entries.keys()) {
      if (held <= maxBytes) return
      forget(oldest)
    }
  }

  return {
    async find(id, rendition) {
      const name = nameOf(id, rendition)
      const known = entries.get(name)
      if (known && Date.now() - known.at < believedMilliseconds) {
        // The last one asked for stands last: the first in the map is the coldest.
        entries.delete(name)
        entries.set(name, known)
        return known.image
      }
      const image = await findImage(house, id, rendition)
      const body = known && image?.etag === known.image.etag ? known.body : null
      if (image) keep(name, { image, at: Date.now(), body })
      else forget(name)
      return image
    },
    read(id, rendition, image) {
      if (image.bytes > largestBytes) return null
      const name = nameOf(id, rendition)
      const known = entries.get(name)
      if (known?.body && known.image.etag === image.etag) return known.body
      const body = openImage(house, image).then(buffer)
      keep(name, { image, at: known?.at ?? Date.now(), body })
      body.catch(() => forget(name))
      return body
    },
  }
}

/** Throws NoSuchObject also where the object is not as long as the ledger says: its length is told before its bytes. */
export async function openImage(house: House, image: Image, range?: Range): Promise<Readable> {
  const { stream, bytes } = await house.store.get(image.key, range)
  if (bytes === image.bytes) return stream
  stream.destroy()
  throw new NoSuchObject(image.key)
}

const nameOf = (id: string, rendition: string | null) => (rendition === null ? id : `${id}/${rendition}`)
