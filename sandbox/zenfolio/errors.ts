/** Answered with HTTP 200 and the code. */
export class ApiError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** A parameter of the wrong kind, or too few or too many: the one error that has no code. */
export class BadParameters extends Error {}

/** The service breaks on this request: HTTP 500. */
export class Broken extends Error {}
