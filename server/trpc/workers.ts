import { z } from 'zod'
import { drainWorker, letWorkerWork } from '#server/worker-control.ts'
import { opsProcedure, router } from './procedures.ts'

const worker = z.strictObject({ id: z.uuid() })

export const workersRouter = router({
  drain: opsProcedure.input(worker).mutation(({ ctx, input }) => drainWorker(ctx.house, ctx.actor, input.id)),
  work: opsProcedure.input(worker).mutation(({ ctx, input }) => letWorkerWork(ctx.house, ctx.actor, input.id)),
})
