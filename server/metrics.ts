// Where measures go: Prometheus text under /metrics on a port of this process's own, and OTLP to the collector that
// OTEL_EXPORTER_OTLP_ENDPOINT names. What does it is loaded where one of them is set. Other variables of OpenTelemetry (headers, temporality, interval) count as it says.
import { hostname } from 'node:os'
import { performance } from 'node:perf_hooks'
import { type MeterProvider, metrics } from '@opentelemetry/api'
import type { MetricReader } from '@opentelemetry/sdk-metrics'
import packageJson from '../package.json' with { type: 'json' }
import type { Env } from './env.ts'
import type { House } from './house.ts'
import { log } from './log.ts'
import { operations } from './operations.ts'

export interface Metrics {
  /** Hands over what was measured last, and closes the port. Resolves whatever the collector says. */
  close(): Promise<void>
}

const collectorPath = '/v1/metrics'
/** A collector that hangs holds nobody up for longer when a process ends. */
const patienceMilliseconds = 3000

/**
 * `about`: what tells this process from others, beside its host. `house`: it also tells what stands in the database
 * (queues, workers), which is the same whoever tells it. A port that is taken costs the metrics, never the process.
 */
export async function startMetrics(
  { METRICS_PORT, OTEL_EXPORTER_OTLP_ENDPOINT, HOST }: Env,
  service: 'console' | 'media' | 'worker',
  { about = {}, house }: { about?: Record<string, string>; house?: Pick<House, 'pool'> } = {},
): Promise<Metrics> {
  const readers: MetricReader[] = []
  if (METRICS_PORT !== undefined) readers.push(...(await listen(METRICS_PORT, HOST)))
  if (OTEL_EXPORTER_OTLP_ENDPOINT) readers.push(await handOver(`${OTEL_EXPORTER_OTLP_ENDPOINT}${collectorPath}`))
  if (readers.length === 0) return { close: async () => {} }
  const [{ MeterProvider }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/sdk-metrics'),
    import('@opentelemetry/resources'),
  ])
  const resource = resourceFromAttributes({
    'service.name': `pass-${service}`,
    'service.version': packageJson.version,
    'service.instance.id': `${hostname()}:${process.pid}`,
    ...about,
  })
  const provider = new MeterProvider({ resource, readers })
  metrics.setGlobalMeterProvider(provider)
  observeProcess(provider)
  if (house) observeSystem(provider, house)
  return {
    async close() {
      metrics.disable()
      await provider.shutdown({ timeoutMillis: patienceMilliseconds }).catch((error: Error) => {
        log.warn({ err: error.message }, 'metrics: the last were not taken')
      })
    },
  }
}

/** None where the port is taken. */
async function listen(port: number, host: string): Promise<MetricReader[]> {
  const { PrometheusExporter } = await import('@opentelemetry/exporter-prometheus')
  const exporter = new PrometheusExporter({ port, host, preventServerStart: true })
  try {
    await exporter.startServer()
    return [exporter]
  } catch (error) {
    log.warn({ port, err: (error as Error).message }, 'metrics: no /metrics here')
    return []
  }
}

async function handOver(url: string): Promise<MetricReader> {
  const [{ PeriodicExportingMetricReader }, { OTLPMetricExporter }] = await Promise.all([
    import('@opentelemetry/sdk-metrics'),
    import('@opentelemetry/exporter-metrics-otlp-proto'),
  ])
  return new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter({ url }) })
}

function observeProcess(provider: MeterProvider): void {
  const meter = provider.getMeter('pass')
  const resident = { unit: 'By', description: 'Memory of this process that is in RAM.' }
  meter.createObservableGauge('process.memory.usage', resident).addCallback((to) => {
    to.observe(process.memoryUsage.rss())
  })
  const busy = {
    unit: '1',
    description: 'Share of the time in which its event loop was not idle, since the last look.',
  }
  let last = performance.eventLoopUtilization()
  meter.createObservableGauge('nodejs.eventloop.utilization', busy).addCallback((to) => {
    const now = performance.eventLoopUtilization()
    to.observe(performance.eventLoopUtilization(now, last).utilization)
    last = now
  })
}

/** What the console's pages of queues and workers say, from the same look. */
function observeSystem(provider: MeterProvider, house: Pick<House, 'pool'>): void {
  const meter = provider.getMeter('pass')
  const gauge = (name: string, unit: string, description: string) =>
    meter.createObservableGauge(name, { unit, description })
  const jobs = gauge('pass.queue.jobs', '{job}', 'Jobs by queue: ready, active, or waiting for their time.')
  const failed = gauge('pass.queue.failed', '1', 'Work of the queue that came to a bad end and lies before a person.')
  const oldest = gauge('pass.queue.oldest', 's', 'How long the oldest job that could be taken has been ready.')
  const paused = gauge('pass.queue.paused', '1', '1 where somebody has paused the queue.')
  const workers = gauge('pass.workers', '{worker}', 'Workers that take jobs of the group.')
  const wanted = gauge('pass.workers.wanted', '{worker}', 'Workers that the group should have, by the rule of scaling.')
  meter.addBatchObservableCallback(
    async (to) => {
      const seen = await operations(house)
      for (const { name: queue, ready, active, waiting, ...view } of seen.queues) {
        for (const [state, n] of Object.entries({ ready, active, waiting })) to.observe(jobs, n, { queue, state })
        to.observe(failed, view.failed, { queue })
        to.observe(oldest, view.oldestAt ? Math.max(0, Date.now() - view.oldestAt.getTime()) / 1000 : 0, { queue })
        to.observe(paused, view.paused ? 1 : 0, { queue })
      }
      for (const { group, working, wanted: should } of seen.groups) {
        to.observe(workers, working, { group })
        to.observe(wanted, should.workers, { group })
      }
    },
    [jobs, failed, oldest, paused, workers, wanted],
  )
}
