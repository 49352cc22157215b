// Addresses of files as a sender names them.
import { AddressNotAllowed, allowedUrl } from '#server/addresses.ts'
import type { House } from '#server/house.ts'
import type { NamedUrl } from '#server/uploads.ts'
import { baseName } from './parts.ts'

/** With the name that each address ends in. A name that leads to somewhere private shows when it is resolved. */
export function namedUrls(house: Pick<House, 'env'>, urls: string[]): NamedUrl[] {
  return urls.map((given) => {
    try {
      const url = allowedUrl(given, { allowLocal: house.env.ALLOW_LOCAL_SOURCES })
      url.hash = ''
      return { url: url.href, filename: baseName(decoded(url.pathname)) }
    } catch (error) {
      if (error instanceof AddressNotAllowed) return { url: null, filename: null }
      throw error
    }
  })
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
