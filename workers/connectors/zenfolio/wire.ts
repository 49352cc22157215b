// What Zenfolio Classic sends, as far as it is read. Fields are optional where access masks and levels leave them out;
// those named here without `nullish` are the ones whose absence means that the answer was not understood.
import { z } from 'zod'

/** A 64-bit integer as its digits; numbers are exact here because json.ts quotes those that would not be. */
const id = z.union([z.string().regex(/^-?\d+$/), z.number().int()]).transform(String)
/** May come as its digits, like ids. */
const integer = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^-?\d+$/)
      .transform(Number),
  ])
  .pipe(z.number().int())
const count = integer.pipe(z.number().nonnegative()).nullish()
const text = z.string().nullish()
const flag = z.boolean().nullish()
const bytesOfProof = z.array(z.number().int().min(-128).max(255)).min(1)

/** `YYYY-MM-DD HH:MM:SS` without a zone; null where absent or not a day of any calendar (0000-…, year 1). */
const dateTime = z
  .union([z.object({ Value: text }).transform((v) => v.Value), z.string()])
  .nullish()
  .transform((value, context): { day: string; time: string } | null => {
    if (!value) return null
    const parts = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}:\d{2})(?:\.\d+)?)?$/.exec(value.trim())
    if (!parts?.[1]) {
      context.addIssue({ code: 'custom', message: 'a date as YYYY-MM-DD HH:MM:SS' })
      return null
    }
    const [day, time] = [parts[1], parts[2] ?? '00:00:00']
    const instant = new Date(`${day}T${time}Z`)
    const real = !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(day)
    return real && instant.getUTCFullYear() > 1 ? { day, time } : null
  })

const accessDescriptor = z
  .object({
    RealmId: id.nullish(),
    AccessType: z.unknown().optional(),
    IsDerived: flag,
    AccessMask: z.unknown().optional(),
    PasswordHint: text,
    SrcPasswordHint: text,
  })
  .nullish()

const titlePhoto = z.object({ Id: id }).nullish()

export const photo = z.object({
  Id: id,
  Gallery: id.nullish(),
  Title: text,
  Caption: text,
  FileName: text,
  Keywords: z.array(z.string()).nullish(),
  Categories: z.array(z.union([z.number(), z.string()])).nullish(),
  Copyright: text,
  Rotation: text,
  MimeType: text,
  Size: integer.nullish(),
  Width: integer.nullish(),
  Height: integer.nullish(),
  Sequence: z.union([z.string(), z.number()]).nullish(),
  TextCn: z.union([z.string(), z.number()]).nullish(),
  TakenOn: dateTime,
  OriginalUrl: text,
  AccessDescriptor: accessDescriptor,
  IsVideo: flag,
})

const photoSetFields = z.object({
  $type: text,
  Id: id,
  GroupIndex: integer.nullish(),
  Title: text,
  AccessDescriptor: accessDescriptor,
  Type: z.enum(['Gallery', 'Collection']).nullish(),
  CreatedOn: dateTime,
  ModifiedOn: dateTime,
  TitlePhoto: titlePhoto,
  PageUrl: text,
  PhotoCount: count,
  ImageCount: count,
  VideoCount: count,
  FileCount: count,
  PhotoBytes: count,
  FileBytes: count,
  TextCn: z.union([z.string(), z.number()]).nullish(),
  PhotoListCn: z.union([z.string(), z.number()]).nullish(),
  Caption: text,
  Keywords: z.array(z.string()).nullish(),
  Categories: z.array(z.union([z.number(), z.string()])).nullish(),
})

const groupFields = z.object({
  $type: text,
  Id: id,
  GroupIndex: integer.nullish(),
  Title: text,
  AccessDescriptor: accessDescriptor,
  ImmediateChildrenCount: count,
  Caption: text,
})

export type Photo = z.output<typeof photo>
export type PhotoSet = z.output<typeof photoSetFields> & { kind: 'photoSet' }
export type Group = z.output<typeof groupFields> & { kind: 'group'; Elements: (Group | PhotoSet)[] | null }
export type Descriptor = z.output<typeof accessDescriptor>

export const photoSet: z.ZodType<PhotoSet> = photoSetFields.transform((set) => ({ ...set, kind: 'photoSet' as const }))

export const group: z.ZodType<Group> = z
  .object({ ...groupFields.shape, Elements: z.array(z.lazy(() => element)).nullish() })
  .transform(({ Elements, ...fields }) => ({ ...fields, kind: 'group' as const, Elements: Elements ?? null }))

/** `$type` decides; where it is missing, the fields that only one of the two has. */
const element: z.ZodType<Group | PhotoSet> = z.unknown().transform((value, context) => {
  const parsed = kindOf(value)?.safeParse(value)
  if (parsed?.success) return parsed.data
  if (parsed) for (const { message, path } of parsed.error.issues) context.addIssue({ code: 'custom', message, path })
  else context.addIssue({ code: 'custom', message: 'a Group or a PhotoSet', path: ['$type'] })
  return z.NEVER
})

function kindOf(value: unknown): typeof group | typeof photoSet | null {
  if (value === null || typeof value !== 'object') return null
  const type = '$type' in value && typeof value.$type === 'string' ? value.$type.split(/[.:]/).at(-1) : undefined
  if (type === 'Group' || (!type && 'Elements' in value)) return group
  if (type === 'PhotoSet' || (!type && ('Type' in value || 'PhotoCount' in value))) return photoSet
  return null
}

export const user = z.object({
  LoginName: z.string().min(1),
  DisplayName: text,
  GalleryCount: count,
  CollectionCount: count,
  PhotoCount: count,
  PhotoBytes: count,
  RawFileCount: count,
  RawFileBytes: count,
})

export const authChallenge = z.object({ PasswordSalt: bytesOfProof, Challenge: bytesOfProof })
export const token = z.string().min(1)
export const photoSize = z.object({ Id: id, Width: integer.nullish(), Height: integer.nullish() })
export const accessRealm = accessDescriptor
export const favoritesSet = z.object({ Id: id, Name: text, SharerName: text, SharerEmail: text })

export const galleryFile = z.object({
  Id: id,
  Size: integer.nullish(),
  FileName: text,
  OriginalUrl: text,
})
export type GalleryFile = z.output<typeof galleryFile>

/** The envelope of every JSON-RPC answer. An error may lack its code, or stand bare without the envelope. */
export const envelope = z.object({
  id: z.union([z.string(), z.number()]).nullish(),
  result: z.unknown().optional(),
  error: z.union([z.object({ code: text, message: text }), z.string()]).nullish(),
  message: text,
})
