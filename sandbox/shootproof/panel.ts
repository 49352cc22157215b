import { randomBytes } from 'node:crypto'
import type { Exchange, Reply, Site } from '../server.ts'
import { form, html, page } from './pages.ts'
import type { Service } from './service.ts'

/** The studio panel: a sign-in form, and a page whose own requests to the API carry a bearer. */
export function panelSite(service: Service): Site {
  const sessions = new Map<string, string>()
  return {
    page,
    note({ method, url }) {
      const { requests } = service
      const known =
        ['/', '/login', '/favicon.ico'].includes(url.pathname) || /^\/v3\/[^/]+\/dashboard$/.test(url.pathname)
      if (method === 'POST' && url.pathname === '/login') requests.signIns++
      else if (method !== 'GET' && method !== 'HEAD') requests.write(`${method} ${url.pathname}`)
      else if (!known) requests.unknownMethod(`${method} ${url.pathname}`)
    },
    answer(exchange) {
      const { method, url } = exchange
      if (url.pathname === '/login') return method === 'POST' ? signIn(exchange, service, sessions) : loginPage()
      if (method !== 'GET') return page('broken', 405)
      const token = sessions.get(/\bsp_session=([\w-]+)/.exec(exchange.headers.cookie ?? '')?.[1] ?? '')
      if (token === undefined) return { status: 302, headers: { location: '/login' } }
      const home = `/v3/${service.world.brands[0]?.id}/dashboard`
      if (url.pathname === '/') return { status: 302, headers: { location: home } }
      return url.pathname === home ? dashboard(token, service) : page('broken', 404)
    },
  }
}

const loginPage = (message = '') => html(`<title>Log in | ShootProof</title>${message}${form}`)

function signIn({ body }: Exchange, { world, faults, tokens }: Service, sessions: Map<string, string>): Reply {
  const fields = new URLSearchParams(body.toString('utf8'))
  if (faults.current.locked) return loginPage('<p class="error">Your account is locked. Check your e-mail.</p>')
  const right = fields.get('email') === world.email && fields.get('password') === world.password
  if (!right || faults.current.wrongPassword) return loginPage('<p class="error">Those credentials do not match.</p>')
  const session = randomBytes(18).toString('base64url')
  sessions.set(session, tokens.access())
  const cookie = `sp_session=${session}; Path=/; HttpOnly; SameSite=Lax`
  return { status: 302, headers: { location: '/', 'set-cookie': cookie } }
}

function dashboard(token: string, { at }: Service): Reply {
  const request = `fetch(${JSON.stringify(`${at.api}/studio/me`)}, { headers: { authorization: ${JSON.stringify(`Bearer ${token}`)} } })`
  return html(`<title>Dashboard</title><h1>Galleries</h1><script>${request}</script>`)
}
