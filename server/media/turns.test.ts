import { expect, test } from 'vitest'
import { Busy } from './problems.ts'
import { openTurns } from './turns.ts'

/** Work that goes on until it is told to end. */
function pending() {
  const [begun, done] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const work = () => {
    begun.resolve()
    return done.promise
  }
  return { begun: begun.promise, end: () => done.resolve(), work }
}

test('one key does not take every place, and whoever comes beyond the queue is told to come again', async () => {
  const turn = openTurns({ atOnce: 3, atOnceOfOne: 2, waiting: 2 })
  const works = Array.from({ length: 5 }, pending)
  const begun: number[] = []
  const begin = (who: string, n: number) =>
    turn(who, () => {
      begun.push(n)
      return works[n]!.work()
    })
  const running = [begin('a', 0), begin('a', 1), begin('a', 2), begin('b', 3), begin('a', 4)]
  await expect(begin('b', 5)).rejects.toThrow(Busy)
  await works[3]!.begun
  expect(begun).toEqual([0, 1, 3])
  works[0]!.end()
  await works[2]!.begun
  expect(begun).toEqual([0, 1, 3, 2])
  for (const { end } of works) end()
  await Promise.all(running)
  expect(begun).toEqual([0, 1, 3, 2, 4])
})

test('work that throws gives its place back', async () => {
  const turn = openTurns({ atOnce: 1, atOnceOfOne: 1, waiting: 0 })
  await expect(turn('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await turn('a', async () => 1)).toBe(1)
})
