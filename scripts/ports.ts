import { createServer } from 'node:net'

/** Nobody can listen there; the message names the variable to change. */
export class PortInUse extends Error {
  override name = 'PortInUse'
  readonly code = 'port_in_use'
}

/** `taken` is one that we shall use ourselves. Throws `PortInUse`. */
export async function requireFreePort(variable: string, port: number, host: string, taken?: number): Promise<void> {
  if (port === taken) throw new PortInUse(`port ${port} cannot be used twice: set ${variable} to another`)
  await bind(port, host).catch((cause: NodeJS.ErrnoException) => {
    const why =
      { EADDRINUSE: 'is in use', EACCES: 'is reserved for root' }[cause.code ?? ''] ?? `fails (${cause.message})`
    throw new PortInUse(`port ${port} on ${host} ${why}: stop what listens there, or set ${variable}`, { cause })
  })
}

/** On 127.0.0.1; free when it was looked at. */
export function freePort(): Promise<number> {
  return bind(0, '127.0.0.1')
}

function bind(port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(port, host, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : port))
    })
  })
}
