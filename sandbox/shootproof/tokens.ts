import { randomBytes } from 'node:crypto'
import type { FaultSwitch } from '../faults.ts'

const day = 86_400_000
export const accessSeconds = 1_209_600
const codeLife = 600_000

/** What is kept between two starts with the same state file. */
export interface TokenState {
  access: Record<string, { until: number; uses: number }>
  /** The scope each may be refreshed with. One that was used is gone. */
  refresh: Record<string, { clientId: string; scope: string }>
}

interface Code {
  clientId: string
  redirectUri: string
  scope: string
  until: number
}

/** Codes, access tokens and refresh tokens of one studio. */
export class Tokens {
  readonly #faults: FaultSwitch
  readonly #codes = new Map<string, Code>()
  state: TokenState = { access: {}, refresh: {} }

  constructor(faults: FaultSwitch) {
    this.#faults = faults
  }

  code(clientId: string, redirectUri: string, scope: string): string {
    const code = randomBytes(15).toString('base64url')
    this.#codes.set(code, { clientId, redirectUri, scope, until: Date.now() + codeLife })
    return code
  }

  /** Null where the code is over, was used, or belongs to another client, address or scope. */
  exchange(
    code: string,
    clientId: string,
    redirectUri: string,
    scope: string,
  ): { access: string; refresh: string } | null {
    const known = this.#codes.get(code)
    this.#codes.delete(code)
    if (!known || known.until < Date.now()) return null
    if (known.clientId !== clientId || known.redirectUri !== redirectUri || known.scope !== scope) return null
    return { access: this.access(), refresh: this.refreshToken(clientId, scope) }
  }

  /** Both tokens are replaced; the old refresh token opens nothing from now on. */
  refresh(token: string, clientId: string | null, scope: string): { access: string; refresh: string } | null {
    const known = this.state.refresh[token]
    if (!known || known.scope !== scope || (clientId !== null && known.clientId !== clientId)) return null
    delete this.state.refresh[token]
    return { access: this.access(), refresh: this.refreshToken(known.clientId, scope) }
  }

  access(): string {
    const token = randomBytes(30).toString('base64url')
    this.state.access[token] = { until: Date.now() + 14 * day, uses: 0 }
    return token
  }

  refreshToken(clientId: string, scope: string): string {
    const token = randomBytes(30).toString('base64url')
    this.state.refresh[token] = { clientId, scope }
    return token
  }

  /** Counts one use. */
  use(token: string | null): 'absent' | 'alive' | 'dead' {
    if (token === null) return 'absent'
    const known = this.state.access[token]
    const limit = this.#faults.current.expireTokenEvery
    if (known && known.until > Date.now() && (limit === 0 || known.uses < limit)) {
      known.uses++
      return 'alive'
    }
    delete this.state.access[token]
    return 'dead'
  }
}
