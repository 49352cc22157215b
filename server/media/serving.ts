// What is answered to GET and HEAD of one picture, and how it is sent on node's own request and response: web streams and
// web responses cost more than everything else together.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline, type Readable } from 'node:stream'
import type { House } from '#server/house.ts'
import type { Found, Image, StoredPicture } from '#server/images.ts'
import { log } from '#server/log.ts'
import { checkSignature, type SignatureCheck } from '#server/signing.ts'
import { NoSuchObject } from '#server/store/store.ts'
import { isKnown, preferred, type Range, rangeOf } from './conditions.ts'
import { elsewhere } from './elsewhere.ts'
import { type HotImages, hotImages, nameOf, openImage } from './hot.ts'
import { answerTo, guards, notFound, problem } from './problems.ts'
import { type Recent, recent } from './recent.ts'
import { CallerLeft, type FilePart, openPart, sendPart } from './sending.ts'

export interface Asked {
  method: string
  /** Path and parameters as they were asked for, undecoded. */
  target: string
  /** By lower-case name. */
  headers: { [name: string]: string | string[] | undefined }
}

export interface Answer {
  status: number
  /** Names and values in turn. */
  headers: string[]
  body: Buffer | Readable | FilePart | null
}

export interface ImageServer {
  /** A `Response` is a refusal. At once where everything is in memory; never throws or rejects. */
  answer(asked: Asked): Answer | Response | Promise<Answer | Response>
  /** The same, sent. */
  serve(request: IncomingMessage, response: ServerResponse): void
}

const MiB = 1024 * 1024
/** What may lie in memory for callers who read slowly; beyond it bytes are read from the store as they are taken. */
const mostUnsentBytes = 128 * MiB

const mostAddresses = 10_000 // less than 1 kB each

const servers = new WeakMap<House, ImageServer>()

/** One a house: what is hot is hot for everybody. */
export function imageServer(house: House): ImageServer {
  const known = servers.get(house)
  if (known) return known
  const hot = hotImages(house)
  const addresses = recent<Address>(mostAddresses)
  let unsentBytes = 0

  function answer(asked: Asked): Answer | Response | Promise<Answer | Response> {
    const address = addresses.get(asked.target) ?? addressOf(asked.target)
    if (!address) return notFound()
    const call: Call = { house, hot, addresses, asked, address, mayKeep: unsentBytes < mostUnsentBytes }
    const found = hot.find(address.id, address.rendition, address.name)
    const answered = found instanceof Promise ? found.then((one) => answerWith(call, one)) : answerWith(call, found)
    return answered instanceof Promise ? answered.catch(answerTo) : answered
  }

  function send(response: ServerResponse, answered: Answer | Response): void {
    if (answered instanceof Response) return void refuse(response, answered)
    const { status, headers, body } = answered
    response.writeHead(status, headers)
    if (body === null || Buffer.isBuffer(body)) {
      response.end(body)
      const left = response.writableLength
      if (left === 0) return
      unsentBytes += left
      response.once('close', () => (unsentBytes -= left))
      return
    }
    // A body that ends early is cut off: whoever reads it sees that it is not whole.
    const broken = (error: unknown) => {
      if (!(error instanceof CallerLeft) && !response.closed) log.error({ err: error }, 'media: sending')
    }
    if ('handle' in body) sendPart(body, response).catch(broken)
    else pipeline(body, response, (error) => error && broken(error))
  }

  const server: ImageServer = {
    answer,
    serve(request, response) {
      const failed = (error: unknown) => void refuse(response, answerTo(error))
      try {
        const answered = answer({ method: request.method!, target: request.url!, headers: request.headers })
        if (answered instanceof Promise) answered.then((one) => send(response, one)).catch(failed)
        else send(response, answered)
      } catch (error) {
        failed(error)
      }
    },
  }
  servers.set(house, server)
  return server
}

/** Sends a refusal on node's own response; one that is half sent is cut off. */
export async function refuse(response: ServerResponse, refusal: Response): Promise<void> {
  const body = await refusal.text()
  if (response.headersSent) return void response.destroy()
  response.writeHead(refusal.status, {
    ...Object.fromEntries(refusal.headers),
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}

interface Address {
  id: string
  rendition: string | null
  name: string
  /** Seconds since 1970, where its signature was found right; the HMAC would be a good part of a hot answer's cost. */
  expires: number | null
  /** It lies among those that were answered. */
  known: boolean
  /** As it was signed. */
  path: string
  query: string
}

const prefix = '/image/'
const uuidLength = 36

/** null where it is no address of a picture. */
function addressOf(target: string): Address | null {
  const mark = target.indexOf('?')
  const path = mark < 0 ? target : target.slice(0, mark)
  const query = mark < 0 ? '' : target.slice(mark + 1)
  const ends = prefix.length + uuidLength
  if (!path.startsWith(prefix) || path.length < ends) return null
  const id = path.slice(prefix.length, ends)
  if (path.length === ends)
    return { id, rendition: null, name: nameOf(id, null), expires: null, known: false, path, query }
  const encoded = path.slice(ends + 1)
  if (path[ends] !== '/' || encoded === '' || encoded.includes('/')) return null
  try {
    const rendition = decodeURIComponent(encoded)
    return { id, rendition, name: nameOf(id, rendition), expires: null, known: false, path, query }
  } catch {
    return null
  }
}

interface Call {
  house: House
  hot: HotImages
  /** Those that were answered. */
  addresses: Recent<Address>
  asked: Asked
  address: Address
  /** There is room to hold the whole of it until its caller has taken it. */
  mayKeep: boolean
}

/** A promise only where there is something to wait for. */
function answerWith(call: Call, found: Found): Answer | Response | Promise<Answer | Response> {
  const { asked, address } = call
  if (found === null) return notFound()
  if (found === 'gone') return problem(410, 'gone', 'This picture was deleted.')
  let secondsLeft: number | null = null
  if (found.access === 'private') {
    const signature = signatureOf(call)
    if (!signature.ok) return problem(403, signature.code, refusals[signature.code])
    secondsLeft = signature.secondsLeft
  }
  if (!address.known) {
    address.known = true
    call.addresses.set(asked.target, address)
  }
  const picture = found.twin ? pickedOf(found, found.twin, headerOf(asked, 'accept')) : found
  const disposition = dispositionOf(found, picture, address.rendition)
  const headers = found.twin ? [...guarded, 'Vary', 'Accept'] : [...guarded]

  const there = elsewhere(call.house, { access: found.access, picture, disposition, secondsLeft })
  if (there) return there.then((place) => redirect(place, headers))

  const kept =
    secondsLeft === null ? 'public, max-age=31536000, immutable' : `private, max-age=${secondsLeft}, immutable`
  headers.push('Content-Type', picture.contentType, 'Cache-Control', kept, 'Accept-Ranges', 'bytes')
  headers.push('ETag', picture.etag)
  if (disposition) headers.push('Content-Disposition', disposition)
  if (isKnown(headerOf(asked, 'if-none-match'), picture.etag)) return { status: 304, headers, body: null }

  // HEAD tells of the whole: a range is defined for GET alone (RFC 9110 §14.2).
  const wanted = asked.method === 'GET' ? headerOf(asked, 'range') : undefined
  const range = rangeOf(wanted, headerOf(asked, 'if-range'), picture.etag, picture.bytes)
  if (range === 'unsatisfiable') {
    const inside = { 'Content-Range': `bytes */${picture.bytes}` }
    return problem(416, 'range_not_satisfiable', `It has ${picture.bytes} bytes.`, inside)
  }
  headers.push('Content-Length', `${range ? range.end - range.start + 1 : picture.bytes}`)
  if (range) headers.push('Content-Range', `bytes ${range.start}-${range.end}/${picture.bytes}`)
  const status = range ? 206 : 200
  if (asked.method === 'HEAD') return { status, headers, body: null }
  const body = bodyOf(call, picture, range)
  if (!(body instanceof Promise)) return { status, headers, body }
  return body.then((read) => ({ status, headers, body: read }), lost(picture))
}

const guarded = Object.entries(guards).flat()

function headerOf({ headers }: Asked, name: string): string | undefined {
  return headers[name] as string | undefined // those read here never come as a list
}

const refusals = {
  signature_invalid: 'This picture needs a signed address, and this one is not signed or was changed.',
  signature_expired: 'This address has expired.',
}

function signatureOf({ house, address }: Call): SignatureCheck {
  const at = Math.floor(Date.now() / 1000)
  if (address.expires !== null && address.expires > at) return { ok: true, secondsLeft: address.expires - at }
  const checked = checkSignature(house, address.path, new URLSearchParams(address.query), new Date(at * 1000))
  if (checked.ok) address.expires = at + checked.secondsLeft
  return checked
}

const negotiated = ['image/avif', 'image/webp'] // the smaller first

function pickedOf(image: Image, twin: StoredPicture, accept: string | undefined): StoredPicture {
  return preferred(accept, negotiated, image.contentType) === image.contentType ? image : twin
}

function bodyOf({ house, hot, mayKeep }: Call, picture: StoredPicture, range: Range | null) {
  const whole = mayKeep ? hot.read(picture) : null
  const part = (bytes: Buffer) => (range ? bytes.subarray(range.start, range.end + 1) : bytes)
  if (whole instanceof Promise) return whole.then(part)
  return whole ? part(whole) : openBody(house, picture, range ?? undefined)
}

async function openBody({ store }: House, picture: StoredPicture, range?: Range): Promise<FilePart | Readable> {
  const path = store.path(picture.key)
  const opened = path === null ? null : await openPart(path, picture.bytes, range)
  // The store knows what to throw where it cannot be opened.
  return opened ?? openImage({ store }, picture, range)
}

function lost({ key }: StoredPicture) {
  return (error: unknown): Response => {
    if (!(error instanceof NoSuchObject)) throw error
    log.error({ key }, 'the ledger names an object that the store does not have, or not as long')
    return notFound()
  }
}

function redirect(there: { address: string; seconds: number }, headers: string[]): Answer {
  headers.push('Location', there.address, 'Cache-Control', `private, max-age=${there.seconds}`, 'Content-Length', '0')
  return { status: 302, headers, body: null }
}

// What browsers decode as a raster and nothing else: it cannot run anything.
const safeRasters = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'image/avif'])

function dispositionOf(image: Image, picture: StoredPicture, rendition: string | null): string | null {
  const safe = safeRasters.has(picture.contentType)
  if (rendition !== null && safe) return null
  const kind = safe ? 'inline' : 'attachment'
  const name = image.filename?.toWellFormed().replace(/^.*[/\\]/s, '')
  // RFC 8187: everything outside its attr-char is a percent sign and two digits.
  const encoded =
    name && encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  return encoded ? `${kind}; filename*=UTF-8''${encoded}` : kind
}
