// Where the sign-in form is touched, and how it says no.
import { load } from 'cheerio/slim'

export const selectors = {
  email: 'input[type=email]',
  next: 'button[type=submit]',
  password: ['input[placeholder="Password"]', 'input[type=password]'],
  login: 'button::-p-text(Login)',
  /** How a refusal looks is not known; these words are how anybody would say it. */
  refusal: (html: string): boolean => refusal.test(visibleText(html)),
  /** A page without any field that speaks of the server's own trouble. */
  isFault: (html: string): boolean => load(html)('input').length === 0 && fault.test(visibleText(html)),
}

const fault =
  /\bserver error\b|\bruntime error\b|\bbad gateway\b|\bservice unavailable\b|\bgateway time-?out\b|\btoo many requests\b|\btry again later\b|\bERR_[A-Z_]+\b/i

const refusal =
  /\b(incorrect|invalid|wrong|unknown|unrecogni[sz]ed|not recogni[sz]ed|do(es)?n.?t match|do(es)? not match|no account (found|with|for)|couldn.?t find|could not find|not found|not registered)\b/i

/** Without what no reader of the page sees. */
export function visibleText(html: string): string {
  const page = load(html)
  page('script, style, template, noscript, [hidden], [style*="display:none"], [style*="display: none"]').remove()
  // Words of two elements are two words.
  page('body *').append(' ')
  return page('body').text()
}
