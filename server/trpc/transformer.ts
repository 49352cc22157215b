// How values travel between console and browser: as superjson writes them. What is plain JSON as it is, and most of a long
// list is, is not looked at value by value twice: superjson takes 100 ms for some thousand rows of which none needs it.
import superjson, { type SuperJSONResult } from 'superjson'

export const transformer = {
  serialize: (value: unknown): SuperJSONResult =>
    isPlain(value) ? { json: value as null } : superjson.serialize(value),
  deserialize: <Value>(written: SuperJSONResult): Value =>
    written.meta ? superjson.deserialize(written) : (written.json as Value),
}

/** Comes out of JSON as it went in. */
function isPlain(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    case 'object':
      if (value === null) return true
      if (Array.isArray(value)) return value.every(isPlain)
      return isRecord(value) && Object.values(value).every(isPlain)
    default:
      return false
  }
}

function isRecord(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
