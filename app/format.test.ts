import { describe, expect, it } from 'vitest'
import { ago, at, counted, day, duration, exactly, percent, range, rate, size, sizeOf, tellTimesIn } from './format.ts'

describe('numbers and times', () => {
  it('gives a size three digits and a decimal unit', () => {
    expect([0, 999, 1000, 84_200_000_000, 1.5e12].map(size)).toEqual(['0 B', '999 B', '1 kB', '84.2 GB', '1.5 TB'])
  })
  it('names the unit once where both sizes share it', () => {
    expect(sizeOf(84e9, 310e9)).toBe('84 of 310 GB')
    expect(sizeOf(84e6, 310e9)).toBe('84 MB of 310 GB')
  })
  it('says remaining time as a range, never to the second', () => {
    expect(range([14 * 60, 18 * 60])).toBe('14–18 min')
    expect(range([50, 130])).toBe('50 s – 2 min')
    expect(range([3 * 3600, 5 * 3600])).toBe('3–5 h')
    expect(range([1, 4])).toBe('a few seconds')
    expect(range([60, 62])).toBe('about 1 min')
  })
  it('tells moments in UTC where that is wished, and says so', () => {
    const moment = new Date('2026-03-01T23:30:00Z')
    tellTimesIn('UTC')
    expect([at(moment, moment.getTime()), exactly(moment)]).toEqual([
      expect.stringMatching(/11:30\sPM UTC|23:30 UTC/),
      expect.stringContaining('UTC'),
    ])
    tellTimesIn(undefined)
    expect(at(moment, moment.getTime())).not.toContain('UTC')
  })
  it('names the day of a moment to come that is not today, and of one long ago', () => {
    const now = new Date(2026, 2, 1, 16, 0).getTime()
    const hours = (n: number) => at(new Date(now + n * 3_600_000), now)
    expect([hours(-18), hours(2)]).toEqual([expect.not.stringContaining('Mar'), expect.not.stringContaining('Mar')])
    expect([hours(-30), hours(18)]).toEqual([expect.stringContaining('Feb'), expect.stringContaining('Mar')])
  })
  it('writes lengths in two units at most', () => {
    expect([4, 750, 11_100, 187_200].map(duration)).toEqual(['4 s', '12 min 30 s', '3 h 5 min', '2 d 4 h'])
  })
  it('gives slow rates by the minute', () => {
    expect(rate(41.2, 'photos')).toBe('41 photos/s')
    expect(rate(0.1, 'photos')).toBe('6 photos/min')
  })
  it('never rounds up to 100 percent', () => {
    expect(percent(9999, 10_000)).toBe(99)
    expect(percent(0, 0)).toBe(0)
  })
  it('counts one thing in the singular', () => {
    expect([counted(1, 'gallery', 'galleries'), counted(1763, 'gallery', 'galleries')]).toEqual([
      '1 gallery',
      '1,763 galleries',
    ])
  })
  it('keeps a day as the provider wrote it, in any time zone', () => {
    expect(day('2024-06-01')).toContain('1')
    expect(day('not a day')).toBe('not a day')
  })
  it('counts a moment ago as now', () => {
    expect(ago(new Date(1000), 5000)).toBe('just now')
    expect(ago(new Date(0), 7_200_000)).toMatch(/2/)
  })
})
