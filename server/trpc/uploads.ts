import { z } from 'zod'
import { finishWithout } from '#server/manifests/announce.ts'
import { createUpload } from '#server/manifests/create.ts'
import { uploadFacts, uploadTargets } from '#server/manifests/facts.ts'
import { uploadToken } from '#server/manifests/tokens.ts'
import { router, staffProcedure } from './procedures.ts'

const run = z.strictObject({ id: z.uuid() })
const title = z.string().trim().min(1).max(300)
const newUpload = z.strictObject({
  clientId: z.uuid(),
  renditions: z.array(z.string().max(64)).min(1).max(10),
  layout: z.strictObject({ into: z.enum(['folders', 'gallery']), root: z.string().max(1000).nullable(), title }),
  target: z.strictObject({ publicId: z.uuid() }).optional(),
})

export const uploadsRouter = router({
  create: staffProcedure.input(newUpload).mutation(({ ctx, input }) => createUpload(ctx.house, ctx.actor, input)),
  // Asked for by POST: a token has no place in an address or a log.
  token: staffProcedure.input(run).mutation(({ ctx, input }) => ({
    ...uploadToken(ctx.house, { runId: input.id, actor: ctx.actor }),
    mediaUrl: ctx.house.env.MEDIA_URL,
  })),
  facts: staffProcedure.input(run).query(({ ctx, input }) => uploadFacts(ctx.house, input.id)),
  finishWithout: staffProcedure.input(run).mutation(({ ctx, input }) => finishWithout(ctx.house, ctx.actor, input.id)),
  targets: staffProcedure
    .input(z.strictObject({ clientId: z.uuid(), search: z.string().max(200).default('') }))
    .query(({ ctx, input }) => uploadTargets(ctx.house, input.clientId, input.search)),
})
