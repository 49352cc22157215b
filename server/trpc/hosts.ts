import { z } from 'zod'
import { budgetHistory } from '#server/host-minutes.ts'
import { listHosts, setHost } from '#server/hosts.ts'
import { listProviders } from '#server/provider-health.ts'
import { letProvider, stopProvider } from '#server/provider-stops.ts'
import { providerIds } from '#server/providers.ts'
import { opsProcedure, router, staffProcedure } from './procedures.ts'
import { watch } from './watch.ts'

/** Requests a second. */
const rate = z.number().min(0.01).max(1000)
const host = z.string().min(1).max(300)
const lane = z.enum(['page', 'bytes'])
const change = z.strictObject({
  host,
  lane: lane.optional(),
  rate: rate.optional(),
  least: rate.optional(),
  most: rate.optional(),
  paused: z.boolean().optional(),
})
const provider = z.strictObject({ provider: z.enum(providerIds) })
const stop = provider.extend({ note: z.string().trim().max(500).optional() })

export const hostsRouter = router({
  follow: staffProcedure.subscription(({ ctx, signal }) =>
    watch(
      ctx.house,
      ctx.person,
      'hosts',
      signal,
      async () => {
        const [providers, hosts] = await Promise.all([listProviders(ctx.house), listHosts(ctx.house)])
        return { providers, hosts }
      },
      { restSeconds: 1 },
    ),
  ),
  history: staffProcedure
    .input(z.strictObject({ host, lane }))
    .query(({ ctx, input }) => budgetHistory(ctx.house, input.host, input.lane)),
  set: opsProcedure
    .input(change)
    .mutation(({ ctx, input: { host, ...rest } }) => setHost(ctx.house, ctx.actor, host, rest)),
  stop: opsProcedure
    .input(stop)
    .mutation(({ ctx, input }) => stopProvider(ctx.house, ctx.actor, input.provider, input.note)),
  let: opsProcedure.input(provider).mutation(({ ctx, input }) => letProvider(ctx.house, ctx.actor, input.provider)),
})
