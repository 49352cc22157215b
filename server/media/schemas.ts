// Shapes that several routes of the OpenAPI document share.
import { z } from '@hono/zod-openapi'

const problemSchema = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int(),
    code: z.string().openapi({ description: 'Stable; the sentence in `title` is for people and may change.' }),
  })
  .openapi('Problem')

/** Answers by status, each saying which codes it carries. */
export function problemAnswers<S extends number>(codes: Record<S, string>) {
  const content = { 'application/problem+json': { schema: problemSchema } }
  const answers = Object.entries<string>(codes).map(([status, description]) => [status, { description, content }])
  return Object.fromEntries(answers) as Record<S, { description: string; content: typeof content }>
}
