// What a request asks of bytes that it may have already, and of formats: conditions, ranges and preferences of RFC 9110.

/** `end` is inclusive. */
export interface Range {
  start: number
  end: number
}

/** True where the caller holds these very bytes: answer 304. */
export function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  if (ifNoneMatch.trim() === '*') return true
  return (ifNoneMatch.match(/(W\/)?"[^"]*"/g) ?? []).some((tag) => tag.replace(/^W\//, '') === etag)
}

/**
 * The one range asked for; null where the whole is to be sent (no range, several, another unit, malformed, or `If-Range`
 * of other bytes); 'unsatisfiable' where it lies outside.
 */
export function rangeOf(
  range: string | undefined,
  ifRange: string | undefined,
  etag: string,
  bytes: number,
): Range | null | 'unsatisfiable' {
  if (range === undefined) return null
  const [, first, last] = range.match(/^bytes=\s*(\d*)-(\d*)\s*$/i) ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return null
  if (ifRange !== undefined && ifRange.trim() !== etag) return null
  if (first === '') {
    const wanted = Number(last)
    return wanted === 0 || bytes === 0 ? 'unsatisfiable' : { start: Math.max(0, bytes - wanted), end: bytes - 1 }
  }
  const start = Number(first)
  const end = last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1)
  if (last !== '' && Number(last) < start) return null
  return start >= bytes ? 'unsatisfiable' : { start, end }
}

/**
 * Which of `offered` (media types, the best first) `Accept` puts highest. Between equals the best one that it names in
 * full; where wildcards are all it says of them, where it refuses all, and where there is none: `otherwise`.
 */
export function preferred(accept: string | undefined, offered: string[], otherwise: string): string {
  if (accept === undefined) return otherwise
  const wishes = wishesOf(accept)
  const weighed = offered.map((type) => ({ type, ...weightOf(type, wishes) }))
  const highest = Math.max(...weighed.map(({ weight }) => weight))
  if (highest === 0) return otherwise
  const equals = weighed.filter(({ weight }) => weight === highest)
  const chosen = equals.find(({ exact }) => exact) ?? equals.find(({ type }) => type === otherwise) ?? equals[0]!
  return chosen.type
}

interface Wish {
  /** In lower case; `*` stands for any type or subtype. */
  range: string
  /** 0 to 1. */
  weight: number
}

const token = "[!#$%&'*+.^_`|~0-9a-z-]+"
const wish = new RegExp(`^(${token}/${token})((?:\\s*;[^;]*)*)$`, 'i')
const weights = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/

/** What is malformed, or asks for a parameter that our types do not have, is no wish. */
function wishesOf(accept: string): Wish[] {
  return accept.split(',').flatMap((element) => {
    const [, range, tail = ''] = wish.exec(element.trim()) ?? []
    if (range === undefined) return []
    const first = tail.split(';')[1]?.trim()
    if (first === undefined || first === '') return [{ range: range.toLowerCase(), weight: 1 }]
    const [name, weight = ''] = first.split('=')
    if (name!.toLowerCase() !== 'q' || !weights.test(weight)) return []
    return [{ range: range.toLowerCase(), weight: Number(weight) }]
  })
}

/** By the most exact range that covers the type; 0 where none does. */
function weightOf(type: string, wishes: Wish[]): { weight: number; exact: boolean } {
  for (const range of [type, `${type.slice(0, type.indexOf('/'))}/*`, '*/*']) {
    const found = wishes.find((one) => one.range === range)
    if (found) return { weight: found.weight, exact: range === type }
  }
  return { weight: 0, exact: false }
}
