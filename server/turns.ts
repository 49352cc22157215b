// This process's share of one lane of a host: the tokens of its last lease, and those who wait for the next.

/** Postgres does not answer, or not now; a later try may succeed. */
export class Away extends Error {}

/** Tokens that a worker has leased are good for this long: so much a stale worker may still send after a 429. */
export const sliceSeconds = 0.2
/** Asked again a little sooner than the slice ends, so that the round trip costs no requests. */
const askAgainSeconds = 0.15
/** The longest sleep: what is changed by hand holds within it. */
const recheckSeconds = 5

export interface Lease {
  granted: number
  /** Tokens that were there before the grant. */
  available: number
  rate: number
  /** Seconds left of the block; 0: none. */
  blocked: number
  paused: boolean
}

interface Waiter {
  go(): void
  fail(reason: unknown): void
}

export class Turns {
  #tokens = 0
  #granted = 0
  /** Tokens to ask for next: twice as many where the last were used up, up to two slices; else as many as were used. */
  #demand = 1
  #expires = 0
  #notBefore = 0
  #denials = 0
  /** Counts the complaints: a lease that was asked for before one is void. */
  #complaints = 0
  #asking = false
  #timer: NodeJS.Timeout | undefined
  readonly #waiters = new Set<Waiter>()
  readonly #lease: (wanted: number) => Promise<Lease>

  /** Where `lease` throws Away it is asked again; any other error goes to all who wait. */
  constructor(lease: (wanted: number) => Promise<Lease>) {
    this.#lease = lease
  }

  take(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (this.#waiters.size === 0 && this.#spend()) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const leave = () => {
        signal?.removeEventListener('abort', aborted)
        this.#waiters.delete(waiter)
        if (this.#waiters.size > 0) return
        clearTimeout(this.#timer)
        this.#timer = undefined
      }
      const waiter: Waiter = {
        go() {
          leave()
          resolve()
        },
        fail(reason) {
          leave()
          reject(reason)
        },
      }
      const aborted = () => waiter.fail(signal?.reason)
      signal?.addEventListener('abort', aborted)
      this.#waiters.add(waiter)
      this.#schedule()
    })
  }

  /** Gives up what is leased and asks no sooner than in so many seconds. */
  stop(seconds: number): void {
    this.#complaints++
    this.#tokens = 0
    this.#sleep(Math.min(seconds, 1))
  }

  #spend(): boolean {
    if (this.#tokens < 1 || performance.now() >= this.#expires) return false
    this.#tokens--
    return true
  }

  #sleep(seconds: number): void {
    this.#notBefore = performance.now() + seconds * 1000
  }

  #schedule(): void {
    if (this.#asking || this.#timer || this.#waiters.size === 0) return
    // Even at once means after this turn of the loop, so that all who ask together are counted together.
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined
        if (this.#waiters.size > 0) void this.#ask()
      },
      Math.max(0, this.#notBefore - performance.now()),
    )
  }

  async #ask(): Promise<void> {
    this.#asking = true
    if (this.#tokens > 0) this.#demand = this.#granted - this.#tokens
    const wanted = Math.max(this.#waiters.size, this.#demand)
    const complaints = this.#complaints
    const asked = performance.now()
    try {
      const lease = await this.#lease(wanted)
      if (complaints === this.#complaints) this.#accept(lease, wanted, asked)
    } catch (error) {
      this.#failed(error)
    }
    this.#asking = false
    for (const waiter of this.#waiters) {
      if (!this.#spend()) break
      waiter.go()
    }
    this.#schedule()
  }

  #accept(lease: Lease, wanted: number, asked: number): void {
    this.#tokens = this.#granted = lease.granted
    this.#demand = Math.min(2 * wanted, Math.ceil(2 * sliceSeconds * lease.rate))
    this.#expires = asked + sliceSeconds * 1000
    this.#denials = lease.granted > 0 ? 0 : this.#denials + 1
    this.#sleep(this.#pauseAfter(lease, wanted))
  }

  #pauseAfter({ granted, available, rate, blocked, paused }: Lease, wanted: number): number {
    if (paused) return 1
    if (blocked > 0) return Math.min(blocked, recheckSeconds)
    if (granted === wanted) return 0
    const nextToken = Math.max(0, (1 - (available - granted)) / rate)
    if (granted > 0) return Math.max(nextToken, Math.min(askAgainSeconds, (wanted - granted) / rate))
    // Others took it: where many wait for few, they ask less often, and not in step.
    const crowd = 1 + Math.random() * Math.min(this.#denials - 1, 8)
    return Math.min(Math.max(nextToken, 0.005) * crowd, recheckSeconds)
  }

  #failed(error: unknown): void {
    if (error instanceof Away) {
      this.#denials++
      this.#sleep(Math.min(0.25 * 2 ** Math.min(this.#denials, 5), recheckSeconds) * (0.5 + Math.random() / 2))
    } else {
      this.#sleep(1)
      for (const waiter of this.#waiters) waiter.fail(error)
    }
  }
}
