// POST /upload: pictures from a sender's hands or addresses, singly with an answer at once, or many as one job.
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { House } from '#server/house.ts'
import { type Answer, once } from '#server/idempotency.ts'
import type { Caller } from '#server/keys.ts'
import { takePictures } from '#server/rate-limits.ts'
import { Refusal } from '#server/refusal.ts'
import type { Received } from '#server/uploads/receive.ts'
import { settledWithin, type Uploads } from '#server/uploads.ts'
import { answerOfImage, answerOfJob, respond } from './answers.ts'
import { checkLength, passOver, wholeOf } from './body.ts'
import { withCaller } from './caller.ts'
import { receiveParts } from './parts.ts'
import { Busy, notAllowed, refusalOf } from './problems.ts'
import { jsonOf, uploadFields, uploadRoute, uploadUrls, wishesOf } from './requests.ts'
import { openTurns } from './turns.ts'
import { namedUrls } from './urls.ts'

export interface UploadOptions {
  /** How long a request for one picture waits for it. */
  patienceSeconds: number
}

/** Bodies that are read: each has up to five pictures of 1 MiB in memory. Those that wait cost a socket and 128 KiB. */
const bodyTurns = { atOnce: 64, atOnceOfOne: 48, waiting: 500 }
/** Who comes while so many wait for their pictures is told at once that it goes on: a crowd is not served in time. */
const waitersAtMost = 256

export function uploadRoutes(app: OpenAPIHono, house: House, uploads: Uploads, options: UploadOptions): void {
  const turn = openTurns(bodyTurns)
  let waiters = 0
  app.openAPIRegistry.registerPath(uploadRoute)
  app.post(
    '/upload',
    withCaller(house, 'upload', async (caller, c) => {
      const type = c.req.header('Content-Type')?.trim().toLowerCase() ?? ''
      const { incoming } = c.env as HttpBindings
      if (c.req.header('Content-Encoding')) throw unsupported()
      if (type.startsWith('application/json'))
        return fromUrls(c, caller, await turn(caller.keyId, () => wholeOf(incoming, jsonBytes)))
      if (!type.startsWith('multipart/form-data')) throw unsupported()
      checkLength(incoming, requestBytes)
      return fromParts(c, caller, incoming)
    }),
  )
  app.all('/upload', () => notAllowed('POST'))

  async function fromParts(c: Context, caller: Caller, incoming: IncomingMessage): Promise<Response> {
    const reading = () => receiveParts(uploads, caller.clientId, incoming)
    const parcel = await turn(caller.keyId, reading).catch(async (error) => {
      if (error instanceof Busy) await passOver(incoming)
      throw error
    })
    const { files, isBulk } = parcel
    let entered = false
    try {
      const wishes = await wishesOf(house, caller, uploadFields.parse(parcel.fields))
      const [only] = files
      if (only && !isBulk && 'code' in only) throw refusalOf(only.code)
      const fingerprint = fingerprintOf(c, parcel.fields, files)
      const answer = await once(house, caller, c.req.header('Idempotency-Key'), fingerprint, async (id) => {
        await takePictures(house, caller, files.length)
        if (!only || isBulk || 'code' in only) {
          await uploads.enterMany(caller, id, files, wishes)
          entered = true
          return answerOfJob(id)
        }
        const enter = async () => {
          const fresh = await uploads.enterOne(caller, id, only, wishes)
          entered = true
          return fresh
        }
        const patience = waiters < waitersAtMost ? options.patienceSeconds * 1000 : 0
        waiters++
        try {
          return answerOfImage(id, await settledWithin(house, caller.clientId, id, patience, gone(c), enter))
        } finally {
          waiters--
        }
      })
      return respond(answer)
    } finally {
      if (!entered) await uploads.drop(files)
    }
  }

  async function fromUrls(c: Context, caller: Caller, body: Buffer): Promise<Response> {
    const { urls, ...fields } = uploadUrls.parse(jsonOf(body))
    const wishes = await wishesOf(house, caller, fields)
    const named = namedUrls(house, urls)
    if (named.every(({ url }) => url === null)) throw refusalOf('url_not_allowed')
    const answer = await once(
      house,
      caller,
      c.req.header('Idempotency-Key'),
      fingerprintOf(c, fields, urls),
      async (id): Promise<Answer> => {
        await takePictures(house, caller, urls.length)
        await uploads.enterUrls(caller, id, named, wishes)
        return answerOfJob(id)
      },
    )
    return respond(answer)
  }
}

const MB = 1_000_000
/** Ten thousand addresses of two thousand characters. */
const jsonBytes = 25 * MB
/** More comes by several requests, or by an upload of the console. */
const requestBytes = 10_000 * MB

function unsupported(): Refusal {
  const title = 'Send multipart/form-data with files, or application/json with addresses, not compressed.'
  return new Refusal('unsupported_content_type', 415, title)
}

/** Ends when the caller has gone: nobody waits for the answer any more. */
export function gone(c: Context): AbortSignal {
  const end = new AbortController()
  ;(c.env as HttpBindings).outgoing.once('close', () => end.abort())
  return end.signal
}

/** What is asked, whatever order or boundary it came with. */
export function fingerprintOf(c: Context, fields: object, items: (Received | string)[]): string {
  const files = items.map((item) =>
    typeof item === 'string' ? item : [item.filename, 'code' in item ? item.code : item.sha256],
  )
  const asked = [c.req.method, c.req.path, Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)), files]
  return createHash('sha256').update(JSON.stringify(asked)).digest('base64url')
}
