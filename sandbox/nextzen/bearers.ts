import { randomBytes } from 'node:crypto'
import type { FaultSwitch } from '../faults.ts'
import type { World } from './world.ts'

const month = 30 * 24 * 3600

export type BearerState = 'absent' | 'alive' | 'dead'

/** What is kept between two starts with the same state file: uses by bearer. */
export type BearerBook = Record<string, number>

/** The sessions of one account. A dead one stays dead. */
export class Bearers {
  readonly #world: World
  readonly #faults: FaultSwitch
  book: BearerBook = {}

  constructor(world: World, faults: FaultSwitch) {
    this.#world = world
    this.#faults = faults
  }

  /** Looks like a JWT, and is looked up: its signature is noise. */
  issue(): string {
    const now = Math.floor(Date.now() / 1000)
    const { siteId, email, displayName } = this.#world
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = { sub: siteId, email, name: displayName, iat: now, exp: now + month }
    const bearer = [part({ alg: 'HS256', typ: 'JWT' }), part(claims), randomBytes(32).toString('base64url')].join('.')
    this.book[bearer] = 0
    return bearer
  }

  /** Counts one use. */
  use(bearer: string | null): BearerState {
    if (bearer === null) return 'absent'
    const uses = this.book[bearer]
    const limit = this.#faults.current.expireTokenEvery
    if (uses === undefined || (limit > 0 && uses >= limit)) {
      delete this.book[bearer]
      return 'dead'
    }
    this.book[bearer] = uses + 1
    return 'alive'
  }
}
