// GET /status/{id} of an image or a job, and its events as they happen.
import { Readable } from 'node:stream'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { House } from '#server/house.ts'
import { follow, onPhoto } from '#server/live.ts'
import { type StatusPage, statusOf } from '#server/uploads/status.ts'
import { withCaller } from './caller.ts'
import { guards, notAllowed, notFound } from './problems.ts'
import { checked } from './requests.ts'
import { problemAnswers, statusSchema } from './schemas.ts'
import { gone } from './upload.ts'

const query = z.strictObject({
  cursor: z.string().max(64).optional().openapi({ description: '`nextCursor` of the page before.' }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .optional()
    .openapi({ description: 'Items of a page; 100 where absent.' }),
})

/** Proxies close what is silent. */
const heartbeatMilliseconds = 15_000

export function statusRoutes(app: OpenAPIHono, house: House): void {
  app.openAPIRegistry.registerPath(statusRoute)
  app.openAPIRegistry.registerPath(eventsRoute)
  app.get(
    '/status/:id',
    withCaller(house, 'read', async ({ clientId }, c) => {
      const page = checked(query, c.req.query())
      const status = await statusOf(house, clientId, c.req.param('id')!, page)
      return status ? c.json(status, 200, { ...guards, 'Cache-Control': 'no-store' }) : notFound()
    }),
  )
  app.get(
    '/status/:id/events',
    withCaller(house, 'read', async ({ clientId }, c) => {
      const id = c.req.param('id')!
      if (!(await statusOf(house, clientId, id, { limit: 1 }))) return notFound()
      const look = () => statusOf(house, clientId, id)
      const live = Readable.from(events(house, id, look, gone(c)))
      return new Response(Readable.toWeb(live) as ReadableStream<Uint8Array>, {
        headers: {
          ...guards,
          'Content-Type': 'text/event-stream',
          'Cache-Control': 'no-store',
          'X-Accel-Buffering': 'no',
        },
      })
    }),
  )
  for (const path of ['/status/:id', '/status/:id/events']) app.all(path, () => notAllowed('GET, HEAD'))
}

/** A whole status at once and at every change; ends with the one that is final. Frees everything when `ended` does. */
async function* events(
  house: House,
  id: string,
  look: () => Promise<StatusPage | null>,
  ended: AbortSignal,
): AsyncGenerator<string> {
  let last = ''
  for await (const beat of changes(house, id, ended)) {
    const status = beat ? null : await look()
    const data = status && JSON.stringify(status)
    if (data && data !== last) yield `event: status\ndata: ${data}\n\n`
    else if (beat) yield ': still here\n\n'
    last = data ?? last
    if (status && status.status !== 'processing') return
  }
}

/** False whenever the id may have changed, true where nothing did for a while. */
async function* changes(house: House, id: string, ended: AbortSignal): AsyncGenerator<boolean> {
  const stop = new AbortController()
  const signal = AbortSignal.any([ended, stop.signal])
  const queue: boolean[] = []
  let wake = () => {}
  const add = (beat: boolean) => {
    if (!queue.includes(beat)) queue.push(beat)
    wake()
  }
  const silence = setInterval(add, heartbeatMilliseconds, true)
  const offPhoto = onPhoto(house, id, () => add(false))
  signal.addEventListener('abort', () => wake(), { once: true })
  const following = (async () => {
    for await (const _ of follow(house, id, signal)) add(false)
  })()
  try {
    while (!signal.aborted) {
      const next = queue.shift()
      if (next !== undefined) yield next
      else await new Promise<void>((resolve) => (wake = resolve))
    }
  } finally {
    stop.abort()
    clearInterval(silence)
    offPhoto()
    await following
  }
}

const id = z.uuid().openapi({ description: 'An `imageId` or a `jobId`.' })
const refusals = problemAnswers({
  401: '`unauthenticated`',
  403: '`forbidden_scope`',
  404: '`not_found`, also for what belongs to somebody else',
  422: '`invalid_parameter`',
  429: '`rate_limited`, with Retry-After',
  503: '`temporarily_unavailable`, with Retry-After',
})
const security = [{ key: [] }]

const statusRoute = createRoute({
  method: 'get',
  path: '/status/{id}',
  operationId: 'status',
  summary: 'How an image or a job stands; items of a job in pages, in the order sent.',
  security,
  request: { params: z.object({ id }), query },
  responses: {
    200: { description: 'As it stands now.', content: { 'application/json': { schema: statusSchema } } },
    ...refusals,
  },
})
const eventsRoute = createRoute({
  method: 'get',
  path: '/status/{id}/events',
  operationId: 'statusEvents',
  summary: 'The same, live, as server-sent events named `status`; ends when nothing will change any more.',
  security,
  request: { params: z.object({ id }) },
  responses: {
    200: { description: 'A status each time.', content: { 'text/event-stream': { schema: z.string() } } },
    ...refusals,
  },
})
