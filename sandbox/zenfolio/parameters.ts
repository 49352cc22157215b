import { BadParameters } from './errors.ts'
import { Digits } from './json.ts'
import type { Level } from './wire.ts'

/** Positional parameters, checked one by one as the real service binds them: no names, no defaults, no extras. */

interface Kinds {
  id: string
  ids: string[]
  int: number
  bool: boolean
  string: string
  level: Level
  bytes: Buffer
}

export type Kind = keyof Kinds
export type Values<Wanted extends readonly Kind[]> = { -readonly [At in keyof Wanted]: Kinds[Wanted[At]] }

const longest = 9223372036854775807n

const readers: { [Name in Kind]: (value: unknown) => Kinds[Name] | undefined } = {
  id(value) {
    const text = value instanceof Digits ? value.text : value
    return typeof text === 'string' && /^-?\d{1,19}$/.test(text) && BigInt(text) <= longest
      ? String(BigInt(text))
      : undefined
  },
  ids: (value) => all(value, readers.id),
  int(value) {
    return value instanceof Digits && /^-?\d{1,10}$/.test(value.text) && Math.abs(Number(value.text)) < 2 ** 31
      ? Number(value.text)
      : undefined
  },
  bool: (value) => (typeof value === 'boolean' ? value : undefined),
  string: (value) => (typeof value === 'string' ? value : undefined),
  level: (value) => (value === 'Level1' || value === 'Level2' || value === 'Full' ? value : undefined),
  bytes(value) {
    const ints = all(value, readers.int)
    return ints?.every((int) => int >= -128 && int <= 255) ? Buffer.from(ints.map((int) => int & 0xff)) : undefined
  },
}

/** Throws BadParameters. */
export function readParameters<const Wanted extends readonly Kind[]>(given: unknown, wanted: Wanted): Values<Wanted> {
  if (!Array.isArray(given)) throw new BadParameters('Parameters are positional')
  if (given.length !== wanted.length) throw new BadParameters(`${wanted.length} parameters, not ${given.length}`)
  const values = wanted.map((kind, at) => {
    const value = readers[kind](given[at])
    if (value === undefined) throw new BadParameters(`Parameter ${at} is no ${kind}`)
    return value
  })
  return values as Values<Wanted>
}

function all<Item>(value: unknown, reader: (item: unknown) => Item | undefined): Item[] | undefined {
  if (!Array.isArray(value)) return undefined
  const items = value.map(reader)
  return items.every((item) => item !== undefined) ? items : undefined
}
