// What an answer is before its content is looked at: a sign-in page, the edge, the archive, or Zenfolio's other platform.
import { load } from 'cheerio/slim'
import { isHtml, withoutSecrets } from '../answers.ts'
import { type HttpAnswer, UnexpectedPage } from '../connector.ts'

/** 17 h on average, April 2024 (Zenfolio's service notices). */
export const usualThawHours = 17

const asClassic = 'add the account as "Zenfolio Classic" instead'

/** The sentences for a person; `calls.ts`, `signin.ts` and `welcome.ts` say when. */
export const todo = {
  wrongPassword: `Zenfolio did not take this e-mail address and password. Try them at app.zenfolio.com, then enter them again here. If the galleries are at Zenfolio Classic, ${asClassic}.`,
  bearerOver: `Zenfolio did not take this session: it is over (one lives about a month) or was not copied whole. Sign in at app.zenfolio.com and hand over a new one. If it is a token of Zenfolio Classic, ${asClassic}.`,
  classic: `This is Zenfolio Classic and not the new Zenfolio: ${asClassic}.`,
  nothingHere: `The sign-in worked, but the new Zenfolio holds no galleries for this account. If they are at Zenfolio Classic, ${asClassic}.`,
  edge: `Zenfolio's edge refused us before the account was reached (HTTP 403); the password is not the cause. Ask Zenfolio to let us through, then resume. If the galleries are at Zenfolio Classic, ${asClassic}.`,
  refused:
    'Zenfolio refuses its galleries to this sign-in (HTTP 403). Sign in as the owner of the account, then resume.',
  locked: 'Zenfolio has locked this account. Its owner must have it unlocked at Zenfolio, then resume.',
  captcha:
    'Zenfolio asks for proof that a person signs in. Sign in at app.zenfolio.com in a browser and hand over that session.',
  secondFactor:
    'Zenfolio asks for a second step of sign-in. Sign in at app.zenfolio.com in a browser and hand over that session.',
} as const

type Seen = Pick<HttpAnswer, 'url' | 'status' | 'header'> & { cookies?: string[] }

/** The dashboard is drawn in the browser, so its sign-in page may come without the form. */
export function isSignInPage(text: string): boolean {
  const page = load(text)
  if (page('input[type="password" i], input#password').length > 0) return true
  return /"page"\s*:\s*"\/(welcome|login|sign-?in)\b/i.test(page('script#__NEXT_DATA__').text())
}

export function leadsToSignIn(location: string | null): boolean {
  return /\/(welcome|log-?in|sign-?in)\b/i.test(location ?? '')
}

/** Classic's pages load their styles from one place and set cookies of one kind; its API has errors of its own. */
export function isClassic(answer: Seen, text: string): boolean {
  if (answer.cookies?.some((line) => /^zf_\w+=/.test(line))) return true
  if (/\bzenfolio\.com\/zf\//i.test(answer.header('location') ?? '')) return true
  if (isHtml(answer.header('content-type'), text)) return /cdn\.zenfolio\.com\/zf\/|zfapi\.asmx/i.test(text)
  return /^\s*\{/.test(text) && /"error"\s*:\s*\{[^{}]*"code"\s*:\s*"E_[A-Z]+"/.test(text)
}

/** Known before anything is asked: the address of Classic's API. */
export function isClassicApi(address: string): boolean {
  const url = URL.parse(address)
  return url !== null && (/\.asmx\b/i.test(url.pathname) || url.hostname === 'api.zenfolio.com')
}

/** Two words are all that is known of the archive's answer. "An error occurred while retrieving" is not one. */
export function speaksOfArchive(text: string): boolean {
  return /\barchived\b|(?<!\b(error|failed|failure|problem|unable)\b[^.:!]{0,40})\bretrieving\b/i.test(text)
}

export function speaksOfLock(text: string): boolean {
  return /\baccount\b[^.!]*\b(locked|suspended|disabled)\b|too many (failed )?attempts/i.test(text)
}

/**
 * UnexpectedPage with evidence that holds no secret: the known ones, e-mail addresses and everything behind the `?` of
 * an address are struck out. `text` is the answer's beginning.
 */
export function unexpected(expected: string, answer: Seen, text: string, secrets: readonly string[]): UnexpectedPage {
  return new UnexpectedPage(expected, {
    url: masked(answer.url.replace(/\?.*$/s, ''), secrets),
    status: answer.status,
    contentType: answer.header('content-type'),
    excerpt: masked(text.slice(0, 2000), secrets).slice(0, 500),
  })
}

function masked(text: string, secrets: readonly string[]): string {
  return withoutSecrets(text, secrets)
    .replace(/\beyJ[\w-]+(\.[\w-]+)*/g, '•••')
    .replace(/((?:https?:)?\/[^\s"'<>?]*)\?[^\s"'<>]*/gi, '$1?•••')
}
