import { z } from 'zod'
import { acceptedCauses, acceptSkipped } from '#server/acceptance.ts'
import { captureFailures } from '#server/captures.ts'
import { checkForChanges, chooseGalleries, lastRuns, plannedGalleries } from '#server/delta.ts'
import { evidenceOf } from '#server/evidence.ts'
import { decideCause, reopenCause, runFailures, runTroubledPhotos } from '#server/failures.ts'
import { runGalleries } from '#server/galleries.ts'
import { prioritiseRun } from '#server/priorities.ts'
import { openProblems } from '#server/replies.ts'
import { retryRun } from '#server/retry.ts'
import { runPriorities } from '#server/run-acts.ts'
import { cancelRun, createMigration, pauseRun, resumeRun, startRun } from '#server/runs.ts'
import { snapshot } from '#server/snapshots.ts'
import { listRuns, runDetail } from '#server/views.ts'
import { router, staffProcedure } from './procedures.ts'
import { watch } from './watch.ts'

const run = z.strictObject({ id: z.uuid() })
const noted = run.extend({ note: z.string().trim().max(500).optional() })
const cursor = z.string().max(200).nullish()
// Sent by the browser's paged queries beside the cursor.
const direction = z.literal('forward').optional()
const state = z.enum(['found', 'planned', 'waiting', 'copying', 'verified', 'published', 'attention'])
const code = z.string().regex(/^[a-z_]{1,64}$/)

const runPage = z.strictObject({ clientId: z.uuid().optional(), cursor, limit: z.int().min(1).max(200).default(50) })
const galleryPage = run.extend({
  states: z.array(state).max(7).optional(),
  search: z.string().trim().max(200).optional(),
  cursor,
  limit: z.int().min(1).max(500).default(200),
})
const troubledPage = run.extend({
  code,
  state: z.enum(['failed', 'skipped']),
  cursor,
  direction,
  limit: z.int().min(1).max(200).default(50),
})
const wanted = z.strictObject({
  sourceId: z.uuid(),
  renditions: z.array(z.string().max(64)).min(1).max(10),
  only: z.array(z.string().max(200)).min(1).max(5000).optional(),
  autoStart: z.boolean().default(false),
})
// An account of a few thousand galleries, all but one of them.
const chosen = run.extend({ refs: z.array(z.string().max(200)).max(20_000).nullable() })
const again = run.extend({
  code: code.optional(),
  galleryId: z.int().optional(),
  photoPublicIds: z.array(z.uuid()).min(1).max(1000).optional(),
  from: z.enum(['copy', 'render', 'verify']).optional(),
  capture: z.boolean().optional(),
})
const cause = run.extend({ code, state: z.enum(['failed', 'skipped']) })
const decision = cause.extend({
  decision: z.enum(['ignored', 'resolved']),
  hours: z.int().min(1).max(8760).optional(),
  untilCount: z.int().min(1).optional(),
  note: z.string().trim().max(500).optional(),
})

export const runsRouter = router({
  list: staffProcedure.input(runPage).query(({ ctx, input }) => listRuns(ctx.house, input)),
  followAll: staffProcedure
    .input(runPage.pick({ clientId: true, limit: true }))
    .subscription(({ ctx, input, signal }) =>
      watch(ctx.house, ctx.person, '*', signal, async () => {
        const [runs, problems] = await Promise.all([
          listRuns(ctx.house, input),
          openProblems(ctx.house, input.clientId),
        ])
        return { ...runs, problems }
      }),
    ),
  follow: staffProcedure
    .input(run)
    .subscription(({ ctx, input, signal }) =>
      watch(ctx.house, ctx.person, input.id, signal, () => snapshot(ctx.house, input.id)),
    ),
  detail: staffProcedure.input(run).query(({ ctx, input }) => runDetail(ctx.house, input.id)),
  galleries: staffProcedure
    .input(galleryPage)
    .query(({ ctx, input: { id, ...page } }) => runGalleries(ctx.house, id, page)),
  failures: staffProcedure.input(run).query(({ ctx, input }) => runFailures(ctx.house, input.id)),
  troubledPhotos: staffProcedure
    .input(troubledPage)
    .query(({ ctx, input: { id, ...page } }) => runTroubledPhotos(ctx.house, id, page)),
  evidence: staffProcedure
    .input(run.extend({ code: code.optional() }))
    .query(({ ctx, input }) => evidenceOf(ctx.house, input.id, 20, input.code)),
  decideCause: staffProcedure
    .input(decision)
    .mutation(({ ctx, input: { id, ...decided } }) => decideCause(ctx.house, ctx.actor, id, decided)),
  reopenCause: staffProcedure
    .input(cause)
    .mutation(({ ctx, input: { id, ...which } }) => reopenCause(ctx.house, ctx.actor, id, which)),
  accepted: staffProcedure.input(run).query(({ ctx, input }) => acceptedCauses(ctx.house, input.id)),
  accept: staffProcedure
    .input(run.extend({ code }))
    .mutation(({ ctx, input }) => acceptSkipped(ctx.house, ctx.actor, input.id, input.code)),
  create: staffProcedure.input(wanted).mutation(({ ctx, input }) => createMigration(ctx.house, ctx.actor, input)),
  planned: staffProcedure.input(run).query(({ ctx, input }) => plannedGalleries(ctx.house, input.id)),
  choose: staffProcedure
    .input(chosen)
    .mutation(({ ctx, input }) => chooseGalleries(ctx.house, ctx.actor, input.id, input.refs)),
  checkForChanges: staffProcedure
    .input(z.union([z.strictObject({ runId: z.uuid() }), z.strictObject({ sourceId: z.uuid() })]))
    .mutation(({ ctx, input }) => checkForChanges(ctx.house, ctx.actor, input, { autoStart: false })),
  lastOfSources: staffProcedure
    .input(z.strictObject({ clientId: z.uuid() }))
    .query(({ ctx, input }) => lastRuns(ctx.house, input.clientId)),
  start: staffProcedure.input(run).mutation(({ ctx, input }) => startRun(ctx.house, ctx.actor, input.id)),
  pause: staffProcedure.input(noted).mutation(({ ctx, input }) => pauseRun(ctx.house, ctx.actor, input.id, input.note)),
  resume: staffProcedure.input(run).mutation(({ ctx, input }) => resumeRun(ctx.house, ctx.actor, input.id)),
  cancel: staffProcedure
    .input(noted)
    .mutation(({ ctx, input }) => cancelRun(ctx.house, ctx.actor, input.id, input.note)),
  capture: staffProcedure.input(run).mutation(({ ctx, input }) => captureFailures(ctx.house, ctx.actor, input.id)),
  prioritise: staffProcedure
    .input(run.extend({ priority: z.enum(runPriorities) }))
    .mutation(({ ctx, input }) => prioritiseRun(ctx.house, ctx.actor, input.id, input.priority)),
  retry: staffProcedure
    .input(again)
    .mutation(({ ctx, input: { id, ...filter } }) => retryRun(ctx.house, ctx.actor, id, filter)),
})
