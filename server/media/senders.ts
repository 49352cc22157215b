// What senders of upload runs say to this process: their list of files first, then the bytes (`tus.ts`). The console's
// pages may, from their own origin, and whoever else bears the run's token.
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { z } from 'zod'
import { lastingFolder } from '#server/folders.ts'
import type { House } from '#server/house.ts'
import { log } from '#server/log.ts'
import { announceFiles, completeManifest, pageFiles } from '#server/manifests/announce.ts'
import { openArrivals, skipFiles } from '#server/manifests/arrivals.ts'
import { partsOf, sweepParts } from '#server/manifests/parts.ts'
import { type Sender, senderOf } from '#server/manifests/tokens.ts'
import type { Reception } from '#server/uploads/receive.ts'
import { guards, problem } from './problems.ts'
import { tusServer } from './tus.ts'

const hour = 3600_000

/** Of a page of 5,000 files with long paths. */
const pageBytes = 16 * 1024 * 1024

const path = z
  .string()
  .min(1)
  .max(4096)
  .refine((text) => text.split('/').every((level) => !['', '.', '..'].includes(level)), 'is no path below a folder')
const bytes = z.int().min(0)
const page = z.strictObject({
  from: z.int().min(0),
  files: z
    .array(z.strictObject({ path, bytes, modified: z.int() }))
    .min(1)
    .max(pageFiles),
  add: z.boolean(),
  replace: z.boolean().default(false),
})
const complete = z.strictObject({ files: z.int().min(0) })
const trouble = z.strictObject({
  files: z
    .array(z.strictObject({ path, code: z.enum(['unreadable_file', 'file_changed', 'file_too_large']) }))
    .min(1)
    .max(pageFiles),
})

interface Sending {
  Variables: { sender: Sender }
}

export function senderRoutes(house: House, reception: Reception): Hono<Sending> {
  const app = new Hono<Sending>()
  const arrivals = openArrivals(house, reception)
  const folder = () => lastingFolder(house.env.PASS_DATA_DIR, 'tus')
  const tus = folder().then((directory) => tusServer(house, arrivals, directory))
  tus.catch(() => {}) // met by whoever sends
  const sweeping = () =>
    folder()
      .then(sweepParts)
      .catch((error: Error) => log.warn({ err: error.message }, 'media: parts'))
  // At once too: a process may live for less than an hour.
  void sweeping()
  setInterval(sweeping, hour).unref()

  app.use('/uploads/*', fromTheConsole(house), bearersOnly(house))
  app.post('/uploads/files', bodyLimit({ maxSize: pageBytes, onError: tooLarge }), async (c) => {
    const { actor, runId } = c.get('sender')
    const input = await inputOf(c, page)
    return input instanceof Response ? input : c.json(await announceFiles(house, actor, runId, input), 200, noStore)
  })
  app.post('/uploads/complete', async (c) => {
    const { actor, runId } = c.get('sender')
    const input = await inputOf(c, complete)
    if (input instanceof Response) return input
    await completeManifest(house, actor, runId, input.files)
    return c.json({}, 200, noStore)
  })
  app.post('/uploads/trouble', bodyLimit({ maxSize: pageBytes, onError: tooLarge }), async (c) => {
    const input = await inputOf(c, trouble)
    if (input instanceof Response) return input
    await skipFiles(house, c.get('sender').runId, input.files)
    return c.json({}, 200, noStore)
  })
  app.get('/uploads/parts', async (c) => {
    const parts = await partsOf(await folder(), c.get('sender').runId)
    return c.json({ parts }, 200, noStore)
  })
  app.all('/uploads/bytes', async (c) => (await tus)(c.req.raw, c.get('sender').runId))
  app.all('/uploads/bytes/:id', async (c) => (await tus)(c.req.raw, c.get('sender').runId))
  return app
}

const noStore = { ...guards, 'Cache-Control': 'no-store' }
const tooLarge = () => problem(413, 'file_too_large', 'The list is too long for one page.')

async function inputOf<T>(c: Context, schema: z.ZodType<T>): Promise<T | Response> {
  const body: unknown = await c.req.json().catch(() => undefined)
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  return problem(422, 'invalid_parameter', `${issue?.path.join('.') || 'body'}: ${issue?.message}`)
}

const exposed = ['Location', 'Tus-Resumable', 'Upload-Offset', 'Upload-Length', 'Upload-Metadata', 'X-Pass-Arrival']
const allowed = ['Authorization', 'Content-Type', 'Tus-Resumable', 'Upload-Length', 'Upload-Metadata', 'Upload-Offset']

/** Pages of the console's origin may; those of any other may not (CORS). */
function fromTheConsole(house: House): MiddlewareHandler {
  const console = new URL(house.env.CONSOLE_URL).origin
  return async (c, next) => {
    const origin = c.req.header('Origin')
    if (origin !== undefined && origin !== console)
      return problem(403, 'foreign_origin', 'Pages of this origin may not send here.')
    if (c.req.method === 'OPTIONS') {
      const may = {
        'Access-Control-Allow-Methods': 'GET, POST, HEAD, PATCH, DELETE',
        'Access-Control-Allow-Headers': allowed.join(', '),
        'Access-Control-Max-Age': '7200', // the longest that Chrome takes
      }
      return new Response(null, { status: 204, headers: { ...guards, ...may, ...corsOf(console) } })
    }
    await next()
    if (origin === undefined) return
    for (const [name, value] of Object.entries(corsOf(console))) c.res.headers.set(name, value)
  }
}

const corsOf = (origin: string) => ({
  'Access-Control-Allow-Origin': origin,
  'Access-Control-Expose-Headers': exposed.join(', '),
  Vary: 'Origin',
})

function bearersOnly(house: House): MiddlewareHandler<Sending> {
  return async (c, next) => {
    const sender = senderOf(house, c.req.header('Authorization'))
    if (!sender) {
      const title = 'This needs the token of an upload: Authorization: Bearer <token>.'
      return problem(401, 'unauthenticated', title, { 'WWW-Authenticate': 'Bearer' })
    }
    c.set('sender', sender)
    await next()
  }
}
