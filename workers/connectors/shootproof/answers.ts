// What an answer of ShootProof is before its content is looked at, and the sentences for a person.
import { load } from 'cheerio/slim'

export const todo = {
  refreshOver:
    'ShootProof does not take this refresh token any more: each works once, and the answer that held the next one may have been lost on the way. Have the owner connect the account again, or enter a new refresh token, then resume.',
  codeOver:
    'ShootProof did not take the code of this sign-in: it works once and for a short while. Have the owner connect the account again, then resume.',
  clientRefused:
    'ShootProof does not take this client id. Check it against the one that ShootProof’s support has issued, and its redirect address, then connect the account again.',
  tokenOver:
    'The ShootProof access token is over (one lives two weeks at most). Enter a new one, or have the owner connect the account, then resume.',
  wrongPassword:
    'ShootProof did not take this e-mail and password. Try them at studio.shootproof.com, then enter them again here.',
  noAccess:
    'ShootProof refuses its API to this sign-in. The owner of the studio must sign in, or give this user access to all brands; then resume.',
  edge: 'ShootProof’s edge refused us before the account was reached (HTTP 403). The sign-in is not the cause: ask ShootProof to let the application "PassGalleryMigration" through, then resume.',
  challenge:
    'ShootProof asks for more than a password (a captcha, a code, or a locked account). Have the owner sign in at studio.shootproof.com and clear it, or connect the account by OAuth instead; then resume.',
} as const

export const brandRefused = (title: string) =>
  `ShootProof lists the brand “${title}” and refuses its galleries to this sign-in. Have the studio’s owner give it access to that brand, or sign in as the owner; then resume.`

export function isSignInPage(text: string): boolean {
  return load(text)('form input[type="password" i]').length > 0
}

/** A captcha, a second factor or a locked account; how ShootProof words any of them is not known. */
export function isChallenge(html: string): boolean {
  const asks =
    '[class*="captcha" i], [id*="captcha" i], iframe[src*="captcha" i], iframe[src*="challenge" i], [autocomplete="one-time-code"]'
  return load(html)(asks).length > 0 || speaksOfChallenge(visibleText(html))
}

/** Forms carry captchas that nobody sees, so that what the page says comes first. */
export function saysWrongPassword(html: string): boolean {
  const text = visibleText(html)
  return !speaksOfChallenge(text) && /\b(incorrect|invalid|wrong|do(es)? not match|don.t match)\b/i.test(text)
}

function visibleText(html: string): string {
  const page = load(html)
  page('script, style, noscript').remove()
  return page.root().text()
}

/** Where somebody who is not signed in is sent. */
export const isSignInAddress = (url: URL) => /\/(login|sign-?in)\b/i.test(url.pathname)

export function speaksOfChallenge(text: string): boolean {
  return /\b(account (is |has been )?(locked|suspended)|locked out|captcha|two-factor|second factor|verification code|verify (that )?(you|it))/i.test(
    text,
  )
}
