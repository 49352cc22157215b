/**
 * JSON.parse, except that an integer which a double would round becomes a string of its digits: ids are opaque, and how
 * long ShootProof's may grow is not known. Throws SyntaxError.
 */
export function parseExact(text: string): unknown {
  if (!/\d{16}/.test(text)) return JSON.parse(text)
  return JSON.parse(text, exactly as Reviver)
}

type Reviver = Parameters<typeof JSON.parse>[1]

function exactly(_key: string, value: unknown, context?: { source?: string }): unknown {
  const rounded = typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
  return rounded && /^-?\d+$/.test(context?.source ?? '') ? context?.source : value
}
