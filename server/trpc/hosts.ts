import { z } from 'zod'
import { listHosts, setHost } from '#server/hosts.ts'
import { listProviders } from '#server/provider-health.ts'
import { opsProcedure, router, staffProcedure } from './procedures.ts'

/** Requests a second. */
const rate = z.number().min(0.01).max(1000)
const change = z.strictObject({
  host: z.string().min(1).max(300),
  lane: z.enum(['page', 'bytes']).optional(),
  rate: rate.optional(),
  least: rate.optional(),
  most: rate.optional(),
  paused: z.boolean().optional(),
})

export const hostsRouter = router({
  list: staffProcedure.query(({ ctx }) => listHosts(ctx.house)),
  providers: staffProcedure.query(({ ctx }) => listProviders(ctx.house)),
  set: opsProcedure
    .input(change)
    .mutation(({ ctx, input: { host, ...rest } }) => setHost(ctx.house, ctx.actor, host, rest)),
})
