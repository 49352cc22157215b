/**
 * JSON text that Postgres takes as jsonb: NUL and lone surrogates, which it refuses, become U+FFFD; everything else
 * stays as the sender wrote it.
 */
export function jsonb(value: unknown): string {
  return JSON.stringify(value, (_, inner) => (typeof inner === 'string' ? storable(inner) : inner))
}

export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '\uFFFD')
}
