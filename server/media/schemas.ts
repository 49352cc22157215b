// Shapes that several routes of the OpenAPI document share.
import { z } from '@hono/zod-openapi'

const problemSchema = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int(),
    code: z.string().openapi({ description: 'Stable; the sentence in `title` is for people and may change.' }),
    pointer: z.string().optional().openapi({ description: 'JSON pointer to the value at fault.' }),
    imageId: z.string().optional().openapi({ description: 'The image whose original was kept all the same.' }),
  })
  .openapi('Problem')

/** Answers by status, each saying which codes it carries. */
export function problemAnswers<S extends number>(codes: Record<S, string>) {
  const content = { 'application/problem+json': { schema: problemSchema } }
  const answers = Object.entries<string>(codes).map(([status, description]) => [status, { description, content }])
  return Object.fromEntries(answers) as Record<S, { description: string; content: typeof content }>
}

export const idempotencyHeader = z.object({
  'Idempotency-Key': z.string().optional().openapi({
    description: 'The same key within a day gives the same answer and does nothing twice.',
    example: '8e03978e-40d5-43dd-bc93-6894a57f9324',
  }),
})

const renditions = z.record(z.string(), z.string()).openapi({ description: 'Addresses by the name of the rendition.' })

export const imageCompleted = z
  .object({
    status: z.enum(['completed', 'completed_with_errors']),
    imageId: z.uuid(),
    url: z
      .string()
      .openapi({ description: 'Of the rendition that was asked for; of the original where there is none.' }),
    renditions,
    code: z.string().optional().openapi({ description: 'Why a rendition is missing: `unsupported_codec`.' }),
  })
  .openapi('ImageCompleted')

export const imageAccepted = z
  .object({ status: z.literal('processing'), imageId: z.uuid(), message: z.string() })
  .openapi('ImageAccepted')

export const bulkAccepted = z
  .object({ status: z.literal('processing'), jobId: z.uuid(), message: z.string() })
  .openapi('BulkAccepted')

const status = z.enum(['processing', 'completed', 'completed_with_errors', 'failed'])

export const uploadEnded = z
  .object({
    type: z.enum(['upload.completed', 'upload.completed_with_errors', 'upload.failed']),
    timestamp: z.iso.datetime().openapi({ description: 'When it was ready.' }),
    status: z.enum(['completed', 'completed_with_errors', 'failed']),
    jobId: z.uuid().openapi({ description: 'Of the job; of the image where it came alone.' }),
    imageId: z.uuid().optional().openapi({ description: 'Of a picture that came alone.' }),
    code: z.string().optional().openapi({ description: 'Why that one failed, or is not all that was asked for.' }),
    urls: z.array(z.string()).openapi({ description: 'Of those that are ready, in the order sent.' }),
  })
  .openapi('UploadEnded')

export const statusSchema = z
  .object({
    status,
    urls: z.array(z.string()),
    counts: z.object({ total: z.int(), processing: z.int(), completed: z.int(), failed: z.int() }),
    items: z.array(
      z.object({
        index: z.int(),
        filename: z.string().nullable(),
        imageId: z.uuid(),
        status,
        code: z.string().nullable(),
        url: z.string().nullable(),
        renditions,
      }),
    ),
    nextCursor: z.string().nullable(),
  })
  .openapi('Status')
