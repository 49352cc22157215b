import { expect, test } from 'vitest'
import { sessionsNeeded, sessionsSentence } from './sessions-needed.ts'

const hours = (low: number, high: number) => [low * 3600, high * 3600] as const

test('a run needs as many sessions as its time holds, at least one', () => {
  expect(sessionsNeeded(hours(0, 3.5), 3.5)).toEqual([1, 1])
  expect(sessionsNeeded(hours(4, 50), 3.5)).toEqual([2, 15])
})

test('says in words how many will be needed and when one is asked for', () => {
  expect(sessionsSentence(3.5, hours(4, 50))).toMatch(
    /lives about 3.5 h, so 2 to 15 will be needed\. .*half an hour before/,
  )
  expect(sessionsSentence(3.5, hours(4, 5))).toMatch(/so 2 will be needed/)
  expect(sessionsSentence(336, hours(1, 5))).toMatch(/one will do/)
  expect(sessionsSentence(3.5, null)).toMatch(/half an hour before/)
  expect(sessionsSentence(null, hours(1, 5))).toMatch(/may end at any time/)
})
