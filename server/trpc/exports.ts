import { z } from 'zod'
import { askForExport, exportsOf } from '#server/run-exports.ts'
import { router, staffProcedure } from './procedures.ts'
import { runQuery } from './search.ts'

export const exportsRouter = router({
  mine: staffProcedure.query(({ ctx }) => exportsOf(ctx.house, ctx.actor)),
  ask: staffProcedure
    .input(z.strictObject({ query: runQuery }))
    .mutation(({ ctx, input }) => askForExport(ctx.house, ctx.actor, input.query)),
})
