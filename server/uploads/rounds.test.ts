import { expect, test } from 'vitest'
import { inRounds } from './rounds.ts'

test('the first goes at once; those who come meanwhile go together', async () => {
  const rounds: number[][] = []
  const first = Promise.withResolvers<void>()
  const enter = inRounds(async (items: number[]) => {
    rounds.push(items)
    if (rounds.length === 1) await first.promise
    return items.map((item) => item * 10)
  })
  const all = Promise.all([1, 2, 3, 4].map(enter))
  expect(rounds).toEqual([[1]])
  first.resolve()
  expect(await all).toEqual([10, 20, 30, 40])
  expect(rounds).toEqual([[1], [2, 3, 4]])
})

test('of a crowd as many go together as are enough, and none waits for more', async () => {
  const rounds: number[][] = []
  const enter = inRounds(
    async (items: number[]) => {
      rounds.push(items)
      return items
    },
    { inASecond: 3, enough: 3, milliseconds: 60_000 },
  )
  await enter(1)
  await enter(2)
  expect(rounds).toEqual([[1], [2]])
  await Promise.all([3, 4, 5].map(enter))
  expect(rounds).toEqual([[1], [2], [3, 4, 5]])
})

test('a crowd that ends is not waited for', async () => {
  const enter = inRounds(async (items: number[]) => items, { inASecond: 1, enough: 3, milliseconds: 1 })
  expect(await enter(1)).toBe(1)
})

test('one that cannot be done fails alone', async () => {
  const enter = inRounds(async (items: number[]) => {
    if (items.includes(3)) throw new Error('not 3')
    return items
  })
  const results = await Promise.allSettled([1, 2, 3, 4].map(enter))
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
  expect(await enter(5)).toBe(5)
})

test('where the database is away nobody is tried again', async () => {
  const away = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
  let rounds = 0
  const enter = inRounds(async (_: number[]): Promise<number[]> => {
    rounds++
    throw away
  })
  const results = await Promise.allSettled([1, 2, 3].map(enter))
  expect(results.map((one) => one.status === 'rejected' && one.reason)).toEqual([away, away, away])
  expect(rounds).toBe(2)
})
