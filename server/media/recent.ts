// A map that forgets what nobody has used for a while.

export interface Recent<V> {
  get(name: string): V | undefined
  set(name: string, value: V): void
  delete(name: string): void
}

/**
 * Keeps what was used last, up to a sum of weights. Two generations instead of an order: whatever was not used while the
 * younger one filled up goes with the older, and reading moves nothing that is young.
 */
export function recent<V>(most: number, weigh: (value: V) => number = () => 1): Recent<V> {
  let young = new Map<string, V>()
  let old = new Map<string, V>()
  let sum = 0 // of the young
  const set = (name: string, value: V) => {
    const replaced = young.get(name)
    sum += weigh(value) - (replaced === undefined ? 0 : weigh(replaced))
    young.set(name, value)
    old.delete(name)
    if (sum <= most / 2) return
    old = young
    young = new Map()
    sum = 0
  }
  return {
    set,
    get(name: string): V | undefined {
      const known = young.get(name)
      if (known !== undefined) return known
      const value = old.get(name)
      if (value !== undefined) set(name, value)
      return value
    },
    delete(name: string) {
      const value = young.get(name)
      if (value !== undefined) sum -= weigh(value)
      young.delete(name)
      old.delete(name)
    },
  }
}
