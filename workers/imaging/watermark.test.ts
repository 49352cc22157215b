import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createImager } from '../imaging.ts'
import { single, want } from './samples.ts'

const imager = createImager()
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imaging-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('a text watermark', () => {
  const grey = () =>
    sharp({ create: { width: 800, height: 600, channels: 3, background: '#808080' } })
      .png()
      .toBuffer()
  /** Where the rendition differs from plain grey: how many pixels, and their bounds. */
  async function ink(watermark: object, picture?: Buffer) {
    const made = await single(imager, await grey(), { watermark, format: 'png' }, picture)
    const { data, info } = await sharp(made.bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true })
    const found = { pixels: 0, left: info.width, right: 0, top: info.height, bottom: 0, reddish: 0, most: 0 }
    for (let i = 0; i < data.length; i += 3) {
      const [red, green] = [data[i]!, data[i + 1]!]
      if (Math.abs(red - 128) < 12 && Math.abs(green - 128) < 12) continue
      const [x, y] = [(i / 3) % info.width, Math.floor(i / 3 / info.width)]
      found.pixels++
      found.left = Math.min(found.left, x)
      found.right = Math.max(found.right, x)
      found.top = Math.min(found.top, y)
      found.bottom = Math.max(found.bottom, y)
      found.most = Math.max(found.most, Math.abs(red - 128))
      if (red > green + 20) found.reddish++
    }
    return found
  }

  test('stands where gravity says, clear of the edge', async () => {
    const southeast = await ink({ text: 'Anna' })
    expect(southeast.left).toBeGreaterThan(600)
    expect(southeast.top).toBeGreaterThan(500)
    expect(southeast.right).toBeLessThan(796)
    const northwest = await ink({ text: 'Anna', gravity: 'northwest' })
    expect(northwest.right).toBeLessThan(200)
    expect(northwest.bottom).toBeLessThan(100)
    const centre = await ink({ text: 'Anna', gravity: 'centre' })
    expect(Math.abs(centre.left + centre.right - 799)).toBeLessThan(12)
  })

  test('is fainter with less opacity and gone at zero', async () => {
    const [full, faint, none] = [
      await ink({ text: 'Anna', opacity: 1 }),
      await ink({ text: 'Anna', opacity: 0.3 }),
      await ink({ text: 'Anna', opacity: 0 }),
    ]
    expect(full.most).toBeGreaterThan(120)
    expect(faint.most).toBeLessThan(50)
    expect(none.pixels).toBe(0)
  })

  test('is plain text, never markup', async () => {
    const markup = await ink({ text: '<span foreground="red">&amp;</span>', opacity: 1 })
    const letter = await ink({ text: '&', opacity: 1 })
    expect(markup.right - markup.left).toBeGreaterThan(6 * (letter.right - letter.left))
    expect(markup.reddish).toBe(0)
    expect((await ink({ text: '<b' })).pixels).toBeGreaterThan(50)
    expect((await ink({ text: ']]>&#0;&bogus;' })).pixels).toBeGreaterThan(50)
  })

  test('grows with the picture and never past it', async () => {
    const original = await grey()
    const letters = async (width: number, text: string) => {
      const made = await single(imager, original, { resize: { width }, watermark: { text, opacity: 1 }, format: 'png' })
      const { info } = await sharp(made.bytes)
        .trim({ background: '#808080', threshold: 30 })
        .toBuffer({ resolveWithObject: true })
      return info.width / width
    }
    expect(await letters(800, 'Anna')).toBeCloseTo(await letters(400, 'Anna'), 1)
    expect(await letters(800, 'Studio Anna '.repeat(16))).toBeLessThan(1)
    expect(await letters(800, 'Studio Anna '.repeat(16))).toBeGreaterThan(0.8)
  })

  test('is drawn with real letters on a machine without fonts', async () => {
    const script = `
      import { createImager } from '#workers/imaging.ts'
      import { parseInstructions } from '#server/instructions.ts'
      import sharp from 'sharp'
      const grey = await sharp({ create: { width: 800, height: 600, channels: 3, background: '#808080' } }).png().toBuffer()
      const inks = []
      for (const text of ['llll', 'WWWW', 'Жжжж']) {
        const instructions = parseInstructions({ watermark: { text, opacity: 1 }, format: 'png' })
        const { renditions } = await createImager().render(grey, [{ name: 'a', instructions }])
        const pixels = await sharp(renditions[0].bytes).greyscale().raw().toBuffer()
        inks.push(pixels.filter((value) => value > 200).length)
      }
      process.stdout.write(JSON.stringify(inks))`
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      cwd: join(import.meta.dirname, '../..'),
      env: { ...process.env, FONTCONFIG_FILE: join(folder, 'absent.conf'), FONTCONFIG_PATH: folder },
    })
    const [narrow, wide, cyrillic] = JSON.parse(stdout) as [number, number, number]
    expect(narrow).toBeGreaterThan(50)
    expect(wide).toBeGreaterThan(2 * narrow)
    expect(cyrillic).toBeGreaterThan(1.5 * narrow)
  })

  test('that has no glyph to draw is answered with invalid_watermark, and no bare rendition is made', async () => {
    const wanted = want('a', { watermark: { text: 'x' } })
    wanted.instructions.watermark = { text: '\u200b', gravity: 'centre', opacity: 1 }
    expect(await imager.render(await grey(), [wanted])).toMatchObject({ code: 'invalid_watermark', renditions: [] })
  })

  test('of a picture takes a quarter of the width, its transparency, gravity and opacity', async () => {
    const disc = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400"/>')
    const logo = await sharp({ create: { width: 400, height: 200, channels: 4, background: '#f000' } })
      .composite([
        { input: { create: { width: 200, height: 200, channels: 4, background: '#ff0000' } }, left: 200, top: 0 },
      ])
      .png()
      .toBuffer()
    const found = await ink({ picture: 'logo.png', gravity: 'southwest' }, logo)
    expect(found.right - found.left).toBeGreaterThan(90)
    expect(found.right).toBeLessThan(230)
    expect(found.left).toBeGreaterThan(100) // the left half of the logo is transparent
    expect(found.reddish).toBe(found.pixels)
    expect((await ink({ picture: 'logo.png', opacity: 0.2 }, logo)).most).toBeLessThan(40)
    for (const bad of [undefined, Buffer.from('no picture'), disc]) {
      const wanted = want('a', { watermark: 'logo.png' }, bad)
      expect(await imager.render(await grey(), [wanted])).toMatchObject({ code: 'invalid_watermark', renditions: [] })
    }
  })
})
