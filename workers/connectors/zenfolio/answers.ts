// What an answer of Zenfolio is, before its content is looked at: the edge, a sign-in page, an archive notice.
import { load } from 'cheerio/slim'

/** 17 h on average, April 2024 (Zenfolio's service notices). */
export const usualThawHours = 17

/** The sentences for a person; `connector.ts` and `calls.ts` say when. */
export const todo = {
  wrongPassword:
    'Zenfolio did not take this login name and password. Try them at zenfolio.com (an account on the new Zenfolio platform cannot be read as Classic), then enter them again here.',
  tokenOver:
    'The Zenfolio token is over (one lives about a day). Enter a new token, or the login name and password instead.',
  tokenRefused:
    'Zenfolio refuses this token: it is over (one lives about a day), or the account keeps the API off. Enter a new token, or the login name and password; if they are refused too, clear "Do not allow accessing my account through Zenfolio API\'s" in the account preferences.',
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
