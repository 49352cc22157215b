// What an answer of Pic-Time is, before its content is looked at: the sign-in page, the soft block, a check for humans.
import { load } from 'cheerio/slim'
import { Challenge, SessionExpired } from '../connector.ts'
import { visibleText } from './selectors.ts'

/** 4 to 15 h where a client asks, 2 to 15 h in all (Pic-Time's help centre). */
export const usualThawHours = 15

/** The sentences for a person. */
export const todo = {
  wrongPassword:
    'The e-mail address and password were not taken by Pic-Time. Try them at us.pic-time.com, then enter them again here.',
  cookieOver:
    'The handed-over session of Pic-Time is over, or the address does not belong to it. Sign in to Pic-Time in a browser, then enter its Cookie header and the address of the account (https://….pic-time.com) again.',
  baseUrl:
    'The address of the account is no Pic-Time address. Sign in to Pic-Time in a browser and enter the beginning of the address it shows (https://….pic-time.com).',
  human:
    'The sign-in at Pic-Time asks for a person (a captcha, a code, a confirmation). Sign in there in a browser of your own, then enter the Cookie header of that browser and the address of the account here.',
  blocked:
    'The account is held back by Pic-Time, which then shows empty lists or an error page with a button. Open the dashboard in a browser of your own, confirm what it asks, then resume.',
  noProjects:
    'The dashboard of this account shows no project at all, which is also how Pic-Time holds an account back. Look at it in a browser of your own, then resume.',
  archiveByHand:
    'The archive of Pic-Time does not take our request. Open each project that is older than a year at Pic-Time: Photos, select all, Share, Download, "Retrieve High-Res Photos"; leave the status bar alone, then resume.',
} as const

/** Where the anonymous are sent: `/login`, or `!loginuser` for a client's account. */
export function isSignInAddress(url: URL): boolean {
  return /^\/login\b|!loginuser/i.test(decodeURIComponent(url.pathname))
}

/** The soft block, a check for humans, or the sign-in page: what a page in place of data says about the session. */
export type Sign = 'block' | 'human' | 'signIn' | null

export function signOf(text: string, url?: URL): Sign {
  const page = load(text)
  if (page('.ptErrorPage, .errorUnblockBtn').length > 0) return 'block'
  if (page(humanChecks).length > 0 || humanWords.test(visibleText(text))) return 'human'
  const isForm = page('input[type="password" i]').length > 0
  // A gallery may ask for an e-mail address as well: only with such words is it the first step of a sign-in.
  const isFirstStep = page('input[type="email" i]').length > 0 && /\b(log|sign) ?in\b/i.test(text)
  return isForm || isFirstStep || (url && isSignInAddress(url)) ? 'signIn' : null
}

const humanChecks =
  'iframe[src*="captcha" i], .g-recaptcha, .h-captcha, .cf-turnstile, [id*="captcha" i], input[autocomplete="one-time-code"]'
const humanWords =
  /\bverify (that )?(you|your|it)\b|\bverification code\b|\bsecurity code\b|\btwo[- ]factor\b|\bnot a robot\b|\baccount (is |has been )?locked\b/i

/** The error that a page of this sign is; null where it says nothing. */
export function errorOf(sign: Sign): Challenge | SessionExpired | null {
  if (sign === 'block') return new Challenge(todo.blocked)
  if (sign === 'human') return new Challenge(todo.human)
  return sign === 'signIn' ? new SessionExpired('Pic-Time shows its sign-in page') : null
}
