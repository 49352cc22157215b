import { randomBytes } from 'node:crypto'
import type { FaultSwitch } from '../faults.ts'
import type { Exchange } from '../server.ts'

const sessionMilliseconds = 3.5 * 3_600_000

/** What is kept between two starts with the same state file. */
export interface SessionState {
  sessions: Record<string, { until: number; uses: number; seal: string }>
}

/**
 * Sessions of the dashboard. One is told by two cookies: whoever hands on only some of the header is nobody. It ends
 * after 3.5 hours, or after as many uses as the fault says.
 */
export class Sessions {
  readonly #faults: FaultSwitch
  /** Tickets on the way from the sign-in to the dashboard, each good for one. */
  readonly tickets = new Set<string>()
  state: SessionState = { sessions: {} }

  constructor(faults: FaultSwitch) {
    this.#faults = faults
  }

  begin(): { wsid: string; seal: string } {
    const [wsid, seal] = [randomBytes(20).toString('base64url'), randomBytes(12).toString('hex')]
    this.state.sessions[wsid] = { until: Date.now() + sessionMilliseconds, uses: 0, seal }
    return { wsid, seal }
  }

  /** The whole Cookie header, as a person copies it from a browser. */
  header(): string {
    const { wsid, seal } = this.begin()
    const csrf = encodeURIComponent(`${randomBytes(18).toString('base64')}=`)
    return `_ga=GA1.2.3; gd_ca=${seal}; PHPSESSID=${randomBytes(13).toString('hex')}; wsid=${wsid}; GD-XSRF-TOKEN=${csrf}`
  }

  /** Counts one use. */
  use(exchange: Exchange): 'alive' | 'dead' {
    const cookies = cookiesOf(exchange)
    const known = this.state.sessions[cookies.get('wsid') ?? '']
    if (!known || known.seal !== cookies.get('gd_ca')) return 'dead'
    const limit = this.#faults.current.expireTokenEvery
    const over = known.until < Date.now() || (limit > 0 && known.uses >= limit) || this.#faults.current.wrongPassword
    if (!over) known.uses++
    else if (!this.#faults.current.wrongPassword) delete this.state.sessions[cookies.get('wsid') ?? '']
    return over ? 'dead' : 'alive'
  }
}

export function cookiesOf(exchange: Exchange): Map<string, string> {
  const cookies = new Map<string, string>()
  for (const pair of (exchange.headers.cookie ?? '').split(';')) {
    const at = pair.indexOf('=')
    if (at > 0) cookies.set(pair.slice(0, at).trim(), pair.slice(at + 1).trim())
  }
  return cookies
}
