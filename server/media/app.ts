// The media API: routes in files beside this one, each input → one verb → output.
import { OpenAPIHono, z } from '@hono/zod-openapi'
import { answers } from '#server/availability.ts'
import type { House } from '#server/house.ts'
import { openUploads, type Uploads } from '#server/uploads.ts'
import { docsPage } from './docs.ts'
import { imageRoutes } from './image.ts'
import { answerTo, guards, notAllowed, notFound, problem } from './problems.ts'
import { processRoutes } from './process.ts'
import { registerShapes } from './requests.ts'
import { problemAnswers } from './schemas.ts'
import { senderRoutes } from './senders.ts'
import { statusRoutes } from './status.ts'
import { type UploadOptions, uploadRoutes } from './upload.ts'

export interface MediaOptions extends Partial<UploadOptions> {
  /** Where the caller closes them. */
  uploads?: Uploads
}

export function mediaApp(house: House, options: MediaOptions = {}): OpenAPIHono {
  const app = new OpenAPIHono()
  const { uploads = openUploads(house), patienceSeconds = 5 } = options
  app.onError(answerTo)
  app.notFound(notFound)
  app.openAPIRegistry.registerComponent('securitySchemes', 'key', { type: 'http', scheme: 'bearer' })
  registerShapes(app)
  uploadRoutes(app, house, uploads, { patienceSeconds })
  statusRoutes(app, house)
  processRoutes(app, house, uploads, { patienceSeconds })
  imageRoutes(app, house)
  app.route('/', senderRoutes(house, uploads))
  healthRoute(app, house)
  const document = () => app.getOpenAPI31Document({ ...about, servers: [{ url: house.env.MEDIA_URL }] })
  app.get('/openapi.json', (c) => c.json(document(), 200, guards))
  app.get('/docs', (c) => c.html(docsPage(document()), 200, { ...guards, ...docsPolicy }))
  app.on(['POST', 'PUT', 'PATCH', 'DELETE'], ['/health', '/openapi.json', '/docs'], () => notAllowed('GET, HEAD'))
  return app
}

/** Its style is in the page; nothing else may be loaded or run. */
const docsPolicy = { 'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox" }

function healthRoute(app: OpenAPIHono, house: House): void {
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/health',
    operationId: 'health',
    summary: 'Answers 200 when the database and the object store answer.',
    responses: {
      200: {
        description: 'Ready.',
        content: { 'application/json': { schema: z.object({ status: z.literal('ok') }) } },
      },
      ...problemAnswers({ 503: '`temporarily_unavailable`, with Retry-After' }),
    },
  })
  app.get('/health', async (c) => {
    try {
      await answers(house)
      return c.json({ status: 'ok' }, 200, { ...guards, 'Cache-Control': 'no-store' })
    } catch {
      const title = 'The database or the object store does not answer.'
      return problem(503, 'temporarily_unavailable', title, { 'Retry-After': '5' })
    }
  })
}

const about = {
  openapi: '3.1.0',
  info: {
    title: 'Pass media',
    version: '1',
    description:
      'Takes pictures in, processes them by instructions, hosts them, and tells when they are ready. Every refusal is `application/problem+json` with a stable `code`. Besides those of each call there are 400 `malformed_request`, 405 `method_not_allowed`, 408 `request_timeout`, 414 `uri_too_long`, 431 `headers_too_large` and 500 `internal_error`.',
  },
}
