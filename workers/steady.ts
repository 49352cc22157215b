// Http that rides out passing trouble of listing requests, so that one bad answer does not begin a whole survey again.
// All of them are reads. Picture bytes are not retried here: the ledger counts their attempts.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Http, type HttpAnswer, RateLimited, SourceUnreachable } from './connectors/connector.ts'

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
          if (failed >= tries) return answer
          await answer.discard()
        } catch (error) {
          if (signal.aborted || options.signal?.aborted) throw error
          if (error instanceof RateLimited && error.seconds <= patienceSeconds && limited < limitedTries) {
            // The host's budget does the waiting.
            limited++
            continue
          }
          if (!(error instanceof SourceUnreachable) || failed >= waitsSeconds.length) throw error
        }
        await sleep(waitsSeconds[failed++]! * 1000 * (0.75 + Math.random() / 2), undefined, { signal })
      }
    },
  }
}
