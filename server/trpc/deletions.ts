import { z } from 'zod'
import { deleteClient, deleteGallery, deletePhotos, listDeletions, restoreDeletion } from '#server/deletion.ts'
import { adminProcedure, router, staffProcedure } from './procedures.ts'

const photos = z.strictObject({ clientId: z.uuid(), publicIds: z.array(z.uuid()).min(1).max(1000) })

export const deletionsRouter = router({
  list: staffProcedure
    .input(z.strictObject({ clientId: z.uuid().optional() }))
    .query(({ ctx, input }) => listDeletions(ctx.house, input.clientId)),
  photos: staffProcedure.input(photos).mutation(({ ctx, input }) => deletePhotos(ctx.house, ctx.actor, input)),
  gallery: staffProcedure
    .input(z.strictObject({ publicId: z.uuid() }))
    .mutation(({ ctx, input }) => deleteGallery(ctx.house, ctx.actor, input.publicId)),
  client: adminProcedure
    .input(z.strictObject({ id: z.uuid() }))
    .mutation(({ ctx, input }) => deleteClient(ctx.house, ctx.actor, input.id)),
  restore: staffProcedure
    .input(z.strictObject({ id: z.uuid() }))
    .mutation(({ ctx, input }) => restoreDeletion(ctx.house, ctx.actor, input.id)),
})
