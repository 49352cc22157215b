// The media process as a sender sees it: it may be away for a while, and its token ends.
import type { Access } from '../messages.ts'

/** It will not do that, however often it is asked. */
export class Declined extends Error {
  override name = 'Declined'
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, sentence: string) {
    super(sentence)
    this.status = status
    this.code = code
  }
}

/** No answer, or none that says anything: the same may work soon. */
export class Away extends Error {
  override name = 'Away'
}

/** The token has ended. */
export class Expired extends Error {
  override name = 'Expired'
}

/** Throws Declined, Away, Expired. `body` as `problem+json`, where there is one. */
export function refuse(status: number, body: string): never {
  if (status === 401) throw new Expired()
  if (status === 0 || status >= 500 || status === 423 || status === 429) throw new Away(`answered ${status}`)
  const { code = 'unknown', title = `The media process answered ${status}.` } = problemIn(body)
  throw new Declined(status, code, title)
}

function problemIn(body: string): { code?: string; title?: string } {
  try {
    return JSON.parse(body) as { code?: string; title?: string }
  } catch {
    return {}
  }
}

/** Throws Declined, Away, Expired. */
export async function ask<Answer>({ mediaUrl, token }: Access, path: string, body?: object): Promise<Answer> {
  const headers = { Authorization: `Bearer ${token}`, ...(body ? { 'Content-Type': 'application/json' } : {}) }
  const method = body ? 'POST' : 'GET'
  const answer = await fetch(`${mediaUrl}${path}`, {
    method,
    headers,
    ...(body ? { body: JSON.stringify(body) } : {}),
  }).catch((cause: Error) => {
    throw new Away(cause.message)
  })
  if (!answer.ok) refuse(answer.status, await answer.text())
  return (await answer.json()) as Answer
}
