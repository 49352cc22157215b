// Many small transactions as few larger ones: whoever comes while one is under way goes together with the others who wait.

import { databaseIsAway } from '../availability.ts'

/** In one round at most: long enough to save commits, short enough to hold no lock for long. */
const mostTogether = 100

/**
 * `work` is given one item at once where nothing is under way, else all that wait, and returns a result for each in
 * order. Where a round of several throws, each is worked alone: nobody fails for another, unless the database is away
 * from all. So `work` must be one transaction, or harmless twice.
 */
export function inRounds<Item, Result>(work: (items: Item[]) => Promise<Result[]>): (item: Item) => Promise<Result> {
  interface Waiting {
    item: Item
    done: PromiseWithResolvers<Result>
  }
  const waiting: Waiting[] = []
  let moving = false

  async function round(some: Waiting[]): Promise<void> {
    try {
      const results = await work(some.map(({ item }) => item))
      for (const [i, { done }] of some.entries()) done.resolve(results[i] as Result)
    } catch (error) {
      if (some.length === 1 || databaseIsAway(error)) for (const { done } of some) done.reject(error)
      else for (const one of some) await round([one])
    }
  }

  async function move(): Promise<void> {
    moving = true
    while (waiting.length > 0) await round(waiting.splice(0, mostTogether))
    moving = false
  }

  return (item) => {
    const done = Promise.withResolvers<Result>()
    waiting.push({ item, done })
    if (!moving) void move()
    return done.promise
  }
}
