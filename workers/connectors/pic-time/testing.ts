// A Pic-Time of a few scripted answers on loopback, for what the stand-in does not show.
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Browser, ConnectorContext, PhotoAddress, SourceSession } from '../connector.ts'
import { scripted } from '../testing.ts'
import { picTime } from './connector.ts'

/** A whole HTTP answer in place of what is in `d`. */
export class Raw {
  readonly status: number
  readonly body: string | Buffer
  readonly headers: Record<string, string>
  constructor(status: number, body: string | Buffer = '', headers: Record<string, string> = {}) {
    this.status = status
    this.body = body
    this.headers = { 'content-type': 'text/html', ...headers }
  }
}

export const page = (body: string, status = 200) => new Raw(status, `<html><body>${body}</body></html>`)
export const signInPage = page('<h1>Login</h1><form><input type="email"><button type="submit">Next</button></form>')
export const blockPage = page('<div class="ptErrorPage"><button class="errorUnblockBtn">Continue</button></div>')
export const json = (body: string, status = 200) => new Raw(status, body, { 'content-type': 'application/json' })

interface Asked {
  method: string
  body: Record<string, unknown>
  path: string
  headers: IncomingHttpHeaders
}

type Method = (body: Record<string, unknown>) => unknown
type Get = (request: IncomingMessage, response: ServerResponse) => Raw | undefined

interface Script {
  context: ConnectorContext
  origin: string
  asked: Asked[]
  notes: unknown[]
  /** Methods that are not scripted get 404. */
  methods: Record<string, Method>
  signIn(): Promise<SourceSession>
}

/** A row with these columns, and junk around them. */
export function row(columns: Record<number, unknown>, length = 24): unknown[] {
  return Array.from({ length }, (_, at) => (at in columns ? columns[at] : 'junk'))
}

export const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 19)

export function projectRow(columns: Record<number, unknown> = {}): unknown[] {
  const usual = { 0: 5, 4: daysAgo(20), 6: '2025-06-14T00:00:00', 7: 'Anna & Ben', 8: 1, 9: 29007250, 10: null, 12: '' }
  return row({ ...usual, ...columns })
}

export const photoRow = (id: number, fileName: unknown = 'IMG_0001.jpg', scene: unknown = 71) =>
  row({ 0: fileName, 1: id, 4: scene }, 11)

export const gallery = { ref: '29007250', virtual: false, statedCount: 1 }
export const photo: PhotoAddress = {
  ref: '7000000001',
  kind: 'photo',
  galleryRef: gallery.ref,
  handle: { path: 'annaben' },
}
export const jpeg = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(3000, 7)])

const usual: Record<string, Method> = {
  dashboard: () => ({ projects_s: [projectRow()] }),
  loadProject: () => ({ virtualPath: 'annaben' }),
  projectPhotos2: () => ({ scenes_s: [row({ 0: 'All', 1: 71 }, 6)], photos_s: [photoRow(7000000001)] }),
}

/** Closed when the test ends. `get` serves everything that is no method. */
export async function script(methods: Record<string, Method> = {}, get: Get = () => new Raw(404)): Promise<Script> {
  const asked: Asked[] = []
  const notes: unknown[] = []
  const all = { ...usual, ...methods }
  const { origin, context: asking } = await scripted(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const path = request.url ?? ''
    const method = request.method === 'POST' ? (path.split('/').at(-1) ?? '') : 'GET'
    const body = text ? JSON.parse(text) : {}
    asked.push({ method, body, path, headers: request.headers })
    const told = method === 'GET' ? get(request, response) : (all[method] ?? (() => new Raw(404)))(body)
    if (told === undefined) return
    const answer = told instanceof Raw ? told : json(JSON.stringify({ d: told }))
    const length = String(Buffer.byteLength(answer.body))
    response.writeHead(answer.status, { 'content-length': length, ...answer.headers }).end(answer.body)
  })
  const browser: Browser = { visit: () => Promise.reject(new Error('no browser is needed here')) }
  const context: ConnectorContext = {
    ...asking,
    endpoints: { login: origin, base: '' },
    browser,
    note: (...note) => void notes.push(note),
  }
  const kept = { cookie: 'pt_session=the-session; pt_lb=3', baseUrl: origin }
  return {
    context,
    origin,
    asked,
    notes,
    methods: all,
    signIn: () => picTime.signIn({ cookie: 'unused=1', baseUrl: origin }, { ...context, kept }),
  }
}
