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
  const look = async () => {
    const began = performance.now()
    answer = await ask()
    asked = began
  }
  return {
    async now() {
      if (performance.now() - asked > milliseconds) {
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
      asked = Number.NEGATIVE_INFINITY
    },
  }
}
