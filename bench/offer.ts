// A process that offers pictures to the media API at a steady pace, whatever the answers: as the world does. Each picture
// is offered once, on a connection that is free or a new one.
import { setTimeout as pause } from 'node:timers/promises'
import { marked } from './pictures.ts'
import { createSender } from './sender.ts'

export interface Offer {
  port: number
  key: string
  count: number
  /** The last one is offered by then. */
  seconds: number
  /** A JPEG, base64. */
  picture: string
  /** As JSON. */
  instructions: string
}

export interface Offered {
  /** Image ids of those answered with 200, and with 202. */
  completed: string[]
  processing: string[]
  /** 429 with Retry-After. */
  refused: number
  /** Any other answer or none, by what it was. */
  others: Record<string, number>
  /** Until the last one was offered. */
  seconds: number
  /** From the first byte sent to the whole answer, of those accepted and not waited for; median and 99th percentile. */
  milliseconds: { median: number; most: number }
}

process.on('message', async (offer: Offer) => {
  const seen: Offered = {
    completed: [],
    processing: [],
    refused: 0,
    others: {},
    seconds: 0,
    milliseconds: { median: 0, most: 0 },
  }
  const times: number[] = []
  const picture = Buffer.from(offer.picture, 'base64')
  const sender = createSender(offer)
  const under = new Set<Promise<void>>()
  const began = performance.now()
  for (let n = 0; n < offer.count; n++) {
    const wait = began + (n * offer.seconds * 1000) / offer.count - performance.now()
    if (wait > 2) await pause(wait)
    const one = sender
      .send(`${n}.jpg`, [marked(picture, `burst ${n}`)])
      .then(({ status, imageId, retryAfter, milliseconds }) => {
        times.push(milliseconds)
        if (status === 200 && imageId) seen.completed.push(imageId)
        else if (status === 202 && imageId) seen.processing.push(imageId)
        else if (status === 429 && Number(retryAfter) >= 1) seen.refused++
        else seen.others[status] = (seen.others[status] ?? 0) + 1
      })
      .catch((error: NodeJS.ErrnoException) => {
        const name = error.code ?? error.message
        seen.others[name] = (seen.others[name] ?? 0) + 1
      })
      .finally(() => under.delete(one))
    under.add(one)
  }
  seen.seconds = (performance.now() - began) / 1000
  await Promise.all(under)
  sender.close()
  times.sort((a, b) => a - b)
  seen.milliseconds = { median: times[times.length >> 1] ?? 0, most: times[Math.floor(times.length * 0.99)] ?? 0 }
  process.send!(seen)
})
process.on('disconnect', () => process.exit(0))
process.send!({ ready: true })
