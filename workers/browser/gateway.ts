// The only way from a visit to the network: a forward proxy on loopback that resolves, judges and connects by the
// address rules, for plain HTTP and for CONNECT.
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type LookupFunction, type Socket } from 'node:net'
import { type Duplex, pipeline } from 'node:stream'
import { AddressNotAllowed, type AddressRules, allowedAddresses, allowedUrl, type Resolver } from '#server/addresses.ts'

export interface Gateway {
  /** `http://127.0.0.1:<port>`. */
  address: string
  /** Known to this visit's browser only. */
  username: string
  password: string
  /** Hosts that were not connected to because of the rules. */
  refused: ReadonlySet<string>
  /** Ends every connection. */
  close(): Promise<void>
}

export interface GatewayOptions extends AddressRules {
  resolve?: Resolver
}

const connectMilliseconds = 10_000

export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const gateway = new OpenGateway(options)
  await gateway.listen()
  return gateway
}

/** The target and the addresses that were judged; these very ones are connected to. */
interface Target {
  url: URL
  hostname: string
  port: number
  lookup: LookupFunction
}

class OpenGateway implements Gateway {
  readonly username = 'visit'
  readonly password = randomBytes(24).toString('base64url')
  readonly refused = new Set<string>()
  readonly #options: GatewayOptions
  readonly #expected: Buffer
  readonly #agent = new Agent({ keepAlive: true })
  readonly #server = createServer((incoming, answer) => void this.#forward(incoming, answer))
  readonly #sockets = new Set<Duplex>()

  constructor(options: GatewayOptions) {
    this.#options = options
    this.#expected = Buffer.from(`Basic ${Buffer.from(`${this.username}:${this.password}`).toString('base64')}`)
    this.#server.on('connect', (incoming, socket, head) => void this.#tunnel(incoming, socket, head))
    this.#server.on('connection', (socket) => this.#hold(socket))
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#agent.destroy()
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  async #forward(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    // No body of ours, ever: a page could be made of it. A connection that ends is what a network fault looks like.
    const fail = () => void answer.destroy()
    answer.on('error', fail)
    if (!this.#knows(incoming)) return void answer.writeHead(407, askForCredentials).end()
    const target = await this.#judged(incoming.url ?? '')
    if (target?.url.protocol !== 'http:' || answer.destroyed) return fail()
    const outgoing = request({
      agent: this.#agent,
      host: target.hostname,
      port: target.port,
      lookup: target.lookup,
      timeout: connectMilliseconds,
      method: incoming.method,
      path: target.url.pathname + target.url.search,
      headers: endToEnd(incoming.rawHeaders),
      setHost: false,
    })
    outgoing.on('socket', (socket) => {
      const reached = () => void outgoing.setTimeout(0)
      if (socket.connecting) socket.once('connect', reached)
      else reached()
    })
    outgoing.on('timeout', () => outgoing.destroy())
    outgoing.on('error', fail)
    answer.on('close', () => outgoing.destroy())
    outgoing.on('response', (response) => {
      answer.writeHead(response.statusCode!, response.statusMessage, endToEnd(response.rawHeaders))
      pipeline(response, answer, () => {})
    })
    pipeline(incoming, outgoing, () => {})
  }

  async #tunnel(incoming: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
    client.on('error', () => client.destroy())
    const say = (status: string, header = '') => client.end(`HTTP/1.1 ${status}\r\n${header}connection: close\r\n\r\n`)
    if (!this.#knows(incoming)) {
      return void say('407 Credentials needed', `proxy-authenticate: ${askForCredentials['proxy-authenticate']}\r\n`)
    }
    const target = await this.#judged(`https://${incoming.url}`)
    if (!target) return void say('403 Address refused')
    const upstream = connect({
      host: target.hostname,
      port: target.port,
      lookup: target.lookup,
      timeout: connectMilliseconds,
    })
    this.#hold(upstream)
    upstream.on('timeout', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
    client.on('close', () => upstream.destroy())
    upstream.on('connect', () => {
      upstream.setTimeout(0)
      client.write('HTTP/1.1 200 Connected\r\n\r\n')
      if (head.length > 0) upstream.write(head)
      pipeline(client, upstream, client, () => {})
    })
  }

  #knows(incoming: IncomingMessage): boolean {
    const told = Buffer.from(incoming.headers['proxy-authorization'] ?? '')
    return told.length === this.#expected.length && timingSafeEqual(told, this.#expected)
  }

  /** null: it is not talked to, or its name is unknown. */
  async #judged(address: string): Promise<Target | null> {
    try {
      const url = allowedUrl(address, this.#options)
      const hostname = url.hostname.replace(/^\[|\]$/g, '')
      const found = await allowedAddresses(hostname, this.#options, this.#options.resolve)
      const lookup: LookupFunction = (_hostname, { all }, done) =>
        all ? done(null, found) : done(null, found[0]!.address, found[0]!.family)
      return { url, hostname, port: Number(url.port) || (url.protocol === 'http:' ? 80 : 443), lookup }
    } catch (error) {
      if (error instanceof AddressNotAllowed) this.refused.add(URL.parse(address)?.host ?? address)
      return null
    }
  }

  #hold(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#sockets.delete(socket))
  }
}

const askForCredentials = { 'proxy-authenticate': 'Basic realm="visit"', 'content-length': '0' }

// RFC 9110 §7.6.1: what concerns one connection only.
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Names and values in turn, as they came, several of a name included. */
function endToEnd(raw: string[]): string[] {
  return raw.filter((_, index) => !hopByHop.has(raw[index - (index % 2)]!.toLowerCase()))
}
