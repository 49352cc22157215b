import { z } from 'zod'
import { actOnRuns, matchedRuns } from '#server/bulk.ts'
import { mostInACall, runActs, runPriorities } from '#server/run-acts.ts'
import { router, staffProcedure } from './procedures.ts'
import { runQuery } from './search.ts'

const asked = z.strictObject({
  act: z.enum(runActs),
  ids: z.array(z.uuid()).min(1).max(mostInACall),
  note: z.string().trim().min(1).max(500).optional(),
  to: z.email().max(254).optional(),
  priority: z.enum(runPriorities).optional(),
})

export const bulkRouter = router({
  matching: staffProcedure.input(runQuery).query(({ ctx, input }) => matchedRuns(ctx.house, input)),
  runs: staffProcedure
    .input(asked)
    .mutation(({ ctx, input: { ids, ...options } }) => actOnRuns(ctx.house, ctx.actor, ids, options)),
})
