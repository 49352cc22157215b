// Pictures for tests: generated, or made by hand where sharp cannot write them.
import sharp from 'sharp'
import { instructionsHash, parseInstructions } from '#server/instructions.ts'
import type { Imager, Rendition, Wanted } from '../imaging.ts'

/** Four patches whose colours tell every orientation apart: red, green over blue, grey. */
export async function patches(width = 480, height = 320): Promise<Buffer> {
  const patch = (background: string, left: number, top: number) => ({
    input: { create: { width: width / 2, height: height / 2, channels: 3 as const, background } },
    left: left * (width / 2),
    top: top * (height / 2),
  })
  return sharp({ create: { width, height, channels: 3, background: '#000' } })
    .composite([patch('#c83c28', 0, 0), patch('#3ca050', 1, 0), patch('#2850b4', 0, 1), patch('#a0a0a0', 1, 1)])
    .removeAlpha()
    .png()
    .toBuffer()
}

/** By EXIF orientation: degrees clockwise and mirroring by which a camera stores what was upright. */
const stored = {
  1: [0, false],
  2: [0, true],
  3: [180, false],
  4: [180, true],
  5: [90, true],
  6: [270, false],
  7: [270, true],
  8: [90, false],
} as const

/** A JPEG on its side, whose EXIF says how it is shown upright. */
export async function turned(upright: Buffer, orientation: number): Promise<Buffer> {
  const [angle, mirrored] = stored[orientation as keyof typeof stored]
  const side = await sharp(upright).rotate(angle).png().toBuffer()
  return sharp(side).flop(mirrored).withMetadata({ orientation }).jpeg({ quality: 95 }).toBuffer()
}

/** Detail everywhere, so that damage shows and nothing compresses away. */
export const noise = (width = 800, height = 600) =>
  sharp({
    create: { width, height, channels: 3, background: '#888', noise: { type: 'gaussian', mean: 128, sigma: 50 } },
  })

export function want(name: string, wanted: object, watermarkPicture?: Buffer): Wanted {
  const instructions = parseInstructions(wanted)
  return { name, instructions, hash: instructionsHash(instructions), ...(watermarkPicture && { watermarkPicture }) }
}

/** Mean difference of two pictures over all channels, 0 to 255. */
export async function distance(one: Buffer, other: Buffer): Promise<number> {
  const pixels = (picture: Buffer) =>
    sharp(picture).resize(60, 40, { fit: 'fill' }).removeAlpha().toColourspace('srgb').raw().toBuffer()
  const [a, b] = await Promise.all([pixels(one), pixels(other)])
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / a.length
}

/** ProPhoto RGB as an ICC version 2 matrix profile: gamma 1.8, primaries of ROMM RGB (ISO 22028-2) adapted to D50. */
export function proPhoto(): Buffer {
  const fixed = (value: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(Math.round(value * 65_536))
    return bytes
  }
  const xyz = (...values: number[]) => Buffer.concat([Buffer.from('XYZ \0\0\0\0', 'latin1'), ...values.map(fixed)])
  const curve = Buffer.concat([Buffer.from('curv\0\0\0\0\0\0\0\x01', 'latin1'), Buffer.from([1, 205]), Buffer.alloc(2)])
  const name = Buffer.alloc(100)
  name.write('desc\0\0\0\0\0\0\0\x09ProPhoto\0', 'latin1')
  const tags: [string, Buffer][] = [
    ['desc', name],
    ['cprt', Buffer.from('text\0\0\0\0none\0\0\0\0', 'latin1')],
    ['wtpt', xyz(0.9642, 1, 0.8249)],
    ['rXYZ', xyz(0.79767, 0.28804, 0)],
    ['gXYZ', xyz(0.13519, 0.71188, 0)],
    ['bXYZ', xyz(0.03135, 0.00009, 0.82521)],
    ['rTRC', curve],
    ['gTRC', curve],
    ['bTRC', curve],
  ]
  const table = Buffer.alloc(4 + tags.length * 12)
  table.writeUInt32BE(tags.length)
  let at = 128 + table.length
  for (const [i, [signature, data]] of tags.entries()) {
    table.write(signature, 4 + i * 12, 'latin1')
    table.writeUInt32BE(at, 8 + i * 12)
    table.writeUInt32BE(data.length, 12 + i * 12)
    at += data.length
  }
  const header = Buffer.alloc(128)
  header.writeUInt32BE(at)
  header.write('\x02\x40\0\0mntrRGB XYZ ', 8, 'latin1')
  header.write('acsp', 36, 'latin1')
  Buffer.concat([fixed(0.9642), fixed(1), fixed(0.8249)]).copy(header, 68)
  return Buffer.concat([header, table, ...tags.map(([, data]) => data)])
}

/** A HEIC with an HEVC item of this size in its header and no picture in it. */
export function heic(width: number, height: number): Buffer {
  const u16 = (value: number) => Buffer.from([value >> 8, value & 255])
  const u32 = (value: number) => Buffer.concat([u16(value >>> 16), u16(value & 65_535)])
  const text = (value: string) => Buffer.from(value, 'latin1')
  const box = (type: string, ...parts: Buffer[]) => {
    const payload = Buffer.concat(parts)
    return Buffer.concat([u32(payload.length + 8), text(type), payload])
  }
  const plain = Buffer.alloc(4) // version 0, no flags
  // One configuration record without parameter sets (ISO/IEC 14496-15): Main profile, 4:2:0, 8 bit.
  const configuration = Buffer.from('01016000000090000000000099f000fcfdf8f800000f00', 'hex')
  const slice = Buffer.alloc(64, 1)
  const ftyp = box('ftyp', text('heic\0\0\0\0mif1heic'))
  const meta = (offset: number) =>
    box(
      'meta',
      plain,
      box('hdlr', plain, u32(0), text('pict'), Buffer.alloc(13)),
      box('pitm', plain, u16(1)),
      box('iloc', plain, u16(0x4400), u16(1), u16(1), u16(0), u16(1), u32(offset), u32(slice.length)),
      box('iinf', plain, u16(1), box('infe', Buffer.from([2, 0, 0, 0]), u16(1), u16(0), text('hvc1\0'))),
      box(
        'iprp',
        box('ipco', box('hvcC', configuration), box('ispe', plain, u32(width), u32(height))),
        box('ipma', plain, u32(1), u16(1), Buffer.from([2, 0x81, 2])),
      ),
    )
  return Buffer.concat([ftyp, meta(ftyp.length + meta(0).length + 8), box('mdat', slice)])
}

export interface PictureOptions {
  width?: number
  height?: number
  format?: 'jpeg' | 'png' | 'webp' | 'avif' | 'tiff' | 'gif'
  /** Of the EXIF. */
  orientation?: number
  /** Of many bytes. */
  noise?: boolean
}

let pictures = 0

/** One that no other test has. */
export function picture({
  width = 60,
  height = 40,
  format = 'jpeg',
  orientation,
  noise,
}: PictureOptions = {}): Promise<Buffer> {
  pictures++
  const background = { r: pictures % 256, g: (pictures * 7) % 256, b: (pictures * 31) % 256 }
  const options = noise ? { noise: { type: 'gaussian' as const, mean: 128, sigma: 40 } } : {}
  const made = sharp({ create: { width, height, channels: 3, background, ...options } })
  return made
    .withMetadata(orientation ? { orientation } : {})
    .toFormat(format)
    .toBuffer()
}

/** The only rendition, which must be there. */
export async function single(
  imager: Imager,
  original: Buffer | string,
  instructions: object,
  watermarkPicture?: Buffer,
): Promise<Rendition> {
  const result = await imager.render(original, [want('only', instructions, watermarkPicture)])
  if (result.code !== 'ok' || result.level !== 'strict') throw new Error(`it is ${result.code}, ${result.level}`)
  return result.renditions[0]!
}
