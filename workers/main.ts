// One worker process: `node workers/main.ts <scrape|transfer|render|all> [--yield]`. Prints one JSON line when it takes
// jobs; drains on SIGTERM and when the process that started it is gone.
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { sql } from 'drizzle-orm'
import { sweepDeletions } from '#server/deletion-removal.ts'
import { env } from '#server/env.ts'
import { ownFolder, sweepFolders } from '#server/folders.ts'
import { createHostRecord, sweepHostMinutes } from '#server/host-minutes.ts'
import { openHouse } from '#server/house.ts'
import { sweepIdempotency } from '#server/idempotency.ts'
import { jsonb } from '#server/jsonb.ts'
import { onWork } from '#server/live.ts'
import { log } from '#server/log.ts'
import { sweepMails } from '#server/mails.ts'
import { measureProvider } from '#server/measures.ts'
import { startMetrics } from '#server/metrics.ts'
import { createBudget } from '#server/pacing.ts'
import { letBytesPass } from '#server/passing-bytes.ts'
import { queueNames, queues, type WorkerGroup } from '#server/queues.ts'
import { endUnfinished } from '#server/retention-unfinished.ts'
import { sweepExports } from '#server/run-exports.ts'
import { sampleRuns } from '#server/samples.ts'
import { forgetCredentials } from '#server/sources.ts'
import { sweep } from '#server/sweep.ts'
import { tellSenders } from '#server/uploads/callbacks.ts'
import { sweepLoose } from '#server/uploads/loose.ts'
import { closeDays } from '#server/uploads/runs.ts'
import { sweepWatermarks } from '#server/watermarks.ts'
import { sweepWebhooks } from '#server/webhooks.ts'
import { signWorker, type WorkerState } from '#server/worker-control.ts'
import packageJson from '../package.json' with { type: 'json' }
import { createBrowser } from './browser.ts'
import { createHttp } from './http.ts'
import { createImager } from './imaging.ts'
import { masked } from './masking.ts'
import { type Steps, startWorker } from './run.ts'
import { createSessions } from './sessions.ts'
import { buildGallery } from './steps/build-gallery.ts'
import { deleteExpired } from './steps/delete-expired.ts'
import { deliverWebhook } from './steps/deliver-webhook.ts'
import { exportRuns } from './steps/export-runs.ts'
import { fetchPhotos } from './steps/fetch-photos.ts'
import { listGallery } from './steps/list-gallery.ts'
import { reconcileGallery } from './steps/reconcile-gallery.ts'
import { renderPhotos } from './steps/render-photos.ts'
import { sendMail } from './steps/send-mail.ts'
import { surveySource } from './steps/survey-source.ts'
import { testSource } from './steps/test-source.ts'
import { thawGallery } from './steps/thaw-gallery.ts'
import type { Tools } from './tools.ts'
import { yieldToOthers } from './yielding.ts'

const steps: Steps<Tools> = {
  'test-source': testSource,
  'survey-source': surveySource,
  'thaw-gallery': thawGallery,
  'list-gallery': listGallery,
  'build-gallery': buildGallery,
  'fetch-photos': fetchPhotos,
  'render-photos': renderPhotos,
  'reconcile-gallery': reconcileGallery,
  'deliver-webhook': deliverWebhook,
  'export-runs': exportRuns,
  'send-mail': sendMail,
  'delete-expired': deleteExpired,
}

const groups = ['scrape', 'transfer', 'render', 'all'] as const
const group = process.argv[2] as WorkerGroup | 'all'
if (!groups.includes(group)) {
  process.stderr.write(`Which group? node workers/main.ts ${groups.join('|')}\n`)
  process.exit(2)
}

/** Drained work that does not end within this is left to its heartbeat. */
const drainMilliseconds = 28_000
const sweepMilliseconds = 10_000
const signMilliseconds = 5000
const tidyMilliseconds = 30_000
const hourMilliseconds = 3600_000
const tellMilliseconds = 1000
const version = `${packageJson.version}, Node ${process.versions.node}`
/** What is put lies on this machine already: temp files of a store go quickly, parts over a slow line may not. */
const staleSeconds = { files: 60, s3: 3600 }

letBytesPass()
if (group === 'render' || process.argv.includes('--yield')) yieldToOthers()
// What it writes is its client's: for nobody else on this machine, whoever started it.
process.umask(0o077)
const id = randomUUID()
const settings = env()
const house = await openHouse(settings, { supervise: true, applicationName: `pass-worker-${group}`, connections: 12 })
const metrics = await startMetrics(settings, 'worker', { about: { 'pass.group': group } })
const temp = await ownFolder(settings.PASS_DATA_DIR, 'worker')
const ending = new AbortController()
const budget = createBudget(house.pool, { patienceSeconds: 20 })
const record = createHostRecord(house)
const http = createHttp({
  allowLocal: settings.ALLOW_LOCAL_SOURCES,
  budget,
  signal: ending.signal,
  answered(how) {
    record.note(how)
    measureProvider(how)
  },
})
const browser = createBrowser({ allowLocal: settings.ALLOW_LOCAL_SOURCES, temp })
const sessions = createSessions(
  house,
  http,
  browser,
  (sourceId, event, shape) =>
    log.info(
      { sourceId, event, shape: shape === undefined ? undefined : masked(jsonb(shape)).slice(0, 2000) },
      'connector',
    ),
  ending.signal,
)
const served = queueNames.filter((name) => group === 'all' || queues[name].group === group)
const tools: Tools = { house, sessions, http, imager: createImager({ concurrency: 1 }), temp }
const start = () =>
  startWorker({
    house,
    queues: served,
    steps,
    tools,
  })
let worker = start()
let state: WorkerState = 'working'
let leaving = false

const chores = [
  every(sweepMilliseconds, () => sweep(house)),
  every(sweepMilliseconds, () => sweepWebhooks(house)),
  every(sweepMilliseconds, () => sweepMails(house)),
  every(sweepMilliseconds, () => sweepExports(house)),
  every(signMilliseconds, sign),
  every(signMilliseconds, record.flush),
  every(signMilliseconds, () => sampleRuns(house)),
  every(tidyMilliseconds, () => forgetCredentials(house)),
  // Who brings them the message looks for what there is to tell.
  ...(served.includes('deliver-webhook') ? [every(tellMilliseconds, () => tellSenders(house))] : []),
  every(tidyMilliseconds, () => closeDays(house)),
  every(tidyMilliseconds, () => sweepLoose(house)),
  every(tidyMilliseconds, () => sweepFolders(settings.PASS_DATA_DIR)),
  every(tidyMilliseconds, () => sweepIdempotency(house)),
  every(tidyMilliseconds, () => sweepDeletions(house)),
  every(hourMilliseconds, () => endUnfinished(house)),
  every(hourMilliseconds, () => sweepHostMinutes(house)),
  every(tidyMilliseconds, () => sweepWatermarks(house)),
  every(tidyMilliseconds, () => house.store.sweep(staleSeconds[settings.S3_BUCKET ? 's3' : 'files'])),
]
onWork(house, id, () => void sign().catch(() => {}))
await sign().catch(() => {})
process.stdout.write(`${JSON.stringify({ event: 'ready', worker: id, group, pid: process.pid })}\n`)

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void leave(signal))
process.on('disconnect', () => void leave('disconnect'))

async function leave(why: string): Promise<void> {
  if (leaving) return
  leaving = true
  log.info({ why, active: worker.active() }, 'draining')
  for (const chore of chores) clearInterval(chore)
  void record.flush().catch(() => {})
  const late = setTimeout(() => {
    log.warn({ active: worker.active() }, 'left with work in hand: it is taken over when its heartbeat is missed')
    process.exit(0)
  }, drainMilliseconds)
  const drained = worker.drain()
  ending.abort(new Error('this worker stops'))
  await drained
  await browser.close().catch(() => {})
  await house.db.execute(sql`delete from workers where id = ${id}`).catch(() => {})
  await http.close().catch(() => {})
  await metrics.close()
  await house.close().catch(() => {})
  await rm(temp, { recursive: true, force: true })
  clearTimeout(late)
  process.exit(0)
}

/** A sign of life, for the workers' page and for "no worker serves this queue"; heeds what people want of this worker. */
async function sign(): Promise<void> {
  if (leaving) return
  const wishes = await signWorker(house, {
    ...{ id, group, host: hostname(), pid: process.pid, version, state },
    ...{ residentBytes: process.memoryUsage.rss(), work: worker.inHand(), ended: worker.ended() },
  })
  if (wishes.drain && state === 'working') await drain()
  else if (!wishes.drain && state === 'drained') {
    state = 'working'
    worker = start()
    await sign()
  }
}

/** Signs go on meanwhile; what is wished by then is heeded with the last one. */
async function drain(): Promise<void> {
  state = 'draining'
  log.info({ active: worker.active() }, 'draining: somebody asked')
  const drained = worker.drain()
  void drained
    .then(() => {
      state = 'drained'
      return sign()
    })
    .catch(() => {})
  await sign()
}

function every(milliseconds: number, chore: () => Promise<unknown>): NodeJS.Timeout {
  let busy = false
  const turn = async () => {
    if (busy) return
    busy = true
    await chore().catch((error: Error) => log.warn({ err: error.message }, 'chore'))
    busy = false
  }
  void turn()
  return setInterval(turn, milliseconds)
}
