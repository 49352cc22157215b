/** What was asked cannot be done: a clear sentence for a person and a stable code for programs. */
export class Refusal extends Error {
  override name = 'Refusal'
  readonly code: string
  /** As HTTP would answer: 400, 403, 404, 409, 422, 503 … */
  readonly status: number
  constructor(code: string, status: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.status = status
  }
}

/** `what` as people call it: "run", "gallery" … */
export function notFound(what: string): Refusal {
  return new Refusal('not_found', 404, `There is no such ${what}.`)
}
