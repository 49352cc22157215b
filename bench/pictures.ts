// Originals to work on: JPEGs that differ in a comment, so that each has a hash of its own.
import { randomBytes } from 'node:crypto'
import { drawScene } from '../sandbox/scenes.ts'

/** Every eighth scene is upright and in plain sRGB, so that a bare loop needs nothing more than a resize. */
const plain = 8

/** Landscapes and towns with grain, 4000×3000, quality 92. */
export function drawLarge(count: number): Promise<Buffer[]> {
  return drawn(count, 'large')
}

/** About 1600 to 3000 px wide, at most 2 MB. */
export async function drawNormal(): Promise<Buffer> {
  const [picture] = await drawn(1, 'normal')
  return picture!
}

/** About 800 px wide. */
export async function drawSmall(): Promise<Buffer> {
  const [picture] = await drawn(1, 'small')
  return picture!
}

/** A few kB. */
export async function drawTiny(): Promise<Buffer> {
  const [picture] = await drawn(1, 'tiny')
  return picture!
}

async function drawn(count: number, size: 'tiny' | 'small' | 'normal' | 'large'): Promise<Buffer[]> {
  const pictures: Buffer[] = []
  for (let i = 0; i < count; i++) pictures.push(await drawScene(i * plain, size))
  return pictures
}

const commentBytes = 65_533 // what one comment may hold

/** The parts of a JPEG of exactly so many bytes: `mark` makes it a file of its own, the rest is the same for all. */
export function padded(jpeg: Buffer, bytes: number): { bytes: number; parts(mark: string): [Buffer, Buffer] } {
  const markBytes = 32
  const fill: Buffer[] = []
  let left = bytes - jpeg.length - (4 + markBytes)
  while (left > 0) {
    // Never so little left that the next comment has no room for its own header.
    const whole = left > commentBytes + 4 ? Math.min(commentBytes + 4, left - 4) : left
    fill.push(comment(randomBytes(whole - 4)))
    left -= whole
  }
  if (left < 0) throw new RangeError(`the picture has ${jpeg.length} bytes already`)
  const rest = Buffer.concat([...fill, jpeg.subarray(2)])
  return {
    bytes,
    parts: (mark) => [Buffer.concat([jpeg.subarray(0, 2), comment(Buffer.from(mark.padEnd(markBytes)))]), rest],
  }
}

/** The same picture as another file. */
export function marked(jpeg: Buffer, mark: string): Buffer {
  return Buffer.concat([jpeg.subarray(0, 2), comment(Buffer.from(mark)), jpeg.subarray(2)])
}

function comment(text: Buffer): Buffer {
  const header = Buffer.alloc(4)
  header.writeUInt16BE(0xfffe, 0)
  header.writeUInt16BE(2 + text.length, 2)
  return Buffer.concat([header, text])
}
