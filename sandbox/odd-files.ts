import sharp from 'sharp'
import type { Pictures } from './pictures.ts'
import { noise } from './random.ts'

export const oddKinds = {
  damaged: { contentType: 'image/jpeg', extension: 'jpg' },
  gif: { contentType: 'image/gif', extension: 'gif' },
  png: { contentType: 'image/png', extension: 'png' },
  webp: { contentType: 'image/webp', extension: 'webp' },
  tiff: { contentType: 'image/tiff', extension: 'tif' },
  heic: { contentType: 'image/heic', extension: 'heic' },
  mp4: { contentType: 'video/mp4', extension: 'mp4' },
  cr2: { contentType: 'application/octet-stream', extension: 'cr2' },
  pdf: { contentType: 'application/pdf', extension: 'pdf' },
  sized: { contentType: 'image/jpeg', extension: 'jpg' },
} as const

export type OddKind = keyof typeof oddKinds

/** What is no ordinary JPEG. Kept whole in memory: a world holds a few dozen of them. */
export type OddFiles = (kind: OddKind, mark: string) => Promise<Buffer>

export function openOddFiles(pictures: Pictures): OddFiles {
  const made = new Map<string, Promise<Buffer>>()
  return (kind, mark) => {
    const key = `${kind} ${mark}`
    const known = made.get(key) ?? make(kind, mark, pictures)
    made.set(key, known)
    return known
  }
}

async function make(kind: OddKind, mark: string, pictures: Pictures): Promise<Buffer> {
  switch (kind) {
    case 'damaged': {
      // The transfer is whole, the picture is not: its scan stops in the middle and no end marker follows.
      const whole = pictures.photo(0, mark, null)
      return whole.subarray(0, Math.floor(whole.length * 0.6))
    }
    case 'mp4':
      return Buffer.concat([
        box('ftyp', Buffer.from('isom\0\0\x02\0isomiso2avc1mp41', 'latin1')),
        box('moov', box('mvhd', Buffer.alloc(100))),
        box('mdat', noise(9000, 'mp4', mark)),
      ])
    case 'heic':
      return Buffer.concat([
        box('ftyp', Buffer.from('heic\0\0\0\0mif1heic', 'latin1')),
        box('meta', Buffer.alloc(32)),
        box('mdat', noise(6000, 'heic', mark)),
      ])
    case 'cr2':
      return Buffer.concat([
        Buffer.from('II*\0\x10\0\0\0CR\x02\0', 'latin1'),
        Buffer.alloc(20),
        noise(12_000, 'cr2', mark),
      ])
    case 'pdf':
      return Buffer.from(`%PDF-1.4\n% ${mark}\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n`)
    default:
      return encoded(kind, mark, pictures)
  }
}

async function encoded(kind: OddKind, mark: string, pictures: Pictures): Promise<Buffer> {
  const patch = await sharp(noise(16 * 16 * 3, kind, mark), { raw: { width: 16, height: 16, channels: 3 } })
    .png()
    .toBuffer()
  // The patch makes the pixels, and with them the bytes, the mark's own.
  const picture = sharp(pictures.photo(2, mark, null))
    .resize(320, 240, { fit: 'cover' })
    .composite([{ input: patch }])
  if (kind === 'gif') return picture.gif({ colours: 64 }).toBuffer()
  if (kind === 'png') return picture.png().toBuffer()
  if (kind === 'webp') return picture.webp().toBuffer()
  if (kind === 'tiff') return picture.tiff({ compression: 'lzw' }).toBuffer()
  return picture.jpeg({ quality: 50 }).toBuffer()
}

function box(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(8 + body.length, 0)
  head.write(type, 4, 'latin1')
  return Buffer.concat([head, body])
}
