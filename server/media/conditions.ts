// What a request asks of bytes that it may have already: conditions and ranges of RFC 9110, for one strong ETag.

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
  const [, first, last] = range?.match(/^bytes=\s*(\d*)-(\d*)\s*$/i) ?? []
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
