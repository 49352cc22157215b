import type { Reply } from '../server.ts'

export type PageKind = 'edge' | 'signIn' | 'broken'

/** The HTML pages that appear where none was due. */
export function page(what: PageKind, status: number): Reply {
  const bodies = {
    edge: '<title>Access denied</title><h1>Access denied</h1><p>You do not have permission to view this page.</p>',
    signIn: signInForm(),
    broken: `<title>${status}</title><h1>Server Error in '/' Application.</h1><p>Runtime Error</p>`,
  }
  return html(bodies[what], status)
}

export function html(body: string, status = 200, headers: Record<string, string> = {}): Reply {
  return {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8', ...headers },
    body: `<!DOCTYPE html><html><head><meta charset="utf-8"></head><body>${body}</body></html>`,
  }
}

export function redirect(location: string, headers: Record<string, string> = {}): Reply {
  return { status: 302, headers: { location, ...headers } }
}

/** The first of two steps. */
export function signInForm(said = ''): string {
  return `<title>Pic-Time | Login</title><h1>Login</h1>${notice(said)}<form method="post" action="/login/email">
    <input type="email" name="email" placeholder="Email"><button type="submit">Next</button></form>`
}

/** The second: both fields are on it, the first one filled and out of sight. */
export function passwordForm(email: string, said = ''): string {
  return `<title>Pic-Time | Login</title><h1>Welcome back</h1>${notice(said)}<form method="post" action="/login/password">
    <input type="hidden" name="email" value="${escaped(email)}"><input type="password" name="password" placeholder="Password">
    <button type="button">Forgot?</button><button>Login</button></form>`
}

export function humanCheck(): string {
  return `<title>Pic-Time</title><h1>One more step</h1><p>Please verify that you are a person.</p>
    <div class="g-recaptcha" data-sitekey="none"></div>`
}

/** The soft block; its button is for people. */
export function blockPage(): string {
  return `<title>Pic-Time</title><div class="ptErrorPage"><h2>Something went wrong</h2>
    <button class="errorUnblockBtn" onclick="unBlockMe()">Continue</button></div>`
}

const notice = (said: string) => (said ? `<p class="message">${escaped(said)}</p>` : '')

export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
