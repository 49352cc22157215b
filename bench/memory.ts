// What a worker of every group takes while it lists, copies and renders at once, as the workers of `npm start` do.
import { availableParallelism } from 'node:os'
import { migrateAll, reached, startStandIn, withoutPacing } from '#workers/testing.ts'
import type { Findings } from './figures.ts'
import { peakMemory } from './processes.ts'
import { type Bench, setUp } from './setting.ts'

const workers = availableParallelism()
const perGallery = 100

export async function memoryBench({ photos = 800, say }: Bench): Promise<Findings> {
  await using setting = await setUp({ durable: false })
  const { house } = setting
  await withoutPacing(house)
  const galleries = Math.ceil(photos / perGallery)
  say(`Drawing the pictures of ${galleries} galleries …`)
  const size = ['--galleries', `${galleries}`, '--photos', `${perGallery}`, '--pictures', 'normal']
  const standIn = await startStandIn('zenfolio', ['--scenario', 'plain', ...size])
  await using _ = { [Symbol.asyncDispose]: () => standIn.stop() }
  const pids = await Promise.all(Array.from({ length: workers }, async () => (await house.startWorker('all')).pid!))
  say('Moving them …')
  const began = performance.now()
  const run = await migrateAll(house, standIn, { renditions: ['web', 'thumb'] })
  const { state, totals } = await reached(house, run)
  if (state !== 'done') throw new Error(`the migration ended as ${state}`)
  const seconds = (performance.now() - began) / 1000
  return {
    figures: [
      await peakMemory('peak memory of a worker of every group', pids),
      { name: 'moved, two renditions each', unit: 'photos/s', value: totals.published / seconds },
    ],
    notes: [
      `${totals.published} photos, ${(totals.bytes / totals.published / 1e6).toFixed(1)} MB each, by ${workers} workers; the stand-in is one process and shares the cores`,
    ],
  }
}
