import { z } from 'zod'
import { auditFacets, listAudit, newestAct } from '#server/audit-views.ts'
import { router, staffProcedure } from './procedures.ts'
import { watch } from './watch.ts'

export const auditFilter = z.strictObject({
  actor: z.string().min(1).max(320).optional(),
  act: z
    .string()
    .regex(/^[a-z_.]{1,64}$/)
    .optional(),
  clientId: z.uuid().optional(),
  from: z.iso.datetime().optional(),
  to: z.iso.datetime().optional(),
})
const page = auditFilter.extend({
  cursor: z
    .string()
    .regex(/^[-\d :.+]{1,60}\|\d{1,18}$/)
    .nullish(),
  // Sent by the browser's paged queries beside the cursor.
  direction: z.literal('forward').optional(),
  limit: z.int().min(1).max(200).default(50),
})

export const auditRouter = router({
  list: staffProcedure.input(page).query(({ ctx, input }) => listAudit(ctx.house, input)),
  facets: staffProcedure.query(({ ctx }) => auditFacets(ctx.house)),
  /** The newest act there is. */
  follow: staffProcedure
    .input(auditFilter)
    .subscription(({ ctx, input, signal }) =>
      watch(ctx.house, ctx.person, 'audit', signal, () => newestAct(ctx.house, input), { restSeconds: 1 }),
    ),
})
