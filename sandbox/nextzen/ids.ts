import { hash32 } from '../random.ts'

/** UUIDs that hold two numbers, so that any of a million photos is found again by its id alone. */

const kinds = { photo: 'a', album: 'b', folder: 'c', set: 'd', site: 'e' } as const

export type Kind = keyof typeof kinds

/** `first` below 2^16, `second` below 2^24. */
export function uuid(kind: Kind, seed: number, first: number, second = 0): string {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0')
  const [high, low] = [second >>> 12, second & 0xfff]
  const mixed = (salt: string) => hex(hash32(seed, kind, first, second, salt), 8)
  return `${mixed('head')}-${hex(first, 4)}-4${hex(high, 3)}-8${hex(low, 3)}-${mixed('tail')}${hex(seed, 3)}${kinds[kind]}`
}

/** The second number of an id that is one of ours. */
export function secondOf(id: string, kind: Kind, seed: number, first: number): number | undefined {
  const [, high, low] = /^[0-9a-f]{8}-[0-9a-f]{4}-4([0-9a-f]{3})-8([0-9a-f]{3})-[0-9a-f]{12}$/.exec(id) ?? []
  if (!high || !low) return undefined
  const second = Number.parseInt(high + low, 16)
  return uuid(kind, seed, first, second) === id ? second : undefined
}
