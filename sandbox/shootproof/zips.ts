import { crc32 } from 'node:zlib'
import type { Originals } from '../originals.ts'
import { hash32 } from '../random.ts'
import type { Exchange, Reply } from '../server.ts'
import type { Addresses } from './addresses.ts'
import { html } from './pages.ts'
import { type Event, type Photo, photosOf } from './world.ts'

/** How many photos go into one zip; more of them make more zips. */
const photosPerZip = 20

interface Bundle {
  photos: Photo[]
  readyAt: number
}

/** Zips that the server makes: asked for by the same POST until they are there, then linked from a page. */
export class ZipDesk {
  readonly #addresses: Addresses
  readonly #originals: Originals
  readonly #waitSeconds: () => number
  readonly #bundles = new Map<string, Bundle>()

  constructor(addresses: Addresses, originals: Originals, waitSeconds: () => number) {
    this.#addresses = addresses
    this.#originals = originals
    this.#waitSeconds = waitSeconds
  }

  /** The first question starts the clock. */
  ask(photos: Photo[]): { zipBundleStatus: string; downloadPageUrl?: string } {
    const key = hash32(...photos.map(({ id }) => String(id))).toString(36)
    const bundle = this.#bundles.get(key) ?? { photos, readyAt: Date.now() + this.#waitSeconds() * 1000 }
    this.#bundles.set(key, bundle)
    if (bundle.readyAt > Date.now()) return { zipBundleStatus: 'processing' }
    return { zipBundleStatus: 'downloadable', downloadPageUrl: `${this.#addresses.origin}/download/${key}` }
  }

  /** The page with the links, or one of its zips; null for any other address. */
  async answer(url: URL): Promise<Reply | null> {
    const [, pageKey] = /^\/download\/(\w+)$/.exec(url.pathname) ?? []
    const [, zipKey, part] = /^\/zips\/(\w+)\/(\d+)\.zip$/.exec(url.pathname) ?? []
    const bundle = this.#bundles.get(pageKey ?? zipKey ?? '')
    if (!bundle) return null
    if (zipKey !== undefined) {
      const from = Number(part) * photosPerZip
      const body = await zipOf(bundle.photos.slice(from, from + photosPerZip), this.#originals)
      return { status: 200, headers: { 'content-type': 'application/zip' }, body }
    }
    const parts = Array.from({ length: Math.ceil(bundle.photos.length / photosPerZip) }, (_, index) => index)
    const links = parts.map((index) => {
      const address = this.#addresses.zip(pageKey ?? '', index).replaceAll('&', '&amp;')
      return `<div class="bullet"><ul><li><a href="${address}">Part ${index + 1}</a></li></ul></div>`
    })
    return html(`<title>Download</title>${links.join('')}`)
  }
}

export function answerZip(event: Event, { body }: Exchange, desk: ZipDesk): Reply {
  const wanted = asked(body)
  const photos = [...photosOf(event)].filter(({ id }) => wanted?.includes(String(id)))
  if (!wanted || photos.length === 0) return json(400, { type: 'about:blank', title: 'bad request', status: 400 })
  return json(200, { type: 'zip-bundle', ...desk.ask(photos) })
}

function asked(body: Buffer): string[] | null {
  try {
    const { type, photoIds } = JSON.parse(body.toString('utf8')) as { type?: unknown; photoIds?: unknown }
    return type === 'zip-bundle' && Array.isArray(photoIds) ? photoIds.map(String) : null
  } catch {
    return null
  }
}

function json(status: number, body: object): Reply {
  return { status, headers: { 'content-type': 'application/vnd.shootproof+json' }, body: JSON.stringify(body) }
}

/** Stored, not compressed; entries are named like the photos, also where two have one name. */
async function zipOf(photos: Photo[], originals: Originals): Promise<Buffer> {
  const files: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const photo of photos) {
    const { bytes } = await originals(photo.content)
    const name = Buffer.from(photo.name, 'utf8')
    const fields = Buffer.alloc(26)
    fields.writeUInt16LE(20, 0)
    fields.writeUInt16LE(0x0800, 2) // names in UTF-8
    fields.writeUInt32LE(crc32(bytes), 10)
    fields.writeUInt32LE(bytes.length, 14)
    fields.writeUInt32LE(bytes.length, 18)
    fields.writeUInt16LE(name.length, 22)
    const place = Buffer.alloc(14)
    place.writeUInt32LE(offset, 10)
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), fields, name, bytes])
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), fields, place, name]))
    files.push(local)
    offset += local.length
  }
  const central = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(photos.length, 8)
  end.writeUInt16LE(photos.length, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...files, central, end])
}
