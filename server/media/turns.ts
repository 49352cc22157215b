// Who may send a body now: so many at once, no key all of them, and nobody waits in a queue without end.
import pLimit, { type LimitFunction } from 'p-limit'
import { Busy } from './problems.ts'

export interface TurnLimits {
  atOnce: number
  /** Of one key: the others find a place whatever it sends. */
  atOnceOfOne: number
  /** More than these are not asked to wait. */
  waiting: number
}

/** Does the work when its turn has come. Throws Busy at once, or what the work throws. */
export type Turns = <T>(who: string, work: () => Promise<T>) => Promise<T>

export function openTurns({ atOnce, atOnceOfOne, waiting }: TurnLimits): Turns {
  const all = pLimit(atOnce)
  const each = new Map<string, { limit: LimitFunction; here: number }>()
  let here = 0
  return async (who, work) => {
    if (here >= atOnce + waiting) throw new Busy()
    const own = each.get(who) ?? { limit: pLimit(atOnceOfOne), here: 0 }
    each.set(who, own)
    here++
    own.here++
    try {
      return await own.limit(() => all(work))
    } finally {
      here--
      own.here--
      if (own.here === 0) each.delete(who)
    }
  }
}
