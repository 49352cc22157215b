// Tells a receiver one thing, once a try. Running twice may tell it twice: the message keeps its id, by which receivers
// know it again.
import { request } from 'undici'
import { AddressNotAllowed, guardedAgent } from '#server/addresses.ts'
import type { House } from '#server/house.ts'
import { SealBroken } from '#server/sealing.ts'
import { type Delivery, dueDelivery, type Outcome, recordOutcome, signedHeaders } from '#server/webhooks.ts'
import type { Job } from '../run.ts'
import type { Tools } from '../tools.ts'

/** From the first byte of the connection to the first of the answer; the specification says 15 to 30. */
const timeoutSeconds = 15
const shownBytes = 1000

export async function deliverWebhook(job: Job<'deliver-webhook'>, { house }: Pick<Tools, 'house'>): Promise<void> {
  const delivery = await dueDelivery(house, job.payload.deliveryId)
  if (!delivery) return
  const headers = await signed(house, delivery)
  const outcome: Outcome = headers
    ? await send(delivery, headers, house.env.ALLOW_LOCAL_SOURCES)
    : { milliseconds: 0, status: null, code: 'secret_unreadable' }
  await job.finish((tx) => recordOutcome(tx, house, delivery, outcome))
}

/** null where the secret was sealed with another key than this house's. */
function signed(house: House, delivery: Delivery): Promise<Record<string, string> | null> {
  return signedHeaders(house, delivery).catch((error: unknown) => {
    if (error instanceof SealBroken) return null
    throw error
  })
}

/** A connection of its own, to an allowed address only; redirects are answers like any other. */
async function send(delivery: Delivery, headers: Record<string, string>, allowLocal: boolean): Promise<Outcome> {
  const agent = guardedAgent({ allowLocal, connections: 1 })
  const began = performance.now()
  const milliseconds = () => performance.now() - began
  try {
    const answer = await request(delivery.url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', 'user-agent': 'Pass-Webhooks/1' },
      body: delivery.body,
      dispatcher: agent,
      signal: AbortSignal.timeout(timeoutSeconds * 1000),
    })
    const took = milliseconds()
    return {
      milliseconds: took,
      status: answer.statusCode,
      response: await beginningOf(answer.body),
      retryAfterSeconds: secondsOf(answer.headers['retry-after']),
    }
  } catch (error) {
    return { milliseconds: milliseconds(), status: null, code: codeOf(error) }
  } finally {
    await agent.destroy()
  }
}

function codeOf(error: unknown): 'url_not_allowed' | 'timeout' | 'unreachable' {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof AddressNotAllowed) return 'url_not_allowed'
    if (cause.name === 'TimeoutError' || ('code' in cause && timeouts.has(cause.code as string))) return 'timeout'
  }
  return 'unreachable'
}

const timeouts = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT'])

/** The answer counts from its status on; what follows is only for people, and may stop. */
async function beginningOf(body: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = []
  let length = 0
  try {
    for await (const piece of body) {
      pieces.push(piece)
      length += piece.length
      if (length >= shownBytes) break
    }
  } catch {
    // Cut off in the middle.
  }
  return Buffer.concat(pieces).subarray(0, shownBytes).toString('utf8')
}

/** Retry-After in seconds or as a date (RFC 9110). */
function secondsOf(header: string | string[] | undefined): number | null {
  if (typeof header !== 'string') return null
  if (/^\d{1,9}$/.test(header)) return Number(header)
  const at = Date.parse(header)
  return Number.isNaN(at) ? null : Math.max(0, (at - Date.now()) / 1000)
}
