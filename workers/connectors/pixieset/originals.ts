// The bytes of one photo or video. A photo's original is at a signed address that is asked for anew each time; of a
// video the widest rendition is the best there is. Our session goes to the API only.
import { isHtml } from '../answers.ts'
import { behind, nothing } from '../bytes.ts'
import { type HttpAnswer, NotAvailable, type Opened, type PhotoAddress, SourceFault, Truncated } from '../connector.ts'
import { isChallenge, unexpected } from './answers.ts'
import { type Calls, isSignInAddress } from './calls.ts'
import { bestOf, type Handle } from './photos.ts'
import type { Sets } from './sets.ts'
import type { Video } from './wire.ts'

/** A signed address may be over before its turn comes: so often a new one is asked for. */
const mostAddresses = 3
const patienceSeconds = 60

export async function openOriginal(calls: Calls, sets: Sets, photo: PhotoAddress, start: number): Promise<Opened> {
  const handle = photo.handle as Handle
  const isOriginal = handle.kind === 'photo'
  for (let asked = 1; ; asked++) {
    const address =
      handle.kind === 'photo'
        ? await signedAddress(calls, handle.id)
        : await renditionAddress(calls, sets, photo, handle, asked > 1)
    if (typeof address !== 'string') return openedFrom(calls, address, start, isOriginal)
    const answer = await get(calls, address, start)
    if (answer.status !== 403) return openedFrom(calls, answer, start, isOriginal)
    const text = await answer.text(256 * 1024)
    if (isChallenge(answer, text)) throw await calls.meaningOf(answerWith(answer, text), 'original')
    if (isHtml(answer.header('content-type'), text))
      throw unexpected('an original: its bytes', answer, text, calls.secrets)
    if (asked === mostAddresses)
      throw new SourceFault('addresses of an original are over as soon as they are given', 403)
  }
}

/** The address that Pixieset redirects to, or its own answer where that holds the bytes already. */
async function signedAddress(calls: Calls, id: string): Promise<string | HttpAnswer> {
  const answer = await calls.ask('original', id)
  const redirects = answer.status >= 300 && answer.status < 400
  const location = redirects ? answer.header('location') : null
  if (location && !isSignInAddress(location, answer.url, calls.context.endpoints.accounts)) {
    await answer.discard()
    if (!URL.canParse(location, answer.url)) throw unexpected('original: Location', answer, null, calls.secrets)
    return new URL(location, answer.url).href
  }
  if (answer.status === 200 && isBytes(answer)) return answer
  throw await calls.meaningOf(answer, 'original')
}

async function renditionAddress(
  calls: Calls,
  sets: Sets,
  photo: PhotoAddress,
  handle: Extract<Handle, { kind: 'video' }>,
  anew: boolean,
): Promise<string> {
  const video = await sets.video(handle.id, handle.set, photo.galleryRef, anew)
  const file = nameOf(video, handle.file)
  if (!video.video_source || !isReady(video) || file === null)
    throw new NotAvailable('Pixieset has no rendition of this video')
  const base = `${calls.galleries}/api/v1/galleries/`
  if (!URL.canParse(video.video_source, base)) throw new NotAvailable('Pixieset states no address for this video')
  const address = new URL(video.video_source, base)
  address.pathname = `${address.pathname.replace(/\.m3u8$/i, '')}/${encodeURIComponent(file)}`
  return address.href
}

/** 2 is ready, 3 ran out of time; nothing is known of others. */
const isReady = ({ mux_status }: Video) => mux_status == null || mux_status === 2

/** The one that was listed, so that its size holds; else the widest there is now. */
function nameOf(video: Video, listed: string | null): string | null {
  const there = video.metadata?.static_renditions.some(({ name }) => name === listed)
  return there ? listed : (bestOf(video)?.name ?? null)
}

function get(calls: Calls, address: string, start: number): Promise<HttpAnswer> {
  return calls.context.http.request(address, {
    headers: start > 0 ? { range: `bytes=${start}-` } : {},
    lane: 'bytes',
    redirects: 2,
    timeoutSeconds: patienceSeconds,
    signal: calls.context.signal,
  })
}

async function openedFrom(calls: Calls, answer: HttpAnswer, start: number, isOriginal: boolean): Promise<Opened> {
  if (answer.status === 416 && answer.header('content-range') === `bytes */${start}`) {
    await answer.discard()
    return { stream: nothing(), bytes: 0, contentType: null, isOriginal }
  }
  if ((answer.status !== 200 && answer.status !== 206) || !isBytes(answer)) throw await faultOf(calls, answer)
  const begins = answer.status === 206 ? Number(/^bytes (\d+)-/.exec(answer.header('content-range') ?? '')?.[1]) : 0
  if (begins !== start && begins !== 0) {
    await answer.discard()
    throw unexpected(`an original from byte ${start}`, answer, null, calls.secrets)
  }
  const length = Number(answer.header('content-length') ?? Number.NaN)
  const skipped = start - begins
  return {
    stream: skipped > 0 ? behind(answer.stream, skipped) : answer.stream,
    bytes: Number.isNaN(length) ? null : Math.max(0, length - skipped),
    contentType: answer.header('content-type'),
    isOriginal,
  }
}

/** No page and no message in place of the bytes. */
function isBytes(answer: HttpAnswer): boolean {
  const type = answer.header('content-type') ?? ''
  return !/^text\/|\b(x?html|json|xml)\b/i.test(type) || /^image\//i.test(type)
}

async function faultOf(calls: Calls, answer: HttpAnswer): Promise<Error> {
  const { status } = answer
  const text = await answer.text(1024 * 1024)
  if (status === 408 || status === 425 || status >= 500)
    return new SourceFault(`an original answered ${status}`, status)
  if (status === 404 || status === 410) return new NotAvailable('Pixieset lists this photo and has no bytes for it')
  if (status === 416) return new Truncated('the original is shorter than what was fetched of it')
  return calls.meaningOf(answerWith(answer, text), 'original')
}

/** The answer again, its body in hand. */
function answerWith(answer: HttpAnswer, text: string): HttpAnswer {
  return {
    status: answer.status,
    url: answer.url,
    header: (name) => answer.header(name),
    cookies: answer.cookies,
    text: async () => text,
    bytes: async () => Buffer.from(text),
    stream: nothing(),
    discard: async () => {},
  }
}
