import type { FaultSwitch } from '../faults.ts'

/** Galleries in cold storage. The clock of each starts with the first question for it. */
export class ColdStore {
  readonly #faults: FaultSwitch
  /** Milliseconds since 1970 of the first question, by gallery id. */
  asked: Record<string, number> = {}

  constructor(faults: FaultSwitch) {
    this.#faults = faults
  }

  isThawed(gallery: string): boolean {
    return this.millisecondsLeft(gallery) === 0
  }

  millisecondsLeft(gallery: string): number {
    const first = this.asked[gallery] ?? Date.now()
    this.asked[gallery] = first
    return Math.max(0, first + this.#faults.current.thawSeconds * 1000 - Date.now())
  }
}
