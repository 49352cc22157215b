// What ShootProof sends, as far as it is read. What stands here without `nullish` is known for sure, so that its absence
// means that the answer was not understood; everything else may be missing, null, a number or its digits.
import { z } from 'zod'

const id = z.union([z.string().min(1), z.number().int()]).transform(String)
const noId = z.union([z.literal(''), z.literal(0), z.literal('0')]).transform(() => null)
const count = z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]).pipe(z.number().int().nonnegative())
const title = z.union([z.string(), z.number().transform(String)]).nullable()
const text = z.string().nullish()

/** `day` is the day as written; null where none is, or (`understood: false`) where the format is a new one. */
const writtenDay = z
  .unknown()
  .optional()
  .transform((value) => {
    const written = typeof value === 'object' && value !== null && 'date' in value ? value.date : value
    if (written == null || written === '') return { day: null, understood: true }
    const day = typeof written === 'string' ? /^\s*(\d{4}-\d{2}-\d{2})(?!\d)/.exec(written)?.[1] : undefined
    if (!day) return { day: null, understood: false }
    const instant = new Date(`${day}T00:00:00Z`)
    const real =
      !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(day) && instant.getUTCFullYear() > 1
    return { day: real ? day : null, understood: true }
  })

/** An embedded object, a bare id, a bare name, or none: its form is not known. */
const category = z
  .union([
    noId,
    id.transform((bare) => ({ id: bare, name: null })),
    z
      .looseObject({ id: id.nullish(), name: text })
      .refine((object) => object.id != null || Boolean(object.name), 'an object with id or name')
      .transform((object) => ({ id: object.id ?? object.name ?? '', name: object.name ?? null })),
  ])
  .nullish()

/** Every address of an image object, without what may be a signature. */
const addresses = z
  .unknown()
  .optional()
  .transform((value): string[] => {
    const found = typeof value === 'string' ? [value] : Object.values(value ?? {})
    return found.filter((address) => typeof address === 'string').map((address) => address.replace(/[?#].*$/s, ''))
  })

export const user = z.looseObject({})
export const brand = z.looseObject({ id, name: text, galleryDomain: text, customDomain: text, created: text })
export const eventCategory = z.looseObject({ id, name: title })
export const event = z.looseObject({
  id,
  name: title,
  photosCount: count.nullish(),
  eventDate: writtenDay,
  eventCategory: category,
  eventCategoryId: z.union([noId, id]).nullish(),
  coverPhoto: z.looseObject({ id: id.nullish(), displayUrl: addresses }).nullish(),
})
export const album = z.looseObject({
  id,
  name: title,
  parentAlbumId: z.union([noId, id]).nullish(),
  photosCount: count.nullish(),
})
export const photo = z.looseObject({
  id,
  name: title,
  belongsToAlbumIds: z.array(id).nullish(),
  displayUrl: addresses,
})

export type Brand = z.output<typeof brand>
export type Event = z.output<typeof event>
export type Album = z.output<typeof album>
export type Photo = z.output<typeof photo>

export interface List<Item> {
  items: Item[]
  meta: { currentPage?: number | null; totalItems: number; totalPages: number }
}

/** The envelope of every collection. */
export const list = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: z.array(item),
    meta: z.object({ currentPage: count.nullish(), totalItems: count, totalPages: count }),
  })

/** One resource by itself; whether it stands bare or in an envelope of one is not known. */
export const one = <Item extends z.ZodType>(item: Item) =>
  z.preprocess((value) => {
    const items = typeof value === 'object' && value !== null && 'items' in value ? value.items : undefined
    return Array.isArray(items) && items.length === 1 ? items[0] : value
  }, item)

/** RFC 7807. */
export const problem = z.looseObject({
  type: text,
  title: text,
  detail: text,
  info: z.looseObject({ errors: z.record(z.string(), z.unknown()).nullish() }).nullish(),
})

/** Of the token address. OAuth's own `error` is taken where ShootProof's `code` is absent. */
export const tokens = z.looseObject({
  stat: text,
  access_token: text,
  refresh_token: text,
  code: title.optional(),
  msg: text,
  error: text,
  error_description: text,
})

export const legacyPhotos = z.looseObject({
  stat: z.string(),
  total_pages: count.nullish(),
  photos: z.array(z.looseObject({ id, url: z.looseObject({ original: text }).nullish() })).nullish(),
})
