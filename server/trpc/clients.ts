import { z } from 'zod'
import { createClient, getClient, listClients } from '#server/clients.ts'
import { router, staffProcedure } from './procedures.ts'

const newClient = z.strictObject({
  name: z.string().trim().min(1).max(200),
  email: z.email().max(254).optional(),
})

export const clientsRouter = router({
  list: staffProcedure.query(({ ctx }) => listClients(ctx.house)),
  get: staffProcedure.input(z.strictObject({ id: z.uuid() })).query(({ ctx, input }) => getClient(ctx.house, input.id)),
  create: staffProcedure.input(newClient).mutation(({ ctx, input }) => createClient(ctx.house, ctx.actor, input)),
})
