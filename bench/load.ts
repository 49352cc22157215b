// A process that asks for files over connections that stay open, and throws away what it reads: as little work as can be,
// so that whoever answers is what is measured. Requests go one after the other on each connection.
import { connect } from 'node:net'

export interface Load {
  port: number
  /** Asked for in this order, each by whichever connection is free. */
  paths: string[]
  connections: number
  /** Of each body; another length or status fails the load. */
  bytes: number
}

export type Loaded = { seconds: number } | { failed: string }

const readBytes = 256 * 1024
const end = Buffer.from('\r\n\r\n')

process.on('message', (load: Load) => {
  const began = performance.now()
  let next = 0
  const lanes = Array.from({ length: load.connections }, () => asking(load, () => load.paths[next++]))
  Promise.all(lanes).then(
    () => process.send!({ seconds: (performance.now() - began) / 1000 } satisfies Loaded),
    (error: Error) => process.send!({ failed: error.message } satisfies Loaded),
  )
})
process.on('disconnect', () => process.exit(0))
process.send!({ ready: true })

/** One connection, until there is nothing left to ask for. */
function asking({ port, bytes }: Load, nextPath: () => string | undefined): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let head: Buffer | null = null
  /** Of the body that is being read; null while its head is. */
  let left: number | null = null

  const ask = () => {
    const path = nextPath()
    if (path === undefined) return void socket.end(resolve)
    head = null
    left = null
    socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n`)
  }
  const read = (length: number, buffer: Uint8Array) => {
    if (left === null) {
      const piece = Buffer.from(buffer.subarray(0, Math.min(length, 4096)))
      head = head ? Buffer.concat([head, piece]) : piece
      const at = head.indexOf(end)
      if (at < 0) return true
      const text = head.toString('latin1', 0, at)
      const told = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1])
      if (!text.startsWith('HTTP/1.1 200') || told !== bytes) {
        socket.destroy()
        reject(new Error(`not ${bytes} bytes: ${text}`))
        return false
      }
      left = bytes - (length - (at + end.length))
    } else left -= length
    if (left === 0) ask()
    return true
  }
  const socket = connect({
    host: '127.0.0.1',
    port,
    noDelay: true,
    onread: { buffer: Buffer.alloc(readBytes), callback: read },
  })
  socket.once('connect', ask).once('error', reject)
  socket.once('close', () => reject(new Error('the server closed a connection')))
  return promise
}
