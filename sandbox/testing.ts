import { createHash } from 'node:crypto'
import type { Sandbox, SandboxOptions } from './providers.ts'
import { startZenfolio } from './zenfolio/start.ts'

/** What tests of the stand-ins start them with: a small account with all its traps, the same each time. */
export const small: SandboxOptions = {
  port: 0,
  originalsPort: 0,
  scenario: 'traps',
  galleries: 3,
  photos: 5,
  seed: 1,
  pictures: 'tiny',
  thawSeconds: 0,
  state: null,
  signIn: null,
}

/** A plain client for the tests of the stand-in itself: it keeps every rule unless a test breaks one. */

export function openSandbox(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  return startZenfolio({ ...small, photos: 70, ...options })
}

export const manners = {
  'content-type': 'application/json',
  'user-agent': 'SandboxTest/1.0 (https://example.com)',
  'x-zenfolio-user-agent': 'SandboxTest/1.0 (https://example.com)',
}

/** What tests read of the wire's objects. Ids are strings here, cut from the text before a double could round them. */
export interface WireObject {
  $type: string
  Id: string
  Title: string
  Type: string
  Gallery: string
  Owner: string
  FileName: string
  Size: number
  OriginalUrl: string
  UrlHost: string
  UrlCore: string
  UrlToken: string
  PrimaryEmail: string
  PhotoCount: number
  RawFileCount: number
  Keywords: string[]
  TakenOn: { Value: string } | null
  TitlePhoto: WireObject
  AccessDescriptor: { RealmId: string; PasswordHint?: string }
  PasswordHint: string
  Elements: WireObject[]
  PasswordSalt: number[]
  Challenge: number[]
}

export interface Answer<Result> {
  status: number
  text: string
  result: Result
  error: { code?: string }
}

/** A line of the truth: the fields of all kinds of lines. */
export interface Line {
  type: 'gallery' | 'photo' | 'favourites'
  ref: string
  title: string
  path: string[]
  access: string
  gallery: string
  filename: string
  takenAt: string | null
  kind: string
  bytes: number
  sha256: string
  contentType: string
  isOriginal: boolean
}

export async function post(sandbox: Sandbox, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(sandbox.endpoints.api ?? '', { method: 'POST', headers: { ...manners, ...headers }, body })
}

/** `params` is JSON text, so that ids can be written digit by digit. */
export async function call<Result = WireObject>(
  sandbox: Sandbox,
  method: string,
  params: string,
  token?: string,
): Promise<Answer<Result>> {
  const headers = token === undefined ? undefined : { 'x-zenfolio-token': token }
  const response = await post(sandbox, `{"method":"${method}","params":${params},"id":1}`, headers)
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json')
  const parsed = isJson
    ? JSON.parse(text.replace(/((?:"(?:Id|Gallery|RealmId)":)|[[,](?=\d{16}))(\d+)/g, '$1"$2"'))
    : { result: null, error: null }
  return { ...parsed, status: response.status, text }
}

export async function signIn(sandbox: Sandbox, password = sandbox.credentials.password ?? ''): Promise<Answer<string>> {
  const { result } = await call(sandbox, 'GetChallenge', JSON.stringify([sandbox.credentials.loginName]))
  const bytes = (ints: number[]) => Buffer.from(ints.map((int) => int & 0xff))
  const sha256 = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest()
  const proof = sha256(bytes(result.Challenge), sha256(bytes(result.PasswordSalt), Buffer.from(password, 'utf8')))
  return call<string>(sandbox, 'Authenticate', JSON.stringify([result.Challenge, [...proof]]))
}

export async function control(sandbox: Sandbox, path: string, body?: unknown): Promise<Response> {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  return fetch(`${sandbox.origin}/_sandbox/${path}`, init)
}

export async function expected(sandbox: Sandbox): Promise<Line[]> {
  const text = await (await control(sandbox, 'expected')).text()
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

/** Every gallery and collection of the tree, in order. */
export function setsIn(group: WireObject): WireObject[] {
  return group.Elements.flatMap((element) => (element.$type === 'Group' ? setsIn(element) : [element]))
}

export function named(sets: readonly WireObject[], title: string): WireObject {
  const found = sets.find((one) => one.Title === title)
  if (!found) throw new RangeError(`No gallery is called ${title}`)
  return found
}
