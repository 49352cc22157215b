// A ShootProof of a few scripted answers on loopback, for what the stand-in does not show.
import type { IncomingHttpHeaders } from 'node:http'
import type { ConnectorContext, SourceSession } from '../connector.ts'
import { scripted } from '../testing.ts'
import { shootproof } from './connector.ts'
import type { Credentials } from './signin.ts'

/** A whole HTTP answer in place of JSON. */
export class Raw {
  readonly status: number
  readonly body: string
  readonly headers: Record<string, string>
  constructor(status: number, body = '', headers: Record<string, string> = {}) {
    this.status = status
    this.body = body
    this.headers = headers
  }
}

/** An RFC 7807 answer. */
export const problem = (status: number, slug: string) =>
  new Raw(status, JSON.stringify({ type: `https://developer.shootproof.com/errors#error-${slug}`, status }), {
    'content-type': 'application/problem+json',
  })

export const signInPage = new Raw(200, '<html><form><input type="password"></form></html>', {
  'content-type': 'text/html',
})

/** One page that holds everything. */
export const all = (...items: unknown[]) => ({
  items,
  meta: { currentPage: 1, rows: 100, totalItems: items.length, totalPages: items.length > 0 ? 1 : 0 },
})

interface Asked {
  /** `GET /studio/me?…` */
  what: string
  headers: IncomingHttpHeaders
  body: string
}

type Answer = (asked: Asked) => unknown

interface Script {
  context: ConnectorContext
  origin: string
  asked: Asked[]
  /** Called before new credentials are used. */
  rotated: Record<string, string>[]
  notes: string[]
  signIn(credentials?: Credentials, kept?: unknown): Promise<SourceSession>
}

const alive = { 'GET /studio/me': () => ({ type: 'user' }) }

/** Keys are `METHOD /path`, with or without the query; what is not scripted is 404. Closed when the test ends. */
export async function script(answers: Record<string, Answer>): Promise<Script> {
  const asked: Asked[] = []
  const known: Record<string, Answer> = { ...alive, ...answers }
  const { origin, context: asking } = await scripted(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const what = `${request.method} ${request.url}`
    const one = { what, headers: request.headers, body }
    asked.push(one)
    const answer = (known[what] ?? known[what.replace(/\?.*$/, '')])?.(one) ?? problem(404, 'not-found')
    const raw =
      answer instanceof Raw
        ? answer
        : new Raw(200, typeof answer === 'string' ? answer : JSON.stringify(answer), {
            'content-type': 'application/json',
          })
    response.writeHead(raw.status, raw.headers).end(raw.body)
  })
  const rotated: Record<string, string>[] = []
  const notes: string[] = []
  const context: ConnectorContext = {
    ...asking,
    endpoints: { api: origin, auth: `${origin}/`, studio: origin },
    rotate: async (credentials) => void rotated.push(credentials),
    note: (event) => void notes.push(event),
  }
  return {
    context,
    origin,
    asked,
    rotated,
    notes,
    signIn: (credentials = { accessToken: 'the-token' }, kept = { accessToken: 'the-token' }) =>
      shootproof.signIn(credentials, { ...context, kept: kept ?? undefined }),
  }
}
