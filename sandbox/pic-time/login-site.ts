import type { RequestBook } from '../requests.ts'
import type { Exchange, Reply, Site } from '../server.ts'
import { html, humanCheck, page, passwordForm, redirect, signInForm } from './pages.ts'
import type { Service } from './service.ts'

/** The sign-in's own origin: two steps, then the account's origin. Who signs in is counted at the second step. */
export function loginSite(service: Service, requests: RequestBook): Site {
  return {
    page,
    note({ method, url }) {
      if (method !== 'POST') return
      if (url.pathname === '/login/password') requests.signIns++
      else if (url.pathname !== '/login/email') requests.unknownMethod(`POST ${url.pathname}`)
    },
    answer: (exchange) => answer(exchange, service),
  }
}

function answer(exchange: Exchange, { world, sessions, faults, addresses }: Service): Reply {
  const { pathname } = exchange.url
  const form = new URLSearchParams(exchange.body.toString('utf8'))
  const email = form.get('email') ?? ''
  switch (`${exchange.method} ${pathname}`) {
    case 'GET /':
    case 'GET /professional':
      return redirect(`/login?returnUrl=${encodeURIComponent('/professional')}`)
    case 'GET /login':
      return html(signInForm())
    case 'POST /login/email':
      if (faults.current.locked) return html(humanCheck())
      return email.includes('@') ? html(passwordForm(email)) : html(signInForm('This is an invalid email address.'))
    case 'POST /login/password': {
      const isRight = email.toLowerCase() === world.email && form.get('password') === world.password
      if (!isRight || faults.current.wrongPassword) return html(passwordForm(email, 'Incorrect email or password.'))
      if (faults.current.apiOff) return html(humanCheck())
      return redirect(`${addresses.account}/enter?ticket=${sessions.ticket()}`)
    }
    default:
      return page('broken', exchange.method === 'GET' ? 404 : 405)
  }
}
