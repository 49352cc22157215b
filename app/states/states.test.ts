import { expect, test } from 'vitest'
import { wordsOfGallery, wordsOfRun } from './states.ts'

test('a run says what keeps it from moving; without that, its state', () => {
  expect(wordsOfRun({ state: 'running' }).word).toBe('moving')
  expect(wordsOfRun({ state: 'running', stand: 'limited' }).word).toBe('waits for provider')
  expect(wordsOfRun({ state: 'running', stand: 'stalled' })).toMatchObject({ word: 'stalled', family: 'needs-you' })
  expect(wordsOfRun({ state: 'done_with_problems', stand: null }).word).toBe('done with problems')
})

test('nothing moves in a run that stands still or is over', () => {
  const words = (run: string) => wordsOfGallery({ state: 'copying', failed: 0 }, run).word
  expect(words('running')).toBe('moving')
  expect([words('paused'), words('blocked')]).toEqual(['stands still', 'stands still'])
  expect([words('stalled'), words('sender'), words('retrying')]).toEqual(['stands still', 'waits for files', 'moving'])
  expect([words('failed'), words('cancelled')]).toEqual(['not finished', 'not finished'])
  expect(wordsOfGallery({ state: 'published', failed: 0 }, 'cancelled').word).toBe('safe')
})
