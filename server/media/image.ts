// GET and HEAD /image/{id}[/{rendition}]: the bytes of one picture.
import { Readable } from 'node:stream'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { House } from '#server/house.ts'
import type { Image } from '#server/images.ts'
import { log } from '#server/log.ts'
import { checkSignature } from '#server/signing.ts'
import { NoSuchObject } from '#server/store/store.ts'
import { isKnown, type Range, rangeOf } from './conditions.ts'
import { type HotImages, hotImages, openImage } from './hot.ts'
import { guards, notAllowed, notFound, problem } from './problems.ts'
import { problemAnswers } from './schemas.ts'

export function imageRoutes(app: OpenAPIHono, house: House): void {
  const hot = hotImages(house)
  app.openAPIRegistry.registerPath(originalRoute)
  app.openAPIRegistry.registerPath(renditionRoute)
  app.get('/image/:id', (c) => answer(c, house, hot, c.req.param('id'), null))
  app.get('/image/:id/:rendition', (c) => answer(c, house, hot, c.req.param('id'), c.req.param('rendition')))
  app.all('/image/:id/:rendition?', () => notAllowed('GET, HEAD'))
}

async function answer(
  c: Context,
  house: House,
  hot: HotImages,
  id: string,
  rendition: string | null,
): Promise<Response> {
  const image = await hot.find(id, rendition)
  if (!image) return notFound()
  const { pathname, searchParams } = new URL(c.req.url)
  const signature = checkSignature(house, pathname, searchParams)
  if (!signature.ok) return problem(403, signature.code, refusals[signature.code])

  const headers: Record<string, string> = {
    ...guards,
    'Content-Type': image.contentType,
    'Cache-Control': `private, max-age=${signature.secondsLeft}, immutable`,
    'Accept-Ranges': 'bytes',
    ETag: image.etag,
  }
  const disposition = dispositionOf(image, rendition)
  if (disposition) headers['Content-Disposition'] = disposition
  if (isKnown(c.req.header('If-None-Match'), image.etag)) return new Response(null, { status: 304, headers })

  const range = rangeOf(c.req.header('Range'), c.req.header('If-Range'), image.etag, image.bytes)
  if (range === 'unsatisfiable') {
    const title = `It has ${image.bytes} bytes.`
    return problem(416, 'range_not_satisfiable', title, { 'Content-Range': `bytes */${image.bytes}` })
  }
  headers['Content-Length'] = `${range ? range.end - range.start + 1 : image.bytes}`
  if (range) headers['Content-Range'] = `bytes ${range.start}-${range.end}/${image.bytes}`
  const status = range ? 206 : 200
  if (c.req.raw.method === 'HEAD') return new Response(null, { status, headers })
  try {
    return new Response(await bodyOf(house, hot, id, rendition, image, range), { status, headers })
  } catch (error) {
    if (!(error instanceof NoSuchObject)) throw error
    log.error({ key: image.key }, 'the ledger names an object that the store does not have, or not as long')
    return notFound()
  }
}

const refusals = {
  signature_invalid: 'This picture needs a signed address, and this one is not signed or was changed.',
  signature_expired: 'This address has expired.',
}

async function bodyOf(
  house: House,
  hot: HotImages,
  id: string,
  rendition: string | null,
  image: Image,
  range: Range | null,
) {
  const whole = await hot.read(id, rendition, image)
  if (whole) return (range ? whole.subarray(range.start, range.end + 1) : whole) as Uint8Array<ArrayBuffer>
  return Readable.toWeb(await openImage(house, image, range ?? undefined)) as ReadableStream<Uint8Array<ArrayBuffer>>
}

// What browsers decode as a raster and nothing else: it cannot run anything.
const safeRasters = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'image/avif'])

function dispositionOf(image: Image, rendition: string | null): string | null {
  if (rendition !== null && safeRasters.has(image.contentType)) return null
  const kind = safeRasters.has(image.contentType) ? 'inline' : 'attachment'
  const name = image.filename?.toWellFormed().replace(/^.*[/\\]/s, '')
  // RFC 8187: everything outside its attr-char is a percent sign and two digits.
  const encoded =
    name && encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  return encoded ? `${kind}; filename*=UTF-8''${encoded}` : kind
}

const query = z.object({
  exp: z.string().optional().openapi({ description: 'Seconds since 1970 at which the address expires.' }),
  kid: z.string().optional().openapi({ description: 'Which key signed it.' }),
  sig: z.string().optional().openapi({ description: 'The signature: HMAC-SHA256, base64url.' }),
})
const id = z.uuid().openapi({ description: 'The image, as an answer of this API named it.' })
const rendition = z.string().openapi({ description: 'Name of a rendition.', example: 'web' })
const picture = { 'image/*': { schema: { type: 'string' as const, format: 'binary' } } }
const responses = {
  200: { description: 'The whole picture. `ETag` is strong.', content: picture },
  206: { description: 'The range asked for.', content: picture },
  304: { description: 'The caller has it already.' },
  ...problemAnswers({
    403: '`signature_invalid`, `signature_expired`',
    404: '`not_found`',
    416: '`range_not_satisfiable`',
    503: '`temporarily_unavailable`, with Retry-After',
  }),
}
const originalRoute = createRoute({
  method: 'get',
  path: '/image/{id}',
  summary: 'The original, byte for byte. Private ones need a signed address.',
  request: { params: z.object({ id }), query },
  responses,
})
const renditionRoute = createRoute({
  method: 'get',
  path: '/image/{id}/{rendition}',
  summary: 'A rendition by its name. Private ones need a signed address.',
  request: { params: z.object({ id, rendition }), query },
  responses,
})
