import { hash32 } from '../random.ts'

/** Addresses on the second host: signed, and over after a while. */
export class Addresses {
  /** Set once the host listens. */
  origin = ''
  readonly #secret: string
  readonly #lifeSeconds: number
  #shown = 0

  constructor(seed: number, lifeSeconds: number) {
    this.#secret = `addresses of ${seed}`
    this.#lifeSeconds = lifeSeconds
  }

  original(photo: string, alreadyOver = false): string {
    const until = Date.now() + (alreadyOver ? -1 : this.#lifeSeconds) * 1000
    return `${this.origin}/originals/${encodeURIComponent(photo)}?until=${until}&signature=${this.#sign(photo, until)}`
  }

  /** Null where the address is none of ours or its time is over. */
  photoOf(url: URL): string | null {
    const photo = decodeURIComponent(/^\/originals\/([^/]+)$/.exec(url.pathname)?.[1] ?? '')
    const until = Number(url.searchParams.get('until'))
    if (!photo || url.searchParams.get('signature') !== this.#sign(photo, until) || until < Date.now()) return null
    return photo
  }

  zip(bundle: string, part: number): string {
    return `${this.origin}/zips/${bundle}/${part}.zip?signature=${this.#sign(bundle, part)}`
  }

  /** An image object; its addresses are signed anew each time. */
  display(what: string): Record<string, string> {
    const signature = (this.#shown++).toString(36)
    return { large: `${this.origin}/display/${encodeURIComponent(what)}/large.jpg?s=${signature}` }
  }

  #sign(what: string, until: number): string {
    return hash32(this.#secret, what, until).toString(36)
  }
}
