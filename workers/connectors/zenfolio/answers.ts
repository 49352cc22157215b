// What an answer of Zenfolio is, before its content is looked at: the edge, a sign-in page, an archive notice.
import { load } from 'cheerio/slim'
import { type HttpAnswer, UnexpectedPage } from '../connector.ts'

/** 17 h on average, April 2024 (Zenfolio's service notices). */
export const usualThawHours = 17

/** The sentences for a person; `connector.ts` and `calls.ts` say when. */
export const todo = {
  wrongPassword:
    'Zenfolio did not take this login name and password. Try them at zenfolio.com (an account on the new Zenfolio platform cannot be read as Classic), then enter them again here.',
  tokenOver:
    'The Zenfolio token is over (one lives about a day). Enter a new token, or the login name and password instead.',
  apiOff:
    'Zenfolio refuses its API for this account. In the account preferences at zenfolio.com, clear "Do not allow accessing my account through Zenfolio API\'s", then resume.',
  edge: 'Zenfolio\'s edge refused us before the account was reached (HTTP 403). The password is not the cause: ask Zenfolio to let the application "PassGalleryMigration" through, then resume.',
  locked: 'Zenfolio has locked this account. Its owner must have it unlocked at Zenfolio, then resume.',
  notSecure: 'Zenfolio takes passwords over https only. Correct the address of the endpoint "api", then resume.',
} as const

export function isSignInPage(text: string): boolean {
  return load(text)('form input[type="password" i]').length > 0
}

/** Two words are all that is known of the archive's answer. "An error occurred while retrieving" is not one. */
export function speaksOfArchive(text: string): boolean {
  return /\barchived\b|(?<!\b(error|failed|failure|problem|unable)\b[^.:!]{0,40})\bretrieving\b/i.test(text)
}

/**
 * UnexpectedPage with evidence that holds no secret: the known ones, e-mail addresses and everything behind the `?` of
 * an address are struck out. `text` is the answer's beginning; null keeps it out altogether.
 */
export function unexpected(
  expected: string,
  answer: Pick<HttpAnswer, 'url' | 'status' | 'header'>,
  text: string | null,
  secrets: readonly string[],
): UnexpectedPage {
  return new UnexpectedPage(expected, {
    url: masked(answer.url.replace(/\?.*$/s, ''), secrets),
    status: answer.status,
    contentType: answer.header('content-type'),
    excerpt: masked(text?.slice(0, 2000) ?? '', secrets).slice(0, 500),
  })
}

export function masked(text: string, secrets: readonly string[]): string {
  let safe = text
  for (const secret of secrets) {
    if (secret === '') continue
    for (const written of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])
      safe = safe.replaceAll(written, '•••')
  }
  return safe
    .replace(/[^\s"'<>@]+@[^\s"'<>@]+\.[a-z]{2,}/gi, '•••')
    .replace(/(https?:[^\s"'<>?]*)\?[^\s"'<>]*/gi, '$1?•••')
}
