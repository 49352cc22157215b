import { expect, test } from 'vitest'
import { wordsOfGallery } from '../../../states/states.ts'
import { wordsOfRun } from './state-of-run.ts'

const moving: Parameters<typeof wordsOfRun>[0] = {
  state: 'running',
  stalledSince: null,
  behindRuns: null,
  clock: { waitedSeconds: 0, waitsSince: null },
  hosts: [],
  perSecond: 4,
  retrying: { photos: 0, nextAt: null, attempts: null, of: 8 },
  totals: { found: 100, copied: 40, skipped: 0, failed: 0, listing: 0 } as never,
}
const host = { host: 'cdn.test', blockedUntil: '2026-11-22T12:00:00Z', reason: '429', pausedBy: null }

test('a run is moving, unless something keeps it from that', () => {
  expect(wordsOfRun(moving).word).toBe('moving')
  expect(wordsOfRun({ ...moving, hosts: [host] }).word).toBe('moving')
  expect(wordsOfRun({ ...moving, hosts: [host], perSecond: 0 }).word).toBe('waits for provider')
  expect(wordsOfRun({ ...moving, clock: { waitedSeconds: 0, waitsSince: 'now' } }).word).toBe('waits for provider')
  expect(wordsOfRun({ ...moving, behindRuns: 3 }).word).toBe('queued')
  expect(wordsOfRun({ ...moving, retrying: { ...moving.retrying, photos: 60 } }).word).toBe('retrying')
  expect(wordsOfRun({ ...moving, retrying: { ...moving.retrying, photos: 5 } }).word).toBe('moving')
})

test('whatever else is the matter, a run without anybody who works is stalled, and only one that should move', () => {
  const stalled = { ...moving, stalledSince: '2026-11-22T12:00:00Z', behindRuns: 2, hosts: [host], perSecond: 0 }
  expect(wordsOfRun(stalled)).toMatchObject({ word: 'stalled', family: 'needs-you' })
  expect(wordsOfRun({ ...stalled, state: 'paused' }).word).toBe('paused')
  expect(wordsOfRun({ ...stalled, state: 'done_with_problems' }).word).toBe('done with problems')
})

test('nothing moves in a run that stands still or is over', () => {
  const words = (run: string) => wordsOfGallery({ state: 'copying', failed: 0 }, run).word
  expect(words('running')).toBe('moving')
  expect([words('paused'), words('blocked')]).toEqual(['stands still', 'stands still'])
  expect([words('failed'), words('cancelled')]).toEqual(['not finished', 'not finished'])
  expect(wordsOfGallery({ state: 'published', failed: 0 }, 'cancelled').word).toBe('safe')
})
