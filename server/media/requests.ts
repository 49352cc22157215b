// What may be asked of the upload API: the shapes that validate are the shapes that the document shows.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { House } from '#server/house.ts'
import { InvalidInstructions, instructionsShape } from '#server/instructions.ts'
import type { Caller } from '#server/keys.ts'
import { wishOf } from '#server/presets.ts'
import { Refusal } from '#server/refusal.ts'
import type { UploadWishes } from '#server/uploads.ts'
import { receiverOf } from '#server/webhooks.ts'
import { textOf } from './multipart.ts'
import { itemsAtMost } from './parts.ts'
import { InvalidParameter } from './problems.ts'
import {
  bulkAccepted,
  idempotencyHeader,
  imageAccepted,
  imageCompleted,
  problemAnswers,
  uploadEnded,
} from './schemas.ts'

const about = {
  gallery: z.uuid().optional().openapi({ description: 'A gallery of the client that it is to lie in.' }),
  set: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .openapi({ description: 'Title of a set in that gallery; made where absent.' }),
  notifyUrl: z.string().max(2048).optional().openapi({ description: 'Told by a webhook when everything is ready.' }),
  access: z
    .enum(['public', 'private'])
    .default('public')
    .openapi({ description: 'Private ones need signed addresses.' }),
}

/** Instructions are parsed by their own rules, which say where they are wrong. */
const instructions = z.unknown().openapi({
  allOf: [{ $ref: '#/components/schemas/Instructions' }],
  description: 'What is to be made of it.',
  example: { resize: { width: 800, height: 600, fit: 'inside' }, format: 'webp', quality: 80 },
})

const fieldsSchema = z.strictObject({ instructions: z.string().optional(), ...about })
const urlsSchema = z
  .strictObject({
    urls: z
      .array(z.string().min(1).max(4096))
      .min(1)
      .openapi({ example: ['https://example.com/a.jpg'] }),
    instructions: instructions
      .optional()
      .openapi({ description: 'What is to be made of it; the preset `web` where absent.' }),
    ...about,
  })
  .openapi('UploadFromAddresses')
const processSchema = z
  .strictObject({
    imageIds: z.array(z.uuid()).min(1),
    instructions,
    notifyUrl: about.notifyUrl,
  })
  .openapi('Process')

type Fields = Omit<z.output<typeof urlsSchema>, 'urls'>

/** The text fields of a form. Throws InvalidParameter, InvalidInstructions. */
export const uploadFields = {
  parse(fields: Record<string, string>): Fields {
    const { instructions: text, ...rest } = checked(fieldsSchema, fields)
    return text === undefined ? rest : { ...rest, instructions: instructionsOf(text) }
  },
}

/** Throws InvalidParameter, Refusal `too_many_items`. */
export const uploadUrls = {
  parse(value: unknown): z.output<typeof urlsSchema> {
    const parsed = checked(urlsSchema, value)
    notTooMany(parsed.urls)
    return parsed
  },
}

/** Throws InvalidParameter, Refusal `too_many_items`. */
export const processing = {
  parse(value: unknown): z.output<typeof processSchema> {
    const parsed = checked(processSchema, value)
    if (parsed.instructions === undefined) throw new InvalidParameter('/instructions', 'needs a value')
    notTooMany(parsed.imageIds)
    return parsed
  },
}

/** Throws InvalidInstructions, InvalidParameter, Refusal `invalid_watermark`, `url_not_allowed`. */
export async function wishesOf(house: House, caller: Caller, fields: Fields): Promise<UploadWishes> {
  const { access, gallery, set, notifyUrl } = fields
  if (set !== undefined && gallery === undefined)
    throw new InvalidParameter('/set', 'is one of a gallery: name that too')
  return {
    access,
    // Where nothing is asked for: something that may be shown, without what the EXIF tells.
    wanted: [await wishOf(house, caller.clientId, fields.instructions ?? { preset: 'web' })],
    ...(gallery === undefined ? {} : { gallery }),
    ...(set === undefined ? {} : { set }),
    ...(notifyUrl === undefined ? {} : { notifyUrl: receiverOf(house, notifyUrl) }),
  }
}

/** Throws InvalidParameter, Refusal `invalid_encoding`. */
export function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(textOf(body))
  } catch (error) {
    throw error instanceof SyntaxError ? new InvalidParameter('', 'the body is no JSON') : error
  }
}

function instructionsOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new InvalidInstructions('', 'is no JSON')
  }
}

export function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  // zod passes over an own `__proto__`, which JSON.parse does make.
  if (typeof value === 'object' && value !== null && Object.hasOwn(value, '__proto__'))
    throw new InvalidParameter('/__proto__', 'unknown')
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]!] : issue.path
  const reason = issue.code === 'unrecognized_keys' ? 'unknown' : issue.message
  throw new InvalidParameter(path.map((part) => `/${String(part)}`).join(''), reason)
}

function notTooMany(items: unknown[]): void {
  if (items.length > itemsAtMost) throw new Refusal('too_many_items', 413, `At most ${itemsAtMost} items come at once.`)
}

type Shape = Parameters<OpenAPIHono['openAPIRegistry']['registerComponent']>[2]

/** What the document shows of instructions, and of what receivers are told. */
export function registerShapes({ openAPIRegistry: registry }: OpenAPIHono): void {
  registry.registerComponent('schemas', 'Instructions', instructionsShape() as Shape)
  registry.registerWebhook({
    method: 'post',
    path: 'upload.completed',
    summary: 'Told to `notifyUrl` when everything is ready, signed after Standard Webhooks with the key’s secret.',
    request: {
      headers: z.object({
        'webhook-id': z.string().openapi({ description: 'The same at every try.' }),
        'webhook-timestamp': z.string().openapi({ description: 'Seconds since 1970.' }),
        'webhook-signature': z.string().openapi({ description: '`v1,` and the HMAC-SHA256 in base64.' }),
      }),
      body: { required: true, content: { 'application/json': { schema: uploadEnded } } },
    },
    responses: { 204: { description: 'Taken. Any other than a 2xx is tried again for a day.' } },
  })
}

const refusals = problemAnswers({
  400: '`file_missing`, `malformed_multipart`, `incomplete_body`, `invalid_instructions`, `invalid_encoding`, `idempotency_key_invalid`',
  401: '`unauthenticated`',
  403: '`forbidden_scope`',
  409: '`request_in_progress`',
  413: '`file_too_large`, `too_many_items`',
  415: '`unsupported_content_type`, `not_an_image`, `format_not_allowed`',
  422: '`empty_file`, `too_many_pixels`, `bad_dimensions`, `too_many_frames`, `truncated_image`, `corrupt_image`, `checksum_mismatch`, `invalid_parameter`, `invalid_watermark`, `output_too_large`, `processing_timeout`, `resource_limit`, `url_not_allowed`, `idempotency_key_reused`',
  429: '`rate_limited`, `quota_exceeded`, with Retry-After',
  503: '`temporarily_unavailable`, with Retry-After',
  507: '`insufficient_storage`',
})

const security = [{ key: [] }]
const binary = z.string().openapi({ format: 'binary' })

export const uploadRoute = createRoute({
  method: 'post',
  path: '/upload',
  operationId: 'upload',
  summary: 'One picture with an answer at once; several, a ZIP archive, or addresses as one job.',
  security,
  request: {
    headers: idempotencyHeader,
    body: {
      required: true,
      content: {
        'multipart/form-data': {
          schema: z
            .object({
              file: z
                .union([binary, z.array(binary)])
                .openapi({ description: 'The picture, or a ZIP archive; repeated for several.' }),
              instructions: z
                .string()
                .optional()
                .openapi({ description: 'Instructions as JSON; the preset `web` where absent.' }),
              ...about,
            })
            .openapi('Upload'),
        },
        'application/json': { schema: urlsSchema },
      },
    },
  },
  responses: {
    200: { description: 'The picture is ready.', content: { 'application/json': { schema: imageCompleted } } },
    202: {
      description: 'It goes on; `/status/{id}` tells how.',
      content: { 'application/json': { schema: z.union([imageAccepted, bulkAccepted]) } },
    },
    ...refusals,
  },
})

export const processRoute = createRoute({
  method: 'post',
  path: '/process',
  operationId: 'process',
  summary: 'Further renditions of pictures that are here already.',
  security,
  request: {
    headers: idempotencyHeader,
    body: { required: true, content: { 'application/json': { schema: processSchema } } },
  },
  responses: {
    200: { description: 'The rendition is ready.', content: { 'application/json': { schema: imageCompleted } } },
    202: {
      description: 'It goes on; `/status/{id}` tells how.',
      content: { 'application/json': { schema: z.union([imageAccepted, bulkAccepted]) } },
    },
    ...refusals,
    ...problemAnswers({
      404: '`not_found`, also for what belongs to somebody else',
      424: '`source_error`: the image was to be had from an address, which did not give it',
      504: '`source_timeout`: likewise, and the address did not answer in time',
    }),
  },
})
