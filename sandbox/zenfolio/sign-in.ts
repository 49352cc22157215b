import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { FaultSwitch } from '../faults.ts'
import type { World } from './world.ts'

const hour = 3_600_000
/** "Slightly more than 24 hours." */
const tokenLife = 24.2 * hour
const challengeLife = 5 * 60_000

export type TokenState = 'absent' | 'alive' | 'dead'

/** What is kept between two starts with the same state file. */
export interface SignInState {
  tokens: Record<string, { until: number; uses: number }>
}

/** Challenges, tokens and keyrings of one account. */
export class SignIn {
  readonly #world: World
  readonly #faults: FaultSwitch
  readonly #salt: Buffer
  readonly #challenges = new Map<string, number>()
  readonly #keyrings = new Map<string, string[]>()
  #given = 0
  state: SignInState = { tokens: {} }

  constructor(world: World, faults: FaultSwitch) {
    this.#world = world
    this.#faults = faults
    this.#salt = createHash('sha256').update(`salt of ${world.loginName}`).digest().subarray(0, 16)
  }

  /** Salt and challenge as the wire has them; every second pair is signed where `signed` asks for it. */
  challenge(login: string, signed: boolean): { salt: number[]; challenge: number[] } {
    const challenge = randomBytes(32)
    // A stranger gets one too, which opens nothing: who has an account is not told.
    if (this.#isAccount(login)) this.#challenges.set(challenge.toString('hex'), Date.now() + challengeLife)
    const asSigned = this.#faults.current.signedBytes || (signed && this.#given++ % 2 === 0)
    const ints = (bytes: Buffer) => [...bytes].map((byte) => (asSigned && byte > 127 ? byte - 256 : byte))
    return { salt: ints(this.#salt), challenge: ints(challenge) }
  }

  /** A new token, or null where the proof is wrong or the challenge is not (or no longer) one of ours. */
  authenticate(challenge: Buffer, proof: Buffer): string | null {
    const key = challenge.toString('hex')
    const until = this.#challenges.get(key)
    this.#challenges.delete(key)
    if (until === undefined || until < Date.now()) return null
    const inner = sha256(this.#salt, Buffer.from(this.#world.password, 'utf8'))
    const expected = sha256(challenge, inner)
    return proof.length === expected.length && timingSafeEqual(proof, expected) ? this.#issue() : null
  }

  /** `login` is the login name or the e-mail address. */
  #isAccount(login: string): boolean {
    return login === this.#world.loginName || login === this.#world.email
  }

  authenticatePlain(login: string, password: string): string | null {
    return this.#isAccount(login) && password === this.#world.password ? this.#issue() : null
  }

  #issue(): string {
    const token = randomBytes(48).toString('base64url')
    this.state.tokens[token] = { until: Date.now() + tokenLife, uses: 0 }
    return token
  }

  /** Counts one use. */
  use(token: string | null): TokenState {
    if (token === null) return 'absent'
    const known = this.state.tokens[token]
    const limit = this.#faults.current.expireTokenEvery
    if (known && known.until > Date.now() && (limit === 0 || known.uses < limit)) {
      known.uses++
      return 'alive'
    }
    delete this.state.tokens[token]
    return this.#faults.current.silentExpiry ? 'absent' : 'dead'
  }

  unlocked(keyring: string | null): string[] {
    return keyring === null ? [] : (this.#keyrings.get(keyring) ?? [])
  }

  /** A keyring that opens one realm more. */
  unlock(keyring: string, realm: string): string {
    const longer = randomBytes(18).toString('base64url')
    this.#keyrings.set(longer, [...new Set([...this.unlocked(keyring), realm])])
    return longer
  }
}

function sha256(...parts: Buffer[]): Buffer {
  return createHash('sha256').update(Buffer.concat(parts)).digest()
}
