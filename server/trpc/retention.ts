import { z } from 'zod'
import { mostDays, retentionOf, setRetention } from '#server/retention.ts'
import { opsProcedure, router, staffProcedure } from './procedures.ts'

const days = z.int().min(1).max(mostDays)
const client = z.strictObject({ clientId: z.uuid() })
const rules = client.extend({
  infrequentAfter: days.nullable(),
  archiveAfter: days.nullable(),
  originalsAfter: days.nullable(),
  unfinishedAfter: days,
  grace: days,
})

export const retentionRouter = router({
  get: staffProcedure.input(client).query(({ ctx, input }) => retentionOf(ctx.house, input.clientId)),
  set: opsProcedure
    .input(rules)
    .mutation(({ ctx, input: { clientId, ...wanted } }) => setRetention(ctx.house, ctx.actor, clientId, wanted)),
})
