import { z } from 'zod'
import { galleryDetail, galleryPhotos } from '#server/galleries.ts'
import { router, staffProcedure } from './procedures.ts'
import { watch } from './watch.ts'

const gallery = z.strictObject({ publicId: z.uuid() })
const page = gallery.extend({
  setId: z.int(),
  cursor: z.string().max(200).nullish(),
  // Sent by the browser's paged queries beside the cursor.
  direction: z.literal('forward').optional(),
  limit: z.int().min(1).max(200).default(200),
})

export const galleriesRouter = router({
  detail: staffProcedure.input(gallery).query(({ ctx, input }) => galleryDetail(ctx.house, input.publicId)),
  follow: staffProcedure.input(gallery).subscription(async function* ({ ctx, input, signal }) {
    const { runId } = await galleryDetail(ctx.house, input.publicId)
    yield* watch(ctx.house, ctx.person, runId, signal, () => galleryDetail(ctx.house, input.publicId))
  }),
  photos: staffProcedure
    .input(page)
    .query(({ ctx, input: { publicId, setId, ...rest } }) => galleryPhotos(ctx.house, publicId, setId, rest)),
})
