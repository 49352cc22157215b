// Keeps services running: starts them together, starts again what crashes, stops them in reverse order.
import { setTimeout as delay } from 'node:timers/promises'

export interface Service {
  name: string
  /** Resolves when it answers; rejects when it does not come up or `signal` says to give up, leaving nothing behind. */
  start(signal: AbortSignal): Promise<Running>
}

export interface Running {
  /** Resolves when it has ended, whoever ended it, with how, to be read after its name: `exited with 1`. */
  exited: Promise<string>
  /** Drains and ends it. */
  stop(): Promise<void>
}

export interface Supervisor {
  /** Resolves when all of them answer. Throws what the last attempt of one threw. Later calls are stopped earlier. */
  start(...services: Service[]): Promise<void>
  /** Ends everything, the latest group first, and resolves when it has ended. */
  stop(): Promise<void>
}

interface Pace {
  /** Before each new start after a crash; the last one repeats. */
  backoffMilliseconds: number[]
  /** Having run that long, a crash counts as the first. */
  steadyMilliseconds: number
}

const usual: Pace = { backoffMilliseconds: [500, 1000, 2000, 5000, 10_000, 30_000], steadyMilliseconds: 60_000 }
const firstAttempts = 3

/** `tell` gets one line a crash. `signal` ends starting, not what runs: that is what `stop` is for. */
export function supervisor(tell: (line: string) => void, signal: AbortSignal, pace: Pace = usual): Supervisor {
  const groups: Kept[][] = []
  const ending = new AbortController()
  const giveUp = AbortSignal.any([signal, ending.signal])
  return {
    async start(...services) {
      const group = services.map((service) => new Kept(service, tell, giveUp, pace))
      groups.push(group)
      const results = await Promise.allSettled(group.map((kept) => kept.begin()))
      for (const result of results) if (result.status === 'rejected') throw result.reason
    },
    async stop() {
      ending.abort()
      for (const group of groups.splice(0).reverse()) await Promise.all(group.map((kept) => kept.end()))
    },
  }
}

class Kept {
  readonly #service: Service
  readonly #tell: (line: string) => void
  readonly #giveUp: AbortSignal
  readonly #pace: Pace
  #running: Running | undefined
  #keeping: Promise<void> | undefined

  constructor(service: Service, tell: (line: string) => void, giveUp: AbortSignal, pace: Pace) {
    this.#service = service
    this.#tell = tell
    this.#giveUp = giveUp
    this.#pace = pace
  }

  async begin(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        this.#running = await this.#service.start(this.#giveUp)
        break
      } catch (error) {
        if (this.#giveUp.aborted || attempt === firstAttempts) throw error
        await this.#wait(attempt - 1)
      }
    }
    this.#keeping = this.#keep()
  }

  async end(): Promise<void> {
    await this.#running?.stop()
    await this.#keeping
  }

  async #keep(): Promise<void> {
    for (let crashes = 0; this.#running; crashes++) {
      const since = Date.now()
      const how = await this.#running.exited
      if (Date.now() - since > this.#pace.steadyMilliseconds) crashes = 0
      if (this.#giveUp.aborted) return
      this.#running = undefined
      this.#tell(`${this.#service.name} ${how}; starting it again`)
      await this.#wait(crashes)
      this.#running = await this.#again(crashes)
    }
  }

  /** Undefined when it is time to stop. */
  async #again(crashes: number): Promise<Running | undefined> {
    while (!this.#giveUp.aborted) {
      try {
        return await this.#service.start(this.#giveUp)
      } catch (error) {
        if (this.#giveUp.aborted) return
        this.#tell(`${this.#service.name} did not start: ${(error as Error).message}`)
        await this.#wait(++crashes)
      }
    }
  }

  async #wait(crashes: number): Promise<void> {
    const { backoffMilliseconds: backoff } = this.#pace
    const milliseconds = backoff[Math.min(crashes, backoff.length - 1)]
    await delay(milliseconds, undefined, { signal: this.#giveUp }).catch(() => {})
  }
}
