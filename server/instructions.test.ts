import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InvalidInstructions, instructionsHash, parseInstructions, presetNames, resolvePreset } from './instructions.ts'

/** The pointer of the refusal, or null where the value was taken. */
function refusal(value: unknown): string | null {
  try {
    parseInstructions(value)
    return null
  } catch (error) {
    if (error instanceof InvalidInstructions) return error.pointer
    throw error
  }
}

describe('instructions', () => {
  test('are complete once parsed: fit, enlargement, format and quality have their defaults', () => {
    expect(parseInstructions({ resize: { width: 800, height: 600 } })).toEqual({
      resize: { width: 800, height: 600, fit: 'inside', withoutEnlargement: true },
      format: 'webp',
      quality: 80,
    })
  })

  test('take a watermark as the name of a stored picture or as text', () => {
    expect(parseInstructions({ watermark: 'logo.png' }).watermark).toEqual({
      picture: 'logo.png',
      gravity: 'southeast',
      opacity: 1,
    })
    expect(parseInstructions({ watermark: { text: '© Anna', gravity: 'center' } }).watermark).toEqual({
      text: '© Anna',
      gravity: 'centre',
      opacity: 0.5,
    })
  })

  test('parse to themselves once they are complete', () => {
    for (const sent of [
      { format: 'png', watermark: 'logo.png' },
      { resize: { width: 5 }, crop: { left: 0, top: 0, width: 9, height: 9 }, watermark: { text: 'a' } },
      { preset: 'web' },
    ]) {
      const complete = parseInstructions(sent)
      expect(parseInstructions(JSON.parse(JSON.stringify(complete)))).toEqual(complete)
    }
  })

  test('name a preset instead', () => {
    expect(parseInstructions({ preset: 'web' })).toEqual(resolvePreset('web'))
    expect(presetNames).toEqual(['thumb', 'web'])
    expect(resolvePreset('thumb')).toMatchObject({ resize: { width: 400, height: 400 }, format: 'webp', quality: 75 })
    expect(resolvePreset('web')).toMatchObject({ resize: { width: 2048, height: 2048 }, format: 'webp', quality: 80 })
  })

  test.each<[string, unknown, string]>([
    ['an unknown key', { resize: { width: 1 }, rotate: 90 }, '/rotate'],
    ['an unknown key inside', { resize: { width: 1, kernel: 'nearest' } }, '/resize/kernel'],
    ['an unknown key of a text watermark', { watermark: { text: 'a', font: 'x' } }, '/watermark/font'],
    ['a key with a slash, escaped', { 'a/b~c': 1 }, '/a~1b~0c'],
    ['__proto__', JSON.parse('{"__proto__":{"format":"png"}}'), '/__proto__'],
    ['__proto__ inside', JSON.parse('{"resize":{"width":1,"__proto__":{}}}'), '/resize/__proto__'],
    ['a preset beside other keys', { preset: 'web', format: 'png' }, '/format'],
    ['an unknown preset', { preset: 'huge' }, '/preset'],
    ['a preset by a name of Object.prototype', { preset: 'constructor' }, '/preset'],
    ['a width of zero', { resize: { width: 0 } }, '/resize/width'],
    ['a width beyond WebP', { resize: { width: 16_384 } }, '/resize/width'],
    ['a resize without sides', { resize: {} }, '/resize'],
    ['a crop that lacks a side', { crop: { left: 0, top: 0, width: 5 } }, '/crop/height'],
    ['a crop left of the picture', { crop: { left: -1, top: 0, width: 5, height: 5 } }, '/crop/left'],
    ['an unknown key of a picture watermark', { watermark: { picture: 'a', tile: true } }, '/watermark/tile'],
    ['a picture watermark without a name', { watermark: { picture: 5 } }, '/watermark/picture'],
    ['an opacity above one', { watermark: { text: 'a', opacity: 2 } }, '/watermark/opacity'],
    ['a text without a visible character', { watermark: { text: ' \u200b ' } }, '/watermark/text'],
    ['a text with a NUL', { watermark: { text: 'a\0b' } }, '/watermark/text'],
    ['a watermark that is neither', { watermark: 7 }, '/watermark'],
    ['a quality above 100', { quality: 101 }, '/quality'],
    ['a format outside the list', { format: 'svg' }, '/format'],
    ['no object', 'web', ''],
    ['null', null, ''],
  ])('refuse %s and point at it', (_what, value, pointer) => {
    expect(refusal(value)).toBe(pointer)
  })
})

describe('the hash of instructions', () => {
  test('is sixteen hex digits and does not depend on the order of keys', () => {
    const one = parseInstructions({
      quality: 70,
      resize: { width: 9, height: 8 },
      watermark: { text: 'a', opacity: 1 },
    })
    const other = parseInstructions({
      watermark: { opacity: 1, text: 'a' },
      resize: { height: 8, width: 9 },
      quality: 70,
    })
    expect(instructionsHash(one)).toMatch(/^[0-9a-f]{16}$/)
    expect(instructionsHash(one)).toBe(instructionsHash(other))
  })

  test('is the same whether defaults are written out or not', () => {
    const short = parseInstructions({ resize: { width: 10 }, watermark: { text: 'a' } })
    const long = parseInstructions({
      resize: { width: 10, fit: 'cover', withoutEnlargement: true },
      watermark: { text: 'a', gravity: 'southeast', opacity: 0.5 },
      format: 'webp',
      quality: 80,
    })
    expect(instructionsHash(short)).toBe(instructionsHash(long))
    const png = parseInstructions({ format: 'png' })
    expect(instructionsHash(png)).toBe(instructionsHash(parseInstructions({ format: 'png', quality: 12 })))
  })

  test('is stable between releases: renditions are found again by it', () => {
    expect(instructionsHash(resolvePreset('thumb'))).toBe('e533e711ed6fe424')
    expect(instructionsHash(resolvePreset('web'))).toBe('b7cad3c9bb17be25')
  })

  test('differs where the wish differs', () => {
    const wish = fc.record({
      width: fc.integer({ min: 1, max: 3000 }),
      quality: fc.integer({ min: 1, max: 100 }),
      text: fc.constantFrom('a', 'b', '{"a":1}'),
    })
    fc.assert(
      fc.property(wish, wish, (a, b) => {
        const hash = (w: typeof a) =>
          instructionsHash(
            parseInstructions({ resize: { width: w.width }, quality: w.quality, watermark: { text: w.text } }),
          )
        const same = a.width === b.width && a.quality === b.quality && a.text === b.text
        expect(hash(a) === hash(b)).toBe(same)
      }),
    )
  })
})
