import { z } from 'zod'
import { createKey, listKeys, revokeKey, scopes } from '#server/keys.ts'
import { router, staffProcedure } from './procedures.ts'

const limit = z.int().min(1).max(1_000_000).nullish()
const newKey = z.strictObject({
  clientId: z.uuid(),
  name: z.string().trim().max(100).optional(),
  scopes: z.array(z.enum(scopes)).min(1).max(scopes.length),
  expiresAt: z.date().nullish(),
  perMinute: limit,
  perDay: limit,
})

export const keysRouter = router({
  list: staffProcedure
    .input(z.strictObject({ clientId: z.uuid() }))
    .query(({ ctx, input }) => listKeys(ctx.house, input.clientId)),
  // The answer holds the key and its webhook secret: the only time that anybody sees them.
  create: staffProcedure.input(newKey).mutation(({ ctx, input }) => createKey(ctx.house, ctx.actor, input)),
  revoke: staffProcedure
    .input(z.strictObject({ id: z.uuid() }))
    .mutation(({ ctx, input }) => revokeKey(ctx.house, ctx.actor, input.id)),
})
