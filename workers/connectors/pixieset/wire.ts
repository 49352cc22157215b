// What Pixieset sends, as far as it is read, and the selectors of its pages. Ids and integers arrive as numbers or as
// text, from one record to the next; a field whose absence means that the answer was not understood stays `undefined`.
import { z } from 'zod'
import { whenOf } from './dates.ts'

export const selectors = {
  username: '#UserLogin_username',
  password: '#UserLogin_password',
  submit: '#login-button',
  signInError: '.errorMessage, .errorSummary, .help-block-error, .has-error .help-block, .alert-danger',
  portalCollection: 'div.collection-item, .collection-item',
  portalLock: '.lock',
} as const

const anything = z.unknown().optional()
/** Opaque; what could lead an address elsewhere is none. */
const id = z.union([z.number().int().transform(String), z.string().trim()]).pipe(z.string().regex(/^[\w-]{1,64}$/))
/** null, 0 and nothing are none. */
const optionalId = anything.transform((value) => {
  const read = id.safeParse(value)
  return read.success && read.data !== '0' ? read.data : null
})
const integer = anything.transform((value): number | null | undefined => {
  if (value === undefined) return undefined
  const read = typeof value === 'string' && /^\s*-?\d+\s*$/.test(value) ? Number(value) : value
  return typeof read === 'number' && Number.isSafeInteger(read) ? read : null
})
const count = integer.transform((value) => (typeof value === 'number' && value < 0 ? null : value))
const number = anything.transform((value) => {
  const read = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof read === 'number' && Number.isFinite(read) ? read : null
})
/** As written, spaces at the ends included. */
const text = anything.transform((value): string | null | undefined => {
  if (value === undefined) return undefined
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : null
})
const flag = anything.transform((value): boolean | null => {
  if (value === true || value === 1 || value === '1' || value === 'true') return true
  return value === false || value === 0 || value === '0' || value === 'false' ? false : null
})
const date = anything.transform((value) => (value === undefined ? undefined : whenOf(value)))
/** true: there is one that is not told. */
const password = anything.transform((value): string | true | null | undefined => {
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  return value === undefined ? undefined : value === null || value === false ? null : true
})
const object = z.record(z.string(), z.unknown())

export const collection = z.object({
  id,
  name: text,
  description: text,
  url_key: text,
  event_date: date,
  create_at: date,
  created_at: date,
  expire_at: date,
  photo_count: count,
  status: anything,
  folder_id: optionalId,
  coverPhoto: text,
  collection_download: anything,
  photo_download: anything,
  high_res_download_size: anything,
  web_download_size: anything,
  download_size: anything,
  password,
})
export type Collection = z.output<typeof collection>

/** Beyond id and name nothing is known of a folder; these are the names that such a field usually has. */
export const folder = z.looseObject({
  id,
  name: text,
  title: text,
  description: text,
  parent_id: optionalId,
  parent_folder_id: optionalId,
  folder_id: optionalId,
  parent: anything,
})
export type Folder = z.output<typeof folder>

export const set = z.object({
  id,
  name: text,
  description: text,
  photo_count: count,
  video_count: count,
  private: flag,
})
export type ListedSet = z.output<typeof set>

/** A set as it answers by itself; its arrays are read as they flow and are empty here. */
export const openedSet = z.looseObject({
  photos: z.array(z.unknown()).nullish(),
  videos: z.array(z.unknown()).nullish(),
})

export const photo = z.object({
  id,
  name: text,
  description: text,
  mime_type: text,
  size: integer,
  width: integer,
  height: integer,
  rank: number,
  capture_date: date,
  starred: flag,
  visibility_status: anything,
  mark_private_at: anything,
  path_thumb: text,
  path_medium: text,
  path_large: text,
  path_xlarge: text,
  path_xxlarge: text,
})
export type Photo = z.output<typeof photo>

const rendition = z.object({ name: z.string().min(1), ext: text, width: number, height: number, filesize: integer })
/** JSON in a string; understood too where it is not in one. */
const metadata = anything.transform((value) => {
  const read = muxMetadata.safeParse(typeof value === 'string' ? jsonIn(value) : value)
  return read.success ? read.data : null
})
const muxMetadata = z.object({
  duration: anything,
  static_renditions: z
    .object({ files: z.array(z.unknown()).nullish() })
    .nullish()
    .transform((all) =>
      (all?.files ?? []).flatMap((file) => {
        const read = rendition.safeParse(file)
        return read.success ? [read.data] : []
      }),
    ),
})
export type Rendition = z.output<typeof rendition>

export const video = z.object({
  id,
  name: text,
  description: text,
  width: integer,
  height: integer,
  rank: number,
  capture_date: date,
  mux_status: integer,
  metadata,
  video_source: text,
})
export type Video = z.output<typeof video>

export const bootstrap = z.looseObject({
  user: z.looseObject({ id: optionalId, username: text }),
  profile: z.looseObject({ business_name: text }).nullish().catch(null),
})

export const page = z.looseObject({ current_page: count, last_page: count, total: count })

/** Shape unknown: several names for each thing. */
export const favouriteList = z.looseObject({ name: text, title: text }).transform((list) => ({
  ref: firstId(list, ['id', 'fk', 'key']),
  name: list.name ?? list.title ?? '',
  owner: ownerOf(list),
  photoRefs: photoRefsOf(list),
  /** A picked photo by itself, not a list of some. */
  isPhoto: 'photo_id' in list,
}))
export type FavouriteEntry = z.output<typeof favouriteList>

function ownerOf(list: Record<string, unknown>): string | null {
  if (typeof list.email === 'string' && list.email !== '') return list.email
  for (const person of [list.client, list.visitor]) {
    if (typeof person === 'string' && person !== '') return person
    const email = object.safeParse(person).data?.email
    if (typeof email === 'string' && email !== '') return email
  }
  return null
}

/** null: not told, or not understood as a whole. */
function photoRefsOf(list: Record<string, unknown>): string[] | null {
  const told = [list.photos, list.photo_ids, list.items].find((value) => Array.isArray(value)) as unknown[] | undefined
  const refs = told?.map((entry) => {
    const bare = id.safeParse(entry)
    return bare.success ? bare.data : firstId(object.safeParse(entry).data ?? {}, ['photo_id', 'id'])
  })
  return refs?.every((ref) => ref !== null) ? [...new Set(refs)] : null
}

function firstId(of: Record<string, unknown>, names: string[]): string | null {
  for (const name of names) {
    const read = id.safeParse(of[name])
    if (read.success) return read.data
  }
  return null
}

function jsonIn(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    return undefined
  }
}

/** The objects that an answer may mean, from the inside out: Pixieset wraps in `data`, sometimes twice. */
export function layersOf(body: unknown): Record<string, unknown>[] {
  const layers: Record<string, unknown>[] = []
  for (
    let layer = object.safeParse(body);
    layer.success && layers.length < 3;
    layer = object.safeParse(layer.data.data)
  )
    layers.unshift(layer.data)
  return layers
}

/** The list under one of `keys`, or `data` itself where that is the list. */
export function listIn(body: unknown, keys: string[]): unknown[] | null {
  for (const layer of layersOf(body)) {
    for (const key of [...keys, 'data']) {
      const value = layer[key]
      if (Array.isArray(value)) return value
    }
  }
  return Array.isArray(body) ? body : null
}
