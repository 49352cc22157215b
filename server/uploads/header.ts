// Size and number of frames of a picture, read from its header alone: what a decoder would have to hold is known before
// one is asked. Written after the formats' own specifications.

/** A file's bytes wherever they lie; `at` gives fewer where the file ends. */
export interface FileBytes {
  bytes: number
  at(offset: number, length: number): Promise<Buffer>
}

export interface Header {
  /** Pixels as stored, before any orientation. */
  width: number
  height: number
  /** Frames or pages; 1 for a still picture. Counted no further than `countedFrames`. */
  frames: number
  /**
   * A JPEG of the usual kind, grey or in three colours, that for certain is shown as it is stored: its decoder goes row
   * by row and nothing else is to be known of it.
   */
  isPlain?: boolean
}

/** Nobody needs to know how many more there are. */
export const countedFrames = 10_000

/** null where there is no header that can be read. `contentType` as sniffed; any other than a raster gives null. */
export async function headerOf(contentType: string, file: FileBytes): Promise<Header | null> {
  const read = readers[contentType]
  if (!read) return null
  try {
    return await read(file)
  } catch (error) {
    // Whatever points outside the file is no header.
    if (error instanceof RangeError) return null
    throw error
  }
}

const readers: Record<string, (file: FileBytes) => Promise<Header | null>> = {
  'image/jpeg': jpeg,
  'image/png': png,
  'image/apng': png,
  'image/gif': gif,
  'image/webp': webp,
  'image/tiff': tiff,
  'image/avif': boxes,
  'image/heic': boxes,
  'image/heif': boxes,
  'image/heic-sequence': boxes,
  'image/heif-sequence': boxes,
}

/** Start of frame: baseline, progressive, lossless, arithmetic; not the tables among those numbers. */
const isFrame = (marker: number) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)

async function jpeg(file: FileBytes): Promise<Header | null> {
  const look = windowed(file)
  const exif: Buffer[] = []
  let header: Header | null = null
  let offset = 2
  while (offset < file.bytes) {
    const [mark, marker] = await look(offset, 2)
    if (mark !== 0xff || marker === undefined || marker === 0xd9) break
    if (marker === 0xff) {
      offset++
      continue
    }
    // Whatever may turn it stands before its pixels.
    if (marker === 0xda) return header && { ...header, isPlain: header.isPlain && (await isUpright(exif)) }
    const segment = await look(offset, 10)
    const length = segment.length < 10 ? 0 : segment.readUInt16BE(2)
    if (length < 2) break
    if (isFrame(marker)) {
      // Baseline or extended, 8 bits.
      const isPlain = (marker === 0xc0 || marker === 0xc1) && segment[4] === 8 && (segment[9] === 1 || segment[9] === 3)
      header = { height: segment.readUInt16BE(5), width: segment.readUInt16BE(7), frames: 1, isPlain }
    } else if (marker === 0xe1 && segment.toString('latin1', 4, 8) === 'Exif') {
      exif.push(await look(offset + 10, length - 8))
    }
    offset += 2 + length
  }
  return header && { ...header, isPlain: false }
}

/** False where that is not certain: more than one EXIF, or one that cannot be read. `exif`: TIFF files. */
async function isUpright(exif: Buffer[]): Promise<boolean> {
  const [block] = exif
  if (!block || exif.length > 1) return exif.length === 0
  try {
    const look: Look = async (offset, length) => block.subarray(offset, offset + length)
    for await (const [orientation] of directories(look, [274])) return orientation === undefined || orientation === 1
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  return false
}

async function png(file: FileBytes): Promise<Header | null> {
  const look = windowed(file)
  const start = await look(0, 24)
  if (start.toString('latin1', 12, 16) !== 'IHDR') return null
  const size = { width: start.readUInt32BE(16), height: start.readUInt32BE(20) }
  for (let offset = 8; offset < file.bytes; ) {
    const chunk = await look(offset, 12)
    const type = chunk.toString('latin1', 4, 8)
    if (type === 'acTL') return { ...size, frames: chunk.readUInt32BE(8) }
    if (type === 'IDAT' || type === 'IEND') break
    offset += 12 + chunk.readUInt32BE(0)
  }
  return { ...size, frames: 1 }
}

async function gif(file: FileBytes): Promise<Header | null> {
  const look = windowed(file)
  const start = await look(0, 13)
  const size = { width: start.readUInt16LE(6), height: start.readUInt16LE(8) }
  const table = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0)
  let offset = 13 + table(start[10]!)
  let frames = 0
  while (offset < file.bytes && frames < countedFrames) {
    const [kind] = await look(offset, 1)
    if (kind === 0x2c) {
      frames++
      const image = await look(offset, 10)
      offset += 11 + table(image.readUInt8(9)) // the descriptor, its colours, the code size
    } else if (kind === 0x21) offset += 2
    else break
    for (let length = 1; length > 0 && offset < file.bytes; offset += 1 + length)
      length = (await look(offset, 1))[0] ?? 0
  }
  return { ...size, frames: Math.max(1, frames) }
}

async function webp(file: FileBytes): Promise<Header | null> {
  const look = windowed(file)
  const start = await look(0, 30)
  const kind = start.toString('latin1', 12, 16)
  if (kind === 'VP8 ')
    return { width: start.readUInt16LE(26) & 0x3fff, height: start.readUInt16LE(28) & 0x3fff, frames: 1 }
  if (kind === 'VP8L') {
    const packed = start.readUInt32LE(21)
    return { width: (packed & 0x3fff) + 1, height: ((packed >>> 14) & 0x3fff) + 1, frames: 1 }
  }
  if (kind !== 'VP8X') return null
  let frames = 0
  for (let offset = 12; offset + 8 <= file.bytes && frames < countedFrames; ) {
    const chunk = await look(offset, 8)
    if (chunk.toString('latin1', 0, 4) === 'ANMF') frames++
    const length = chunk.readUInt32LE(4)
    offset += 8 + length + (length % 2)
  }
  return { width: start.readUIntLE(24, 3) + 1, height: start.readUIntLE(27, 3) + 1, frames: Math.max(1, frames) }
}

/** Of the largest page: a decoder may be asked for any. */
async function tiff(file: FileBytes): Promise<Header | null> {
  let largest: { width: number; height: number } | null = null
  let frames = 0
  for await (const [width = 0, height = 0] of directories(windowed(file), [256, 257])) {
    frames++
    if (!largest || width * height > largest.width * largest.height) largest = { width, height }
  }
  return largest && { ...largest, frames }
}

/** What each directory of a TIFF states for these tags, in their order. Throws RangeError where one points outside the file. */
async function* directories(look: Look, tags: number[]): AsyncGenerator<(number | undefined)[]> {
  const start = await look(0, 16)
  const little = start[0] === 0x49
  const big = (little ? start.readUInt16LE(2) : start.readUInt16BE(2)) === 43
  const number = (from: Buffer, at: number, length: number) => {
    if (length < 8) return little ? from.readUIntLE(at, length) : from.readUIntBE(at, length)
    return Number(little ? from.readBigUInt64LE(at) : from.readBigUInt64BE(at))
  }
  const [countBytes, entryBytes, valueAt, offsetBytes] = big ? [8, 20, 12, 8] : [2, 12, 8, 4]
  const seen = new Set<number>()
  let directory = number(start, big ? 8 : 4, offsetBytes)
  while (directory > 0 && !seen.has(directory) && seen.size < countedFrames) {
    seen.add(directory)
    const count = number(await look(directory, countBytes), 0, countBytes)
    if (count > 4096) throw new RangeError('more entries than any directory has')
    const entries = await look(directory + countBytes, count * entryBytes + offsetBytes)
    const values = new Array<number | undefined>(tags.length)
    for (let i = 0; i < count; i++) {
      const at = i * entryBytes
      const place = tags.indexOf(number(entries, at, 2))
      if (place < 0) continue
      const short = number(entries, at + 2, 2) === 3
      values[place] = number(entries, at + valueAt, short ? 2 : 4)
    }
    yield values
    directory = number(entries, count * entryBytes, offsetBytes)
  }
}

/** The largest of the sizes that a file of ISO boxes states for its items: tiles of a grid have their own. */
async function boxes(file: FileBytes): Promise<Header | null> {
  const look = windowed(file)
  for (let offset = 0; offset + 8 <= file.bytes; ) {
    const box = await look(offset, 16)
    const length = boxLength(box, file.bytes - offset)
    if (box.toString('latin1', 4, 8) === 'meta') {
      const meta = await look(offset, Math.min(length, largestMetaBytes))
      return largestIn(meta)
    }
    offset += length
  }
  return null
}

const largestMetaBytes = 4 * 1024 * 1024

/** Wherever `ispe` stands in `meta`: a box of 20 bytes, its version and flags 0. */
function largestIn(meta: Buffer): Header | null {
  let largest: Header | null = null
  const marker = Buffer.from('\0\0\0\x14ispe\0\0\0\0', 'latin1')
  for (let at = meta.indexOf(marker); at >= 0 && at + 20 <= meta.length; at = meta.indexOf(marker, at + 20)) {
    const [width, height] = [meta.readUInt32BE(at + 12), meta.readUInt32BE(at + 16)]
    if (!largest || width * height > largest.width * largest.height) largest = { width, height, frames: 1 }
  }
  return largest
}

function boxLength(box: Buffer, left: number): number {
  const length = box.readUInt32BE(0)
  if (length === 0) return left
  const stated = length === 1 ? Number(box.readBigUInt64BE(8)) : length
  return Math.max(8, stated)
}

const windowBytes = 64 * 1024

type Look = (offset: number, length: number) => Promise<Buffer>

/** Small looks from one piece that is read at once. Throws RangeError behind the end of the file. */
function windowed(file: FileBytes): Look {
  let from = 0
  let piece: Buffer = Buffer.alloc(0)
  return async (offset, length) => {
    if (offset < from || offset + length > from + piece.length) {
      if (offset >= file.bytes) throw new RangeError('behind the end')
      from = offset
      piece = await file.at(offset, Math.max(length, windowBytes))
    }
    return piece.subarray(offset - from, offset - from + length)
  }
}
