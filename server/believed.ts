// What every worker asks all the time and what changes seldom: asked once in a while for all who want to know.

export interface Believed<T> {
  /** As of so many milliseconds ago at most; while it cannot be asked, as it was. */
  now(): Promise<T>
  /** Something may have changed. */
  lookAgain(): void
}

/** `first` holds until the first answer. */
export function believed<T>(first: T, milliseconds: number, ask: () => Promise<T>): Believed<T> {
  let answer = first
  let asked = Number.NEGATIVE_INFINITY
  let asking: Promise<void> | undefined
  let changes = 0
  const look = async () => {
    const began = performance.now()
    const before = changes
    answer = await ask()
    if (before === changes) asked = began
  }
  return {
    async now() {
      // Twice: what is being asked may have been asked before something changed.
      for (let time = 0; time < 2 && performance.now() - asked > milliseconds; time++) {
        asking ??= look()
          .catch(() => {})
          .finally(() => {
            asking = undefined
          })
        await asking
      }
      return answer
    },
    lookAgain() {
      changes++
      asked = Number.NEGATIVE_INFINITY
    },
  }
}
