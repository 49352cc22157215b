import { chance, hash32 } from './random.ts'

/** Everything that can be switched on over `POST /_sandbox/faults`. Rates are shares of requests, 0 to 1. */
const none = {
  rate429: 0,
  /** Seconds, `"date"` for an HTTP date one second ahead, or null for no Retry-After at all. */
  retryAfter: 1 as number | 'date' | null,
  rate5xx: 0,
  rateTruncated: 0,
  rateHtml: 0,
  rateReset: 0,
  rateStall: 0,
  latencyMs: 0,
  edgeBlock: false,
  /** A token dies after this many uses; 0 means never. */
  expireTokenEvery: 0,
  /** A dead token counts as none at all, instead of being refused by name. */
  silentExpiry: false,
  wrongPassword: false,
  locked: false,
  apiOff: false,
  changedMarkup: false,
  emptyLists: false,
  signedBytes: false,
  /** New tokens are given and the answer that holds them breaks off. */
  lostTokens: false,
  thawSeconds: 5,
}

export type Faults = typeof none

/** The body of a change was not understood; `message` names the key. */
export class InvalidFaults extends Error {}

export type Fault =
  | { kind: 'edge' }
  | { kind: 'tooMany'; retryAfter: string | null }
  | { kind: 'serverError'; status: 500 | 502 | 503 | 504 }
  | { kind: 'html' }
  | { kind: 'reset'; share: number }
  | { kind: 'stall'; share: number }
  | { kind: 'truncated'; share: number; stated: boolean }

const serverErrors = [500, 502, 503, 504] as const

/** Draws faults by seed and counter: the same requests in the same order meet the same faults. */
export class FaultSwitch {
  readonly #seed: number
  readonly #initial: Faults
  #counter = 0
  current: Faults

  constructor(seed: number, initial: Partial<Faults> = {}) {
    this.#seed = seed
    this.#initial = { ...none, ...initial }
    this.current = { ...this.#initial }
  }

  /** Unset keys stay as they are; `reset: true` clears first. The counter starts again, so a scene can be repeated. */
  change(body: unknown): Faults {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new InvalidFaults('an object is needed')
    const { reset, ...changes } = body as Record<string, unknown>
    const next: Record<string, unknown> = reset === true ? { ...this.#initial } : { ...this.current }
    for (const [key, value] of Object.entries(changes)) {
      if (!(key in none)) throw new InvalidFaults(`unknown fault ${key}`)
      if (!valid(key as keyof Faults, value)) throw new InvalidFaults(`wrong value for ${key}`)
      next[key] = value
    }
    this.#counter = 0
    this.current = next as Faults
    return this.current
  }

  /** The fault that the next request meets, or null. */
  draw(): Fault | null {
    const faults = this.current
    const count = this.#counter++
    const hit = (kind: string, rate: number) => rate > 0 && chance(this.#seed, kind, count) < rate
    const share = 0.05 + 0.9 * chance(this.#seed, 'share', count)
    if (faults.edgeBlock) return { kind: 'edge' }
    if (hit('429', faults.rate429)) return { kind: 'tooMany', retryAfter: retryAfter(faults.retryAfter) }
    if (hit('5xx', faults.rate5xx)) {
      return { kind: 'serverError', status: serverErrors[hash32(this.#seed, 'status', count) % 4] ?? 503 }
    }
    if (hit('reset', faults.rateReset)) return { kind: 'reset', share: count % 3 === 0 ? 0 : share }
    if (hit('stall', faults.rateStall)) return { kind: 'stall', share: count % 2 === 0 ? 0 : share }
    if (hit('html', faults.rateHtml)) return { kind: 'html' }
    if (hit('truncated', faults.rateTruncated)) {
      return { kind: 'truncated', share, stated: chance(this.#seed, 'stated', count) < 0.5 }
    }
    return null
  }
}

function valid(key: keyof Faults, value: unknown): boolean {
  if (key === 'retryAfter') return value === null || value === 'date' || (typeof value === 'number' && value >= 0)
  if (typeof none[key] === 'boolean') return typeof value === 'boolean'
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) return false
  return key.startsWith('rate') ? value <= 1 : true
}

function retryAfter(setting: Faults['retryAfter']): string | null {
  if (setting === null) return null
  // An HTTP date has no fractions: a little more than a second ahead never reads as the past.
  return setting === 'date' ? new Date(Date.now() + 2000).toUTCString() : String(setting)
}
