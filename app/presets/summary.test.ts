import { expect, test } from 'vitest'
import { parseInstructions } from '#server/instructions.ts'
import { summaryOf } from './summary.ts'

test.each([
  [{}, 'full size, WebP 80'],
  [{ resize: { width: 800, height: 600 }, format: 'jpeg', quality: 90 }, '800 × 600 at most, JPEG 90'],
  [{ resize: { width: 800 }, format: 'png' }, '800 wide, PNG'],
  [{ resize: { height: 600 }, format: 'avif' }, '600 high, AVIF 55'],
  [
    { resize: { width: 8, height: 6, fit: 'cover' }, watermark: 'logo.png' },
    '8 × 6 filled, watermark logo.png, WebP 80',
  ],
  [
    { crop: { left: 1, top: 2, width: 3, height: 4 }, watermark: { text: '© Anna' } },
    'cropped to 3 × 4, text “© Anna”, WebP 80',
  ],
])('%j is told as “%s”', (written, told) => {
  expect(summaryOf(parseInstructions(written))).toBe(told)
})
