// The portal that visitors see: the second source, which alone tells what is hidden from the homepage.
import { load } from 'cheerio/slim'
import { AddressRefused, RateLimited, SourceFault, SourceUnreachable } from '../connector.ts'
import type { Calls } from './calls.ts'
import { selectors } from './wire.ts'

/** What the portal shows of each collection, by `url_key`. */
export type Portal = ReadonlyMap<string, { locked: boolean }>

/** A page without collections may have been another one: looked at so often before it counts as unreadable. */
const looks = 3

/**
 * null where it cannot be read: nothing follows from it then. The session is not sent: what counts is what a visitor
 * sees. Throws what passes (RateLimited).
 */
export async function readPortal(calls: Calls, userName: string | null): Promise<Portal | null> {
  const address = addressOf(calls.context.endpoints.site ?? '', userName)
  if (address === null) {
    calls.note('no address for the portal')
    return null
  }
  for (let look = 1; ; look++) {
    const page = await pageAt(calls, address)
    const portal = page && collectionsOn(page.text, page.url)
    if (portal && portal.size > 0) return portal
    if (look < looks) continue
    calls.note('the portal cannot be read: whether a collection is hidden from it stays unknown')
    return null
  }
}

/** Where visitors find the portal, with its last slash; null where that is not known. */
export function addressOf(site: string, userName: string | null): string | null {
  if (site.includes('{sub}') && !/^[a-z\d](?:[a-z\d-]*[a-z\d])?$/i.test(userName ?? '')) return null
  const address = site.replace('{sub}', userName ?? '')
  return URL.canParse(address) ? `${address.replace(/\/+$/, '')}/` : null
}

async function pageAt(calls: Calls, address: string): Promise<{ text: string; url: string } | null> {
  try {
    const answer = await calls.context.http.request(address, {
      headers: { accept: 'text/html' },
      redirects: 3,
      signal: calls.context.signal,
    })
    const text = await answer.text()
    return answer.status === 200 ? { text, url: answer.url } : null
  } catch (error) {
    if (calls.context.signal.aborted || error instanceof RateLimited) throw error
    if (error instanceof AddressRefused || error instanceof SourceUnreachable || error instanceof SourceFault)
      return null
    throw error
  }
}

function collectionsOn(html: string, base: string): Portal {
  const $ = load(html)
  const shown = new Map<string, { locked: boolean }>()
  for (const item of $(selectors.portalCollection)) {
    const link = $(item).is('a[href]') ? $(item) : $(item).find('a[href]').first()
    const href = link.attr('href') ?? $(item).closest('a[href]').attr('href')
    const key = href === undefined ? null : keyIn(href, base)
    if (key) shown.set(key, { locked: $(item).find(selectors.portalLock).length > 0 })
  }
  return shown
}

function keyIn(href: string, base: string): string | null {
  if (!URL.canParse(href, base)) return null
  const [key = ''] = new URL(href, base).pathname.split('/').filter(Boolean)
  try {
    return decodeURIComponent(key) || null
  } catch {
    return key
  }
}
