import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { InvalidChange } from './change.ts'
import { InvalidFaults } from './faults.ts'
import type { Exchange, Shared } from './server.ts'

/** The stand-in's own addresses: they meet no faults and are not counted. */
export function isControl(url: URL): boolean {
  return url.pathname.startsWith('/_sandbox/')
}

export async function answerControl(exchange: Exchange, shared: Shared, response: ServerResponse): Promise<void> {
  switch (`${exchange.method} ${exchange.url.pathname}`) {
    case 'GET /_sandbox/faults':
      return json(response, 200, shared.faults.current)
    case 'POST /_sandbox/faults':
      return changeFaults(exchange, shared, response)
    case 'GET /_sandbox/requests':
      return json(response, 200, shared.requests)
    case 'POST /_sandbox/requests/reset':
      shared.requests.reset()
      return json(response, 200, shared.requests)
    case 'GET /_sandbox/expected':
      return streamLines(shared.expected(), exchange.signal, response)
    case 'POST /_sandbox/change':
      return changeAccount(exchange, shared, response)
    case 'POST /_sandbox/hand-over':
      return shared.handOver
        ? json(response, 200, shared.handOver())
        : json(response, 404, { error: 'nothing to hand over' })
    default:
      return json(response, 404, { error: 'no such address of the sandbox' })
  }
}

function changeFaults(exchange: Exchange, shared: Shared, response: ServerResponse): void {
  try {
    json(response, 200, shared.faults.change(JSON.parse(exchange.body.toString('utf8'))))
  } catch (error) {
    if (!(error instanceof InvalidFaults || error instanceof SyntaxError)) throw error
    json(response, 400, { error: error.message })
  }
}

function changeAccount(exchange: Exchange, shared: Shared, response: ServerResponse): void {
  try {
    const done = shared.change?.(JSON.parse(exchange.body.toString('utf8') || '{}'))
    json(response, done ? 200 : 404, done ?? { error: 'this account does not change' })
  } catch (error) {
    if (!(error instanceof InvalidChange || error instanceof SyntaxError)) throw error
    json(response, 400, { error: error.message })
  }
}

async function streamLines(
  lines: AsyncIterable<string> | Iterable<string>,
  signal: AbortSignal,
  response: ServerResponse,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  for await (const line of lines) {
    if (signal.aborted) return
    if (!response.write(`${line}\n`)) await Promise.race([once(response, 'drain'), once(response, 'close')])
  }
  response.end()
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}
