// The old API (v2) as a second opinion: it tells the addresses of originals by the page, for open events only.
import { fieldOf, isHtml, parsed } from '../answers.ts'
import { SessionExpired, SourceFault, Truncated } from '../connector.ts'
import { isSignInPage } from './answers.ts'
import { type Calls, endpoint } from './calls.ts'
import { parseExact } from './json.ts'
import { legacyPhotos } from './wire.ts'

/** How long addresses live is not known: those of a page are used for so long, and asked anew once refused. */
const keptMilliseconds = 120_000
/** Events whose addresses are held at once. */
const mostEvents = 4

interface Known {
  until: number
  /** null: v2 does not know the event, or does not let us ask. */
  addresses: Promise<Map<string, string> | null>
}

export class Legacy {
  readonly #calls: Calls
  readonly #events = new Map<string, Known>()

  constructor(calls: Calls) {
    this.#calls = calls
  }

  /** null where v2 knows none. `anew`: the address that it told last was refused. */
  async addressOf(event: string, photo: string, anew = false): Promise<URL | null> {
    let known = this.#events.get(event)
    if (!known || anew || known.until < Date.now()) {
      known = { until: Date.now() + keptMilliseconds, addresses: this.#read(event) }
      this.#events.delete(event)
      this.#events.set(event, known)
      known.addresses.catch(() => this.#events.delete(event))
      const [oldest] = this.#events.keys()
      if (this.#events.size > mostEvents && oldest !== undefined) this.#events.delete(oldest)
    }
    const address = (await known.addresses)?.get(photo)
    return address && URL.canParse(address, this.#endpoint()) ? new URL(address, this.#endpoint()) : null
  }

  async #read(event: string): Promise<Map<string, string> | null> {
    const addresses = new Map<string, string>()
    for (let page = 1, pages = 1; page <= pages; page++) {
      const answer = await this.#page(event, page)
      if (answer === null) return null
      pages = answer.total_pages ?? 1
      for (const { id, url } of answer.photos ?? []) if (url?.original) addresses.set(id, url.original)
    }
    return addresses
  }

  /** By GET: the method is a read, and a POST is only ever sent where nothing else is taken. */
  async #page(event: string, page: number) {
    const { context, token } = this.#calls
    const query = new URLSearchParams({
      method: 'sp.event.get_photos',
      access_token: token,
      event_id: event,
      page: String(page),
    })
    const answer = await context.http.request(`${this.#endpoint()}?${query}`, {
      headers: { accept: 'application/json' },
      signal: context.signal,
    })
    const text = await answer.text()
    if (answer.status === 401) throw new SessionExpired('v2 answered 401')
    if (answer.status >= 500) throw new SourceFault(`v2 answered ${answer.status}`, answer.status)
    const json = parsed(text, parseExact)
    const told = legacyPhotos.safeParse(json)
    if (told.success && told.data.stat === 'ok') return told.data
    const html = isHtml(answer.header('content-type'), text)
    if (html && isSignInPage(text)) throw new SessionExpired('a sign-in page for v2')
    if (json === undefined && !html && /^\s*([{[]|$)/.test(text)) throw new Truncated('the answer of v2 broke off')
    if (!told.success && answer.status === 200)
      throw this.#calls.unexpected(
        `sp.event.get_photos: ${json === undefined ? 'JSON' : fieldOf(told.error, 'answer')}`,
        answer,
        text,
      )
    // Not ok: it does not know the event, its scope was not granted, or the session is dead.
    await this.#calls.proveAlive()
    this.#calls.noteOnce('v2 refuses the photos of an event')
    return null
  }

  #endpoint(): string {
    return `${endpoint(this.#calls.context, 'api')}/v2`
  }
}
