import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stopProvider } from '#server/provider-stops.ts'
import { pauseQueue } from '#server/queue-control.ts'
import { snapshot } from '#server/snapshots.ts'
import { aMovingRun, forgetJobs, type VerbHouse, verbHouse } from '#server/testing.ts'
import { block, plainLines } from './progress.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

test('a queue that is paused and a provider that is stopped are told as on the run page', async () => {
  const { id } = await aMovingRun(house, [{ statedCount: 3 }])
  await forgetJobs(house)
  await house.db.transaction((tx) =>
    house.queues.enqueue(tx, 'fetch-photos', [{ runId: id, payload: { photoIds: [1] } }]),
  )
  await pauseQueue(house, 'olga@pass.test', 'fetch-photos', 'the disk is full')
  await stopProvider(house, 'otto@pass.test', 'zenfolio', 'they asked us to')
  const seen = await snapshot(house, id)
  const told = [
    'Nothing is asked of Zenfolio Classic: stopped by otto@pass.test, “they asked us to”. What is copied already is still rendered.',
    'The queue fetch photos is paused by olga@pass.test: its work waits until somebody resumes it.',
  ]
  expect(block(seen, [])).toEqual(expect.arrayContaining(told))
  const out = new PassThrough()
  plainLines(out).show(seen, [])
  out.end()
  const lines = (await text(out)).trimEnd().split('\n')
  expect(lines).toHaveLength(3)
  expect(lines.slice(1)).toEqual(told)
})

test('work that nobody takes, and a run that comes last, are told as on the run page', async () => {
  const { id } = await aMovingRun(house, [])
  const seen = await snapshot(house, id)
  const none = { stopped: null, pausedQueues: [], unserved: [], stalledSince: null, behindRuns: null }
  const told = (more: Partial<typeof seen>) => block({ ...seen, ...none, ...more }, []).join('\n')
  expect(told({ unserved: ['render-photos'] })).toContain('No worker takes render photos: start one')
  expect(told({ behindRuns: 1, priority: 'last' })).toContain('busy with 1 other run. It comes last')
  expect(told({ behindRuns: 2 })).toContain('busy with 2 other runs. Runs take turns')
  expect(told({ stalledSince: seen.at, unserved: ['fetch-photos'] })).toContain(
    'no worker that lives takes fetch photos',
  )
})
