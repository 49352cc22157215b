// A worker process for tests of how jobs end: `node workers/test-worker.ts [hang]`. It fetches nothing: a photo named
// `kills` takes the process with it; with `hang` every photo waits until the worker stops.
import { once } from 'node:events'
import { env } from '#server/env.ts'
import { openHouse } from '#server/house.ts'
import type { Outcome } from '#server/ledger.ts'
import { storedOutcome } from '#server/testing-outcomes.ts'
import { workChunk } from './chunk.ts'
import { type Job, type Steps, startWorker } from './run.ts'

const house = await openHouse(env(), { supervise: true, applicationName: 'pass-worker-test' })
const say = (what: object) => process.stdout.write(`${JSON.stringify(what)}\n`)
const hangs = process.argv[2] === 'hang'

async function fetchPhotos(job: Job<'fetch-photos'>): Promise<void> {
  await workChunk(job, house, {
    queue: 'fetch-photos',
    from: 'listed',
    parallel: 1,
    async each(photo): Promise<Outcome> {
      say({ event: 'took', photo: photo.id, deaths: job.deaths })
      if (photo.filename === 'kills') process.kill(process.pid, 'SIGKILL')
      if (hangs || photo.filename === 'kills') {
        if (!job.signal.aborted) await once(job.signal, 'abort')
        throw job.signal.reason
      }
      return storedOutcome(photo)
    },
  })
}

const nothing = async () => {}
const steps: Steps<null> = {
  'test-source': nothing,
  'survey-source': nothing,
  'thaw-gallery': nothing,
  'deliver-webhook': nothing,
  'export-runs': nothing,
  'send-mail': nothing,
  'delete-expired': nothing,
  'list-gallery': nothing,
  'build-gallery': nothing,
  'fetch-photos': fetchPhotos,
  'render-photos': nothing,
  'reconcile-gallery': nothing,
}
const worker = startWorker({ house, queues: ['fetch-photos'], steps, tools: null })
process.on('SIGTERM', async () => {
  await worker.drain()
  await house.close()
  process.exit(0)
})
say({ event: 'ready' })
