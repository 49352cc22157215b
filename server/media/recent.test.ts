import fc from 'fast-check'
import { expect, test } from 'vitest'
import { recent } from './recent.ts'

test('what is asked for again and again stays while everything else passes through', () => {
  const kept = recent<number>(100)
  kept.set('hot', 0)
  for (let i = 0; i < 10_000; i++) {
    kept.set(`cold ${i}`, i)
    expect(kept.get('hot')).toBe(0)
  }
  expect(kept.get('cold 9999')).toBe(9999)
  expect(kept.get('cold 9000')).toBeUndefined()
})

test('the weights of what is kept never exceed what it may hold by more than the last one, whatever is done', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h')
  const act = fc.oneof(
    fc.record({ act: fc.constant('set' as const), name, weight: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ act: fc.constantFrom('get' as const, 'delete' as const), name, weight: fc.constant(0) }),
  )
  fc.assert(
    fc.property(fc.array(act, { maxLength: 200 }), (acts) => {
      const kept = recent<number>(50, (weight) => weight)
      const told = new Map<string, number>()
      for (const { act, name, weight } of acts) {
        if (act === 'set') {
          kept.set(name, weight)
          told.set(name, weight)
        } else if (act === 'delete') {
          kept.delete(name)
          told.delete(name)
          expect(kept.get(name)).toBeUndefined()
        } else expect([undefined, told.get(name)]).toContain(kept.get(name))
      }
    }),
  )
})
