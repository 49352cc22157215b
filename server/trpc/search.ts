import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { staffMembers } from '#server/assignments.ts'
import { clientTabs, searchClients } from '#server/client-search.ts'
import { failingSteps } from '#server/failed-work.ts'
import { openProblems } from '#server/replies.ts'
import { countRuns, freshRuns, home, runOrders, runsById, runTabs, searchRuns } from '#server/run-search.ts'
import { searchAnything } from '#server/search.ts'
import { router, staffProcedure } from './procedures.ts'
import { watch } from './watch.ts'

const day = z.iso.date()
const zone = z.string().max(64).refine(isZone)
const text = z.string().trim().max(200)
const cursor = z.string().regex(/^-?\d{1,18} [0-9a-f-]{36}$/)

/** What the run list is narrowed by. */
export const runQuery = z.strictObject({
  tab: z.enum(runTabs).optional(),
  kind: z.enum(['migration', 'upload']).optional(),
  providers: z.array(z.string().max(40)).min(1).max(20).optional(),
  clientId: z.uuid().optional(),
  staff: z.array(z.string().max(254)).min(1).max(50).optional(),
  from: day.optional(),
  to: day.optional(),
  zone: zone.optional(),
  failedAt: z.enum(failingSteps).optional(),
  text: text.optional(),
  order: z.enum(runOrders).optional(),
})

const runPage = z.strictObject({
  query: runQuery,
  cursor: cursor.nullish(),
  direction: z.literal('forward').optional(), // sent by the browser's paged queries
  limit: z.int().min(1).max(200).default(100),
})

const runView = z.strictObject({
  query: runQuery,
  /** Of the list's first row; null: it has none. */
  top: cursor.nullable(),
  /** The rows on screen and around it. */
  ids: z.array(z.uuid()).max(200),
})

const clientPage = z.strictObject({
  tab: z.enum(clientTabs).optional(),
  text: text.optional(),
  cursor: z.uuid().nullish(),
  direction: z.literal('forward').optional(),
  limit: z.int().min(1).max(200).default(100),
})

export const searchRouter = router({
  anything: staffProcedure
    .input(z.strictObject({ text }))
    .query(({ ctx, input }) => searchAnything(ctx.house, input.text)),
  runs: staffProcedure
    .input(runPage)
    .query(({ ctx, input: { query, cursor, limit } }) => searchRuns(ctx.house, query, { cursor, limit })),
  /** What a list shows that is looked at: the counts of its tabs, what is new above it, its rows as they are now. */
  followRuns: staffProcedure.input(runView).subscription(({ ctx, input: { query, top, ids }, signal }) =>
    watch(
      ctx.house,
      ctx.person,
      '*',
      signal,
      paced(async () => {
        const [counts, fresh, runs] = await Promise.all([
          countRuns(ctx.house, query),
          top === null ? 0 : freshRuns(ctx.house, query, top),
          runsById(ctx.house, ids),
        ])
        return { counts, fresh: top === null ? counts[query.tab ?? 'all'] : fresh, runs }
      }),
    ),
  ),
  run: staffProcedure
    .input(z.strictObject({ id: z.uuid() }))
    .query(async ({ ctx, input }) => (await runsById(ctx.house, [input.id]))[0] ?? null),
  followHome: staffProcedure.input(z.strictObject({ since: z.date() })).subscription(({ ctx, input, signal }) =>
    watch(
      ctx.house,
      ctx.person,
      '*',
      signal,
      paced(async () => {
        const [runs, problems] = await Promise.all([home(ctx.house, input.since), openProblems(ctx.house)])
        return { ...runs, problems }
      }),
    ),
  ),
  clients: staffProcedure
    .input(clientPage)
    .query(({ ctx, input: { tab, text, cursor, limit } }) =>
      searchClients(ctx.house, { tab, text }, { cursor, limit }),
    ),
  staff: staffProcedure.query(({ ctx }) => staffMembers(ctx.house)),
})

const longestPause = 1500

/** Of a view over all runs: looking at it takes at most a fifth of the time, however many there are. */
function paced<View>(look: () => Promise<View>): () => Promise<View> {
  let next = 0
  return async () => {
    const began = Math.max(Date.now(), next)
    await pause(began - Date.now())
    const view = await look()
    next = Date.now() + Math.min(longestPause, 4 * (Date.now() - began))
    return view
  }
}

function isZone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }))
  } catch {
    return false
  }
}
