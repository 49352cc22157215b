// A proxy that writes down what passes, so that the same requests can be sent again without us in between.
import { request as forward, type IncomingHttpHeaders } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { aSite } from '#server/testing-site.ts'

export interface Recorded {
  method: 'GET' | 'POST'
  path: string
  headers: Record<string, string>
  body: string | undefined
}

export interface Recorder {
  origin: string
  /** Those answered with 200, in the order they came. */
  requests: Recorded[]
  [Symbol.asyncDispose](): Promise<void>
}

export async function startRecorder(target: string): Promise<Recorder> {
  const requests: Recorded[] = []
  const { origin, close } = await aSite(async (request, response) => {
    const body = await buffer(request)
    const { method, url, headers } = request
    const onward = forward(new URL(url!, target), { method, headers: sent(headers) }, (answer) => {
      if (answer.statusCode === 200) {
        const text = body.length > 0 ? body.toString() : undefined
        requests.push({ method: method as Recorded['method'], path: url!, headers: sent(headers), body: text })
      }
      response.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(response)
    })
    onward.end(body)
  })
  return { origin, requests, [Symbol.asyncDispose]: close }
}

/** Without what belongs to the connection. */
function sent(headers: IncomingHttpHeaders): Record<string, string> {
  const own = new Set(['host', 'connection', 'content-length', 'transfer-encoding'])
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !own.has(name))) as Record<string, string>
}
