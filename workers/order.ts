// Whose work is taken at one queue of one worker: what somebody waits for, then that of the runs that come first, then
// the others in turns, then that of those that come last.
import type { Ranks } from '#server/priorities.ts'
import { Fairness } from './fairness.ts'

/** `awaited`: jobs with a priority of their own, suspects and what a caller waits for, of whatever run. */
export type Rank = 'awaited' | keyof Ranks

export interface Look {
  rank: Rank
  /** Runs to pass over. */
  ignoreGroups: string[]
  /** The least priority of a job. */
  minPriority?: number
}

/** How long "nothing of this rank is here" is believed before it is looked for again. */
const emptyMilliseconds = 250
/** A rank that has come to nothing for so long has one turn before its betters: nobody's work stands still for ever. */
const patienceMilliseconds = 60_000

interface Standing {
  fairness: Fairness
  emptyUntil: number
  /** Since when it has waited. */
  since: number
}

export class Order {
  readonly #ranks: Record<Rank, Standing> = { awaited: fresh(), first: fresh(), normal: fresh(), last: fresh() }
  #isRanked = false

  served(rank: Rank, run: string | null): void {
    this.#ranks[rank].fairness.served(run)
    this.#ranks[rank].since = Date.now()
  }

  /** Each look after the last one found nothing; `inHand` names run and rank of each job in hand. */
  *looks(inHand: { run: string; rank: Rank }[], ranks: Ranks): Generator<Look> {
    for (const rank of this.#inOrder(ranks)) {
      const standing = this.#ranks[rank]
      const theirs = inHand.flatMap((job) => (!this.#isRanked || job.rank === rank ? [job.run] : []))
      const others = this.#isRanked ? othersThan(rank, ranks) : []
      for (const turns of standing.fairness.passedOver(theirs)) {
        yield { rank, ignoreGroups: [...turns, ...others], ...(rank === 'awaited' ? { minPriority: 1 } : {}) }
        standing.fairness.foundNone(turns)
      }
      if (!this.#isRanked) continue
      standing.emptyUntil = Date.now() + emptyMilliseconds
      standing.since = Date.now()
    }
  }

  /** There may be work again. */
  lookAgain(): void {
    for (const standing of Object.values(this.#ranks)) standing.emptyUntil = 0
  }

  #inOrder(ranks: Ranks): Rank[] {
    const now = Date.now()
    const wasRanked = this.#isRanked
    this.#isRanked = ranks.first.length + ranks.last.length > 0
    if (!this.#isRanked) return ['normal']
    if (!wasRanked) for (const standing of Object.values(this.#ranks)) standing.since = now
    const all: Rank[] = ['awaited']
    if (ranks.first.length > 0) all.push('first')
    all.push('normal')
    if (ranks.last.length > 0) all.push('last')
    const open = all.filter((rank) => now >= this.#ranks[rank].emptyUntil)
    const overdue = open.filter((rank) => rank !== 'awaited' && now - this.#ranks[rank].since > patienceMilliseconds)
    const [first, ...rest] = open.filter((rank) => !overdue.includes(rank))
    return first === 'awaited' ? [first, ...overdue, ...rest] : [...overdue, ...(first ? [first] : []), ...rest]
  }
}

/** Runs that are known to be of another rank; whoever is of none, as a job of no run, comes with the first look. */
function othersThan(rank: Rank, ranks: Ranks): string[] {
  if (rank === 'awaited') return []
  return (['first', 'normal', 'last'] as const).flatMap((other) => (other === rank ? [] : ranks[other]))
}

const fresh = (): Standing => ({ fairness: new Fairness(), emptyUntil: 0, since: 0 })
