// A dashboard of a few scripted answers on loopback, for what the stand-in does not show.
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { AccountPage, ConnectorContext, Page, SourceSession } from '../connector.ts'
import { scripted } from '../testing.ts'
import { nextzen } from './connector.ts'
import type { Credentials } from './signin.ts'

/** A whole HTTP answer in place of JSON. */
export class Raw {
  readonly status: number
  readonly body: string
  readonly headers: Record<string, string | string[]>
  constructor(status: number, body: string, headers: Record<string, string | string[]> = {}) {
    this.status = status
    this.body = body
    this.headers = headers
  }
}

export const page = (status: number, body: string) => new Raw(status, body, { 'content-type': 'text/html' })

interface Asked {
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  body: string
}

type Answer = (asked: Asked) => unknown

interface Script {
  context: ConnectorContext
  origin: string
  asked: Asked[]
  notes: [event: string, shape?: unknown][]
  /** What is answered at a path; it may be changed while the test goes on. */
  answers: Record<string, Answer>
  signIn(credentials?: Credentials, kept?: unknown): Promise<SourceSession>
}

export const paths = {
  tree: '/api/folders/v1/folders/tree',
  content: '/api/folders/v1/galleries/content',
  photos: '/api/folders/v1/folders/g1/photos',
  download: '/api/folders/v1/photos/download',
}

export const bearer = 'eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE4OTM0NTYwMDB9.c2lnbmF0dXJl'

/** Closed when the test ends. By default the account holds the gallery `g1`; paths without an answer are 404. */
export async function script(
  answers: Record<string, Answer>,
  other: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => response.writeHead(404).end(),
): Promise<Script> {
  const asked: Asked[] = []
  const all: Record<string, Answer> = {
    [paths.tree]: () => ({ folderTree: [{ x: 'g1', a: 'One', e: true, g: 0 }], foldersCount: 0, albumsCount: 1 }),
    [paths.content]: () => ({ count: 1, galleriesContent: [{ id: 'g1', name: 'One', photoCount: 0 }] }),
    ...answers,
  }
  const { origin, context: asking } = await scripted(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://script')
    const answer = all[url.pathname]
    let body = ''
    for await (const chunk of request) body += chunk
    if (!answer) return other(request, response)
    const { method = '', headers } = request
    const now = { method, path: url.pathname, query: url.searchParams, headers, body }
    asked.push(now)
    const given = answer(now)
    if (given instanceof Raw) response.writeHead(given.status, given.headers).end(given.body)
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(given))
  })
  const notes: Script['notes'] = []
  const context: ConnectorContext = {
    ...asking,
    endpoints: { app: origin, cdn: origin },
    note: (...note) => void notes.push(note),
  }
  return {
    context,
    origin,
    asked,
    notes,
    answers: all,
    signIn: (credentials = { bearer }, kept = { bearer }) =>
      nextzen.signIn(credentials, { ...context, kept: kept ?? undefined }),
  }
}

export async function read(pages: AsyncIterable<Page>): Promise<Page[]> {
  return Array.fromAsync(pages)
}

export async function readAccount(pages: AsyncIterable<AccountPage>): Promise<AccountPage[]> {
  return Array.fromAsync(pages)
}
