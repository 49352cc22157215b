// What is looked at alike in the answers of every provider.
import type { z } from 'zod'

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
