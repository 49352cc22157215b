import { createServer } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../scripts/ports.ts'
import { type Env, parseEnv } from './env.ts'
import { measureJob, measurePhotos, measureProcedure, measureProvider } from './measures.ts'
import { startMetrics } from './metrics.ts'
import { lookAtOperationsAnew } from './operations.ts'
import { pauseQueue } from './queue-control.ts'
import { aMovingRun, listedIn, type VerbHouse, verbHouse } from './testing.ts'
import { aSite, listening } from './testing-site.ts'

let house: VerbHouse
let port: number

beforeAll(async () => {
  house = await verbHouse()
})
beforeEach(async () => {
  port = await freePort()
})
afterAll(() => house?.dispose())

const settings = (values: Record<string, string>): Env => parseEnv({ METRICS_PORT: `${port}`, ...values })

/** Metrics of this process until the test is over. */
async function started(values: Record<string, string> = {}, options: Parameters<typeof startMetrics>[2] = {}) {
  const metrics = await startMetrics(settings(values), 'worker', options)
  onTestFinished(() => metrics.close())
  return metrics
}

const text = async (path = '/metrics') => (await fetch(`http://127.0.0.1:${port}${path}`)).text()
/** The value of the one line that begins so and has all of these labels. */
function figure(all: string, name: string, labels: Record<string, string | boolean> = {}): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  const found = all.split('\n').filter((line) => {
    return new RegExp(`^${name}[{ ]`).test(line) && wanted.every((label) => line.includes(label))
  })
  expect(found, `${name} ${wanted.join(' ')}`).toHaveLength(1)
  return Number(found[0]!.split(' ').at(-1))
}

test('tells what the process did, by labels that are few', async () => {
  await started({}, { about: { 'pass.group': 'transfer' } })
  measureJob('fetch-photos', 'done', 1500)
  measurePhotos('fetch-photos', [
    {
      id: 1,
      attempts: 1,
      to: 'stored',
      sha256: 'aa',
      bytes: 2000,
      contentType: 'image/jpeg',
      isOriginal: true,
      render: true,
    },
    {
      id: 2,
      attempts: 1,
      to: 'stored',
      sha256: 'bb',
      bytes: 500,
      contentType: 'image/jpeg',
      isOriginal: true,
      render: true,
    },
    { id: 3, attempts: 1, to: 'again', code: 'source_error', afterSeconds: 1, counts: true },
  ])
  const request = { host: 'api.example', lane: 'page', provider: 'zenfolio', milliseconds: 20 }
  measureProvider({ ...request, status: 200, isLimited: false })
  measureProvider({ ...request, status: 429, isLimited: true })
  measureProvider({ ...request, status: null, isLimited: false })
  measureProcedure('runs.page', true, 3)
  const all = await text()
  expect(figure(all, 'pass_job_duration_sum', { queue: 'fetch-photos', end: 'done' })).toBe(1.5)
  expect(figure(all, 'pass_photos_total', { step: 'fetch-photos', to: 'stored' })).toBe(2)
  expect(figure(all, 'pass_photos_total', { step: 'fetch-photos', to: 'again' })).toBe(1)
  expect(figure(all, 'pass_original_bytes_total')).toBe(2500)
  for (const came of ['2xx', 'limited', 'nothing'])
    expect(figure(all, 'pass_provider_request_duration_count', { provider: 'zenfolio', came })).toBe(1)
  expect(figure(all, 'pass_console_procedure_duration_count', { procedure: 'runs.page', ok: true })).toBe(1)
  expect(figure(all, 'process_memory_usage')).toBeGreaterThan(10_000_000)
  expect(all).toMatch(/target_info\{.*service_name="pass-worker".*pass_group="transfer"/)
  // A host, an id or a file name would open a series for each.
  expect(all).not.toContain('api.example')
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404)
})

test('tells how deep the queues are and how many workers there should be, as the console does', async () => {
  const run = await aMovingRun(house)
  await listedIn(house, run.galleries[0]!, 60)
  await pauseQueue(house, 'test', 'render-photos')
  lookAtOperationsAnew(house)
  await started({}, { house })
  const all = await text()
  expect(figure(all, 'pass_queue_jobs', { queue: 'fetch-photos', state: 'ready' })).toBe(3)
  expect(figure(all, 'pass_queue_jobs', { queue: 'send-mail', state: 'ready' })).toBe(0)
  expect(figure(all, 'pass_queue_oldest', { queue: 'fetch-photos' })).toBeGreaterThanOrEqual(0)
  expect(figure(all, 'pass_queue_paused', { queue: 'render-photos' })).toBe(1)
  expect(figure(all, 'pass_workers', { group: 'transfer' })).toBe(0)
  expect(figure(all, 'pass_workers_wanted', { group: 'transfer' })).toBeGreaterThan(0)
})

test('hands all of it to a collector by OTLP, the last when the process ends', async () => {
  const bodies: { url?: string; type?: string; body: Buffer }[] = []
  const collector = await aSite(async (request, response) => {
    const body = Buffer.concat(await Array.fromAsync(request))
    bodies.push({ url: request.url, type: request.headers['content-type'], body })
    response.setHeader('content-type', 'application/x-protobuf').end()
  })
  onTestFinished(collector.close)
  const metrics = await startMetrics(
    settings({ METRICS_PORT: '', OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.origin}/` }),
    'media',
  )
  measureJob('render-photos', 'again', 10)
  await metrics.close()
  expect(bodies).toHaveLength(1)
  expect(bodies[0]).toMatchObject({ url: '/v1/metrics', type: 'application/x-protobuf' })
  for (const word of ['pass-media', 'pass.job.duration', 'render-photos', 'again'])
    expect(bodies[0]!.body.includes(word), word).toBe(true)
})

test('a collector that is away holds nobody up who ends', async () => {
  const metrics = await startMetrics(
    settings({ METRICS_PORT: '', OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` }),
    'media',
  )
  measureJob('render-photos', 'done', 10)
  await metrics.close()
})

test('a port that somebody else has costs the metrics, never the process', async () => {
  const other = createServer()
  port = await listening(other)
  onTestFinished(() => new Promise<void>((resolve) => other.close(() => resolve())))
  await started()
  measureJob('render-photos', 'done', 10)
})

test('without a port and a collector nothing listens and nothing is kept', async () => {
  await started({ METRICS_PORT: '' })
  measureJob('render-photos', 'done', 10)
  await expect(text()).rejects.toThrow('fetch failed')
})
