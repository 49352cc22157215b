// One picture to POST /upload as `multipart/form-data`, with as little work and garbage as can be: what is measured is
// who receives it, on the same cores.
import { Agent, type IncomingMessage, request } from 'node:http'
import { json } from 'node:stream/consumers'

export interface SenderOptions {
  port: number
  key: string
  /** As JSON. */
  instructions: string
}

export interface Answered {
  status: number
  imageId: string | undefined
  /** Of the picture. */
  state: string | undefined
  retryAfter: string | undefined
  /** From the first byte sent to the whole answer. */
  milliseconds: number
}

export interface Sender {
  /** On a connection that is free or a new one. The picture's bytes may come in pieces. */
  send(filename: string, picture: Buffer[]): Promise<Answered>
  close(): void
}

const boundary = 'pass-bench-picture'
const part = (name: string, more = '') => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n`

export function createSender({ port, key, instructions }: SenderOptions): Sender {
  const agent = new Agent({ keepAlive: true, maxSockets: 4000 })
  const end = Buffer.from(`\r\n--${boundary}--\r\n`)
  return {
    async send(filename, picture) {
      const file = part('file', `; filename="${filename}"`)
      const begin = `${part('instructions')}\r\n${instructions}\r\n${file}Content-Type: image/jpeg\r\n\r\n`
      const pieces = [Buffer.from(begin), ...picture, end]
      const headers = {
        Authorization: `Bearer ${key}`,
        'Content-Type': `multipart/form-data; boundary=${boundary}`,
        'Content-Length': pieces.reduce((sum, { length }) => sum + length, 0),
      }
      const began = performance.now()
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        const asking = request({ host: '127.0.0.1', port, path: '/upload', method: 'POST', headers, agent }, resolve)
        asking.on('error', reject)
        asking.cork()
        for (const piece of pieces) asking.write(piece)
        asking.end()
      })
      const { imageId, status } = (await json(answer)) as { imageId?: string; status?: string }
      const milliseconds = performance.now() - began
      const retryAfter = answer.headers['retry-after']
      return { status: answer.statusCode!, imageId, state: status, retryAfter, milliseconds }
    },
    close: () => agent.destroy(),
  }
}
