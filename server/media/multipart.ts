// multipart/form-data (RFC 7578) as it flows: a part at a time, its bytes handed on as they come. Written here because
// the parsers on npm keep a part's own headers (Content-Digest) to themselves, or its bytes in memory.
import { Refusal } from '#server/refusal.ts'

export interface Part {
  name: string
  /** As sent; null where it is a field. */
  filename: string | null
  /** Names in lower case. */
  headers: Map<string, string>
  /** Read it before the next part is asked for; what is left of it then is passed over. */
  stream: AsyncIterable<Buffer>
}

/** Of one part's headers. */
const headerBytes = 16 * 1024
const partsAtMost = 20_000

/** The boundary that the Content-Type names. Throws Refusal `malformed_multipart`. */
export function boundaryOf(contentType: string): string {
  const [, quoted, bare] = /;\s*boundary=(?:"([^"]+)"|([^\s;"]+))/i.exec(contentType) ?? []
  const boundary = quoted ?? bare
  if (!boundary || boundary.length > 200) throw malformed('The Content-Type names no boundary.')
  return boundary
}

/** Throws Refusal `malformed_multipart`, `incomplete_body`, `invalid_encoding`, and what the body throws. */
export async function* partsOf(body: AsyncIterable<Buffer>, boundary: string): AsyncGenerator<Part, void, void> {
  const reader = new Reader(body, Buffer.from(`\r\n--${boundary}`, 'latin1'))
  await reader.begin()
  for (let parts = 0; await reader.isPart(); parts++) {
    if (parts >= partsAtMost) throw new Refusal('too_many_items', 413, `At most ${partsAtMost} parts come at once.`)
    const headers = headersOf(await reader.headers())
    const [disposition, parameters] = parametersOf(headers.get('content-disposition') ?? '')
    const name = parameters.get('name')
    if (disposition !== 'form-data' || name === undefined) throw malformed('A part has no name.')
    const encoding = headers.get('content-transfer-encoding')?.toLowerCase() ?? 'binary'
    if (!['binary', '8bit', '7bit'].includes(encoding))
      throw new Refusal('invalid_encoding', 400, 'Parts are sent as they are, without a transfer encoding.')
    const stream = reader.content()
    yield { name, filename: parameters.get('filename') ?? null, headers, stream }
    for await (const _ of stream) {
      // what nobody wanted
    }
  }
  await reader.end()
}

class Reader {
  readonly #chunks: AsyncIterator<Buffer>
  readonly #delimiter: Buffer
  /** The first delimiter may stand at the very beginning. */
  #held: Buffer = Buffer.from('\r\n')

  constructor(body: AsyncIterable<Buffer>, delimiter: Buffer) {
    this.#chunks = body[Symbol.asyncIterator]()
    this.#delimiter = delimiter
  }

  /** Passes over what comes before the first delimiter. */
  async begin(): Promise<void> {
    let passed = 0
    for await (const chunk of this.content()) {
      passed += chunk.length
      if (passed > headerBytes) throw malformed('The body does not begin with its boundary.')
    }
  }

  /** Behind a delimiter: whether a part follows, or it was the last. */
  async isPart(): Promise<boolean> {
    await this.#need(2)
    if (this.#held.toString('latin1', 0, 2) === '--') return false
    for (;;) {
      const end = this.#held.indexOf('\r\n')
      const padding = this.#held.subarray(0, end < 0 ? this.#held.length : end)
      if (padding.length > 100 || padding.some((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0d))
        throw malformed('A boundary is followed by something else than a line break.')
      if (end >= 0) {
        this.#held = this.#held.subarray(end + 2)
        return true
      }
      await this.#more()
    }
  }

  async headers(): Promise<Buffer> {
    for (;;) {
      const end = this.#held.indexOf('\r\n\r\n')
      if (end > headerBytes || (end < 0 && this.#held.length > headerBytes))
        throw malformed('The headers of a part are too long.')
      if (end >= 0) {
        const headers = this.#held.subarray(0, end)
        this.#held = this.#held.subarray(end + 4)
        return headers
      }
      await this.#more()
    }
  }

  /** Up to the next delimiter, which is passed over. */
  async *content(): AsyncGenerator<Buffer, void, void> {
    for (;;) {
      const at = this.#held.indexOf(this.#delimiter)
      const end = at < 0 ? this.#held.length - this.#mayBegin() : at
      const content = this.#held.subarray(0, end)
      this.#held = this.#held.subarray(at < 0 ? end : at + this.#delimiter.length)
      if (content.length > 0) yield content
      if (at >= 0) return
      await this.#more()
    }
  }

  /** Bytes at the end that may be the beginning of a delimiter. */
  #mayBegin(): number {
    const from = Math.max(0, this.#held.length - this.#delimiter.length + 1)
    for (let at = this.#held.indexOf(0x0d, from); at >= 0; at = this.#held.indexOf(0x0d, at + 1)) {
      const rest = this.#held.length - at
      if (this.#held.compare(this.#delimiter, 0, rest, at) === 0) return rest
    }
    return 0
  }

  /** Whatever follows the last boundary is nothing of ours, and little. */
  async end(): Promise<void> {
    let passed = 0
    for (let next = await this.#chunks.next(); !next.done; next = await this.#chunks.next()) {
      passed += next.value.length
      if (passed > headerBytes) throw malformed('Something follows the last boundary.')
    }
  }

  async #need(bytes: number): Promise<void> {
    while (this.#held.length < bytes) await this.#more()
  }

  async #more(): Promise<void> {
    const next = await this.#chunks.next()
    if (next.done) throw new Refusal('incomplete_body', 400, 'The body ends before its last boundary.')
    this.#held = this.#held.length === 0 ? next.value : Buffer.concat([this.#held, next.value])
  }
}

function headersOf(lines: Buffer): Map<string, string> {
  const headers = new Map<string, string>()
  for (const line of textOf(lines).split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon < 1 || /\s/.test(line.slice(0, colon))) throw malformed('A header of a part cannot be read.')
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim())
  }
  return headers
}

/** The first word, and the parameters behind it. Browsers write quotes and line breaks as %22, %0D and %0A. */
function parametersOf(header: string): [string, Map<string, string>] {
  const parameters = new Map<string, string>()
  for (const [, name, extended, quoted, bare] of header.matchAll(
    /;\s*([\w!#$%&'+.^`|~-]+)(\*)?\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]*))/gs,
  )) {
    const plain = quoted?.replace(/\\(["\\])/g, '$1') ?? bare ?? ''
    const value = extended ? extendedValue(plain) : plain.replace(/%(22|0D|0A)/gi, (coded) => decodeURIComponent(coded))
    if (value !== null && (extended || !parameters.has(name!.toLowerCase()))) parameters.set(name!.toLowerCase(), value)
  }
  return [header.split(';')[0]!.trim().toLowerCase(), parameters]
}

/** RFC 8187; null where it cannot be read. */
function extendedValue(text: string): string | null {
  const [, coded] = /^utf-8'[^']*'(.*)$/is.exec(text) ?? []
  try {
    return coded === undefined ? null : decodeURIComponent(coded)
  } catch {
    return null
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Throws Refusal `invalid_encoding`. */
export function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch (cause) {
    throw new Refusal('invalid_encoding', 400, 'Text is sent as UTF-8.', { cause })
  }
}

const malformed = (title: string) => new Refusal('malformed_multipart', 400, title)
