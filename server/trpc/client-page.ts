import { z } from 'zod'
import { albumPictures, clientAlbums } from '#server/client-albums.ts'
import { clientPage } from '#server/client-page.ts'
import { approve, reportProblem } from '#server/replies.ts'
import { router, visitorProcedure } from './procedures.ts'
import { watch } from './watch.ts'

/** Of the link; absent for who is signed in. */
const visit = z.strictObject({ token: z.string().max(200).optional() })
const page = visit.extend({
  cursor: z.string().max(200).nullish(),
  // Sent by the browser's paged queries beside the cursor.
  direction: z.literal('forward').optional(),
})
const name = z.string().trim().min(1).max(100)

export const clientPageRouter = router({
  follow: visitorProcedure.input(visit).subscription(async function* ({ ctx: { house, visitor }, signal }) {
    const look = () => clientPage(house, visitor.clientId)
    // A run that begins later is another one to follow.
    for (;;) {
      const { newestRun } = await look()
      for await (const seen of watch(house, visitor.keeper, newestRun ?? '*', signal, look)) {
        yield seen.page
        if (seen.newestRun !== newestRun) break
      }
      if (signal?.aborted) return
    }
  }),
  albums: visitorProcedure
    .input(page)
    .query(({ ctx: { house, visitor }, input }) => clientAlbums(house, visitor.clientId, input)),
  pictures: visitorProcedure
    .input(page.extend({ publicId: z.uuid() }))
    .query(({ ctx: { house, visitor }, input }) => albumPictures(house, visitor.clientId, input.publicId, input)),
  approve: visitorProcedure
    .input(visit.extend({ name }))
    .mutation(({ ctx: { house, visitor }, input }) => approve(house, visitor.actor, visitor.clientId, input.name)),
  report: visitorProcedure
    .input(visit.extend({ name, words: z.string().trim().min(1).max(2000), galleryPublicId: z.uuid().nullish() }))
    .mutation(({ ctx: { house, visitor }, input }) => reportProblem(house, visitor.actor, visitor.clientId, input)),
})
