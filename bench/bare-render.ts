// The bare loop of `render`: read, resize, composite, encode, write, with the watermark drawn once as the workers do.
import { join } from 'node:path'
import sharp, { type OverlayOptions } from 'sharp'
import type { Instructions } from '#server/instructions.ts'
import { createWatermarks } from '#workers/imaging/watermark.ts'
import { yieldToOthers } from '#workers/yielding.ts'
import { serve } from './crew.ts'

export interface BareRender {
  /** Originals, 4000×3000. */
  paths: string[]
  renditions: Record<string, Instructions>
  out: string
}

// As the workers do: what else this machine has to do takes as much from either.
yieldToOthers()
sharp.cache(false)
sharp.concurrency(1)
const overlay = createWatermarks()
const marks = new Map<string, Promise<OverlayOptions>>()

serve<BareRender>(async (item, { paths, renditions, out }) => {
  for (const [name, { resize, watermark, quality }] of Object.entries(renditions)) {
    const picture = sharp(paths[item], { autoOrient: true }).resize({
      width: resize!.width,
      height: resize!.height,
      fit: 'inside',
    })
    if (watermark) {
      const width = resize!.width!
      const key = `${name} ${width}`
      const mark = marks.get(key) ?? overlay(watermark, undefined, width, Math.round((width * 3) / 4))
      marks.set(key, mark)
      picture.composite([await mark]).removeAlpha()
    }
    await picture.webp({ quality: quality ?? undefined }).toFile(join(out, `${item}-${name}.webp`))
  }
})
