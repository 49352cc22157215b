import { z } from 'zod'
import { clientMails, setMailed } from '#server/mails.ts'
import { repliesOf, settleProblem } from '#server/replies.ts'
import { createShareLink, listShareLinks, longestLinkDays, revokeShareLink } from '#server/share-links.ts'
import { router, staffProcedure } from './procedures.ts'

const client = z.strictObject({ clientId: z.uuid() })
const one = z.strictObject({ id: z.uuid() })

/** What staff share with a client, and what comes back. */
export const shareRouter = router({
  links: staffProcedure.input(client).query(({ ctx, input }) => listShareLinks(ctx.house, input.clientId)),
  // The answer holds the link: the only time that anybody sees it.
  createLink: staffProcedure
    .input(client.extend({ days: z.int().min(1).max(longestLinkDays) }))
    .mutation(({ ctx, input }) => createShareLink(ctx.house, ctx.actor, input)),
  revokeLink: staffProcedure.input(one).mutation(({ ctx, input }) => revokeShareLink(ctx.house, ctx.actor, input.id)),
  replies: staffProcedure.input(client).query(({ ctx, input }) => repliesOf(ctx.house, input.clientId)),
  settle: staffProcedure
    .input(one.extend({ answer: z.string().trim().max(2000).nullish() }))
    .mutation(({ ctx, input }) => settleProblem(ctx.house, ctx.actor, input.id, input.answer || null)),
  mails: staffProcedure.input(client).query(({ ctx, input }) => clientMails(ctx.house, input.clientId)),
  setMailed: staffProcedure
    .input(client.extend({ mailed: z.boolean() }))
    .mutation(({ ctx, input }) => setMailed(ctx.house, ctx.actor, input.clientId, input.mailed)),
})
