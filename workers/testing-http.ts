// For tests of what we ask over HTTP: sites that misbehave, and a client of one's own. All closed when the test ends.
import type { IncomingMessage, RequestListener, Server } from 'node:http'
import { createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { aSite, listening } from '#server/testing-site.ts'
import type { HttpAnswer } from './connectors/connector.ts'
import { createHttp, type HttpSettings, type OpenHttp } from './http.ts'

export interface AskedSite {
  url: string
  host: string
  /** Those that it has had. */
  requests: IncomingMessage[]
  server: Server
}

export async function site(listener: RequestListener): Promise<AskedSite> {
  const requests: IncomingMessage[] = []
  const { origin, server, close } = await aSite((request, response) => {
    requests.push(request)
    listener(request, response)
  })
  onTestFinished(close)
  return { url: origin, host: new URL(origin).host, requests, server }
}

/** A site that answers each connection with these bytes as they are, then lets `after` decide. */
export async function rawSite(bytes: string | Buffer, after: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.write(bytes, () => after(socket)))
  })
  const port = await listening(server)
  onTestFinished(() => new Promise((resolve) => void server.close(() => resolve())))
  return `http://127.0.0.1:${port}/`
}

export function httpWith(settings: Partial<HttpSettings> = {}): OpenHttp {
  const http = createHttp({ allowLocal: true, ...settings })
  onTestFinished(() => http.close())
  return http
}

export async function read(answer: HttpAnswer): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of answer.stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}
