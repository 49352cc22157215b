// Http that rides out passing trouble of listing requests, so that one bad answer does not begin a whole survey again.
// All of them are reads. Picture bytes are not retried here: the ledger counts their attempts.
import { setTimeout as sleep } from 'node:timers/promises'
import {
  AnswerTooLarge,
  type Http,
  type HttpAnswer,
  RateLimited,
  SourceFault,
  SourceUnreachable,
  Truncated,
} from './connectors/connector.ts'

/** Listings are read whole before they are handed on, so that one that breaks off is asked for again. */
const listingBytes = 64 * 1024 * 1024

/** A host that asks for a longer rest gets it with the job back in the queue. */
const patienceSeconds = 20
const limitedTries = 10
const waitsSeconds = [0.25, 1, 3]
/** The provider's own trouble; a 500 may mean the request itself, so the connector sees it after one more try. */
const passing = new Map([
  [500, 1],
  [502, waitsSeconds.length],
  [503, waitsSeconds.length],
  [504, waitsSeconds.length],
])

export function steady(http: Http, signal: AbortSignal): Http {
  return {
    async request(url, options = {}) {
      if (options.lane === 'bytes') return http.request(url, options)
      for (let failed = 0, limited = 0; ; ) {
        let answer: HttpAnswer | undefined
        try {
          answer = await http.request(url, options)
          const tries = passing.get(answer.status) ?? 0
          if (failed >= tries) return whole(answer, await answer.bytes(listingBytes))
          await answer.discard()
        } catch (error) {
          if (signal.aborted || options.signal?.aborted) throw error
          if (error instanceof RateLimited && error.seconds <= patienceSeconds && limited < limitedTries) {
            // The host's budget does the waiting.
            limited++
            continue
          }
          const passes = error instanceof SourceUnreachable || error instanceof Truncated
          if (!passes || failed >= waitsSeconds.length) throw error
        }
        await sleep(waitsSeconds[failed++]! * 1000 * (0.75 + Math.random() / 2), undefined, { signal })
      }
    },
  }
}

/**
 * For a sign-in, whose requests are sent once each: the answer to a challenge, sent again because its reply was lost,
 * would count as a wrong password. After passing trouble the whole of it begins anew.
 */
export async function anew<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let failed = 0, limited = 0; ; ) {
    try {
      return await work()
    } catch (error) {
      if (signal.aborted) throw error
      if (error instanceof RateLimited && error.seconds <= patienceSeconds && limited++ < limitedTries) continue
      const passes = [SourceUnreachable, Truncated, SourceFault].some((kind) => error instanceof kind)
      if (!passes || failed >= waitsSeconds.length) throw error
    }
    await sleep(waitsSeconds[failed++]! * 1000 * (0.75 + Math.random() / 2), undefined, { signal })
  }
}

/** The answer with its body in hand. */
function whole(answer: HttpAnswer, body: Uint8Array): HttpAnswer {
  const within = (limitBytes = listingBytes) => {
    if (body.length > limitBytes) throw new AnswerTooLarge(`${body.length} bytes`)
    return body
  }
  return {
    status: answer.status,
    url: answer.url,
    header: (name) => answer.header(name),
    cookies: answer.cookies,
    text: async (limitBytes) => new TextDecoder().decode(within(limitBytes)),
    bytes: async (limitBytes) => within(limitBytes),
    stream: (async function* () {
      yield body
    })(),
    discard: async () => {},
  }
}
