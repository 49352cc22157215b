// What a process measures of its work, by names and units of OpenTelemetry. Labels are few and bounded, never an id. Nothing is
// kept until `metrics.ts` has said where it goes.
import { type Meter, type MeterProvider, metrics } from '@opentelemetry/api'
import type { Answered } from './host-minutes.ts'
import type { Outcome } from './ledger.ts'
import type { QueueName } from './queues.ts'

const seconds = (...boundaries: number[]) => ({ unit: 's', advice: { explicitBucketBoundaries: boundaries } })
/** Of answers within a process, in seconds: the boundaries that OpenTelemetry gives for HTTP servers. */
const answerTimes = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
/** Of jobs, in seconds: a chunk of small pictures, and a gallery of 10,000. */
const jobTimes = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600]

function instruments(meter: Meter) {
  return {
    jobs: meter.createHistogram('pass.job.duration', {
      ...seconds(...jobTimes),
      description: 'Jobs that this process had in hand, by queue and by how they ended.',
    }),
    photos: meter.createCounter('pass.photos', {
      unit: '{photo}',
      description: 'Photos that a step is through with: what they became, or that they are tried again.',
    }),
    bytes: meter.createCounter('pass.original.bytes', { unit: 'By', description: 'Originals that were stored.' }),
    provider: meter.createHistogram('pass.provider.request.duration', {
      ...seconds(...answerTimes, 30),
      description: 'Requests to providers until their answer began, by what came.',
    }),
    served: meter.createHistogram('http.server.request.duration', {
      ...seconds(...answerTimes),
      description: 'Requests to the media API until their answer was sent.',
    }),
    procedures: meter.createHistogram('pass.console.procedure.duration', {
      ...seconds(...answerTimes),
      description: 'What the console asked of its server; live views are not among them.',
    }),
  }
}

let known: { provider: MeterProvider; instruments: ReturnType<typeof instruments> } | undefined

/** Of the process's provider, whichever copy of this module asks. */
function measures(): ReturnType<typeof instruments> {
  const provider = metrics.getMeterProvider()
  if (known?.provider !== provider) known = { provider, instruments: instruments(provider.getMeter('pass')) }
  return known.instruments
}

/** `lost`: another worker has it; `again`: it was put back. */
export type JobEnd = 'done' | 'again' | 'lost'

export function measureJob(queue: QueueName, end: JobEnd, milliseconds: number): void {
  measures().jobs.record(milliseconds / 1000, { queue, end })
}

/** Once they are settled. */
export function measurePhotos(step: 'fetch-photos' | 'render-photos', outcomes: readonly Outcome[]): void {
  const { photos, bytes } = measures()
  for (const outcome of outcomes) {
    photos.add(1, { step, to: outcome.to })
    if (outcome.to === 'stored') bytes.add(outcome.bytes)
  }
}

export function measureProvider({ provider, lane, status, isLimited, milliseconds }: Answered): void {
  const came = isLimited ? 'limited' : status === null ? 'nothing' : `${Math.floor(status / 100)}xx`
  measures().provider.record(milliseconds / 1000, { provider: provider ?? 'none', lane, came })
}

/** `route`: one of a few, whatever was asked for. */
export function measureServed(method: string, route: string, status: number, milliseconds: number): void {
  measures().served.record(milliseconds / 1000, {
    'http.request.method': method,
    'http.route': route,
    'http.response.status_code': status,
  })
}

export function measureProcedure(procedure: string, ok: boolean, milliseconds: number): void {
  measures().procedures.record(milliseconds / 1000, { procedure, ok })
}
