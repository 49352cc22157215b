import { z } from 'zod'
import { checkInstructions, listPresets, removePreset, savePreset } from '#server/presets.ts'
import {
  largestWatermarkBytes,
  listWatermarks,
  putWatermark,
  readWatermark,
  removeWatermark,
} from '#server/watermarks.ts'
import { router, staffProcedure } from './procedures.ts'

const client = z.strictObject({ clientId: z.uuid() })
/** null: everybody's. */
const owner = z.strictObject({ clientId: z.uuid().nullable() })
/** Judged by the verb, which says where it is wrong. */
const instructions = z.json()
const newPreset = owner.extend({ name: z.string().max(100), instructions })

export const presetsRouter = router({
  list: staffProcedure.input(owner).query(({ ctx, input }) => listPresets(ctx.house, input.clientId)),
  check: staffProcedure
    .input(z.strictObject({ instructions }))
    .query(({ input }) => checkInstructions(input.instructions)),
  save: staffProcedure.input(newPreset).mutation(({ ctx, input }) => savePreset(ctx.house, ctx.actor, input)),
  remove: staffProcedure
    .input(z.strictObject({ id: z.uuid() }))
    .mutation(({ ctx, input }) => removePreset(ctx.house, ctx.actor, input.id)),
})

const named = client.extend({ name: z.string().max(100) })
/** A small PNG, in the JSON of the request. */
const picture = z.base64().max(Math.ceil(largestWatermarkBytes / 3) * 4)

export const watermarksRouter = router({
  list: staffProcedure.input(client).query(({ ctx, input }) => listWatermarks(ctx.house, input.clientId)),
  picture: staffProcedure
    .input(named)
    .query(async ({ ctx, input }) => (await readWatermark(ctx.house, input.clientId, input.name)).toString('base64')),
  put: staffProcedure
    .input(named.extend({ picture }))
    .mutation(({ ctx, input: { picture, ...input } }) =>
      putWatermark(ctx.house, ctx.actor, { ...input, bytes: Buffer.from(picture, 'base64') }),
    ),
  remove: staffProcedure
    .input(named)
    .mutation(({ ctx, input }) => removeWatermark(ctx.house, ctx.actor, input.clientId, input.name)),
})
