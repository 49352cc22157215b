// The bytes of one photo: a single download as the signed-in owner, its redirect followed anew for every attempt.
import { isHtml } from '../answers.ts'
import { behind, nothing } from '../bytes.ts'
import {
  Challenge,
  type HttpAnswer,
  NotAvailable,
  NotFound,
  type Opened,
  type PhotoAddress,
  SessionExpired,
  SourceFault,
  Thawing,
  Truncated,
  UnexpectedPage,
} from '../connector.ts'
import { type Account, isOld } from './account.ts'
import { errorOf, isSignInAddress, signOf, todo, usualThawHours } from './answers.ts'
import { type Calls, galleryPath, Refused } from './calls.ts'
import { NotPacked } from './exports.ts'
import { beginning } from './flow.ts'
import { type Handle, isShort } from './project.ts'

/** How much of a page is looked at to say what it is. */
const pageBytes = 1024 * 1024
const mostRedirects = 5
/** A fault of the server's own, again and again, may be how the archive answers; one or two are a hiccup. */
const looksAtFaults = 3

/**
 * Throws Thawing for anything but the image from a project older than a year, once the session is proved alive and
 * nothing speaks of a block or a sign-in. In a younger one `byExport` is tried, where single downloads do not do.
 */
export async function openOriginal(
  calls: Calls,
  account: Account,
  photo: PhotoAddress,
  start: number,
  byExport?: () => Promise<Opened>,
): Promise<Opened> {
  const { path } = photo.handle as Handle
  let answer = await follow(calls, photo, path, start)
  for (let looks = 1; answer.status >= 500 && looks < looksAtFaults; looks++) {
    await answer.discard()
    answer = await follow(calls, photo, path, start)
  }
  if (answer.status === 404) {
    const { virtualPath } = await account.settings(photo.galleryRef)
    if (virtualPath !== path) {
      await answer.discard()
      answer = await follow(calls, photo, virtualPath, start)
    }
  }
  const otherwise = async () => {
    if (!byExport) return null
    // What came instead may have been a hiccup; an export makes a job.
    return openOriginal(calls, account, photo, start).catch((error) => {
      if (error instanceof UnexpectedPage || error instanceof NotAvailable) return byExport()
      throw error
    })
  }
  return (await opened(calls, photo, answer, start)) ?? strange(calls, account, photo, answer, otherwise)
}

/** The final answer behind the redirects. Cookies go to the account's own origin only; no address is kept. */
async function follow(calls: Calls, photo: PhotoAddress, path: string, start: number): Promise<HttpAnswer> {
  const query = `mode=hiresphoto&photoId=${photo.ref}&systemName=pictime&gui=yes&accessToken=`
  let url = new URL(`${galleryPath(path)}/download?${query}`, calls.base)
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const answer = await calls.get(url, start > 0 ? { range: `bytes=${start}-` } : {})
    const location = answer.status >= 300 && answer.status < 400 ? answer.header('location') : null
    if (location === null) return answer
    await answer.discard()
    if (!URL.canParse(location, answer.url)) throw calls.unexpected('an original: Location', answer, null)
    url = new URL(location, answer.url)
    if (url.origin === calls.base.origin && isSignInAddress(url))
      throw new SessionExpired('an original is redirected to the sign-in page')
  }
  throw new SourceFault('an original redirects without end', 310)
}

/** null where this is not the image; what it is then has not been read yet, or is in `page`. */
async function opened(calls: Calls, photo: PhotoAddress, answer: Page, start: number): Promise<Opened | null> {
  const { status } = answer
  const isOriginal = photo.kind !== 'video'
  if (status === 416 && answer.header('content-range') === `bytes */${start}`) {
    await answer.discard()
    return { stream: nothing(), bytes: 0, contentType: null, isOriginal }
  }
  if (status !== 200 && status !== 206) return null
  const contentType = answer.header('content-type')
  if (isAboutThePhoto(contentType)) return null

  const begins = status === 206 ? Number(/^bytes (\d+)-/.exec(answer.header('content-range') ?? '')?.[1]) : 0
  if (begins !== start && begins !== 0) {
    await answer.discard()
    throw calls.unexpected(`an original from byte ${start}`, answer, null)
  }
  const told = answer.header('content-length')
  const length = told === null ? null : Number(told)
  const { head, stream } = await beginning(answer.stream, 64)
  if (head.length === 0 && start === 0) throw new Truncated('an original of no bytes')
  if (begins === 0 && /^\s*[<{[]/.test(head.toString('latin1'))) {
    answer.page = await textOf(stream)
    return null
  }
  const skipped = start - begins
  return {
    stream: skipped > 0 ? behind(stream, skipped) : stream,
    bytes: length === null ? null : Math.max(0, length - skipped),
    contentType,
    isOriginal,
  }
}

/** An answer, with its text where that was read already. */
type Page = HttpAnswer & { page?: string }

async function strange(
  calls: Calls,
  account: Account,
  photo: PhotoAddress,
  answer: Page,
  otherwise: () => Promise<Opened | null>,
): Promise<Opened> {
  const text = answer.page ?? (await answer.text(pageBytes))
  const sign = isHtml(answer.header('content-type'), text) ? signOf(text, new URL(answer.url)) : null
  if (sign === 'block' || sign === 'human') throw errorOf(sign)
  await account.settings(photo.galleryRef)
  const odd = calls.unexpected(
    sign === 'signIn' ? 'an original: no sign-in page' : 'an original: its bytes',
    answer,
    text,
  )
  if (sign === 'signIn') throw odd
  const isMissing = answer.status === 404 || answer.status === 410
  if (isMissing) await proveListed(calls, account, photo)
  if (isOld(await account.project(photo.galleryRef)))
    throw new Thawing('an original of an old project is not at hand', usualThawHours, { cause: odd })
  if (answer.status >= 500) throw new SourceFault(`an original answered ${answer.status}`, answer.status)
  const none = isMissing
    ? new NotAvailable('Pic-Time lists this photo and has no original for it', undefined, { cause: odd })
    : odd
  try {
    const original = await otherwise()
    if (original) return original
  } catch (error) {
    // A refusal is one only in a live session.
    if (error instanceof SessionExpired) await account.settings(photo.galleryRef)
    const isNoWay = [SessionExpired, Refused, UnexpectedPage, NotPacked].some((type) => error instanceof type)
    if (!isNoWay) throw error
  }
  throw none
}

/** Throws NotFound where its project has it no more, which only its whole list proves: nothing is also the soft block. */
async function proveListed(calls: Calls, account: Account, { ref, galleryRef }: PhotoAddress): Promise<void> {
  const list = async (photoIds: number[] | null) => {
    const asked = { projectId: Number(galleryRef), photoIds }
    return (await account.standing(galleryRef, () => calls.call('projectPhotos2', asked))).photos_s
  }
  const isIn = (photos: { photoId: string }[]) => photos.some(({ photoId }) => photoId === ref)
  if (isIn(await list([Number(ref)]))) return
  const photos = await list(null)
  if (isIn(photos)) return
  if (isShort(photos, await account.again(galleryRef))) {
    if (photos.length === 0) throw new Challenge(todo.blocked)
    throw calls.unexpected('projectPhotos2: photos_s with all photos that are stated')
  }
  throw new NotFound('the photo is in its project no more')
}

/** A page or a message instead of the bytes. */
function isAboutThePhoto(contentType: string | null): boolean {
  return /^text\/|\b(x?html|json|xml)\b/i.test(contentType ?? '') && !/^image\//i.test(contentType ?? '')
}

async function textOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of stream) {
    chunks.push(chunk)
    length += chunk.length
    if (length >= pageBytes) break
  }
  return Buffer.concat(chunks).toString('utf8')
}
