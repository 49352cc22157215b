// Which addresses this system may talk to on behalf of somebody else: sources, upload-by-URL, webhooks, the browser.
import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import { Agent, buildConnector } from 'undici'

export interface AddressRules {
  /** True with ALLOW_LOCAL_SOURCES=1: loopback is allowed too. Nothing else that is not public ever is. */
  allowLocal: boolean
}

/** The address, or one that its name resolves to, is none that we may talk to. Says nothing about what is there. */
export class AddressNotAllowed extends Error {
  override name = 'AddressNotAllowed'
}

/** Every address of a name, in the order to try them. */
export type Resolver = (hostname: string) => Promise<LookupAddress[]>

/** True for public unicast addresses. Mapped and tunnelled IPv6 is judged by the IPv4 address inside it. */
export function allowedAddress(ip: string, rules: AddressRules): boolean {
  if (isIP(ip) === 0) return false
  const address = ipaddr.parse(ip)
  if (address.kind() === 'ipv4') return allowedIPv4(address as ipaddr.IPv4, rules)
  return allowedIPv6(address as ipaddr.IPv6, rules)
}

/** The parsed address: http or https, no user info, a plausible port, no literal IP that is not allowed. */
export function allowedUrl(url: string | URL, rules: AddressRules): URL {
  const parsed = URL.parse(url)
  if (!parsed) throw new AddressNotAllowed('not an address')
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') throw new AddressNotAllowed('neither http nor https')
  if (parsed.username || parsed.password) throw new AddressNotAllowed('an address with user information')
  const port = Number(parsed.port || 443)
  // Below 1024 live mail, shells and file shares, which an HTTP request can be made to speak to.
  if (port !== 80 && port !== 443 && port < 1024) throw new AddressNotAllowed('a port of another protocol')
  const host = parsed.hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) !== 0 && !allowedAddress(host, rules)) throw new AddressNotAllowed('an address that is not public')
  return parsed
}

/** The addresses of a name (or the literal itself). Throws AddressNotAllowed if only one of them is not allowed. */
export async function allowedAddresses(
  hostname: string,
  rules: AddressRules,
  resolve: Resolver = everyAddress,
): Promise<LookupAddress[]> {
  const family = isIP(hostname)
  const found = family === 0 ? await resolve(hostname) : [{ address: hostname, family }]
  if (found.length === 0 || !found.every(({ address }) => allowedAddress(address, rules))) {
    throw new AddressNotAllowed('an address that is not public')
  }
  return found
}

export interface GuardedAgentOptions extends AddressRules {
  /** Connections to one origin at a time; further requests wait for one. Default 64. */
  connections?: number
  /** Until connected, the name and TLS included. Default 10. */
  connectTimeoutSeconds?: number
  resolve?: Resolver
}

/**
 * A dispatcher that only connects to allowed addresses, whatever the URL says. A name is resolved once a connection and
 * the very addresses that were checked are connected to. Requests fail with AddressNotAllowed.
 */
export function guardedAgent(options: GuardedAgentOptions): Agent {
  const connect = buildConnector({
    timeout: (options.connectTimeoutSeconds ?? 10) * 1000,
    allowH2: false,
    rejectUnauthorized: true,
    autoSelectFamily: true,
    lookup: checkedLookup(options),
  })
  return new Agent({
    connections: options.connections ?? 64,
    allowH2: false,
    keepAliveTimeout: 10_000,
    keepAliveMaxTimeout: 60_000,
    connect(target, done) {
      // Sockets do not look up literal addresses, so those are judged here.
      if (isIP(target.hostname) !== 0 && !allowedAddress(target.hostname, options)) {
        return done(new AddressNotAllowed('an address that is not public'), null)
      }
      connect(target, (error, socket) => {
        if (error) return done(error, null)
        const { remoteAddress } = socket
        if (remoteAddress !== undefined && allowedAddress(remoteAddress, options)) return done(null, socket)
        socket.destroy()
        done(
          remoteAddress === undefined
            ? new Error('the connection closed as it was made')
            : new AddressNotAllowed('connected to an address that is not public'),
          null,
        )
      })
    },
  })
}

function checkedLookup(options: GuardedAgentOptions): LookupFunction {
  return (hostname, { all }, done) => {
    allowedAddresses(hostname, options, options.resolve).then(
      (found) => (all ? done(null, found) : done(null, found[0]!.address, found[0]!.family)),
      (error) => done(error, []),
    )
  }
}

function everyAddress(hostname: string): Promise<LookupAddress[]> {
  return lookup(hostname, { all: true })
}

// Azure's metadata and DHCP server answers at a public address.
const metadata = new Set(['168.63.129.16'])

function allowedIPv4(address: ipaddr.IPv4, { allowLocal }: AddressRules): boolean {
  const range = address.range()
  if (range === 'loopback') return allowLocal
  return range === 'unicast' && !metadata.has(address.toString())
}

function allowedIPv6(address: ipaddr.IPv6, rules: AddressRules): boolean {
  const bytes = address.toByteArray()
  const at = (offset: number) => new ipaddr.IPv4(bytes.slice(offset, offset + 4))
  const range: string = address.range()
  switch (range) {
    case 'loopback':
      return rules.allowLocal
    case 'ipv4Mapped':
    case 'rfc6145':
      return allowedIPv4(at(12), rules)
    case 'rfc6052':
      // RFC 8215 leaves the layout inside 64:ff9b:1::/48 to each network: nothing there can be judged.
      return bytes[5] === 0 && allowedIPv4(at(12), rules)
    case '6to4':
      return allowedIPv4(at(2), rules)
    case 'teredo': {
      const client = new ipaddr.IPv4(bytes.slice(12).map((byte) => byte ^ 0xff)) // RFC 4380: stored inverted
      return allowedIPv4(at(4), rules) && allowedIPv4(client, rules)
    }
    case 'unicast':
      if (bytes.slice(0, 12).every((byte) => byte === 0)) return allowedIPv4(at(12), rules)
      if (isIsatap(bytes) && !allowedIPv4(at(12), rules)) return false
      return (bytes[0]! & 0xe0) === 0x20 // 2000::/3, all that is given out
    default:
      return false
  }
}

/** RFC 5214: an IPv4 address as the interface part of any IPv6 address. */
function isIsatap(bytes: number[]): boolean {
  return (bytes[8]! & 0xfd) === 0 && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe
}
