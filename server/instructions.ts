// Instructions say which rendition is wanted (contract §5). Parsed at the door, complete and canonical from then on,
// so that equal wishes have equal hashes and one place in the store.
import { createHash } from 'node:crypto'
import { z } from 'zod'

/** WebP's longest side in pixels; the smallest limit among the formats offered. */
export const maxSidePixels = 16_383

const side = z.int().min(1).max(maxSidePixels)
const offset = z.int().min(0).max(1_000_000)
const fits = ['inside', 'cover', 'contain', 'fill', 'outside'] as const
const gravities = [
  'centre',
  'north',
  'northeast',
  'east',
  'southeast',
  'south',
  'southwest',
  'west',
  'northwest',
] as const

/** File extension, content type and default quality of each format; null: lossless. */
export const formats = {
  webp: { extension: 'webp', contentType: 'image/webp', quality: 80 },
  jpeg: { extension: 'jpg', contentType: 'image/jpeg', quality: 82 },
  avif: { extension: 'avif', contentType: 'image/avif', quality: 55 },
  png: { extension: 'png', contentType: 'image/png', quality: null },
} as const

const resizeSchema = z
  .strictObject({
    width: side.optional(),
    height: side.optional(),
    fit: z.enum(fits).default('inside'),
    withoutEnlargement: z.boolean().default(true),
  })
  .refine((resize) => resize.width !== undefined || resize.height !== undefined, 'needs a width or a height')
  // With one side given the other follows, whatever the fit.
  .transform((resize) => (resize.width && resize.height ? resize : { ...resize, fit: 'inside' as const }))

const gravity = z
  .enum([...gravities, 'center'])
  .transform((named) => (named === 'center' ? 'centre' : named))
  .default('southeast')
const opacity = z.number().min(0).max(1)

const textWatermarkSchema = z.strictObject({
  text: z
    .string()
    .max(200)
    .regex(/[\p{L}\p{N}\p{P}\p{S}]/u, 'needs a visible character')
    .regex(/^[^\p{Cc}\p{Cs}\u2028\u2029]*$/u, 'must be one line without control characters'),
  gravity,
  opacity: opacity.default(0.5),
})
const pictureName = z.string().min(1).max(512)
const pictureWatermarkSchema = z.strictObject({ picture: pictureName, gravity, opacity: opacity.default(1) })
const watermarkSchema = z.union([
  pictureName.transform((picture) => pictureWatermarkSchema.parse({ picture })),
  textWatermarkSchema,
  pictureWatermarkSchema,
])

const instructionsSchema = z
  .strictObject({
    resize: resizeSchema.optional(),
    crop: z.strictObject({ left: offset, top: offset, width: offset.min(1), height: offset.min(1) }).optional(),
    watermark: watermarkSchema.optional(),
    format: z.enum(['webp', 'jpeg', 'avif', 'png']).default('webp'),
    quality: z.int().min(1).max(100).nullish(),
  })
  .transform((wanted) => {
    const lossless = formats[wanted.format].quality === null
    return { ...wanted, quality: lossless ? null : (wanted.quality ?? formats[wanted.format].quality) }
  })

/**
 * Complete: every default filled in. `crop` is in pixels of the upright original; `watermark.picture` names a stored
 * picture of the same client; `quality` is null for PNG.
 */
export type Instructions = z.output<typeof instructionsSchema>
export type Watermark = NonNullable<Instructions['watermark']>
export type Resize = NonNullable<Instructions['resize']>
export type Crop = NonNullable<Instructions['crop']>

const presets = {
  thumb: instructionsSchema.parse({ resize: { width: 400, height: 400 }, format: 'webp', quality: 75 }),
  web: instructionsSchema.parse({ resize: { width: 2048, height: 2048 }, format: 'webp', quality: 80 }),
} satisfies Record<string, Instructions>

export type PresetName = keyof typeof presets
export const presetNames = Object.keys(presets) as [PresetName, ...PresetName[]]
const presetSchema = z.strictObject({ preset: z.enum(presetNames) })

/** What `wishOf` takes, as JSON Schema 2020-12. A client has presets of its own besides those that are built in. */
export function instructionsShape(): z.core.JSONSchema.JSONSchema {
  const { $schema: _, ...shape } = z.toJSONSchema(
    z.union([z.strictObject({ preset: z.string().describe('Name of a preset.') }), instructionsSchema]),
    { io: 'input' },
  )
  return shape
}

/** Answered as 400 `invalid_instructions`; `pointer` is the JSON pointer (RFC 6901) of the value at fault. */
export class InvalidInstructions extends Error {
  pointer: string

  constructor(pointer: string, reason: string) {
    super(`${pointer || 'instructions'}: ${reason}`)
    this.name = 'InvalidInstructions'
    this.pointer = pointer
  }
}

/**
 * Takes instructions or `{"preset": …}` as a caller sent them, and what it gave back before. Throws InvalidInstructions;
 * unknown keys are refused.
 */
export function parseInstructions(value: unknown): Instructions {
  refusePrototypeKeys(value, [])
  const isPreset = typeof value === 'object' && value !== null && 'preset' in value
  const parsed = isPreset ? presetSchema.safeParse(value) : instructionsSchema.safeParse(value)
  if (!parsed.success) throw invalid(parsed.error.issues[0]!, [])
  return 'preset' in parsed.data ? resolvePreset(parsed.data.preset) : parsed.data
}

export function resolvePreset(name: PresetName): Instructions {
  return structuredClone(presets[name])
}

/** First 16 hex digits of SHA-256 over the canonical form: part of the rendition's key in the store. */
export function instructionsHash(instructions: Instructions): string {
  return createHash('sha256').update(canonical(instructions)).digest('hex').slice(0, 16)
}

/** JSON with the keys of every object sorted and absent values left out. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}

// zod passes over an own `__proto__`, which JSON.parse does make.
function refusePrototypeKeys(value: unknown, path: PropertyKey[]): void {
  if (typeof value !== 'object' || value === null || path.length > 4) return
  for (const [key, inner] of Object.entries(value)) {
    if (key === '__proto__') throw new InvalidInstructions(pointer([...path, key]), 'unknown key')
    refusePrototypeKeys(inner, [...path, key])
  }
}

function invalid(issue: z.core.$ZodIssue, above: PropertyKey[]): InvalidInstructions {
  const path = [...above, ...issue.path]
  if (issue.code === 'unrecognized_keys')
    return new InvalidInstructions(pointer([...path, issue.keys[0]!]), 'unknown key')
  if (issue.code === 'invalid_union') {
    // The branch that nearly took the value knows what is wrong with it.
    const branch = issue.errors.toSorted((a, b) => misfit(a) - misfit(b))[0]
    if (branch?.[0]) return invalid(branch[0], path)
  }
  return new InvalidInstructions(pointer(path), issue.message)
}

function misfit(issues: z.core.$ZodIssue[]): number {
  return issues.some((issue) => issue.path.length === 0 && issue.code === 'invalid_type') ? 100 : issues.length
}

function pointer(path: PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
