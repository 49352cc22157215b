// What the account's list says of its collections, for those whose own answer leaves something out.
import { NotAvailable, NotFound } from '../connector.ts'
import { readPage } from './account.ts'
import type { Calls } from './calls.ts'
import type { Collection } from './wire.ts'

/** More would be a list without an end. */
const mostPages = 10_000

export class Listed {
  readonly #calls: Calls
  #all: Promise<ReadonlyMap<string, Collection>> | undefined

  constructor(calls: Calls) {
    this.#calls = calls
  }

  /** undefined where the list does not hold it. Read once; what failed is tried again by the next collection. */
  async of(ref: string): Promise<Collection | undefined> {
    this.#all ??= this.#read().catch((error) => {
      this.#all = undefined
      // The list is not there: that says nothing of the collection.
      if (error instanceof NotFound || error instanceof NotAvailable) return new Map()
      throw error
    })
    return (await this.#all).get(ref)
  }

  async #read(): Promise<ReadonlyMap<string, Collection>> {
    this.#calls.note('a collection that leaves out what the list of the account may tell')
    const all = new Map<string, Collection>()
    for (let number = 1; number <= mostPages; number++) {
      const { collections, elsewhere, lastPage } = await readPage(this.#calls, number)
      const before = all.size
      for (const { found } of [...collections, ...elsewhere]) all.set(found.id, found)
      if (lastPage === null ? all.size === before : number >= lastPage) break
    }
    return all
  }
}
