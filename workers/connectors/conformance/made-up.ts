// A provider that does not exist, as README.md has one added: its folder and its two lines; its stand-in stands beside.

/** Texts that come right after the one named in the file named. */
export const lines = [
  {
    file: 'server/providers.ts',
    after: 'export const providers = {',
    text: `
  'made-up': {
    title: 'Made Up',
    credentials: z.strictObject({ loginName: secret, password: secret }),
    ways: [{ id: 'password', label: 'Password', fields: [fields.loginName, fields.password], help: 'As the owner.' }],
    endpoints: { site: 'https://made-up.example' },
  },`,
  },
  { file: 'workers/connectors/index.ts', after: 'const connectors = {', text: ` 'made-up': madeUp,` },
]

/** The import that goes with the second line. */
export const indexImport = `import { madeUp } from './made-up/connector.ts'\n`

export const folder: Record<string, string> = {
  'wire.ts': `
import { z } from 'zod'

export const session = z.object({ token: z.string() })
export const account = z.object({ name: z.string(), galleries: z.number() })
const gallery = z.object({ id: z.string(), title: z.string(), count: z.number() })
export const galleries = z.object({ galleries: z.array(gallery), total: z.number() })
export const photos = z.object({ photos: z.array(z.object({ id: z.string(), file: z.string() })), total: z.number() })
`,

  'connector.test.ts': `
import { standIn } from '../conformance/stand-in.ts'
import { describeConnector } from '../conformance.ts'
import { madeUp } from './connector.ts'

describeConnector(madeUp, standIn('made-up', '--galleries', '5', '--photos', '7', '--pictures', 'tiny'))
`,

  'connector.ts': `
import type { z } from 'zod'
import {
  type AccountPage,
  type AccountSummary,
  Challenge,
  type Connector,
  type ConnectorContext,
  type GalleryDetail,
  type HttpAnswer,
  type HttpOptions,
  NotFound,
  type Opened,
  type Page,
  type PhotoAddress,
  SessionExpired,
  SignInRefused,
  SourceFault,
  type SourceSession,
  Truncated,
  UnexpectedPage,
} from '../connector.ts'
import * as wire from './wire.ts'

export const madeUp: Connector<{ loginName: string; password: string }> = {
  provider: 'made-up',
  abilities: {
    folders: false,
    sets: 'none',
    collections: false,
    covers: false,
    dates: false,
    descriptions: false,
    captions: false,
    keywords: false,
    takenAt: false,
    access: false,
    passwords: 'none',
    expiry: false,
    favourites: false,
    stars: false,
    videos: 'none',
    files: false,
    sizes: 'none',
    thaw: 'none',
  },
  pacing: { page: { start: 10, least: 1, most: 100 }, bytes: { start: 10, least: 1, most: 100 } },
  async signIn({ loginName, password }, context) {
    if (context.kept !== undefined) return new Session(context, (context.kept as { token: string }).token)
    const body = JSON.stringify({ loginName, password })
    const { token } = await ask(context, '/session', wire.session, { method: 'POST', body })
    return new Session(context, token)
  },
}

class Session implements SourceSession {
  readonly #context: ConnectorContext
  readonly #token: string

  constructor(context: ConnectorContext, token: string) {
    this.#context = context
    this.#token = token
  }

  async account(): Promise<AccountSummary> {
    const { name, galleries } = await this.#get('/account', wire.account)
    return { name, galleries, photos: null, bytes: null }
  }

  async *galleries(cursor = '0'): AsyncGenerator<AccountPage> {
    for (let from = Number(cursor); ; ) {
      const { galleries, total } = await this.#get('/galleries?from=' + from, wire.galleries)
      if (galleries.length === 0 && from < total) throw await this.#unexpected('galleries: as many as total')
      const found = galleries.map(({ id, title, count }, i) => ({
        ref: id,
        folderRef: null,
        title,
        position: from + i,
        virtual: false,
        statedCount: count,
        statedBytes: null,
        access: null,
        date: null,
        coverRef: null,
        changeToken: null,
      }))
      from += galleries.length
      const next = from < total ? String(from) : null
      yield { folders: [], galleries: found, next }
      if (next === null) return
    }
  }

  async detail({ ref }: { ref: string }): Promise<GalleryDetail> {
    const { total } = await this.#get('/photos/' + ref + '?from=0', wire.photos)
    return {
      description: null,
      expiresAt: null,
      access: null,
      passwordUnknown: false,
      password: null,
      passwordHint: null,
      coverRef: null,
      date: null,
      statedCount: total,
      expectedCount: total,
      sets: [{ ref: null, parentRef: null, title: '', position: 0 }],
      extra: {},
    }
  }

  async *photos({ ref }: { ref: string }, cursor = '0'): AsyncGenerator<Page> {
    for (let from = Number(cursor); ; ) {
      const { photos, total } = await this.#get('/photos/' + ref + '?from=' + from, wire.photos)
      if (photos.length === 0 && from < total) throw await this.#unexpected('photos: as many as total')
      const found = photos.map(({ id, file }, i) => ({
        ref: id,
        kind: 'photo' as const,
        galleryRef: ref,
        filename: file,
        caption: null,
        keywords: [],
        takenAt: null,
        bytes: null,
        width: null,
        height: null,
        access: null,
        star: null,
        placements: [{ setRef: null, position: from + i }],
        handle: {},
        changeToken: null,
        extra: {},
      }))
      from += photos.length
      const next = from < total ? String(from) : null
      yield { photos: found, next }
      if (next === null) return
    }
  }

  async open({ galleryRef, ref }: PhotoAddress, range?: { start: number }): Promise<Opened> {
    const answer = await this.#context.http.request(this.#context.endpoints.site + '/originals/' + galleryRef + '/' + ref, {
      headers: { 'x-token': this.#token, ...(range ? { range: 'bytes=' + range.start + '-' } : {}) },
      lane: 'bytes',
      signal: this.#context.signal,
    })
    if (answer.status !== (range ? 206 : 200) || !/^image/.test(answer.header('content-type') ?? ''))
      throw faultOf(answer, this.#token) ?? unexpected('an original', answer)
    const length = answer.header('content-length')
    return {
      stream: answer.stream,
      bytes: length === null ? null : Number(length),
      contentType: answer.header('content-type'),
      isOriginal: true,
    }
  }

  keep() {
    return { token: this.#token }
  }

  #get<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>> {
    return ask(this.#context, path, schema, {}, this.#token)
  }

  /** Before an odd list is believed odd, the session is proved alive. */
  async #unexpected(expected: string): Promise<UnexpectedPage> {
    await this.account()
    const evidence = { url: this.#context.endpoints.site ?? '', status: 200, contentType: null, excerpt: '' }
    return new UnexpectedPage(expected, evidence)
  }
}

/** Two things can be sent: a sign-in, and GETs. */
async function ask<Schema extends z.ZodType>(
  context: ConnectorContext,
  path: string,
  schema: Schema,
  options: HttpOptions,
  token?: string,
): Promise<z.output<Schema>> {
  const answer = await context.http.request(context.endpoints.site + path, {
    ...options,
    headers: token === undefined ? {} : { 'x-token': token },
    signal: context.signal,
  })
  const fault = faultOf(answer, token)
  if (fault) throw fault
  const text = await answer.text()
  if (!/json/.test(answer.header('content-type') ?? '')) throw unexpected('JSON', answer)
  const parsed = schema.safeParse(jsonOf(text))
  if (parsed.success) return parsed.data
  throw unexpected(path.split('?')[0] + ': ' + parsed.error.issues[0]?.path.join('.'), answer)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Truncated('the answer broke off', { cause: error })
  }
}

function faultOf({ status }: HttpAnswer, token?: string): Error | null {
  if (status === 401)
    return token === undefined ? new SignInRefused('Made Up did not take this password. Enter it again.') : new SessionExpired()
  if (status === 423) return new Challenge('Made Up has locked this account. Have it unlocked, then resume.')
  if (status === 403) return new SignInRefused('Made Up refuses programs here. Have them allowed, then resume.')
  if (status === 404) return new NotFound()
  return status >= 500 ? new SourceFault('answered ' + status, status) : null
}

function unexpected(expected: string, answer: HttpAnswer): UnexpectedPage {
  const { url, status } = answer
  return new UnexpectedPage(expected, { url, status, contentType: answer.header('content-type'), excerpt: '' })
}
`,
}
