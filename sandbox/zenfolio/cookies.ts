import type { Exchange } from '../server.ts'

/** A credential comes in a header or in a cookie; null where neither is there. */
export function credential(exchange: Exchange, header: string, cookie: string): string | null {
  const value = exchange.headers[header]
  if (typeof value === 'string' && value !== '') return value
  for (const pair of (exchange.headers.cookie ?? '').split(';')) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === cookie) return decoded(pair.slice(at + 1).trim())
  }
  return null
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
