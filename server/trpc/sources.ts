import { z } from 'zod'
import type { SignedIn } from '#server/accounts.ts'
import { type Asker, awaitedConnection, beginConnection, finishConnection } from '#server/connections.ts'
import { providerIds } from '#server/providers.ts'
import { addSource, handOver, listSources, testSource } from '#server/sources.ts'
import { router, staffProcedure } from './procedures.ts'

const credentials = z.record(z.string().max(64), z.string().max(16_384))
const endpoints = z.record(z.string().max(64), z.string().max(2048))
const source = z.strictObject({ id: z.uuid() })

const newSource = z.strictObject({
  clientId: z.uuid(),
  provider: z.enum(providerIds),
  title: z.string().trim().max(200).optional(),
  credentials,
  endpoints: endpoints.optional(),
})

const newConnection = z.strictObject({
  clientId: z.uuid(),
  provider: z.enum(providerIds),
  sourceId: z.uuid().optional(),
  appId: z.string().trim().min(1).max(500),
  endpoints: endpoints.optional(),
})
/** null where the provider did not give it back. */
const state = z.string().min(1).max(500).nullable()

const askerOf = ({ person, actor }: { person: SignedIn; actor: string }): Asker => ({
  sessionId: person.sessionId,
  actor,
})

export const sourcesRouter = router({
  list: staffProcedure
    .input(z.strictObject({ clientId: z.uuid() }))
    .query(({ ctx, input }) => listSources(ctx.house, input.clientId)),
  add: staffProcedure.input(newSource).mutation(({ ctx, input }) => addSource(ctx.house, ctx.actor, input)),
  replaceCredentials: staffProcedure
    .input(source.extend({ credentials }))
    .mutation(({ ctx, input }) => handOver(ctx.house, ctx.actor, input.id, input.credentials)),
  connect: staffProcedure
    .input(newConnection)
    .mutation(({ ctx, input }) => beginConnection(ctx.house, askerOf(ctx), input)),
  awaited: staffProcedure
    .input(z.strictObject({ state }))
    .query(({ ctx, input }) => awaitedConnection(ctx.house, askerOf(ctx), input.state)),
  finishConnect: staffProcedure
    .input(z.strictObject({ state, code: z.string().min(1).max(4096) }))
    .mutation(({ ctx, input }) => finishConnection(ctx.house, askerOf(ctx), input)),
  test: staffProcedure.input(source).mutation(({ ctx, input }) => testSource(ctx.house, ctx.actor, input.id)),
})
