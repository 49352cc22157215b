// What an answer of Pixieset is, before its content is looked at: a sign-in page, a challenge, or something unknown.
import { load } from 'cheerio/slim'
import { isHtml, parsed, withoutSecrets } from '../answers.ts'
import { type HttpAnswer, UnexpectedPage } from '../connector.ts'

/** The sentences for a person; `calls.ts`, `signin.ts` and `browser.ts` say when. */
export const todo = {
  cookieOver:
    'The Pixieset session is over (one lives about 3.5 hours). Let the owner sign in at galleries.pixieset.com with an ordinary browser, copy the Cookie header of a request to that address and enter it here: the run goes on where it was.',
  cookieUnreadable:
    'The Pixieset cookie cannot be sent as it is. Copy the whole Cookie header of a request to galleries.pixieset.com, in one line, and enter it again.',
  wrongPassword:
    'Pixieset did not take this e-mail address and password. Try them at accounts.pixieset.com, then enter them again here, or hand over the session of a signed-in browser as a cookie.',
  challenge:
    'Pixieset asks for a person (a check for programs, which we do not work around). Let the owner sign in at galleries.pixieset.com with an ordinary browser, copy the Cookie header of a request to that address and enter it here, then resume.',
  notDashboard:
    'Pixieset shows something between the sign-in and the dashboard, perhaps a second factor. Let the owner sign in with an ordinary browser, copy the Cookie header of a request to galleries.pixieset.com and enter it here, then resume.',
  refused:
    'Pixieset refuses this account to us (HTTP 403). Let the owner look whether the dashboard opens in an ordinary browser, hand its Cookie header over here, then resume.',
} as const

export type Seen = Pick<HttpAnswer, 'url' | 'status' | 'header'>

export function isSignInPage(text: string): boolean {
  const $ = load(text)
  return $('#UserLogin_username, #UserLogin_password, form input[type="password" i]').length > 0
}

/**
 * Cloudflare stopping us. Its passive script stands on normal pages too and is none; the header is one by itself, the
 * title only on a page that is not what was asked for.
 */
export function isChallenge(answer: Seen, text: string): boolean {
  if (/challenge/i.test(answer.header('cf-mitigated') ?? '')) return true
  if (!isHtml(answer.header('content-type'), text) || /PixiesetClient\.init/.test(text)) return false
  return /^\s*(just a moment|attention required)/i.test(load(text)('title').first().text())
}

/**
 * UnexpectedPage with evidence that holds no secret and nobody's data: of JSON only the names and types of its fields,
 * of other text what is left without the known secrets, addresses of people and what stands behind a `?`.
 */
export function unexpected(
  expected: string,
  answer: Seen,
  text: string | null,
  secrets: readonly string[],
): UnexpectedPage {
  return new UnexpectedPage(expected, {
    url: masked(answer.url.replace(/\?.*$/s, ''), secrets),
    status: answer.status,
    contentType: answer.header('content-type'),
    excerpt: text === null ? '' : excerptOf(text, secrets),
  })
}

function excerptOf(text: string, secrets: readonly string[]): string {
  const json = parsed(text)
  if (json !== null && typeof json === 'object') return JSON.stringify(shapeOf(json)).slice(0, 2000)
  return masked(text.slice(0, 4000), secrets).slice(0, 500)
}

/** Names of fields and types of values, six levels deep, of lists the first entry. */
export function shapeOf(value: unknown, depth = 6): unknown {
  if (value === null) return 'null'
  if (typeof value !== 'object') return typeof value
  if (depth === 0) return Array.isArray(value) ? 'list' : 'object'
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0], depth - 1)]
  const names = Object.entries(value).slice(0, 60)
  return Object.fromEntries(names.map(([name, of]) => [safeName(name), shapeOf(of, depth - 1)]))
}

/** Ids and mail addresses stand as names in some lists. */
const safeName = (name: string) => (/^[a-z][\w-]{0,40}$/i.test(name) ? name : '•••')

const secretFields = /("[^"]*(?:passw|pin|token|secret|cookie|mail|sess)[^"]*"\s*:\s*)("(?:[^"\\]|\\.)*(?:"|$)|-?\d+)/gi

function masked(text: string, secrets: readonly string[]): string {
  return withoutSecrets(text, secrets)
    .replace(secretFields, '$1"•••"')
    .replace(/((?:https?:)?\/\/[^\s"'<>?]*)\?[^\s"'<>]*/gi, '$1?•••')
}
