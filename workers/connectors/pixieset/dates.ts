// Pixieset writes dates in several ways, and sometimes junk. Junk is no date, and never an error.

interface When {
  /** `YYYY-MM-DD`, the calendar day as written; an epoch is read as UTC. */
  day: string
  /** `HH:MM:SS`, perhaps with a fraction; null where only the day is written. */
  time: string | null
  /** `±HH:MM` or `Z` where one is written; `Z` for an epoch. */
  offset: string
}

const written = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|[+-]\d{2}:?\d{2})?)?$/i

/** RFC 3339, `YYYY-MM-DD HH:MM:SS`, `YYYY-MM-DD` or epoch seconds; null for null and for what is no date. */
export function whenOf(value: unknown): When | null {
  if (typeof value === 'number') return epoch(value)
  if (value !== null && typeof value === 'object' && 'date' in value) return whenOf(value.date)
  if (typeof value !== 'string') return null
  const text = value.trim()
  if (/^-?\d+$/.test(text)) return epoch(Number(text))
  const [, year, month, day, time, offset = ''] = written.exec(text) ?? []
  if (!year || Number(year) <= 1) return null
  const date = `${year}-${month}-${day}`
  const clock = time && (time.length === 5 ? `${time}:00` : time)
  const instant = new Date(`${date}T${clock?.slice(0, 8) ?? '00:00:00'}Z`)
  if (Number.isNaN(instant.getTime()) || !instant.toISOString().startsWith(date)) return null
  return { day: date, time: clock ?? null, offset: offset.toUpperCase().replace(/^([+-]\d{2})(\d{2})$/, '$1:$2') }
}

function epoch(seconds: number): When | null {
  if (!Number.isFinite(seconds) || seconds <= 0) return null
  const instant = new Date(Math.floor(seconds) * 1000)
  if (Number.isNaN(instant.getTime()) || instant.getUTCFullYear() > 9999) return null
  const text = instant.toISOString()
  return { day: text.slice(0, 10), time: text.slice(11, 19), offset: 'Z' }
}

/** ISO 8601 with the wall clock as written, and an offset only where one is. */
export function isoOf(when: When | null): string | null {
  if (!when) return null
  return when.time === null ? when.day : `${when.day}T${when.time}${when.offset}`
}
