// A Pixieset of a few scripted answers on loopback, for what the stand-in does not show.
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { ConnectorContext, SourceSession } from '../connector.ts'
import { scripted } from '../testing.ts'
import { pixieset } from './connector.ts'
import type { Credentials } from './signin.ts'

/** A whole HTTP answer in place of JSON with 200. */
export class Raw {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: string
  constructor(status: number, body = '', headers: Record<string, string> = { 'content-type': 'text/html' }) {
    this.status = status
    this.body = body
    this.headers = headers
  }
}

export const jsonWith = (status: number, value: unknown = { message: 'No.' }) =>
  new Raw(status, JSON.stringify(value), { 'content-type': 'application/json' })

/** What is answered at an address: path and query of the API, or of any other host. */
type Answers = Record<string, unknown | (() => unknown)>

interface Asked {
  address: string
  headers: IncomingHttpHeaders
}

export interface Script {
  origin: string
  context: ConnectorContext
  asked: Asked[]
  answers: Answers
  notes: unknown[][]
  /** With a session that was kept, unless other credentials are given. */
  signIn(credentials?: Credentials): Promise<SourceSession>
}

const account = { data: { user: { username: 'studio', email: 'a@example.com' }, profile: { business_name: 'Studio' } } }

/** Closed when the test ends. Addresses that are not scripted are 404 in JSON; `{origin}` in texts is this server. */
export async function script(answers: Answers): Promise<Script> {
  const asked: Asked[] = []
  const notes: unknown[][] = []
  const all: Answers = { '/data/bootstrap': account, ...answers }
  const { origin, context: asking } = await scripted((request, response) => {
    const address = (request.url ?? '').replace(/^\/api\/v1/, '')
    asked.push({ address, headers: request.headers })
    const found = Object.hasOwn(all, address) ? all[address] : jsonWith(404)
    send(typeof found === 'function' ? found() : found, response, origin)
  })
  const context: ConnectorContext = {
    ...asking,
    endpoints: { accounts: `${origin}/accounts`, galleries: origin, site: origin },
    note: (...note) => notes.push(note),
  }
  return {
    origin,
    context,
    asked,
    answers: all,
    notes,
    signIn: (credentials) =>
      credentials
        ? pixieset.signIn(credentials, context)
        : pixieset.signIn(
            { cookie: 'wsid=the-session' },
            { ...context, kept: { cookie: 'wsid=the-session', loginName: 'studio' } },
          ),
  }
}

function send(answer: unknown, response: ServerResponse, origin: string): void {
  const { status, headers, body } = answer instanceof Raw ? answer : jsonWith(200, answer)
  const filled = Object.entries(headers).map(([name, value]) => [name, value.replaceAll('{origin}', origin)] as const)
  const text = body.replaceAll('{origin}', origin)
  const length = { 'content-length': Buffer.byteLength(text) }
  response.writeHead(status, { ...Object.fromEntries(filled), ...length }).end(text)
}

/** A collection as the account's list has it. */
export const listed = (id: number, more: object = {}) => ({
  id,
  name: `Collection ${id}`,
  description: '',
  url_key: `c${id}`,
  event_date: '2024-01-02T03:04:05-05:00',
  create_at: '2024-01-03 04:05:06',
  photo_count: 1,
  folder_id: null,
  expire_at: null,
  coverPhoto: null,
  password: null,
  private_password: null,
  download_pin: '1234',
  ...more,
})

export const listing = (collections: object[], meta: object = {}, folders: object[] = []) => ({
  data: {
    data: { collections, folders, items: [] },
    meta: { current_page: 1, last_page: 1, total: collections.length, ...meta },
  },
})

export const aSet = (id: number, more: object = {}) => ({
  id,
  collection_id: 1,
  name: `Set ${id}`,
  description: '',
  photo_count: 0,
  video_count: 0,
  private: false,
  ...more,
})

export const aPhoto = (id: number, more: object = {}) => ({
  id,
  name: `${id}.jpg`,
  description: null,
  size: 10,
  width: 4,
  height: 3,
  rank: id,
  capture_date: null,
  starred: false,
  visibility_status: 0,
  mark_private_at: null,
  path_xxlarge: `//images.example.com/1/${String(id).padStart(32, '0')}-xxlarge.jpg`,
  ...more,
})
