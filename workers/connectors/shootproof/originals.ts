// The bytes of one photo: `/original` of the Studio API leads to an address that lives for a short while, so it is
// resolved just before use, and the second host never sees our authorization.
import { isHtml } from '../answers.ts'
import { behind, nothing } from '../bytes.ts'
import {
  type HttpAnswer,
  NotAvailable,
  NotFound,
  type Opened,
  type PhotoAddress,
  SessionExpired,
  SignInRefused,
  SourceFault,
  Truncated,
} from '../connector.ts'
import { todo } from './answers.ts'
import { type Calls, leadsToSignIn } from './calls.ts'
import type { Handle } from './gallery.ts'
import type { Legacy } from './legacy.ts'

/** A stated Content-Length is held to. */
export async function openOriginal(calls: Calls, legacy: Legacy, photo: PhotoAddress, start: number): Promise<Opened> {
  try {
    return await openBy((anew) => resolved(calls, photo, anew), calls, photo, start)
  } catch (error) {
    if (!(error instanceof NotFound || error instanceof NotAvailable)) throw error
    const address = await legacy.addressOf(photo.galleryRef, photo.ref)
    if (!address) throw error
    calls.noteOnce('originals that only v2 gives')
    const find = async (anew: boolean) =>
      anew ? ((await legacy.addressOf(photo.galleryRef, photo.ref, true)) ?? address) : address
    return openBy(find, calls, photo, start)
  }
}

/** `find` gives the address of the bytes, or an answer that is the bytes already. */
async function openBy(
  find: (anew: boolean) => Promise<URL | HttpAnswer>,
  calls: Calls,
  photo: PhotoAddress,
  start: number,
): Promise<Opened> {
  const first = await find(false)
  let answer = first instanceof URL ? await get(calls, first, start) : first
  if (mayHaveExpired(answer)) {
    await answer.discard()
    const again = await find(true)
    answer = again instanceof URL ? await get(calls, again, start) : again
  }
  return openedFrom(calls, photo, answer, start)
}

/** How a store refuses an address whose time is over is not known; these are the usual ways. */
const mayHaveExpired = ({ status }: HttpAnswer) => [400, 401, 403, 404, 410].includes(status)

const idsOf = (photo: PhotoAddress) => ({
  brand: (photo.handle as Handle).brand,
  event: photo.galleryRef,
  photo: photo.ref,
})

/** Throws NotFound, NotAvailable: `/original` is refused while the session is alive. */
async function resolved(calls: Calls, photo: PhotoAddress, anew: boolean): Promise<URL | HttpAnswer> {
  const answer = await calls.askOriginal(idsOf(photo))
  const location = answer.status >= 300 && answer.status < 400 ? answer.header('location') : null
  if (location !== null) {
    await answer.discard()
    if (leadsToSignIn(answer)) throw new SessionExpired('an original leads to the sign-in')
    if (!URL.canParse(location, answer.url)) throw calls.unexpected('an original: Location', answer, null)
    return new URL(location, answer.url)
  }
  if (answer.status === 200 && !isAPage(answer)) {
    calls.noteOnce('originals come without a redirect')
    return answer
  }
  const text = await answer.text(1024 * 1024)
  const refusal = await calls.refusal('original', answer, text)
  if (refusal instanceof NotFound && !anew) await mustBeGone(calls, photo)
  throw refusal
}

/** Throws NotAvailable where the photo is still listed by itself: "not found" meant its original only. */
async function mustBeGone(calls: Calls, photo: PhotoAddress): Promise<void> {
  try {
    await calls.read('photo', idsOf(photo))
  } catch (error) {
    if (error instanceof NotFound) return
    throw error
  }
  throw new NotAvailable('ShootProof lists this photo and refuses its original')
}

/** Without authorization, wherever it leads. */
async function get(calls: Calls, address: URL, start: number): Promise<HttpAnswer> {
  let url = address
  for (let redirects = 0; redirects <= 3; redirects++) {
    const answer = await calls.context.http.request(url.href, {
      headers: start > 0 ? { range: `bytes=${start}-` } : {},
      lane: 'bytes',
      signal: calls.context.signal,
    })
    const location = answer.status >= 300 && answer.status < 400 ? answer.header('location') : null
    if (location === null) return answer
    await answer.discard()
    if (!URL.canParse(location, url)) throw calls.unexpected('an original: Location', answer, null)
    url = new URL(location, url)
  }
  throw new SourceFault('an original redirects without end', 310)
}

async function openedFrom(calls: Calls, photo: PhotoAddress, answer: HttpAnswer, start: number): Promise<Opened> {
  const { status } = answer
  if (status === 416 && answer.header('content-range') === `bytes */${start}`) {
    await answer.discard()
    return { stream: nothing(), bytes: 0, contentType: null, isOriginal: true }
  }
  if ((status !== 200 && status !== 206) || isAPage(answer)) throw await faultOf(calls, photo, answer)

  const length = Number(answer.header('content-length') ?? Number.NaN)
  const begins = status === 206 ? Number(/^bytes (\d+)-/.exec(answer.header('content-range') ?? '')?.[1]) : 0
  if (begins !== start && begins !== 0) {
    await answer.discard()
    throw calls.unexpected(`an original from byte ${start}`, answer, null)
  }
  if (length === 0 && start === 0) {
    await answer.discard()
    throw new Truncated('an original of no bytes')
  }
  const skipped = start - begins
  return {
    stream: skipped > 0 ? behind(answer.stream, skipped) : answer.stream,
    bytes: Number.isNaN(length) ? null : Math.max(0, length - skipped),
    contentType: answer.header('content-type'),
    isOriginal: true,
  }
}

/** A page or a message in place of the bytes. */
function isAPage(answer: HttpAnswer): boolean {
  const type = answer.header('content-type') ?? ''
  return /^text\/|\b(x?html|json|xml)\b/i.test(type) && !/^image\//i.test(type)
}

/** Of the second host, which had a fresh address. */
async function faultOf(calls: Calls, photo: PhotoAddress, answer: HttpAnswer): Promise<Error> {
  const { status } = answer
  const text = await answer.text(1024 * 1024)
  if (status >= 500) return new SourceFault(`an original answered ${status}`, status)
  if (status === 403 && isHtml(answer.header('content-type'), text)) return new SignInRefused(todo.edge)
  // Refused by everybody's standards, not only for this photo: tried again, and then failed rather than skipped.
  if ([400, 401, 403].includes(status)) return new SourceFault(`an original answered ${status}`, status)
  if (status === 416) return new Truncated('the original is shorter than what was fetched of it')
  if (status === 404 || status === 410) {
    await calls.read('photo', idsOf(photo))
    return new NotAvailable('ShootProof lists this photo and has no original for it')
  }
  return calls.unexpected('an original: its bytes', answer, text)
}
