import { z } from 'zod'
import { lookAtOperationsAnew, operations } from '#server/operations.ts'
import { clearQueue, pauseQueue, resumeQueue } from '#server/queue-control.ts'
import { queueNames } from '#server/queues.ts'
import { opsProcedure, router, staffProcedure } from './procedures.ts'
import { watch } from './watch.ts'

const queue = z.strictObject({ queue: z.enum(queueNames) })
const noted = queue.extend({ note: z.string().trim().max(500).optional() })

export const queuesRouter = router({
  follow: staffProcedure.subscription(({ ctx, signal }) =>
    watch(ctx.house, ctx.person, 'operations', signal, () => operations(ctx.house), { restSeconds: 1 }),
  ),
  pause: opsProcedure
    .input(noted)
    .mutation(({ ctx, input }) =>
      pauseQueue(ctx.house, ctx.actor, input.queue, input.note).finally(() => lookAtOperationsAnew(ctx.house)),
    ),
  resume: opsProcedure
    .input(queue)
    .mutation(({ ctx, input }) =>
      resumeQueue(ctx.house, ctx.actor, input.queue).finally(() => lookAtOperationsAnew(ctx.house)),
    ),
  clear: opsProcedure.input(queue).mutation(({ ctx, input }) => clearQueue(ctx.house, ctx.actor, input.queue)),
})
