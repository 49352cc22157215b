import type { Reply } from '../server.ts'

/** The pages that a person sees, and those that appear where none was due. */

export type Door = 'open' | 'captcha' | 'second-step'

export function page(what: 'edge' | 'signIn' | 'broken', status: number): Reply {
  if (what === 'signIn') return html(status, welcome('open'))
  const text = {
    edge: '<title>Access denied</title><h1>Error 1020</h1><p>This website is using a security service.</p>',
    broken: `<title>${status}</title><h1>${status}</h1><p>The request could not be served.</p>`,
  }[what]
  return html(status, `<!DOCTYPE html><html><head></head><body>${text}</body></html>`)
}

export function html(status: number, body: string): Reply {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8' }, body }
}

/**
 * The sign-in page of the dashboard. It asks as a visitor before anybody signs in, has a heading and a button of the same
 * words, another button before that, and an alert that is none.
 */
export function welcome(door: Door): string {
  const form = `<form id="form">
<button type="button">Continue with Google</button>
<input id="email" type="email" placeholder="E-mail"> <input id="password" type="password">
<button>Log in</button></form>`
  const captcha = '<div class="g-recaptcha">Tick the box: I am no robot</div>'
  return `<!DOCTYPE html><html><head><title>Zenfolio</title></head><body>
<p role="alert" id="__next-route-announcer__" aria-live="assertive">Zenfolio</p>
<h1>Log in</h1><main>${door === 'captcha' ? captcha : form}</main><div id="told"></div>
<script id="__NEXT_DATA__" type="application/json">{"page":"/welcome","props":{}}</script>
<script>
const ask = (path, bearer, options = {}) =>
  fetch(path, { ...options, headers: { 'content-type': 'application/json', ...(bearer ? { authorization: 'Bearer ' + bearer } : {}) } })
const tell = (text) => { told.innerHTML = ''; const p = document.createElement('p'); p.setAttribute('role', 'alert'); p.textContent = text; told.append(p) }
void ask('/api/site/v1/settings', 'visitor.of.the-welcome-page')
document.getElementById('form')?.addEventListener('submit', async (event) => {
  event.preventDefault()
  const answer = await ask('/api/account/v1/sign-in', null, {
    method: 'POST', body: JSON.stringify({ email: email.value, password: password.value }) })
  const { bearer, message, step } = await answer.json()
  if (step) return void (document.querySelector('main').innerHTML = '<input autocomplete="one-time-code" placeholder="Code">')
  if (!bearer) return tell(message)
  document.querySelector('main').textContent = 'Welcome back'
  history.replaceState(null, '', '/dashboard')
  await ask('/api/site/v1/settings', 'visitor.of.the-welcome-page')
  await ask('/api/folders/v1/folders/tree', bearer)
})
</script></body></html>`
}
