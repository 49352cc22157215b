// What bytes are, by their magic numbers, and whether they end where they should. Neither a file's name nor a
// Content-Type header is believed; only RAW formats that are TIFF inside need the name as a hint.
import { fileTypeFromBuffer } from 'file-type'

/** Bytes from the start and from the end that are enough for `sniff` and `completeness`. */
export const sniffBytes = 64 * 1024

export interface Sniffed {
  contentType: string
  /** Without a dot. */
  extension: string
  kind: 'photo' | 'video' | 'file'
  /** True for formats that the decoder may be given; what is inside may still be a codec it lacks (HEVC). */
  raster: boolean
}

export type Completeness = 'whole' | 'truncated' | 'unknown'

const rasters = new Set(['jpg', 'png', 'apng', 'gif', 'webp', 'tif', 'heic', 'avif'])

/** RAW extensions and their content types; file-type knows some of them by magic, the others are TIFF inside. */
const raws: Record<string, string> = {
  '3fr': 'image/x-hasselblad-3fr',
  arw: 'image/x-sony-arw',
  cr2: 'image/x-canon-cr2',
  cr3: 'image/x-canon-cr3',
  crw: 'image/x-canon-crw',
  dcr: 'image/x-kodak-dcr',
  dng: 'image/x-adobe-dng',
  erf: 'image/x-epson-erf',
  fff: 'image/x-hasselblad-fff',
  gpr: 'image/x-gopro-gpr',
  iiq: 'image/x-phaseone-iiq',
  kdc: 'image/x-kodak-kdc',
  mef: 'image/x-mamiya-mef',
  mos: 'image/x-leaf-mos',
  mrw: 'image/x-minolta-mrw',
  nef: 'image/x-nikon-nef',
  nrw: 'image/x-nikon-nrw',
  orf: 'image/x-olympus-orf',
  pef: 'image/x-pentax-pef',
  raf: 'image/x-fujifilm-raf',
  raw: 'image/x-panasonic-raw',
  rw2: 'image/x-panasonic-rw2',
  rwl: 'image/x-leica-rwl',
  sr2: 'image/x-sony-sr2',
  srf: 'image/x-sony-srf',
  srw: 'image/x-samsung-srw',
  x3f: 'image/x-sigma-x3f',
}

const rareRaws = [
  ['FOVb', 'x3f'],
  ['\0MRM', 'mrw'],
  ['II\x1a\0\0\0HEAPCCDR', 'crw'],
] as const

/** Still pictures that the decoder does not take. */
const undecoded = new Set(['jxl', 'bmp', 'jp2', 'jpx', 'j2c', 'jxr'])

/** What the file is, from its first bytes (64 KiB are best, 4 KiB do). Unknown bytes are `application/octet-stream`. */
export async function sniff(head: Uint8Array, filename?: string): Promise<Sniffed> {
  if (svg.test(opening(head))) return { contentType: 'image/svg+xml', extension: 'svg', kind: 'file', raster: false }
  if (looksLikeHtml(head)) return { contentType: 'text/html', extension: 'html', kind: 'file', raster: false }
  if (isJpeg(head)) return { contentType: 'image/jpeg', extension: 'jpg', kind: 'photo', raster: true }
  const named = extensionOf(filename)
  const tiff = isTiff(head)
  if (tiff && raws[named]) return raw(named)
  const rare = rareRaws.find(([magic]) => starts(head, magic))
  if (rare) return raw(rare[1])

  let found = await fileTypeFromBuffer(head)
  // file-type reads tags only as far as the head goes, and takes PrintIM, which plain TIFF has too, for Sony's.
  if (tiff && (!found || (found.ext === 'arw' && /^tiff?$/.test(named)))) found = { ext: 'tif', mime: 'image/tiff' }
  if (!found) return { contentType: 'application/octet-stream', extension: 'bin', kind: 'file', raster: false }
  if (raws[found.ext]) return raw(found.ext)
  if (rasters.has(found.ext)) return { contentType: found.mime, extension: found.ext, kind: 'photo', raster: true }
  const kind = found.mime.startsWith('video/') ? 'video' : undecoded.has(found.ext) ? 'photo' : 'file'
  return { contentType: found.mime, extension: found.ext, kind, raster: false }
}

function raw(extension: string): Sniffed {
  return { contentType: raws[extension] ?? 'application/octet-stream', extension, kind: 'photo', raster: false }
}

const prolog = String.raw`^(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->)[^])*-->\s*)*`
const html = new RegExp(String.raw`${prolog}<(?:!doctype\s+html|html|head|body|title|meta|script)\b`, 'i')
const svg = new RegExp(String.raw`${prolog}(?:<!doctype\s+svg[^>]*>\s*)?<svg\b`, 'i')

/** True for a page where a picture was due: sign-in, error and consent pages answered with status 200. */
export function looksLikeHtml(head: Uint8Array): boolean {
  return html.test(opening(head))
}

/** The first 4 KiB as text, without byte order mark and leading space; nothing where it cannot begin with a tag. */
function opening(head: Uint8Array): string {
  if (!mayBeMarkup(head)) return ''
  const bytes = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, 4096))
  const wide = bytes[0] === 0xff && bytes[1] === 0xfe
  return bytes.toString(wide ? 'utf16le' : 'utf8').replace(/^[\ufeff\s]+/, '')
}

/** Begins with a tag, white space, a byte order mark, or whatever is not ASCII in UTF-8: no picture does. */
function mayBeMarkup([first = 0, second = 0]: Uint8Array): boolean {
  const isText = first === 0x3c || (first >= 0x09 && first <= 0x20) || (first >= 0xc2 && first <= 0xef)
  return isText || (first === 0xff && second === 0xfe)
}

/**
 * Whether the end of the file is there, told from its first and last bytes (64 KiB each are best; `tail` is the end of the
 * file and may overlap `head`) and its length. It only tells; 'unknown' where the format has no end that can be checked.
 */
export function completeness(contentType: string, head: Uint8Array, tail: Uint8Array, bytes: number): Completeness {
  if (bytes === 0) return 'truncated'
  const end = Buffer.from(tail.buffer, tail.byteOffset, tail.length)
  const start = Buffer.from(head.buffer, head.byteOffset, head.length)
  switch (contentType) {
    case 'image/jpeg':
      return jpegEnd(start, end, bytes)
    case 'image/png':
    case 'image/apng':
      return end.includes('IEND\xae\x42\x60\x82', 'latin1') ? 'whole' : 'truncated'
    case 'image/gif':
      return /\0;[\0\s]*$/.test(end.toString('latin1')) ? 'whole' : 'truncated'
    case 'image/webp':
      if (start.length < 12) return 'truncated'
      return start.readUInt32LE(4) + 8 <= bytes ? 'whole' : 'truncated'
    case 'image/tiff':
      return tiffEnd(start, bytes)
    case 'image/heic':
    case 'image/heif':
    case 'image/avif':
    case 'video/mp4':
    case 'video/x-m4v':
    case 'video/quicktime':
      return boxesEnd(start, end, bytes)
    default:
      return 'unknown'
  }
}

/** End-of-image after the scan began. What cameras and phones append after it (MPF, motion, zeros) is fine. */
function jpegEnd(head: Buffer, tail: Buffer, bytes: number): Completeness {
  const tailAt = bytes - tail.length
  const scanAt = jpegScan(head)
  // A thumbnail in the header has an end of its own, so only bytes behind the header count.
  const from = Math.max(0, (scanAt ?? head.length) - tailAt)
  const after = tail.subarray(Math.min(from, tail.length))
  if (after.includes('\xff\xd9', 'latin1')) return 'whole'
  if (scanAt === null && head.length === bytes) return 'truncated'
  // Inside a scan 0xff is stuffed or starts a few known markers; anything else was appended behind the picture.
  const foreign = after.findIndex((byte, i) => byte === 0xff && i + 1 < after.length && !insideScan(after[i + 1]!)) >= 0
  return foreign || after.every((byte) => byte === 0) ? 'unknown' : 'truncated'
}

/** Offset of the first start-of-scan marker, or null where the head ends before it. */
function jpegScan(head: Buffer): number | null {
  let at = 2
  while (at + 4 <= head.length) {
    if (head[at] !== 0xff) at++
    else if (head[at + 1] === 0xda) return at
    else if (head[at + 1] === 0xff) at++
    else at += 2 + head.readUInt16BE(at + 2)
  }
  return null
}

function insideScan(byte: number): boolean {
  return byte === 0 || byte === 0xff || (byte >= 0xd0 && byte <= 0xd7) || [0xc4, 0xda, 0xdd, 0xfe].includes(byte)
}

/** TIFF has no end marker; one whose directory lies behind the last byte was cut. */
function tiffEnd(head: Buffer, bytes: number): Completeness {
  if (head.length < 16) return 'truncated'
  const little = head[0] === 0x49
  const big = (little ? head.readUInt16LE(2) : head.readUInt16BE(2)) === 43
  const directory = big
    ? Number(little ? head.readBigUInt64LE(8) : head.readBigUInt64BE(8))
    : little
      ? head.readUInt32LE(4)
      : head.readUInt32BE(4)
  return directory + 2 > bytes ? 'truncated' : 'unknown'
}

/** Walks the top-level boxes of ISO media (MP4, MOV, HEIC, AVIF) from length to length. */
function boxesEnd(head: Buffer, tail: Buffer, bytes: number): Completeness {
  const tailAt = bytes - tail.length
  let at = 0
  while (at < bytes) {
    const box = at + 16 <= head.length ? head.subarray(at) : at >= tailAt ? tail.subarray(at - tailAt) : null
    if (!box) return 'unknown'
    if (box.length < 8) return 'truncated'
    let length = box.readUInt32BE(0)
    if (length === 0) return 'unknown' // the last box, open to the end of the file
    if (length === 1) {
      if (box.length < 16) return 'truncated'
      length = Number(box.readBigUInt64BE(8))
    }
    if (length < 8) return 'unknown'
    at += length
  }
  return at === bytes ? 'whole' : 'truncated'
}

/** Start of image and a first marker; 0xf7 is JPEG-LS. Most originals are one, so they are told at once. */
function isJpeg(head: Uint8Array): boolean {
  return starts(head, '\xff\xd8\xff') && head[3] !== 0xf7
}

function isTiff(head: Uint8Array): boolean {
  return ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].some((magic) => starts(head, magic))
}

function starts(head: Uint8Array, magic: string): boolean {
  return head.length >= magic.length && [...magic].every((character, i) => head[i] === character.charCodeAt(0))
}

function extensionOf(filename: string | undefined): string {
  return /\.([a-z0-9]{1,8})$/i.exec(filename ?? '')?.[1]?.toLowerCase() ?? ''
}
