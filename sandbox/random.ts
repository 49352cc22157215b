/** Repeatable chance: the same parts give the same number on every machine, so worlds and faults need no memory. */

/** A 32-bit unsigned number from the parts (FNV-1a, then the finaliser of MurmurHash3). */
export function hash32(...parts: (string | number)[]): number {
  let hash = 0x811c9dc5
  for (const part of parts) {
    const text = String(part)
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
    hash = Math.imul(hash ^ 0x1f, 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** A number in [0, 1). */
export function chance(...parts: (string | number)[]): number {
  return hash32(...parts) / 2 ** 32
}

export function pick<Item>(items: readonly Item[], ...parts: (string | number)[]): Item {
  const item = items[hash32(...parts) % items.length]
  if (item === undefined) throw new RangeError('Nothing to pick from')
  return item
}

/** A stream of numbers in [0, 1) for drawing one thing (mulberry32). */
export function stream(...parts: (string | number)[]): () => number {
  let state = hash32(...parts)
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** `bytes` bytes that do not compress. */
export function noise(bytes: number, ...parts: (string | number)[]): Buffer {
  const next = stream(...parts)
  const buffer = Buffer.allocUnsafe(bytes)
  for (let at = 0; at < bytes; at++) buffer[at] = next() * 256
  return buffer
}
