import { z } from 'zod'
import { providerIds } from '#server/providers.ts'
import { addSource, listSources, replaceCredentials, testSource } from '#server/sources.ts'
import { router, staffProcedure } from './procedures.ts'

const credentials = z.record(z.string().max(64), z.string().max(16_384))
const source = z.strictObject({ id: z.uuid() })

const newSource = z.strictObject({
  clientId: z.uuid(),
  provider: z.enum(providerIds),
  title: z.string().trim().max(200).optional(),
  credentials,
  endpoints: z.record(z.string().max(64), z.string().max(2048)).optional(),
})

export const sourcesRouter = router({
  list: staffProcedure
    .input(z.strictObject({ clientId: z.uuid() }))
    .query(({ ctx, input }) => listSources(ctx.house, input.clientId)),
  add: staffProcedure.input(newSource).mutation(({ ctx, input }) => addSource(ctx.house, ctx.actor, input)),
  replaceCredentials: staffProcedure
    .input(source.extend({ credentials }))
    .mutation(({ ctx, input }) => replaceCredentials(ctx.house, ctx.actor, input.id, input.credentials)),
  test: staffProcedure.input(source).mutation(({ ctx, input }) => testSource(ctx.house, ctx.actor, input.id)),
})
