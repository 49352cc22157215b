// What the dashboard of the new Zenfolio sends, as far as it is read. Nothing of it is documented: keys may come in another
// casing, numbers as text. Fields named here without a default are those whose absence means that it was not understood.
import { z } from 'zod'

/** An object whose keys count in any casing; the one spelt as here is preferred. */
function object<Shape extends z.ZodRawShape>(shape: Shape) {
  const names = new Map(Object.keys(shape).map((name) => [name.toLowerCase(), name]))
  const respelt = (value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    const known = new Map<string, unknown>()
    for (const [key, held] of Object.entries(value)) {
      const name = names.get(key.toLowerCase())
      if (name !== undefined && (key === name || !Object.hasOwn(value, name))) known.set(name, held)
    }
    return Object.fromEntries(known)
  }
  return z.preprocess(respelt, z.object(shape))
}

/** Opaque. A number past 2^53 has lost digits already, so it is refused. */
const id = z.union([z.string().min(1), z.number().int()]).transform(String)
/** What ids are told apart by: one answer may write a UUID in another casing than the next, and it is the same (RFC 9562). */
export function keyOf(ref: string): string {
  return /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(ref) ? ref.toLowerCase() : ref
}
/** null where it is empty, too. */
const idOrNull = z.union([z.literal('').transform(() => null), id]).nullish()
const text = z.string().nullish()

function numberIn(value: unknown): number | null {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : null
}
/** A number that something is held against. */
const count = z.unknown().transform((value, context) => {
  const number = numberIn(value)
  if (number === null) context.addIssue({ code: 'custom', message: 'a count' })
  return number ?? 0
})
/** A number that is kept where it is one: undefined where its key is absent, null where it says nothing. */
const told = z
  .unknown()
  .optional()
  .transform((value) => (value === undefined ? undefined : numberIn(value)))
const flag = z
  .unknown()
  .optional()
  .transform((value) => value === true || value === 1 || (typeof value === 'string' && /^(1|true)$/i.test(value)))

export interface Node {
  x?: string | null
  a?: string | null
  f?: Node[] | null
  d: boolean
  e: boolean
  g?: number | null
}
/** `x` id, `a` title, `f` children, `d` folder, `e` album, `g` photos in it. */
const node: z.ZodType<Node> = z.lazy(() =>
  z.object({ x: idOrNull, a: text, f: z.array(node).nullish(), d: flag, e: flag, g: told }),
)

export const tree = object({
  folderTree: z.union([z.array(node), z.null().transform(() => [])]),
  foldersCount: told,
  albumsCount: told,
})

const galleryContent = object({
  id,
  name: text,
  photoCount: told,
  dateCreated: z.unknown().optional(),
  topMedia: z.array(object({ id: idOrNull }).nullable()).nullish(),
})
export type GalleryContent = z.output<typeof galleryContent>

export const content = object({
  count,
  galleriesContent: z.union([z.array(galleryContent), z.null().transform(() => [])]),
})

const photo = object({
  id,
  name: text,
  fileName: text,
  size: told,
  width: told,
  height: told,
  dateCreated: z.unknown().optional(),
  isVideo: flag,
  mimeType: z.unknown().optional(),
})
export type Photo = z.output<typeof photo>

/** A place in a set; its other fields are unknown, one of them may be a number to sort by. */
const placed = z.union([
  id.transform((alone) => ({ id: alone })),
  z.preprocess(
    (value) => (typeof value === 'object' && value !== null && 'Id' in value ? { id: value.Id, ...value } : value),
    z.looseObject({ id }),
  ),
])
export type Placed = z.output<typeof placed>

const collection = object({
  collectionId: idOrNull,
  id: idOrNull,
  name: text,
  mediaSortIndices: z.array(placed).nullish(),
})
export type Collection = z.output<typeof collection>

/** An empty gallery may come without its lists; what is stated of it decides whether it is believed. */
export const galleryPhotos = object({ photos: z.array(photo).nullish(), collections: z.array(collection).nullish() })
export type GalleryPhotos = z.output<typeof galleryPhotos>

export const download = object({ downloadUrl: z.string().min(1) })
