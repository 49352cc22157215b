// Which brand an event hangs under: a gallery is known by the event's id alone, and every address needs both.
import { NotAvailable, NotFound, UnexpectedPage } from '../connector.ts'
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

  /** As it is now. Where no brand has it the weightiest refusal is thrown: NotFound only if all of them are. */
  async find(event: string): Promise<{ brand: string; event: Event }> {
    if (this.#brands.length === 0) this.#brands = (await brandsOf(this.#calls)).map(({ id }) => id)
    let refusal: unknown
    for (const brand of this.#brands) {
      try {
        const found = await this.#calls.read('event', { brand, event })
        this.#brands = [brand, ...this.#brands.filter((other) => other !== brand)]
        return { brand, event: found }
      } catch (error) {
        if (weightOf(error) === null) throw error
        if (refusal === undefined || Number(weightOf(error)) > Number(weightOf(refusal))) refusal = error
      }
    }
    throw refusal
  }
}

/**
 * How the wrong brand refuses is not known, so every kind leads on to the next brand: "forbidden" says more than "not
 * found", and an answer that is not understood stays loud. null: no refusal.
 */
function weightOf(error: unknown): number | null {
  if (error instanceof NotFound) return 0
  if (error instanceof NotAvailable) return 1
  if (!(error instanceof UnexpectedPage)) return null
  const { status } = error.evidence
  return status >= 400 && status < 500 ? 2 : null
}
