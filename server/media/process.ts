// POST /process: further renditions of pictures that are here, sent or migrated.
import type { HttpBindings } from '@hono/node-server'
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { House } from '#server/house.ts'
import { once } from '#server/idempotency.ts'
import { wishOf } from '#server/presets.ts'
import { takePictures } from '#server/rate-limits.ts'
import { Refusal } from '#server/refusal.ts'
import { type FaultCode, faults } from '#server/uploads/check.ts'
import { itemOf } from '#server/uploads/status.ts'
import { settledWithin, type Uploads } from '#server/uploads.ts'
import { receiverOf } from '#server/webhooks.ts'
import { answerOfImage, answerOfJob, respond } from './answers.ts'
import { wholeOf } from './body.ts'
import { withCaller } from './caller.ts'
import { notAllowed, refusalOf } from './problems.ts'
import { jsonOf, processing, processRoute } from './requests.ts'
import { fingerprintOf, gone, type UploadOptions } from './upload.ts'

/** Ten thousand ids. */
const bodyBytes = 1_000_000

export function processRoutes(app: OpenAPIHono, house: House, uploads: Uploads, options: UploadOptions): void {
  app.openAPIRegistry.registerPath(processRoute)
  app.post(
    '/process',
    withCaller(house, 'process', async (caller, c) => {
      const type = c.req.header('Content-Type')?.trim().toLowerCase() ?? ''
      if (!type.startsWith('application/json'))
        throw new Refusal('unsupported_content_type', 415, 'Send application/json.')
      const { incoming } = c.env as HttpBindings
      const { imageIds, ...asked } = processing.parse(jsonOf(await wholeOf(incoming, bodyBytes)))
      const wanted = [await wishOf(house, caller.clientId, asked.instructions)]
      const notifyUrl = asked.notifyUrl === undefined ? undefined : receiverOf(house, asked.notifyUrl)
      const key = c.req.header('Idempotency-Key')
      const [only] = imageIds
      const answer = await once(house, caller, key, fingerprintOf(c, asked, imageIds), async (id) => {
        await takePictures(house, caller, imageIds.length)
        if (imageIds.length > 1 || only === undefined) {
          if (!(await uploads.processMany(caller, id, imageIds, wanted, notifyUrl))) throw notHere()
          return answerOfJob(id)
        }
        const enter = async () => {
          const fresh = await uploads.processOne(caller, id, only, wanted, notifyUrl)
          if (fresh === null) throw await whyNotHere(house, caller.clientId, only)
          return fresh
        }
        const patience = options.patienceSeconds * 1000
        return answerOfImage(only, await settledWithin(house, caller.clientId, id, patience, gone(c), enter))
      })
      return respond(answer)
    }),
  )
  app.all('/process', () => notAllowed('POST'))
}

/** An image that never came is told by what became of it; any other that is not here, or somebody else's, is not found. */
async function whyNotHere(house: House, clientId: string, imageId: string): Promise<Refusal> {
  const item = await itemOf(house, clientId, imageId)
  return item?.code && Object.hasOwn(faults, item.code) ? refusalOf(item.code as FaultCode) : notHere()
}

const notHere = () => new Refusal('not_found', 404, 'There is nothing here.')
