import { crc32 } from 'node:zlib'

export interface Entry {
  name: string
  bytes: Buffer
}

/** A ZIP of stored entries. `streamed` leaves sizes out of the local headers, as one that is packed while it is sent. */
export function zipped(entries: readonly Entry[], streamed: boolean): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const { name, bytes } of entries) {
    const title = Buffer.from(name, 'utf8')
    const sum = crc32(bytes)
    // Bit 11: the name is UTF-8; bit 3: sum and sizes follow the bytes.
    const flags = 0x0800 | (streamed ? 0x0008 : 0)
    const told = streamed ? [0, 0, 0] : [sum, bytes.length, bytes.length]
    const local = Buffer.concat([
      fields([4, 0x04034b50], [2, 20], ...common(flags, told), [2, title.length], [2, 0]),
      title,
    ])
    const after = streamed ? fields([4, 0x08074b50], [4, sum], [4, bytes.length], [4, bytes.length]) : Buffer.alloc(0)
    const whole = common(flags, [sum, bytes.length, bytes.length])
    directory.push(
      fields(
        [4, 0x02014b50],
        [2, 20],
        [2, 20],
        ...whole,
        [2, title.length],
        [2, 0],
        [2, 0],
        [2, 0],
        [2, 0],
        [4, 0],
        [4, at],
      ),
      title,
    )
    parts.push(local, bytes, after)
    at += local.length + bytes.length + after.length
  }
  const list = Buffer.concat(directory)
  const count = entries.length
  const end = fields([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, list.length], [4, at], [2, 0])
  return Buffer.concat([...parts, list, end])
}

type Field = [size: 2 | 4, value: number]

/** Flags, method "stored", time and day, then sum and sizes. */
function common(flags: number, told: number[]): Field[] {
  return [[2, flags], [2, 0], [2, 0], [2, 0x5a21], ...told.map((value): Field => [4, value])]
}

function fields(...all: Field[]): Buffer {
  return Buffer.concat(
    all.map(([size, value]) => {
      const field = Buffer.alloc(size)
      if (size === 2) field.writeUInt16LE(value)
      else field.writeUInt32LE(value >>> 0)
      return field
    }),
  )
}
