/** How many jobs came to their end, by queue, within the last minute. */
export class EndedJobs {
  readonly #bySecond = new Map<number, Map<string, number>>()

  add(queue: string): void {
    const second = Math.floor(performance.now() / 1000)
    const of = this.#bySecond.get(second) ?? new Map<string, number>()
    this.#bySecond.set(second, of.set(queue, (of.get(queue) ?? 0) + 1))
    if (this.#bySecond.size > 60) this.#forget()
  }

  lately(): Record<string, number> {
    this.#forget()
    const sums: Record<string, number> = {}
    for (const of of this.#bySecond.values()) for (const [queue, n] of of) sums[queue] = (sums[queue] ?? 0) + n
    return sums
  }

  #forget(): void {
    const oldest = performance.now() / 1000 - 60
    for (const second of this.#bySecond.keys()) {
      if (second >= oldest) return
      this.#bySecond.delete(second)
    }
  }
}
