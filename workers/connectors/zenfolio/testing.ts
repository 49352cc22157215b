// A Zenfolio of a few scripted answers on loopback, for what the stand-in does not show.
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { ConnectorContext, SourceSession } from '../connector.ts'
import { scripted } from '../testing.ts'
import { zenfolio } from './connector.ts'
import type { Credentials } from './signin.ts'

/** A whole HTTP answer in place of a result. */
export class Raw {
  readonly status: number
  readonly contentType: string
  readonly body: string
  constructor(status: number, contentType: string, body: string) {
    this.status = status
    this.contentType = contentType
    this.body = body
  }
}

/** An error object under HTTP 200. */
export const refusal = (code: string | undefined, message = 'Sorry.') =>
  new Raw(200, 'application/json', JSON.stringify({ id: null, result: null, error: { code, message } }))

/** Text is taken as JSON already, so that ids of any length can be written as numbers. */
type Answer = unknown
type Method = (...parameters: never[]) => Answer

interface Asked {
  method: string
  parameters: unknown[]
  headers: IncomingHttpHeaders
}

interface Script {
  context: ConnectorContext
  origin: string
  asked: Asked[]
  /** Methods that are not scripted get 500, as unknown ones do. */
  methods: Record<string, Method>
  signIn(credentials?: Credentials, kept?: unknown): Promise<SourceSession>
}

const signedIn = { LoadPrivateProfile: () => ({ LoginName: 'studio' }) }

/** Closed when the test ends. `get` serves everything that is no call. */
export async function script(
  methods: Record<string, Method>,
  get: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => response.writeHead(404).end(),
): Promise<Script> {
  const asked: Asked[] = []
  const all: Record<string, Method> = { ...signedIn, ...methods }
  const { origin, context: asking } = await scripted(async (request, response) => {
    if (request.method !== 'POST') return get(request, response)
    let text = ''
    for await (const chunk of request) text += chunk
    const { method, params, id } = JSON.parse(text)
    asked.push({ method, parameters: params, headers: request.headers })
    const answer = all[method]?.(...(params as never[])) ?? new Raw(500, 'text/html', '<html>Server Error</html>')
    if (answer instanceof Raw) {
      response.writeHead(answer.status, { 'content-type': answer.contentType }).end(answer.body)
    } else {
      const result = typeof answer === 'string' ? answer : JSON.stringify(answer)
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(`{"id":${JSON.stringify(id)},"result":${result},"error":null}`)
    }
  })
  const context: ConnectorContext = {
    ...asking,
    endpoints: { api: `${origin}/api/1.8/zfapi.asmx` },
  }
  return {
    context,
    origin,
    asked,
    methods: all,
    signIn: (credentials = { token: 'the-token' }, kept = { token: 'the-token', loginName: 'studio' }) =>
      zenfolio.signIn(credentials, { ...context, kept: kept ?? undefined }),
  }
}
