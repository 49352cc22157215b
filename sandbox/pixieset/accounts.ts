import { randomBytes } from 'node:crypto'
import type { Exchange, Reply, Site } from '../server.ts'
import { asset, challenge, html, isAsset, page, redirect, signInForm } from './pages.ts'
import { isRead, type Service } from './service.ts'
import { cookiesOf } from './sessions.ts'

/** The host where people sign in. Programs that are no browser are stopped; a wrong password stays on the page. */
export function accountsSite(service: Service): Site {
  const { world, sessions, requests, faults, addresses } = service
  /** Signed in here, whatever the dashboard says. */
  const people = new Set<string>()
  const csrf = randomBytes(12).toString('hex')

  function signIn(exchange: Exchange): Reply {
    const form = new URLSearchParams(exchange.body.toString('utf8'))
    if (form.get('YII_CSRF_TOKEN') !== csrf) return page('broken', 400)
    const right = form.get('UserLogin[username]') === world.email && form.get('UserLogin[password]') === world.password
    if (!right || faults.current.wrongPassword) return html(200, signInForm(csrf, 'Incorrect email or password.'))
    const person = randomBytes(16).toString('hex')
    people.add(person)
    return redirect('/sso?return=collections', `idp_sid=${person}`)
  }

  return {
    page,
    note(exchange) {
      const { pathname } = exchange.url
      if (exchange.method === 'POST' && pathname === '/login') requests.signIns++
      else if (!isRead(exchange)) requests.write(`${exchange.method} ${pathname}`)
      else if (pathname !== '/login' && pathname !== '/sso' && !isAsset(pathname))
        requests.unknownMethod(`${exchange.method} ${pathname}`)
    },
    answer(exchange) {
      const { pathname } = exchange.url
      if (isAsset(pathname)) return asset()
      if (faults.current.locked || faults.current.apiOff) return challenge()
      if (!/^Mozilla\//.test(exchange.headers['user-agent'] ?? '')) return challenge()
      if (pathname === '/login') {
        if (exchange.method === 'POST') return signIn(exchange)
        return isRead(exchange) ? html(200, signInForm(csrf, null)) : page('broken', 405)
      }
      if (pathname === '/sso') {
        if (!people.has(cookiesOf(exchange).get('idp_sid') ?? '')) return redirect('/login')
        const ticket = randomBytes(12).toString('hex')
        sessions.tickets.add(ticket)
        return redirect(`${addresses.galleries}/sso/callback?ticket=${ticket}`)
      }
      return page('broken', 404)
    },
  }
}
