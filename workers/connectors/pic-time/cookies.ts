// The cookies of the account's origin: replayed as a browser would, kept up with what Pic-Time sets anew.

/** Set by a session recorder; a production client leaves this one out. */
const leftOut = new Set(['sst-main'])

export class Cookies {
  readonly #values: Map<string, string>

  /** `header` is the Cookie header of a signed-in browser. */
  constructor(header: string) {
    const pairs = header.replace(/^\s*cookie:|[\r\n]+/gi, ' ').split(';')
    this.#values = new Map(pairs.map(pairOf).filter((pair) => pair !== null))
  }

  header(): string {
    return [...this.#values].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  /** Values that may not be seen anywhere. */
  secrets(): string[] {
    return [...this.#values.values()]
  }

  /** `lines` are the Set-Cookie lines of an answer of the account's own origin. */
  take(lines: readonly string[]): void {
    for (const line of lines) {
      const [first = '', ...attributes] = line.split(';')
      const pair = pairOf(first)
      if (!pair) continue
      if (attributes.some(isOver)) this.#values.delete(pair[0])
      else this.#values.set(...pair)
    }
  }
}

function pairOf(text: string): [string, string] | null {
  const at = text.indexOf('=')
  const name = text.slice(0, at).trim()
  return at < 1 || leftOut.has(name) ? null : [name, text.slice(at + 1).trim()]
}

function isOver(attribute: string): boolean {
  const [name = '', value = ''] = attribute.split('=', 2).map((part) => part.trim())
  if (/^max-age$/i.test(name)) return Number(value) <= 0
  return /^expires$/i.test(name) && Date.parse(value) <= Date.now()
}
