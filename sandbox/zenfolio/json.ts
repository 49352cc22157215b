/** JSON without doubles: every number of a request is kept as its digits, every id of an answer is written as them. */

/** A number as it stood in the text. */
export class Digits {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

// TypeScript's library does not know these yet; Node 22 and later have them.
const json = JSON as unknown as {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown
  rawJSON(text: string): object
}

/** Throws SyntaxError. */
export function parseLossless(text: string): unknown {
  return json.parse(text, (_key, value, context) =>
    typeof value === 'number' ? new Digits(context.source ?? '') : value,
  )
}

/** A decimal string that is written as a bare number. */
export function bare(id: string): object {
  return json.rawJSON(id)
}
