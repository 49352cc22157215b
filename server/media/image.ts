// GET and HEAD /image/{id}[/{rendition}]: the bytes of one picture. `serving.ts` knows the answer, whichever way it is asked.
import type { RequestListener } from 'node:http'
import { Readable } from 'node:stream'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { House } from '#server/house.ts'
import { notAllowed } from './problems.ts'
import { problemAnswers } from './schemas.ts'
import type { FilePart } from './sending.ts'
import { imageServer } from './serving.ts'

export function imageRoutes(app: OpenAPIHono, house: House): void {
  app.openAPIRegistry.registerPath(originalRoute)
  app.openAPIRegistry.registerPath(renditionRoute)
  const images = imageServer(house)
  app.get('/image/:id/:rendition?', async (c) => {
    const { pathname, search } = new URL(c.req.url)
    const { method } = c.req.raw
    const answer = await images.answer({ method, target: pathname + search, headers: c.req.header() })
    if (answer instanceof Response) return answer
    const { status, headers, body } = answer
    const sent = body === null || Buffer.isBuffer(body) ? body : Readable.toWeb(streamOf(body))
    const told = new Headers()
    for (let at = 0; at < headers.length; at += 2) told.append(headers[at]!, headers[at + 1]!)
    return new Response(sent as BodyInit | null, { status, headers: told })
  })
  app.all('/image/:id/:rendition?', () => notAllowed('GET, HEAD'))
}

function streamOf(body: Readable | FilePart): Readable {
  return 'handle' in body ? body.handle.createReadStream({ start: body.start, end: body.end }) : body
}

/** The app's listener with pictures in front of it: they need nothing of what the app does for other requests. */
export function imagesFirst(house: House, others: RequestListener): RequestListener {
  const images = imageServer(house)
  return (request, response) => {
    const isAsked = request.method === 'GET' || request.method === 'HEAD'
    if (isAsked && request.url!.startsWith('/image/')) images.serve(request, response)
    else others(request, response)
  }
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
  302: { description: 'The bytes are sent from elsewhere, where the house is set up so.' },
  304: { description: 'The caller has it already.' },
  ...problemAnswers({
    403: '`signature_invalid`, `signature_expired`',
    404: '`not_found`',
    410: '`gone`: it was deleted',
    416: '`range_not_satisfiable`',
    503: '`temporarily_unavailable`, with Retry-After',
  }),
}
const originalRoute = createRoute({
  method: 'get',
  path: '/image/{id}',
  operationId: 'original',
  summary: 'The original, byte for byte. Private ones need a signed address.',
  request: { params: z.object({ id }), query },
  responses,
})
const renditionRoute = createRoute({
  method: 'get',
  path: '/image/{id}/{rendition}',
  operationId: 'rendition',
  summary:
    'A rendition by its name. Private ones need a signed address. Where it was made as AVIF and as WebP, `Accept` picks.',
  request: { params: z.object({ id, rendition }), query },
  responses,
})
