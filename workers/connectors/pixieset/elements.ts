// A set answers with all of its photos at once, 64 MiB where it is large: read as it flows, never held as one tree.

/** The text ended before its JSON did. */
export class BrokenOff extends Error {
  override name = 'BrokenOff'
}

/** Arrays deeper than this are none of the set's own: `{data: {data: {photos: …`. */
const deepest = 3
const longestKey = 16
/** A body that was read beforehand comes in one chunk. */
const pieceBytes = 64 * 1024

/**
 * Parses one JSON document whose arrays under `keys` are handed over entry by entry and stand empty in the result.
 * Throws SyntaxError where it is no JSON, BrokenOff where it ends too early.
 */
export async function readElements(
  chunks: AsyncIterable<Uint8Array>,
  keys: readonly string[],
  each: (key: string, element: unknown) => void,
): Promise<unknown> {
  const splitter = new Splitter(keys, each)
  const decoder = new TextDecoder()
  for await (const chunk of chunks)
    for (let at = 0; at < chunk.length; at += pieceBytes)
      splitter.write(decoder.decode(chunk.subarray(at, at + pieceBytes), { stream: true }))
  splitter.write(decoder.decode())
  return splitter.end()
}

class Splitter {
  readonly #keys: ReadonlySet<string>
  readonly #each: (key: string, element: unknown) => void
  /** The document with the arrays emptied. */
  #rest: string[] = []
  #element = ''
  #state: 'rest' | 'between' | 'element' = 'rest'
  #depth = 0
  #elementDepth = 0
  #inString = false
  #escaped = false
  /** The beginning of the last string, as far as a key can be long. */
  #token = ''
  /** The key whose value comes next, where it is one of ours. */
  #key: string | null = null
  #afterColon = false

  constructor(keys: readonly string[], each: (key: string, element: unknown) => void) {
    this.#keys = new Set(keys)
    this.#each = each
  }

  write(text: string): void {
    let from = 0
    for (let at = 0; at < text.length; at++) {
      const char = text[at] as string
      if (this.#state === 'rest') {
        if (this.#opensArray(char)) {
          this.#rest.push(text.slice(from, at + 1))
          this.#state = 'between'
        }
      } else if (this.#state === 'between') {
        if (char === ']') {
          this.#state = 'rest'
          this.#key = null
          from = at
        } else if (!/[\s,]/.test(char)) {
          this.#state = 'element'
          this.#elementDepth = 0
          from = at
          at--
        }
      } else {
        const end = this.#elementEnds(char)
        if (end === null) continue
        const upTo = at + end
        this.#hand(this.#element + text.slice(from, upTo))
        this.#element = ''
        this.#state = 'between'
        at = upTo - 1
      }
    }
    if (this.#state === 'rest') this.#rest.push(text.slice(from))
    else if (this.#state === 'element') this.#element += text.slice(from)
  }

  end(): unknown {
    const text = this.#rest.join('')
    const open = this.#state !== 'rest' || this.#inString || this.#depth > 0
    if (open || text.trim() === '') throw new BrokenOff('the JSON broke off')
    return JSON.parse(text)
  }

  #hand(text: string): void {
    this.#each(this.#key ?? '', JSON.parse(text))
  }

  /** Follows the document outside of our arrays; true at the `[` that opens one. */
  #opensArray(char: string): boolean {
    if (this.#followsString(char)) return false
    if (char === ':') {
      this.#key = this.#depth <= deepest && this.#keys.has(this.#token) ? this.#token : null
      this.#afterColon = true
      return false
    }
    if (/\s/.test(char)) return false
    const opens = char === '[' && this.#afterColon && this.#key !== null
    this.#afterColon = false
    if (opens) return true
    if (char === '{' || char === '[') this.#depth++
    else if (char === '}' || char === ']') this.#depth--
    return false
  }

  /** How many characters from here the entry ends behind, or null while it goes on. */
  #elementEnds(char: string): 0 | 1 | null {
    if (this.#followsString(char)) return null
    if (char === '{' || char === '[') this.#elementDepth++
    else if (char === '}' || char === ']') {
      if (this.#elementDepth === 0) return 0
      if (--this.#elementDepth === 0) return 1
    } else if (char === ',' && this.#elementDepth === 0) return 0
    return null
  }

  /** True where the character belongs to a string. */
  #followsString(char: string): boolean {
    if (!this.#inString) {
      if (char !== '"') return false
      this.#inString = true
      this.#token = ''
      return true
    }
    if (this.#escaped) this.#escaped = false
    else if (char === '\\') this.#escaped = true
    else if (char === '"') {
      this.#inString = false
      return true
    }
    if (this.#token.length <= longestKey) this.#token += char
    return true
  }
}
