import { z } from 'zod'
import { askForExport, exportsOf } from '#server/run-exports.ts'
import { router, staffProcedure } from './procedures.ts'
import { runQuery } from './search.ts'
import { watch } from './watch.ts'

export const exportsRouter = router({
  mine: staffProcedure.query(({ ctx }) => exportsOf(ctx.house, ctx.actor)),
  /** Where nothing else is followed: ends, as whatever is followed, when one of them is written. */
  follow: staffProcedure.subscription(({ ctx, signal }) =>
    watch(ctx.house, ctx.person, 'exports', signal, async () => null),
  ),
  ask: staffProcedure
    .input(z.strictObject({ query: runQuery }))
    .mutation(({ ctx, input }) => askForExport(ctx.house, ctx.actor, input.query)),
})
