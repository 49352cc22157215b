// The HTTP server of the media API, up to the routes: how long senders may take, how long an address and its headers may
// be, and what is answered to who does not speak HTTP.
import { createServer, type RequestListener, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import type { House } from '#server/house.ts'
import { measureServed } from '#server/measures.ts'
import { type MediaOptions, mediaApp } from './app.ts'
import { imagesFirst } from './image.ts'
import { problem } from './problems.ts'
import { refuse } from './serving.ts'

const KiB = 1024

const routes = new Set(['upload', 'status', 'process', 'image', 'uploads', 'health', 'docs', 'openapi.json'])

/** Of the request line and the headers together: a signed address in a Referer and large cookies of other pages fit. */
const headBytes = 32 * KiB
/** Characters of an address with its parameters; ours have 200. */
const longestTarget = 8 * KiB

// Slow senders of headers are cut off; slow readers of large originals are not.
// Bodies may take hours: `body.ts` bounds how slowly they may come.
const patience = {
  headersTimeout: 20_000,
  connectionsCheckingInterval: 5000,
  keepAliveTimeout: 65_000,
  requestTimeout: 0,
}

/** `host` is the name by which requests without a usable Host header are understood. */
export function mediaServer(house: House, options: MediaOptions = {}, host?: string): Server {
  const app = getRequestListener(mediaApp(house, options).fetch, host === undefined ? {} : { hostname: host })
  const answer = imagesFirst(house, app)
  const answering = new WeakMap<Duplex, ServerResponse>()
  const listener: RequestListener = (request, response) => {
    answering.set(request.socket, response)
    const began = performance.now()
    response.once('close', () => {
      measureServed(request.method!, routeOf(request.url!), response.statusCode, performance.now() - began)
    })
    if (request.url!.length > longestTarget) void refuse(response, tooLong())
    else answer(request, response)
  }
  const server = createServer({ ...patience, maxHeaderSize: headBytes }, listener)
  server.on('clientError', (error: ParseError, socket) => {
    const answer = answering.get(socket)
    // What is half said cannot be taken back.
    const isSpeaking = answer?.headersSent === true && !answer.writableEnded
    if (!socket.writable || isSpeaking || error.code === 'ECONNRESET') return void socket.destroy()
    void hangUp(socket, refusalOf(error))
  })
  return server
}

/** The first word of an address, where it is one of ours: what people make up is one route, and opens no series of its own. */
function routeOf(url: string): string {
  const word = /^\/([a-z.-]*)/.exec(url)?.[1] ?? ''
  return routes.has(word) ? `/${word}` : 'other'
}

interface ParseError extends NodeJS.ErrnoException {
  /** What was being read. */
  rawPacket?: Buffer
}

const tooLong = () => problem(414, 'uri_too_long', `An address has at most ${longestTarget} characters.`)

function refusalOf({ code, rawPacket }: ParseError): Response {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return problem(408, 'request_timeout', 'The headers come too slowly.')
  if (code !== 'HPE_HEADER_OVERFLOW') return problem(400, 'malformed_request', 'This is no HTTP request.')
  // Where the first line does not end in what was read, it is the address that has no end.
  const isAddress = rawPacket !== undefined && /^[A-Z]+ \//.test(rawPacket.toString('latin1', 0, 16))
  if (isAddress && !rawPacket.includes('\r\n')) return tooLong()
  return problem(431, 'headers_too_large', `An address and the headers have at most ${headBytes} bytes together.`)
}

async function hangUp(socket: Duplex, refusal: Response): Promise<void> {
  const body = Buffer.from(await refusal.text())
  const headers = { ...Object.fromEntries(refusal.headers), connection: 'close', 'content-length': `${body.length}` }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\n${lines.join('')}\r\n`
  socket.end(Buffer.concat([Buffer.from(head), body]))
}
