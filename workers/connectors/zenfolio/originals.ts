// The bytes of one photo: a plain GET of its OriginalUrl, with the token only where it belongs.
import { isHtml, unexpected } from '../answers.ts'
import { behind, nothing } from '../bytes.ts'
import {
  type HttpAnswer,
  NotAvailable,
  type Opened,
  type PhotoAddress,
  SignInRefused,
  SourceFault,
  SourceUnreachable,
  Thawing,
  Truncated,
} from '../connector.ts'
import { isSignInPage, speaksOfArchive, todo, usualThawHours } from './answers.ts'
import { applicationHeaders, type Calls, Refusal } from './calls.ts'
import { findFile } from './listing.ts'
import type { Handle } from './photos.ts'

/** How long an original may keep us waiting for its headers; archived ones hang until they are retrieved. */
const patienceSeconds = 30
/** Galleries not modified for so long go to cold storage (Zenfolio's notice of early 2024). */
const archivedAfterMonths = 14

/** A video is the best rendition Zenfolio made, never the original. A stated Content-Length is held to. */
export async function openOriginal(calls: Calls, photo: PhotoAddress, start: number): Promise<Opened> {
  const { url: kept } = photo.handle as Handle
  let address = kept ?? (await freshAddress(calls, photo))
  let answer = await get(calls, photo, address, start)
  if (isGone(answer) && kept) {
    await answer.discard()
    address = await freshAddress(calls, photo)
    answer = await get(calls, photo, address, start)
  }
  if (isRefused(answer)) answer = await getWithKey(calls, photo, address, start, answer)
  return openedFrom(calls, photo, answer, start)
}

const isGone = ({ status }: HttpAnswer) => status === 404 || status === 410
const isRefused = ({ status }: HttpAnswer) => status === 401 || status === 403

async function get(calls: Calls, photo: PhotoAddress, address: string, start: number): Promise<HttpAnswer> {
  const first = addressOf(address, calls)
  let url = first
  for (let redirects = 0; redirects <= 3; redirects++) {
    const answer = await once(calls, photo, url, start, url.host === first.host && mayHaveToken(url, calls))
    const location = answer.status >= 300 && answer.status < 400 ? answer.header('location') : null
    if (location === null) return answer
    await answer.discard()
    if (!URL.canParse(location, url)) throw unexpected('an original: Location', answer, null, calls.secrets)
    url = new URL(location, url)
  }
  throw new SourceFault('an original redirects without end', 310)
}

async function once(
  calls: Calls,
  photo: PhotoAddress,
  url: URL,
  start: number,
  withToken: boolean,
): Promise<HttpAnswer> {
  const began = performance.now()
  try {
    return await calls.context.http.request(url.href, {
      headers: {
        ...applicationHeaders,
        ...(withToken && calls.token ? { 'x-zenfolio-token': calls.token } : {}),
        ...(start > 0 ? { range: `bytes=${start}-` } : {}),
      },
      lane: 'bytes',
      timeoutSeconds: patienceSeconds,
      signal: calls.context.signal,
    })
  } catch (error) {
    const hung = error instanceof SourceUnreachable && performance.now() - began >= patienceSeconds * 900
    if (hung && (await isProbablyArchived(calls, photo.galleryRef)))
      throw new Thawing('an original of an old gallery does not answer', usualThawHours, { cause: error })
    throw error
  }
}

/** Old samples say http; a token goes to Zenfolio over https only. */
function addressOf(address: string, calls: Calls): URL {
  const url = new URL(address, calls.endpoint)
  if (url.protocol === 'http:' && isZenfolios(url)) url.protocol = 'https:'
  return url
}

/** The endpoint's host and Zenfolio's own; for an endpoint on this machine, what its answers named on this machine. */
function mayHaveToken(url: URL, { endpoint }: Calls): boolean {
  if (isLocal(endpoint)) return isLocal(url) && url.protocol === endpoint.protocol
  return url.protocol === 'https:' && (url.host === endpoint.host || isZenfolios(url))
}

const isZenfolios = (url: URL) => /(^|\.)zenfolio\.com$/.test(url.hostname)
const isLocal = (url: URL) => /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)

/** Throws NotFound where the photo is gone too. */
async function freshAddress(calls: Calls, photo: PhotoAddress): Promise<string> {
  const { OriginalUrl } =
    photo.kind === 'file'
      ? await findFile(calls, photo.galleryRef, photo.ref)
      : await calls.call('LoadPhoto', photo.ref, 'Full')
  if (OriginalUrl) return OriginalUrl
  if (OriginalUrl === undefined) throw calls.unexpected('LoadPhoto: Photo.OriginalUrl')
  throw new NotAvailable('Zenfolio states no address for this original')
}

async function isProbablyArchived(calls: Calls, galleryRef: string): Promise<boolean> {
  try {
    const { ModifiedOn } = await calls.call('LoadPhotoSet', galleryRef, 'Level1', false)
    const limit = new Date()
    limit.setUTCMonth(limit.getUTCMonth() - archivedAfterMonths)
    return ModifiedOn !== null && new Date(ModifiedOn.day) < limit
  } catch {
    return false // the original's own silence is what is reported then
  }
}

/** After a refusal: the reason is named, or the original is asked for once more with a download key. */
async function getWithKey(
  calls: Calls,
  photo: PhotoAddress,
  address: string,
  start: number,
  refused: HttpAnswer,
): Promise<HttpAnswer> {
  const text = await refused.text(256 * 1024)
  if (speaksOfArchive(text)) throw new Thawing('Zenfolio is bringing this original back', usualThawHours)
  if (/cloudflare|error (code:? )?10\d\d/i.test(text)) throw new SignInRefused(todo.edge)
  await calls.proveAlive()
  if (!mayHaveToken(addressOf(address, calls), calls))
    throw unexpected('an original at a host that may have our token', refused, text, calls.secrets)

  if (photo.kind !== 'file' && (await isPasswordProtected(calls, photo.ref))) {
    const keyed = addressOf(address, calls)
    keyed.searchParams.set('key', await downloadKey(calls, photo.ref))
    const answer = await get(calls, photo, keyed.href, start)
    if (!isRefused(answer)) return answer
    await answer.discard()
    throw new NotAvailable('this original needs a password of its own', 'password_needed')
  }
  if (refused.status === 403 && isHtml(refused.header('content-type'), text)) throw new SignInRefused(todo.edge)
  throw new NotAvailable('Zenfolio refuses this original to its owner')
}

async function isPasswordProtected(calls: Calls, photoRef: string): Promise<boolean> {
  const { AccessDescriptor } = await calls.call('LoadPhoto', photoRef, 'Full')
  return /\bPasswordProtectOriginals\b/.test(String(AccessDescriptor?.AccessMask))
}

/** The password cannot be read anywhere; that Zenfolio waives it for the owner is a guess worth one call. */
async function downloadKey(calls: Calls, photoRef: string): Promise<string> {
  try {
    return await calls.ask('GetDownloadOriginalKey', [photoRef], '')
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw new NotAvailable('this original needs a password of its own', 'password_needed', { cause: error })
  }
}

async function openedFrom(calls: Calls, photo: PhotoAddress, answer: HttpAnswer, start: number): Promise<Opened> {
  const { status } = answer
  if (status === 416 && answer.header('content-range') === `bytes */${start}`) {
    await answer.discard()
    return { stream: nothing(), bytes: 0, contentType: null, isOriginal: photo.kind !== 'video' }
  }
  if ((status !== 200 && status !== 206) || isAboutThePhoto(answer, photo)) throw await faultOf(calls, photo, answer)

  const length = Number(answer.header('content-length') ?? Number.NaN)
  const begins = status === 206 ? Number(/^bytes (\d+)-/.exec(answer.header('content-range') ?? '')?.[1]) : 0
  if (begins !== start && begins !== 0) {
    await answer.discard()
    throw unexpected(`an original from byte ${start}`, answer, null, calls.secrets)
  }
  if (length === 0 && start === 0 && photo.kind !== 'file') {
    await answer.discard()
    throw new Truncated('an original of no bytes')
  }
  const skipped = start - begins
  return {
    stream: skipped > 0 ? behind(answer.stream, skipped) : answer.stream,
    bytes: Number.isNaN(length) ? null : Math.max(0, length - skipped),
    contentType: answer.header('content-type'),
    isOriginal: photo.kind !== 'video',
  }
}

/** A page or message instead of the bytes. An attached file may be text itself, and even a page where so named. */
function isAboutThePhoto(answer: HttpAnswer, photo: PhotoAddress): boolean {
  const type = answer.header('content-type') ?? ''
  if (photo.kind !== 'file') return /^text\/|\b(x?html|json|xml)\b/i.test(type) && !/^image\//i.test(type)
  return /\b(x?html|json)\b/i.test(type) && !/\.(x?html?|json)$/i.test(new URL(answer.url).pathname)
}

async function faultOf(calls: Calls, photo: PhotoAddress, answer: HttpAnswer): Promise<Error> {
  const text = await answer.text(1024 * 1024)
  if (speaksOfArchive(text)) return new Thawing('Zenfolio is bringing this original back', usualThawHours)
  if (answer.status >= 500) return new SourceFault(`an original answered ${answer.status}`, answer.status)
  await calls.proveAlive()
  if (isGone(answer)) {
    if (photo.kind === 'file') await findFile(calls, photo.galleryRef, photo.ref)
    else await calls.call('LoadPhoto', photo.ref, 'Level1')
    return new NotAvailable('Zenfolio lists this photo and has no original for it')
  }
  if (answer.status === 416) return new Truncated('the original is shorter than what was fetched of it')
  const what = isHtml(answer.header('content-type'), text) && isSignInPage(text) ? 'no sign-in page' : 'its bytes'
  return unexpected(`an original: ${what}`, answer, text, calls.secrets)
}
