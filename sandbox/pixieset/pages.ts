import type { Reply } from '../server.ts'

/** The HTML pages that appear where none was due. */
export function page(what: 'edge' | 'signIn' | 'broken', status: number): Reply {
  if (what === 'signIn') return html(status, signInForm('', null))
  if (what === 'broken')
    return html(status, `<title>${status}</title><h1>${status}</h1><p>Whoops, something went wrong.</p>`)
  return challenge('Attention required! | Cloudflare')
}

/** Cloudflare stopping a program. */
export function challenge(title = 'Just a moment...'): Reply {
  const reply = html(
    403,
    `<title>${title}</title><div id="challenge-running"></div><noscript>Enable JavaScript</noscript>`,
  )
  return { ...reply, headers: { ...reply.headers, 'cf-mitigated': 'challenge', server: 'cloudflare' } }
}

export function html(status: number, body: string, headers: Record<string, string> = {}): Reply {
  return {
    status,
    headers: { 'content-type': 'text/html; charset=UTF-8', ...headers },
    // The passive script is on normal pages too and means nothing.
    body: `<!DOCTYPE html><html><head></head><body>${body}<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script></body></html>`,
  }
}

/** What browsers ask for by themselves. */
export const isAsset = (path: string) => path.startsWith('/cdn-cgi/') || path === '/favicon.ico'

export function asset(): Reply {
  return { status: 200, headers: { 'content-type': 'text/javascript' }, body: '' }
}

export function redirect(location: string, cookie?: string): Reply {
  return { status: 302, headers: { location, ...(cookie ? { 'set-cookie': `${cookie}; Path=/; HttpOnly` } : {}) } }
}

export function signInForm(csrf: string, wrong: string | null): string {
  return `<title>Login | Pixieset</title><form id="login-form" method="post" action="/login">
<input type="hidden" name="YII_CSRF_TOKEN" value="${csrf}">
<input id="UserLogin_username" name="UserLogin[username]" type="text">
<input id="UserLogin_password" name="UserLogin[password]" type="password">
${wrong === null ? '' : `<div class="errorMessage">${wrong}</div>`}<div class="cf-turnstile"></div>
<button id="login-button" type="submit">Log In</button></form>`
}

export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}

export function json(status: number, value: unknown): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-cache, private' },
    body: JSON.stringify(value),
  }
}
