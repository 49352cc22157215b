// What is looked at alike in the answers of every provider.
import type { z } from 'zod'
import { type HttpAnswer, UnexpectedPage } from './connector.ts'

/** A page, as its type says or as it begins. */
export function isHtml(contentType: string | null, text: string): boolean {
  return /\bx?html\b/i.test(contentType ?? '') || /^\s*<(!doctype|html|head|body)\b/i.test(text)
}

/** undefined where it is no JSON. */
export function parsed(text: string, parse: (text: string) => unknown = JSON.parse): unknown {
  try {
    return parse(text)
  } catch {
    return undefined
  }
}

/** The first field that was not as expected: `items[2].id: expected string …`; `whole` where it is no field of it. */
export function fieldOf(error: z.ZodError, whole: string): string {
  const issue = error.issues[0]
  const path = (issue?.path ?? []).map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('')
  return `${path.replace(/^\./, '') || whole}: ${issue?.message ?? 'not understood'}`
}

/**
 * UnexpectedPage with evidence that holds no secret: the known ones, e-mail addresses and everything behind the `?` of
 * an address are struck out. `text` is the answer's beginning; null keeps it out altogether.
 */
export function unexpected(
  expected: string,
  answer: Pick<HttpAnswer, 'url' | 'status' | 'header'>,
  text: string | null,
  secrets: readonly string[],
): UnexpectedPage {
  return new UnexpectedPage(expected, {
    url: masked(answer.url.replace(/[?#].*$/s, ''), secrets),
    status: answer.status,
    contentType: answer.header('content-type'),
    excerpt: masked(text?.slice(0, 2000) ?? '', secrets).slice(0, 500),
  })
}

export function masked(text: string, secrets: readonly string[]): string {
  return withoutSecrets(text, secrets).replace(/(https?:[^\s"'<>?]*)\?[^\s"'<>]*/gi, '$1?•••')
}

/** Strikes out these secrets, also as JSON and addresses write them, and e-mail addresses. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  let safe = text
  for (const secret of secrets)
    for (const written of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])
      if (written !== '') safe = safe.replaceAll(written, '•••')
  return safe.replace(/[^\s"'<>@]+@[^\s"'<>@]+\.[a-z]{2,}/gi, '•••')
}
