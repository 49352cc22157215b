import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { EndedJobs } from './ended.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

test('counts what ended within the last minute, by queue', () => {
  const ended = new EndedJobs()
  ended.add('fetch-photos')
  vi.advanceTimersByTime(40_000)
  ended.add('fetch-photos')
  ended.add('send-mail')
  expect(ended.lately()).toEqual({ 'fetch-photos': 2, 'send-mail': 1 })
  vi.advanceTimersByTime(30_000)
  expect(ended.lately()).toEqual({ 'fetch-photos': 1, 'send-mail': 1 })
  vi.advanceTimersByTime(60_000)
  expect(ended.lately()).toEqual({})
})
