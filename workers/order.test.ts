import { afterEach, expect, test, vi } from 'vitest'
import type { Ranks } from '#server/priorities.ts'
import { Order, type Rank } from './order.ts'

interface Waiting {
  run: string
  priority?: number
}

afterEach(() => {
  vi.useRealTimers()
})

/** Takes `jobs` jobs one after another, each from the oldest that a look lets through; two stay in hand. */
function taken(order: Order, queue: Waiting[], ranks: Ranks, jobs: number): string {
  const inHand: { run: string; rank: Rank }[] = []
  const runs: string[] = []
  const one = () => {
    for (const { rank, ignoreGroups, minPriority = 0 } of order.looks(inHand.slice(-2), ranks)) {
      const fit = ({ run, priority = 0 }: Waiting) => !ignoreGroups.includes(run) && priority >= minPriority
      const found = queue.toSorted((a, b) => (b.priority ?? 0) - (a.priority ?? 0)).find(fit)
      if (!found) continue
      queue.splice(queue.indexOf(found), 1)
      order.served(rank, found.run)
      inHand.push({ run: found.run, rank })
      runs.push(found.run)
      return
    }
  }
  for (let n = 0; n < jobs; n++) one()
  return runs.join('')
}

const sorted = (runs: string) => [...runs].sort().join('')
const of = (runs: string): Waiting[] => [...runs].map((run) => ({ run }))
const ranks = (first: string, normal: string, last: string): Ranks => ({
  first: [...first],
  normal: [...normal],
  last: [...last],
})

test('the work of a first run is taken before the turns of all others, that of a last one when nobody else has any', () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const queue = of('llaabbaabbffffff')
  const order = new Order()
  expect(taken(order, queue, ranks('f', 'ab', 'l'), 6)).toBe('ffffff')
  expect(sorted(taken(order, queue, ranks('f', 'ab', 'l'), 8))).toBe('aaaabbbb')
  expect(taken(order, queue, ranks('f', 'ab', 'l'), 2)).toBe('ll')
})

test('what somebody waits for comes before every run, whosever it is', () => {
  const queue = [...of('ff'), { run: 'l', priority: 10 }, { run: 'a', priority: 100 }]
  expect(taken(new Order(), queue, ranks('f', 'a', 'l'), 4)).toBe('alff')
})

test('first runs take turns among themselves', () => {
  expect(sorted(taken(new Order(), of('afffgggh'), ranks('fgh', 'a', ''), 3))).toBe('fgh')
})

test('once a minute whoever had nothing for so long has one turn', () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const order = new Order()
  const queue = of('llllaaaaffffffffffff')
  expect(taken(order, queue, ranks('f', 'a', 'l'), 3)).toBe('fff')
  vi.setSystemTime(Date.now() + 31_000)
  expect(taken(order, queue, ranks('f', 'a', 'l'), 2)).toBe('ff')
  vi.setSystemTime(Date.now() + 31_000)
  expect(taken(order, queue, ranks('f', 'a', 'l'), 5)).toBe('alfff')
})

test('a rank that had no work is looked for again within a quarter of a second, or as soon as somebody waits', () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const order = new Order()
  const queue = of('aaaa')
  expect(taken(order, queue, ranks('f', 'a', ''), 1)).toBe('a')
  queue.push({ run: 'f' })
  expect(taken(order, queue, ranks('f', 'a', ''), 1)).toBe('a')
  vi.setSystemTime(Date.now() + 250)
  expect(taken(order, queue, ranks('f', 'a', ''), 1)).toBe('f')
  queue.push({ run: 'f' })
  order.lookAgain()
  expect(taken(order, queue, ranks('f', 'a', ''), 1)).toBe('f')
})

test('while no run is first or last there are turns and nothing else', () => {
  const order = new Order()
  expect([...order.looks([{ run: 'a', rank: 'normal' }], ranks('', '', ''))]).toEqual([
    { rank: 'normal', ignoreGroups: ['a'] },
    { rank: 'normal', ignoreGroups: [] },
  ])
})
