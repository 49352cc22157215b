// What Pic-Time sends, as far as it is read. Rows are positional. Columns and keys that nobody has
// sourced are not read at all.
import { z } from 'zod'

/** Numeric ids of up to 11 digits, told as strings. */
const id = z.union([z.number().int().nonnegative(), z.string().regex(/^\d+$/)]).transform(String)
const count = z
  .union([z.number(), z.string().regex(/^\d+$/).transform(Number)])
  .pipe(z.number().int().nonnegative())
  .nullish()
const text = z.string().nullish()

/** A moment as far as Pic-Time tells it: the calendar day as written, and for its age the milliseconds since 1970. */
export interface Moment {
  day: string
  milliseconds: number
}

/** ISO with or without a zone, or `/Date(ms)/`; null where absent or in year 1. A written day is never shifted. */
const moment = z
  .string()
  .nullish()
  .transform((value, context): Moment | null => {
    const written = value?.trim()
    if (!written) return null
    const moment = dotNetMoment(written) ?? isoMoment(written)
    if (!moment) context.addIssue({ code: 'custom', message: 'a date in ISO 8601 or as /Date(ms)/' })
    return moment && Number(moment.day.slice(0, 4)) > 1 ? moment : null
  })

function dotNetMoment(written: string): Moment | null {
  const [, ticks, sign, hours, minutes] = /^\/Date\((-?\d{1,15})(?:([+-])(\d{2})(\d{2}))?\)\/$/.exec(written) ?? []
  if (ticks === undefined) return null
  const offset = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000 * (sign === '-' ? -1 : 1)
  const there = new Date(Number(ticks) + offset)
  if (Number.isNaN(there.getTime())) return null
  const day = there.toISOString().slice(0, 10)
  return { day: there.getUTCFullYear() < 1 ? '0001-01-01' : day, milliseconds: Number(ticks) }
}

const iso = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.\d+)?\s?(Z|[+-]\d{2}:?\d{2})?)?$/i

function isoMoment(written: string): Moment | null {
  const [, day, time = '00:00', zone = 'Z'] = iso.exec(written) ?? []
  if (!day) return null
  const atDay = new Date(`${day}T00:00:00Z`)
  const isDay = !Number.isNaN(atDay.getTime()) && atDay.toISOString().startsWith(day)
  const milliseconds = Date.parse(`${day}T${time}${zone.toUpperCase().replace(/^([+-]\d{2})(\d{2})$/, '$1:$2')}`)
  return isDay && !Number.isNaN(milliseconds) ? { day, milliseconds } : null
}

/** A positional row by the names of the columns that are known; nothing else passes for one. */
function row<Shape extends z.ZodRawShape>(columns: Record<keyof Shape, number>, shape: Shape) {
  const named = (value: unknown[]) =>
    Object.fromEntries(Object.entries<number>(columns).map(([name, index]) => [name, value[index]]))
  return z.preprocess((value) => (Array.isArray(value) ? named(value) : null), z.object(shape))
}

const projectRow = row(
  { status: 0, created: 4, eventDate: 6, name: 7, photoCount: 8, projectId: 9, coverFile: 10, otherName: 12 },
  {
    status: z.union([z.number(), z.string()]).nullish(),
    created: moment,
    eventDate: moment,
    name: text,
    photoCount: count,
    projectId: id,
    coverFile: text,
    otherName: text,
  },
)
const sceneRow = row({ name: 0, sceneId: 1 }, { name: text, sceneId: id })
const photoRow = row({ fileName: 0, photoId: 1, sceneId: 4 }, { fileName: text, photoId: id, sceneId: id.nullish() })

export type ProjectRow = z.output<typeof projectRow>
export type SceneRow = z.output<typeof sceneRow>
export type PhotoRow = z.output<typeof photoRow>

export const dashboard = z.object({ projects_s: projectRow.array() })
/** The other keys are settings that nobody has named yet; `boundsOf` looks for the one kind that matters. */
export const project = z.looseObject({ virtualPath: z.string().min(1) })
export type Settings = z.output<typeof project>
export const contents = z.object({ scenes_s: sceneRow.array().nullish(), photos_s: photoRow.array() })

/** Sent back as it came. */
export const jobId = z.union([z.number(), z.string().min(1)])
export const job = z.object({ userJobId: jobId })
export const exported = z.object({ newExports: z.array(job).min(1) })
export const download = z.object({ downloadUrl: text })
export const asked = z.looseObject({})
/** 20 is ready; what the others mean is not known, and null is not 20 either. */
export const retrieval = z.object({
  status: z.union([
    z.null(),
    z.number(),
    z
      .string()
      .regex(/^-?\d+$/)
      .transform(Number),
  ]),
})

/** The envelope of every asmx answer, and of ASP.NET's own errors. */
export const envelope = z.looseObject({ d: z.unknown().optional(), Message: text })

/** True where a download is held to a width or height anywhere in these settings: what then comes is no original. */
export function isBounded(settings: unknown, depth = 4): boolean {
  if (depth === 0 || settings === null || typeof settings !== 'object') return false
  return Object.entries(settings).some(([key, value]) =>
    /^bound(width|height)$/i.test(key) ? Number(value) > 0 : isBounded(value, depth - 1),
  )
}
