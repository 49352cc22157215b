import { z } from 'zod'
import { deliveryBody, listDeliveries } from '#server/webhook-views.ts'
import { replayDelivery, replayFailed } from '#server/webhooks.ts'
import { opsProcedure, router, staffProcedure } from './procedures.ts'
import { watch } from './watch.ts'

const client = z.strictObject({ clientId: z.uuid() })
const message = z.strictObject({ id: z.uuid() })
const state = z.enum(['waiting', 'delivered', 'failed']).optional()
const page = z.strictObject({
  clientId: z.uuid().optional(),
  state,
  cursor: z.string().max(200).nullish(),
  // Sent by the browser's paged queries beside the cursor.
  direction: z.literal('forward').optional(),
  limit: z.int().min(1).max(200).default(50),
})

export const webhooksRouter = router({
  list: staffProcedure.input(page).query(({ ctx, input }) => listDeliveries(ctx.house, input)),
  follow: staffProcedure
    .input(page.pick({ clientId: true, state: true }))
    .subscription(({ ctx, input, signal }) =>
      watch(ctx.house, ctx.person, 'webhooks', signal, () => listDeliveries(ctx.house, input), { restSeconds: 1 }),
    ),
  body: staffProcedure.input(message).query(({ ctx, input }) => deliveryBody(ctx.house, input.id)),
  replay: staffProcedure.input(message).mutation(({ ctx, input }) => replayDelivery(ctx.house, ctx.actor, input.id)),
  replayFailed: staffProcedure
    .input(client)
    .mutation(({ ctx, input }) => replayFailed(ctx.house, ctx.actor, input.clientId)),
  replayEverybodysFailed: opsProcedure.mutation(({ ctx }) => replayFailed(ctx.house, ctx.actor, null)),
})
