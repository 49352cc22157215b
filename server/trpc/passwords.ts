import { z } from 'zod'
import { applyPasswords, fillPassword, lockedGalleries, previewPasswords } from '#server/passwords.ts'
import { router, staffProcedure } from './procedures.ts'

const scope = z.union([z.strictObject({ runId: z.uuid() }), z.strictObject({ clientId: z.uuid() })])
/** The file as it was read; half a megabyte holds 5,000 lines. */
const table = z.string().max(524_288)

export const passwordsRouter = router({
  list: staffProcedure.input(scope).query(({ ctx, input }) => lockedGalleries(ctx.house, input)),
  fill: staffProcedure
    .input(z.strictObject({ publicId: z.uuid(), password: z.string().max(1000) }))
    .mutation(({ ctx, input }) => fillPassword(ctx.house, ctx.actor, input.publicId, input.password)),
  // Asked for by POST: what is in the table has no place in an address or a log.
  previewTable: staffProcedure
    .input(z.strictObject({ scope, table }))
    .mutation(({ ctx, input }) => previewPasswords(ctx.house, input.scope, input.table)),
  fillTable: staffProcedure
    .input(z.strictObject({ scope, table }))
    .mutation(({ ctx, input }) => applyPasswords(ctx.house, ctx.actor, input.scope, input.table)),
})
