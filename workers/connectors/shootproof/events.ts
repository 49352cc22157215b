// Which brand an event hangs under: a gallery is known by the event's id alone, and every address needs both.
import { NotAvailable, NotFound } from '../connector.ts'
import { brandsOf } from './account.ts'
import type { Calls } from './calls.ts'
import type { Event } from './wire.ts'

export class Events {
  readonly #calls: Calls
  /** The one that had the last event stands first; empty until they are asked for. */
  #brands: string[] = []

  constructor(calls: Calls) {
    this.#calls = calls
  }

  /** As it is now. Throws NotFound or NotAvailable where no brand has it. */
  async find(event: string): Promise<{ brand: string; event: Event }> {
    if (this.#brands.length === 0) this.#brands = (await brandsOf(this.#calls)).map(({ id }) => id)
    let refusal: unknown
    for (const brand of this.#brands) {
      try {
        const found = await this.#calls.read('event', { brand, event })
        this.#brands = [brand, ...this.#brands.filter((other) => other !== brand)]
        return { brand, event: found }
      } catch (error) {
        if (!(error instanceof NotFound || error instanceof NotAvailable)) throw error
        // "Forbidden" says more than "not found", which is what the wrong brand gives.
        if (!(refusal instanceof NotAvailable)) refusal = error
      }
    }
    throw refusal
  }
}
