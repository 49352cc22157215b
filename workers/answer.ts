// An answer as it flows: decompressed, measured, and loud where it breaks off.
import { pipeline, type Readable, type Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib'
import type { Dispatcher } from 'undici'
import { AnswerTooLarge, type HttpAnswer, SourceFault, Truncated } from './connectors/connector.ts'

export class Answer implements HttpAnswer {
  readonly status: number
  readonly url: string
  readonly #host: string
  readonly #headers: Record<string, string | string[] | undefined>
  readonly #body: Dispatcher.ResponseData['body']
  readonly #encodings: string[]
  readonly #watch: SlowWatch
  readonly #signal: AbortSignal | undefined
  #stream: AsyncIterable<Uint8Array> | undefined

  constructor(url: URL, data: Dispatcher.ResponseData, watch: SlowWatch, signal: AbortSignal | undefined) {
    this.status = data.statusCode
    this.url = url.href
    this.#host = url.host
    this.#headers = data.headers
    this.#body = data.body
    this.#watch = watch
    this.#signal = signal
    this.#encodings = encodingsOf(data.headers['content-encoding'])
    // Nobody may be reading yet when the connection breaks; whoever reads later is told.
    data.body.on('error', () => {})
  }

  /** Describes what is read: length and encoding of a compressed body are not given. */
  header(name: string): string | null {
    const key = name.toLowerCase()
    if (this.#encodings.length > 0 && (key === 'content-length' || key === 'content-encoding')) return null
    const value = this.#headers[key]
    return Array.isArray(value) ? value.join(', ') : (value ?? null)
  }

  get cookies(): string[] {
    const lines = this.#headers['set-cookie'] ?? []
    return Array.isArray(lines) ? lines : [lines]
  }

  get stream(): AsyncIterable<Uint8Array> {
    this.#stream ??= this.#encodings.reduceRight<AsyncIterable<Uint8Array>>(
      (stream, encoding) => this.#decoded(stream, encoding),
      this.#raw(),
    )
    return this.#stream
  }

  async text(limitBytes?: number): Promise<string> {
    const bytes = await this.bytes(limitBytes)
    const charset = /charset="?([\w-]+)/i.exec(this.header('content-type') ?? '')?.[1]
    return decoderOf(charset).decode(bytes)
  }

  async bytes(limitBytes = 64 * MiB): Promise<Uint8Array> {
    if (this.#stream) throw new TypeError('the body is read already')
    const chunks: Uint8Array[] = []
    let length = 0
    for await (const chunk of this.stream) {
      length += chunk.length
      if (length > limitBytes) throw new AnswerTooLarge(`${this.#host} sends more than ${limitBytes} bytes`)
      chunks.push(chunk)
    }
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length)
  }

  /** Short rests are read so that the connection lives on, for a second at most; otherwise it is closed. */
  async discard(): Promise<void> {
    if (this.#body.closed) return
    if (this.#stream) this.#body.destroy()
    else await this.#body.dump({ limit: 64 * KiB, signal: AbortSignal.timeout(1000) }).catch(() => {})
  }

  async *#raw(): AsyncGenerator<Uint8Array, void, undefined> {
    const flow = this.#watch.add(this.#body, this.#host)
    try {
      for await (const chunk of this.#body) {
        flow.bytes += chunk.length
        yield chunk
      }
    } catch (error) {
      this.#signal?.throwIfAborted()
      throw error instanceof Truncated ? error : new Truncated(`${this.#host} broke off`, { cause: error })
    } finally {
      this.#watch.delete(flow)
    }
  }

  async *#decoded(source: AsyncIterable<Uint8Array>, encoding: string): AsyncGenerator<Uint8Array, void, undefined> {
    const chunks = source[Symbol.asyncIterator]()
    try {
      const first = await chunks.next()
      if (first.done) return
      const decoder = decompressor(encoding, first.value)
      pipeline(chained(first.value, chunks), decoder, () => {}) // its error is the decoder's
      yield* decoder as AsyncIterable<Uint8Array>
    } catch (error) {
      if (!(error instanceof Error && 'errno' in error)) throw error // not zlib's
      const isShort = 'code' in error && error.code === 'Z_BUF_ERROR'
      if (isShort) throw new Truncated(`${this.#host} broke off`, { cause: error })
      throw new SourceFault(`${this.#host} sends a body that does not decompress`, this.status, { cause: error })
    } finally {
      this.#body.destroy()
    }
  }
}

const KiB = 1024
const MiB = 1024 * KiB

/** Those we can undo; like browsers, we take a body in any other one as it is. */
function encodingsOf(header: string | string[] | undefined): string[] {
  if (header === undefined) return []
  const named = String(header).toLowerCase().split(',')
  return named.map((encoding) => encoding.trim()).filter((encoding) => /^(x-gzip|gzip|deflate|br)$/.test(encoding))
}

function decompressor(encoding: string, first: Uint8Array): Transform {
  if (encoding === 'br') return createBrotliDecompress()
  if (encoding !== 'deflate') return createGunzip()
  // RFC 9110 means zlib, some servers send bare deflate: the zlib header tells.
  const isZlib = (first[0]! & 0x0f) === 8 && (first.length < 2 || ((first[0]! << 8) | first[1]!) % 31 === 0)
  return isZlib ? createInflate() : createInflateRaw()
}

async function* chained(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
}

function decoderOf(charset = 'utf-8'): TextDecoder {
  try {
    return new TextDecoder(charset)
  } catch {
    return new TextDecoder()
  }
}

interface Flow {
  body: Readable
  host: string
  bytes: number
  windowBytes: number
  windowStart: number
}

/** Ends bodies that drip. One timer for all, so that a chunk costs no more than being counted. */
export class SlowWatch {
  readonly #flows = new Set<Flow>()
  readonly #timer: NodeJS.Timeout

  constructor(slowest: { bytesPerSecond: number; seconds: number }) {
    const window = slowest.seconds * 1000
    const leastBytes = slowest.bytesPerSecond * slowest.seconds
    this.#timer = setInterval(() => {
      const now = performance.now()
      for (const flow of this.#flows) {
        // Bytes that lie here unread mean that the reader is the slow one.
        const dripped = flow.body.readableLength === 0 && flow.bytes - flow.windowBytes < leastBytes
        if (dripped && now - flow.windowStart < window) continue
        if (dripped) flow.body.destroy(new Truncated(`${flow.host} sends too slowly`))
        flow.windowBytes = flow.bytes
        flow.windowStart = now
      }
    }, window / 2).unref()
  }

  add(body: Readable, host: string): Flow {
    const flow = { body, host, bytes: 0, windowBytes: 0, windowStart: performance.now() }
    this.#flows.add(flow)
    return flow
  }

  delete(flow: Flow): void {
    this.#flows.delete(flow)
  }

  close(): void {
    clearInterval(this.#timer)
  }
}
