// For tests: somebody who answers on a loopback port of their own.
import { once } from 'node:events'
import { createServer, type RequestListener, Server } from 'node:http'
import type { AddressInfo, Server as SocketServer } from 'node:net'

export interface Site {
  /** `http://127.0.0.1:<port>`. */
  origin: string
  port: number
  server: Server
  /** Hangs up on whoever is still there. */
  close(): Promise<void>
}

/** Over HTTP; `answer` may be a server that does not listen yet. */
export async function aSite(answer: RequestListener | Server): Promise<Site> {
  const server = answer instanceof Server ? answer : createServer(answer)
  const port = await listening(server)
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    server,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The port that it listens on, of 127.0.0.1. */
export async function listening(server: SocketServer): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return (server.address() as AddressInfo).port
}
