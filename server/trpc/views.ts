import { z } from 'zod'
import { removeView, savedViews, saveView } from '#server/saved-views.ts'
import { router, staffProcedure } from './procedures.ts'

const view = z.strictObject({ name: z.string().trim().min(1).max(60), query: z.string().max(2000) })

export const viewsRouter = router({
  list: staffProcedure.query(({ ctx }) => savedViews(ctx.house, ctx.person.userId)),
  save: staffProcedure.input(view).mutation(({ ctx, input }) => saveView(ctx.house, ctx.person.userId, input)),
  remove: staffProcedure
    .input(z.strictObject({ id: z.uuid() }))
    .mutation(({ ctx, input }) => removeView(ctx.house, ctx.person.userId, input.id)),
})
