// Many small transactions as few larger ones: whoever comes while one is under way goes together with the others who wait.
import { setTimeout as delay } from 'node:timers/promises'
import { databaseIsAway } from '../availability.ts'

/** While so many came within a second, a round waits for `enough` of them, at most so long: they come together anyway. */
export interface Gathering {
  inASecond: number
  enough: number
  milliseconds: number
}

/** In one round at most: long enough to save commits, short enough to hold no lock for long. */
const mostTogether = 100

/**
 * `work` is given one item at once where nothing is under way, else all that wait, and returns a result for each in
 * order. Where a round of several throws, each is worked alone: nobody fails for another, unless the database is away
 * from all. So `work` must be one transaction, or harmless twice.
 */
export function inRounds<Item, Result>(
  work: (items: Item[]) => Promise<Result[]>,
  gathering?: Gathering,
): (item: Item) => Promise<Result> {
  interface Waiting {
    item: Item
    done: PromiseWithResolvers<Result>
  }
  const waiting: Waiting[] = []
  let moving = false
  let enough = () => {}
  /** When the latest of them came. */
  const came: number[] = []

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
    while (waiting.length > 0) {
      if (gathering && waiting.length < gathering.enough && isCrowd(gathering)) await gathered(gathering)
      await round(waiting.splice(0, mostTogether))
    }
    moving = false
  }

  const isCrowd = ({ inASecond }: Gathering) => came.length === inASecond && performance.now() - came[0]! < 1000

  async function gathered({ milliseconds }: Gathering): Promise<void> {
    const end = new AbortController()
    enough = () => end.abort()
    await delay(milliseconds, undefined, { signal: end.signal }).catch(() => {})
    enough = () => {}
  }

  return (item) => {
    const done = Promise.withResolvers<Result>()
    waiting.push({ item, done })
    if (gathering) {
      came.push(performance.now())
      if (came.length > gathering.inASecond) came.shift()
      if (waiting.length >= gathering.enough) enough()
    }
    if (!moving) void move()
    return done.promise
  }
}
