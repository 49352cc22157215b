// The requests behind one piece of work, where a person has asked for evidence of what fails: a HAR without what signs in.
import { AsyncLocalStorage } from 'node:async_hooks'
import { masked } from './masking.ts'

export interface TracedRequest {
  at: Date
  method: string
  url: string
  milliseconds: number
  /** null: no answer came, and `problem` says why. */
  status: number | null
  contentType: string | null
  problem: string | null
}

/** The last ones lead to the failure; a listing of hours makes thousands. */
const mostKept = 40

const traces = new AsyncLocalStorage<TracedRequest[]>()

/** Whatever `work` asks for is noted; where it throws, `failed` is told of it before the error goes on. */
export function traced<T>(
  work: () => Promise<T>,
  failed: (error: unknown, requests: TracedRequest[]) => Promise<void>,
): Promise<T> {
  const requests: TracedRequest[] = []
  return traces.run(requests, async () => {
    try {
      return await work()
    } catch (error) {
      await failed(error, requests)
      throw error
    }
  })
}

/** Costs nothing where nobody has asked. */
export function noteRequest(make: () => TracedRequest): void {
  const requests = traces.getStore()
  if (!requests) return
  requests.push(make())
  if (requests.length > mostKept) requests.shift()
}

/** HAR 1.2, as browsers' tools open it; headers and bodies are left out. */
export function harOf(requests: TracedRequest[]): string {
  const entries = requests.map(({ at, method, url, milliseconds, status, contentType, problem }) => ({
    startedDateTime: at.toISOString(),
    time: milliseconds,
    request: {
      method,
      url: masked(url),
      httpVersion: '',
      cookies: [],
      headers: [],
      queryString: [],
      headersSize: -1,
      bodySize: -1,
    },
    response: {
      status: status ?? 0,
      statusText: problem ?? '',
      httpVersion: '',
      cookies: [],
      headers: [],
      content: { size: -1, mimeType: contentType ?? '' },
      redirectURL: '',
      headersSize: -1,
      bodySize: -1,
    },
    cache: {},
    timings: { send: 0, wait: milliseconds, receive: 0 },
  }))
  return JSON.stringify({ log: { version: '1.2', creator: { name: 'Pass', version: '1' }, entries } }, null, 1)
}
