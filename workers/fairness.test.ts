import { expect, test } from 'vitest'
import { Fairness } from './fairness.ts'

/** Takes jobs one after another for three hands that each hold the last three; gives the runs in the order served. */
function order(waiting: Record<string, number>, jobs: number): string[] {
  const fairness = new Fairness()
  const left = new Map(Object.entries(waiting))
  const taken: string[] = []
  while (taken.length < jobs) {
    for (const passedOver of fairness.passedOver(taken.slice(-2))) {
      // The queue gives the oldest: here the first run that is not passed over.
      const run = [...left.keys()].find((name) => left.get(name)! > 0 && !passedOver.includes(name))
      if (!run) {
        fairness.foundNone(passedOver)
        continue
      }
      left.set(run, left.get(run)! - 1)
      fairness.served(run)
      taken.push(run)
      break
    }
  }
  return taken
}

test('every run that waits has its turn before one has its next, however many jobs that one has', () => {
  expect(order({ a: 1000, b: 1000, c: 1000, d: 1000, e: 2 }, 15).join('')).toBe('abcdeabcdeabcda'.slice(0, 15))
})

test('a run alone has every turn, without looking for others more than once a second', () => {
  const fairness = new Fairness()
  fairness.served('a')
  expect(fairness.passedOver(['a'])).toEqual([['a'], []])
  fairness.foundNone(['a'])
  fairness.served('a')
  expect(fairness.passedOver(['a', 'a'])).toEqual([[]])
  fairness.served('b')
  expect(fairness.passedOver(['a', 'b'])[0]).toEqual(['a', 'b'])
})

test('where every run has its share in hand the one with less comes first', () => {
  const fairness = new Fairness()
  expect(fairness.passedOver(['a', 'a', 'b'])).toEqual([['a', 'b'], ['a'], []])
  expect(fairness.passedOver(['a', 'b'])).toEqual([['a', 'b'], []])
  expect(fairness.passedOver([])).toEqual([[]])
})
