import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net'

/** Stands between browser and console and can be shut: a network that goes away and comes back. */
export interface Gate {
  port: number
  /** Ends every connection and takes no new one. */
  shut(): void
  open(): void
  close(): Promise<void>
}

/** Listens on a free port of 127.0.0.1 and passes on to `target`. */
export async function openGate(target: number): Promise<Gate> {
  const sockets = new Set<Socket>()
  let isOpen = true
  const server = createServer({ noDelay: true }, (inner) => {
    if (!isOpen) return void inner.destroy()
    const outer = dial({ port: target, host: '127.0.0.1', noDelay: true })
    for (const [socket, other] of [[inner, outer] as const, [outer, inner] as const]) {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.once('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  })
  const drop = () => {
    for (const socket of sockets) socket.destroy()
  }
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    shut() {
      isOpen = false
      drop()
    },
    open() {
      isOpen = true
    },
    async close() {
      drop()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
