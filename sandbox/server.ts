import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { answerControl, isControl } from './control.ts'
import type { Fault, FaultSwitch } from './faults.ts'
import type { RequestBook } from './requests.ts'

const MiB = 2 ** 20

export interface Exchange {
  method: string
  url: URL
  headers: IncomingMessage['headers']
  body: Buffer
  /** Aborted when the client leaves or the stand-in stops. */
  signal: AbortSignal
}

export interface Reply {
  status: number
  headers?: Record<string, string>
  body?: Buffer | string
}

/** One host of a provider. `note` sees every request, also those that a fault keeps from being answered. */
export interface Site {
  note?(exchange: Exchange): void
  answer(exchange: Exchange): Promise<Reply> | Reply
  /** The page that an edge or a sign-in form would show. */
  page(what: 'edge' | 'signIn' | 'broken', status: number): Reply
}

export interface Shared {
  faults: FaultSwitch
  requests: RequestBook
  /** Lines of the truth, without line ends. */
  expected(): AsyncIterable<string> | Iterable<string>
  /** What the photographer does to the account between two visits, where the provider's stand-in knows that. Throws InvalidChange. */
  change?(wanted: unknown): unknown
  /** A new session as a person would hand it over, where the provider has such. */
  handOver?(): Record<string, string>
}

export interface Listener {
  origin: string
  close(): Promise<void>
}

/** Listens on loopback only. Faults, latency and the control addresses are the same for every site. */
export async function listen(site: Site, shared: Shared, port: number): Promise<Listener> {
  const server = createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
    serve(site, shared, request, response).catch((error: unknown) => {
      process.stderr.write(`sandbox: ${error instanceof Error ? error.stack : String(error)}\n`)
      response.destroy()
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function serve(site: Site, shared: Shared, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const url = address(request.url)
  if (!url) return void response.writeHead(400).end()
  const body = await read(request)
  if (!body) return void response.writeHead(413, { connection: 'close' }).end()
  const exchange: Exchange = { method: request.method ?? '', url, headers: request.headers, body, signal: gone.signal }
  if (isControl(url)) return answerControl(exchange, shared, response)

  shared.requests.total++
  site.note?.(exchange)
  const fault = shared.faults.draw()
  if (shared.faults.current.latencyMs > 0) await pause(shared.faults.current.latencyMs)
  const reply = replaced(site, fault) ?? (await site.answer(exchange))
  if (gone.signal.aborted) return
  send(reply, fault, request.method === 'HEAD', response)
}

function replaced(site: Site, fault: Fault | null): Reply | null {
  if (fault?.kind === 'edge') return site.page('edge', 403)
  if (fault?.kind === 'html') return site.page('signIn', 200)
  if (fault?.kind === 'serverError') return site.page('broken', fault.status)
  if (fault?.kind === 'tooMany') {
    const page = site.page('broken', 429)
    return fault.retryAfter === null ? page : { ...page, headers: { ...page.headers, 'retry-after': fault.retryAfter } }
  }
  return null
}

function send(reply: Reply, fault: Fault | null, headOnly: boolean, response: ServerResponse): void {
  const body = Buffer.isBuffer(reply.body) ? reply.body : Buffer.from(reply.body ?? '')
  const headers = { ...reply.headers }
  const length = headers['content-length'] ?? String(body.length)
  if (fault?.kind === 'reset' && (fault.share === 0 || headOnly)) return void response.socket?.resetAndDestroy()
  if (fault && 'share' in fault && !headOnly && body.length > 1) {
    const part = body.subarray(0, Math.max(1, Math.floor(body.length * fault.share)))
    // Without a length the end of the connection is the end of the body, as HTTP/1.0 does: nothing on the wire shows the loss.
    if (fault.kind === 'truncated' && !fault.stated) {
      response.removeHeader('transfer-encoding')
      response.useChunkedEncodingByDefault = false
      response.writeHead(reply.status, { ...headers, connection: 'close' })
      return void response.end(part)
    }
    response.writeHead(reply.status, { ...headers, 'content-length': length })
    if (fault.kind === 'stall') return void (fault.share > 0.5 ? response.write(part) : response.flushHeaders())
    response.write(part, () => {
      if (fault.kind === 'reset') response.socket?.resetAndDestroy()
      else response.socket?.end()
    })
    return
  }
  response.writeHead(reply.status, { ...headers, 'content-length': length })
  response.end(headOnly ? undefined : body)
}

function address(target: string | undefined): URL | null {
  // A path of `//host` would otherwise be taken for a host.
  return target?.startsWith('/') ? URL.parse(`http://sandbox${target}`) : null
}

async function read(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > 8 * MiB) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
