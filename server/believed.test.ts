import { expect, test } from 'vitest'
import { believed } from './believed.ts'

test('what changed while it was being asked is asked once more before it is believed', async () => {
  const answers = [Promise.withResolvers<string>(), Promise.withResolvers<string>()]
  let asked = 0
  const fact = believed('nothing yet', 60_000, () => answers[asked++]!.promise)
  const told = fact.now()
  fact.lookAgain()
  answers[0]!.resolve('before')
  answers[1]!.resolve('after')
  expect(await told).toBe('after')
  expect(await fact.now()).toBe('after')
  expect(asked).toBe(2)
})

test('where it cannot be asked it stays as it was', async () => {
  const fact = believed('first', 1000, () => Promise.reject(new Error('away')))
  expect(await fact.now()).toBe('first')
})
