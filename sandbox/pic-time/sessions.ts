import { randomBytes } from 'node:crypto'
import type { FaultSwitch } from '../faults.ts'
import type { Exchange } from '../server.ts'

/** Sessions of the photographer, carried by cookies of the account's origin. */

const life = 12 * 3_600_000
const cookieName = 'pt_session'

/** What is kept between two starts with the same state file. */
export interface SessionState {
  sessions: Record<string, { until: number; uses: number }>
}

export class Sessions {
  readonly #faults: FaultSwitch
  readonly #tickets = new Set<string>()
  state: SessionState = { sessions: {} }

  constructor(faults: FaultSwitch) {
    this.#faults = faults
  }

  open(): string {
    const value = randomBytes(24).toString('base64url')
    this.state.sessions[value] = { until: Date.now() + life, uses: 0 }
    return value
  }

  /** The Cookie header of a browser that is signed in. */
  header(): string {
    return cookies(this.open()).join('; ')
  }

  /** Leads from the sign-in's origin to the account's, once. */
  ticket(): string {
    const value = randomBytes(12).toString('base64url')
    this.#tickets.add(value)
    return value
  }

  /** Set-Cookie cannot come twice in a `Reply`: one cookie at a time, by a chain of redirects. */
  redeem(ticket: string): string | null {
    return this.#tickets.delete(ticket) ? this.open() : null
  }

  /** Counts one use. */
  isAlive(exchange: Exchange): boolean {
    const value = cookieOf(exchange, cookieName)
    const known = value === null ? undefined : this.state.sessions[value]
    const { expireTokenEvery: limit, wrongPassword, apiOff } = this.#faults.current
    if (!value || !known || wrongPassword || apiOff) return false
    if (known.until > Date.now() && (limit === 0 || known.uses < limit)) {
      known.uses++
      return true
    }
    delete this.state.sessions[value]
    return false
  }
}

/** A recorder of sessions sets the last one; a client that replays it is no browser of a person. */
function cookies(session: string): string[] {
  return ['pt_lb=node-3', `${cookieName}=${session}`, 'sst-main=recorded.by.somebody']
}

export const sessionCookie = (session: string) => `${cookieName}=${session}; Path=/; HttpOnly; SameSite=Lax`

export function cookieOf(exchange: Exchange, name: string): string | null {
  for (const pair of (exchange.headers.cookie ?? '').split(';')) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim()
  }
  return null
}
