import type { Written } from './world.ts'

/** The ways in which Pixieset writes dates. */

export const nothing: Written = { wire: null, day: null, iso: null }

export function junk(wire: string | number): Written {
  return { wire, day: null, iso: null }
}

/** RFC 3339: `2024-01-02T03:04:05-05:00`. */
export function zoned(text: string): Written {
  return { wire: text, day: text.slice(0, 10), iso: text }
}

/** `2024-01-02 03:04:05`. */
export function local(text: string): Written {
  return { wire: text, day: text.slice(0, 10), iso: text.replace(' ', 'T') }
}

export function dayOnly(day: string): Written {
  return { wire: day, day, iso: day }
}

/** Seconds since 1970. */
export function epoch(seconds: number): Written {
  const text = new Date(seconds * 1000).toISOString()
  return { wire: seconds, day: text.slice(0, 10), iso: `${text.slice(0, 19)}Z` }
}
