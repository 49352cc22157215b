import { aSite } from '#server/testing-site.ts'

export interface Receiver {
  origin: string
  /** Of the messages that it was told, in order. */
  ids: unknown[]
  /** From now on. */
  answers(status: number): void
  close(): Promise<void>
}

/** A sender's own system, which is told of what it sent. */
export async function aReceiver(status: number, says: string): Promise<Receiver> {
  const ids: unknown[] = []
  const { origin, close } = await aSite((request, response) => {
    ids.push(request.headers['webhook-id'])
    response.writeHead(status).end(says)
  })
  const answers = (next: number) => {
    status = next
  }
  return { origin, ids, answers, close }
}
