// The bytes of one photo: a signed address is minted for each look, and got without any sign-in of ours.
import { behind, nothing } from '../bytes.ts'
import { type HttpAnswer, NotAvailable, type Opened, type PhotoAddress, SourceFault, Truncated } from '../connector.ts'
import { speaksOfArchive, unexpected } from './answers.ts'
import { archived, type Calls } from './calls.ts'
import type { Handle } from './photos.ts'

/** An address is good for hours, but the way to its host may have been blocked for longer: it is minted once more. */
export async function openOriginal(calls: Calls, photo: PhotoAddress, start: number): Promise<Opened> {
  const first = await get(calls, photo, start)
  if (![401, 403, 404, 410].includes(first.status)) return openedFrom(calls, photo, first, start)
  await first.discard()
  return openedFrom(calls, photo, await get(calls, photo, start), start)
}

async function get(calls: Calls, photo: PhotoAddress, start: number): Promise<HttpAnswer> {
  const { downloadUrl } = await calls.download(photo.galleryRef, photo.ref)
  return calls.context.http.request(addressOf(downloadUrl, calls), {
    headers: start > 0 ? { range: `bytes=${start}-` } : {},
    lane: 'bytes',
    redirects: 3,
    signal: calls.context.signal,
  })
}

/** Usually a path on the host of the endpoint `cdn`. */
function addressOf(downloadUrl: string, calls: Calls): string {
  const cdn = (calls.context.endpoints.cdn ?? '').replace(/\/+$/, '')
  const whole = /^([a-z][a-z\d+.-]*:)?\/\//i.test(downloadUrl)
  const address = URL.parse(whole ? downloadUrl : `${cdn}/${downloadUrl.replace(/^\//, '')}`, cdn)
  if (!address || !/^https?:$/.test(address.protocol))
    throw calls.unexpected('photos/download: downloadUrl, an http(s) address or a path')
  return address.href
}

async function openedFrom(calls: Calls, photo: PhotoAddress, answer: HttpAnswer, start: number): Promise<Opened> {
  const { status } = answer
  if (status === 416 && answer.header('content-range') === `bytes */${start}`) {
    await answer.discard()
    return { stream: nothing(), bytes: 0, contentType: null, isOriginal: true }
  }
  const type = answer.header('content-type')
  const isPage = /^text\/|\b(x?html|json|xml)\b/i.test(type ?? '') && !/^image\//i.test(type ?? '')
  if ((status !== 200 && status !== 206) || isPage) throw await faultOf(calls, answer)

  const length = Number(answer.header('content-length') ?? Number.NaN)
  const begins = status === 206 ? Number(/^bytes (\d+)-/.exec(answer.header('content-range') ?? '')?.[1]) : 0
  if (begins !== start && begins !== 0) {
    await answer.discard()
    throw unexpected(`an original from byte ${start}`, answer, '', calls.secrets)
  }
  if (length === 0 && start === 0) {
    await answer.discard()
    throw new Truncated('an original of no bytes')
  }
  const skipped = start - begins
  const whole = Number.isNaN(length) ? null : length + begins
  return {
    stream: skipped > 0 ? behind(answer.stream, skipped) : answer.stream,
    bytes: Number.isNaN(length) ? null : Math.max(0, length - skipped),
    contentType: type,
    isOriginal: isOriginal(photo, whole),
  }
}

/** Of videos it is not known whether the upload is kept: one of another length than stated was made from it. */
function isOriginal({ kind, handle }: PhotoAddress, bytes: number | null): boolean {
  const stated = (handle as Handle | null)?.bytes ?? null
  return kind !== 'video' || stated === null || bytes === null || stated === bytes
}

async function faultOf(calls: Calls, answer: HttpAnswer): Promise<Error> {
  const { status } = answer
  const text = await answer.text(1024 * 1024)
  if (speaksOfArchive(text)) return archived()
  if (status >= 500) return new SourceFault(`an original answered ${status}`, status)
  // The address was minted just now, so the session lives and Zenfolio knows the photo.
  if (status === 404 || status === 410) return new NotAvailable('Zenfolio lists this photo and has no original for it')
  if (status === 416) return new Truncated('the original is shorter than what was fetched of it')
  return unexpected('an original: its bytes', answer, text, calls.secrets)
}
