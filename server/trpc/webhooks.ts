import { z } from 'zod'
import { deliveryBody, listDeliveries, replayDelivery, replayFailed } from '#server/webhooks.ts'
import { router, staffProcedure } from './procedures.ts'

const client = z.strictObject({ clientId: z.uuid() })
const message = z.strictObject({ id: z.uuid() })
const page = client.extend({
  state: z.enum(['waiting', 'delivered', 'failed']).optional(),
  cursor: z.string().max(200).nullish(),
  // Sent by the browser's paged queries beside the cursor.
  direction: z.literal('forward').optional(),
  limit: z.int().min(1).max(200).default(50),
})

export const webhooksRouter = router({
  list: staffProcedure.input(page).query(({ ctx, input }) => listDeliveries(ctx.house, input)),
  body: staffProcedure.input(message).query(({ ctx, input }) => deliveryBody(ctx.house, input.id)),
  replay: staffProcedure.input(message).mutation(({ ctx, input }) => replayDelivery(ctx.house, ctx.actor, input.id)),
  replayFailed: staffProcedure
    .input(client)
    .mutation(({ ctx, input }) => replayFailed(ctx.house, ctx.actor, input.clientId)),
})
