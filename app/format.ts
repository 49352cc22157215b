// Numbers, sizes and times as the person at the screen reads them. Only for the browser: the server does not know
// their locale.
const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 })
const oneDecimal = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 })
const threeDigits = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 })
let clocks = clocksIn(undefined)
const plainDay = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' })
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'short' })

/** Moments are told where the person is, or in UTC, and then it is said. */
export function tellTimesIn(zone: 'UTC' | undefined): void {
  clocks = clocksIn(zone)
}

function clocksIn(timeZone: 'UTC' | undefined) {
  const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(undefined, { timeZone, ...options })
  const said = timeZone ? ({ timeZoneName: 'short' } as const) : {}
  const clock = { hour: '2-digit', minute: '2-digit', ...said } as const
  return {
    time: format(clock),
    withSeconds: format({ ...clock, second: '2-digit' }),
    dayAndTime: format({ day: 'numeric', month: 'short', ...clock }),
    exact: format({ dateStyle: 'medium', timeStyle: 'long' }),
    day: format({ dateStyle: 'medium' }),
  }
}

export const count = (value: number) => whole.format(value)

/** "1 photo", "12,480 photos". */
export const counted = (value: number, one: string, many = `${one}s`) =>
  `${whole.format(value)} ${value === 1 ? one : many}`

const sizeUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** Decimal units, as disks and providers count: "84.2 GB". */
export function size(bytes: number): string {
  const step = bytes < 1000 ? 0 : Math.min(sizeUnits.length - 1, Math.floor(Math.log10(bytes) / 3))
  return `${threeDigits.format(bytes / 1000 ** step)} ${sizeUnits[step]}`
}

/** "84 of 310 GB": the unit once where both share it. */
export function sizeOf(part: number, all: number): string {
  const [a, b] = [size(part), size(all)]
  const unit = b.split(' ')[1]
  return a.endsWith(` ${unit}`) ? `${a.split(' ')[0]} of ${b}` : `${a} of ${b}`
}

/** Items a second; slow ones by the minute. */
export function rate(perSecond: number, what: string): string {
  if (perSecond >= 10) return `${whole.format(perSecond)} ${what}/s`
  if (perSecond >= 0.5) return `${oneDecimal.format(perSecond)} ${what}/s`
  return `${oneDecimal.format(perSecond * 60)} ${what}/min`
}

/** A finished or running length: "4 s", "12 min 30 s", "3 h 5 min", "2 d 4 h". */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds))
  if (s < 60) return `${s} s`
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`
}

/** "14–18 min", "50 s – 2 min", "3–5 h": a range, as coarse as it is uncertain. */
export function range([low, high]: readonly [number, number]): string {
  if (high < 10) return 'a few seconds'
  const [a, b] = [coarse(low), coarse(high)]
  if (a.text === b.text) return `about ${b.text}`
  return a.unit === b.unit ? `${a.value}–${b.text}` : `${a.text} – ${b.text}`
}

function coarse(seconds: number) {
  const made = (value: number, unit: string) => ({
    value: whole.format(value),
    unit,
    text: `${whole.format(value)} ${unit}`,
  })
  if (seconds < 55) return made(Math.max(5, Math.round(seconds / 5) * 5), 's')
  if (seconds < 90 * 60) return made(Math.max(1, Math.round(seconds / 60)), 'min')
  if (seconds < 48 * 3600) return made(Math.round(seconds / 3600), 'h')
  return made(Math.round(seconds / 86_400), 'days')
}

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
]

/** "5 min. ago", "in 2 hr.", "now". */
export function ago(at: Date, now: number): string {
  const seconds = (at.getTime() - now) / 1000
  for (const [unit, length] of steps) {
    if (Math.abs(seconds) >= length) return relative.format(Math.round(seconds / length), unit)
  }
  return 'just now'
}

/** The clock where it can be no other day's: within the last 20 hours, or later today; else with the day. */
export function at(time: Date, now: number): string {
  const ago = now - time.getTime()
  const near = ago >= 0 ? ago < 20 * 3600_000 : dayOf(time) === dayOf(new Date(now))
  return near ? clocks.time.format(time) : clocks.dayAndTime.format(time)
}

/** The clock with its seconds. */
export const atSecond = (time: Date) => clocks.withSeconds.format(time)

/** "4 h", "30 min": how long something usually takes. */
export function usually(hours: number): string {
  return hours < 1 ? `${whole.format(hours * 60)} min` : `${oneDecimal.format(hours)} h`
}

/** With seconds and zone, for hover and focus. */
export const exactly = (time: Date) => clocks.exact.format(time)

/** The day of a moment, where the person is. */
export const dayOf = (time: Date) => clocks.day.format(time)

/** A day as written by the provider, without a zone: `2024-06-01`. */
export function day(written: string): string {
  const parsed = new Date(`${written}T00:00:00Z`)
  return Number.isNaN(parsed.getTime()) ? written : plainDay.format(parsed)
}

export function percent(part: number, all: number): number {
  return all > 0 ? Math.min(100, Math.floor((part / all) * 100)) : 0
}
