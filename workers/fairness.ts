// Whose turn it is at one queue of one worker: a run with 500,000 photos does not starve one with 500.

/** How long "only one run has work here" is believed before the others are looked for again. */
const aloneMilliseconds = 1000

export class Fairness {
  /** Runs that had a job in this round. */
  readonly #served = new Set<string>()
  #alone = { run: '', until: 0 }

  /**
   * Which runs to pass over, in this order until there is a job: those that had their turn or have one in hand, those
   * that have one in hand, those that have most in hand, none. `inHand` names the run of each job in hand.
   */
  passedOver(inHand: string[]): string[][] {
    const counts = new Map<string, number>()
    for (const run of inHand) counts.set(run, (counts.get(run) ?? 0) + 1)
    const busy = [...counts.keys()]
    const had = [...new Set([...this.#served, ...busy])]
    if (had.length === 1 && had[0] === this.#alone.run && Date.now() < this.#alone.until) return [[]]
    const least = Math.min(...counts.values())
    const crowded = busy.filter((run) => counts.get(run)! > least)
    // Each is a part of the one before it: equal ones are of equal length.
    return [had, busy, crowded, []].filter((runs, i, all) => runs.length !== all[i - 1]?.length)
  }

  served(run: string | null): void {
    if (run) this.#served.add(run)
  }

  /** Nobody but `passedOver` has work: a new round begins. */
  foundNone(passedOver: string[]): void {
    this.#served.clear()
    const [run] = passedOver
    if (run && passedOver.length === 1) this.#alone = { run, until: Date.now() + aloneMilliseconds }
  }
}
