// One picture as the world may ask for it: an original, or a rendition by the name it was asked for under.
import { isDeepStrictEqual } from 'node:util'
import type { House } from './house.ts'
import { type Instructions, instructionsHash } from './instructions.ts'
import { originalKey, renditionKey } from './store/store.ts'

export interface StoredPicture {
  /** Where its bytes are in the store. */
  key: string
  bytes: number
  contentType: string
  /** Strong, quoted, the same for the same bytes. */
  etag: string
}

export interface Image extends StoredPicture {
  /** What to call it when it is saved; as its sender or provider named it. */
  filename: string | null
  /** `private` needs a signed address; whatever was migrated is. */
  access: 'public' | 'private'
  /** An AVIF of the same rendition where this is a WebP, a WebP where it is an AVIF; null where both were not made. */
  twin: StoredPicture | null
}

/** `gone`: it was deleted. null: no such photo, its bytes are not here (yet), or no rendition of that name. */
export type Found = Image | 'gone' | null

export type FindImage = (publicId: string, rendition: string | null) => Promise<Found>

/** Asks the ledger about one picture. */
export async function findImage(
  house: Pick<House, 'pool'>,
  publicId: string,
  rendition: string | null,
): Promise<Found> {
  if (!isPublicId(publicId)) return null
  const rows = await knownOf(house, [publicId])
  return imageOf(rows.get(publicId)!, rendition)
}

const mostAtOnce = 200
const mostQueries = 2

/**
 * Asks about many pictures with few queries: whoever asks while these are under way goes together with the others who
 * wait. Each answer is of a query that began after it was asked for.
 */
export function imageFinder(house: Pick<House, 'pool'>): FindImage {
  const waiting = new Map<string, PromiseWithResolvers<Known>>()
  let queries = 0

  async function ask(): Promise<void> {
    const asked = [...waiting].slice(0, mostAtOnce)
    for (const [id] of asked) waiting.delete(id)
    try {
      const known = await knownOf(
        house,
        asked.map(([id]) => id),
      )
      for (const [id, { resolve }] of asked) resolve(known.get(id)!)
    } catch (error) {
      for (const [, { reject }] of asked) reject(error)
    }
  }

  async function askAll(): Promise<void> {
    queries += 1
    // Requests that have arrived together are read one after the other; they all go.
    await new Promise(setImmediate)
    while (waiting.size > 0) await ask()
    queries -= 1
  }

  return async (publicId, rendition) => {
    if (!isPublicId(publicId)) return null
    let one = waiting.get(publicId)
    if (!one) {
      one = Promise.withResolvers()
      waiting.set(publicId, one)
      if (queries < mostQueries) void askAll()
    }
    return imageOf(await one.promise, rendition)
  }
}

function isPublicId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)
}

interface Made {
  hash: string
  extension: string
  contentType: string
  bytes: number
  fileSha256: string
}

/** What the ledger has of a public id: everything but the id is null or empty where it knows nothing. */
interface Known {
  id: string
  deleted: boolean
  clientId: string
  filename: string | null
  isPublic: boolean
  sha256: string | null
  /** Only its renditions are left, as its client wants it. */
  originalRemoved: boolean
  bytes: number
  contentType: string
  named: { [name: string]: Instructions }
  made: Made[]
}

/** One for each id. */
async function knownOf({ pool }: Pick<House, 'pool'>, ids: string[]): Promise<Map<string, Known>> {
  // What was asked for of one photo goes before what its run makes of all.
  const { rows } = await pool.query<Known>({
    name: 'images', // planned once a connection: planning costs more than looking
    text: `select asked.id, d.public_id is not null or p.state = 'deleted' or c.deletion_id is not null as deleted, p.client_id as "clientId", p.filename,
       r.kind = 'upload' and p.access is not distinct from 'public' as "isPublic",
       encode(a.sha256, 'hex') as sha256, a.removed_at is not null as "originalRemoved", a.bytes, a.content_type as "contentType",
       r.renditions || (
         select coalesce(jsonb_object_agg(w.name, w.instructions), '{}') from wanted_renditions w where w.photo_id = p.id
       ) as named,
       (
         select coalesce(json_agg(json_build_object(
           'hash', m.hash, 'extension', m.extension, 'contentType', m.content_type, 'bytes', m.bytes,
           'fileSha256', encode(m.file_sha256, 'hex')
         )), '[]')
         from renditions m where m.client_id = p.client_id and m.sha256 = p.sha256
       ) as made
     from unnest($1::uuid[]) as asked(id)
     left join deleted_images d on d.public_id = asked.id
     left join photos p on p.public_id = asked.id
     left join runs r on r.id = p.run_id
     left join clients c on c.id = p.client_id
     left join assets a on a.client_id = p.client_id and a.sha256 = p.sha256`,
    values: [ids],
  })
  return new Map(rows.map((row) => [row.id, row]))
}

function imageOf(known: Known, rendition: string | null): Found {
  if (known.deleted) return 'gone'
  const { clientId, sha256, filename, bytes, contentType, isPublic } = known
  if (!sha256) return null
  const common = { filename, access: isPublic ? ('public' as const) : ('private' as const), twin: null }
  if (rendition === null) {
    if (known.originalRemoved) return 'gone'
    return { ...common, key: originalKey(clientId, sha256), bytes, contentType, etag: `"${sha256}"` }
  }
  if (!Object.hasOwn(known.named, rendition)) return null
  const wanted = known.named[rendition]!
  const made = madeBy(known, wanted)
  if (!made) return null
  const twin = twinOf(known, wanted)
  return { ...common, ...pictureOf(known, made), twin: twin && pictureOf(known, twin) }
}

function madeBy({ made }: Known, instructions: Instructions): Made | null {
  if (made.length === 0) return null
  const hash = instructionsHash(instructions)
  return made.find((one) => one.hash === hash) ?? null
}

/** Asked for under another name, and alike in everything but what browsers negotiate. */
function twinOf(known: Known, wanted: Instructions): Made | null {
  const format = ({ webp: 'avif', avif: 'webp' } as { [format: string]: string })[wanted.format]
  if (!known.made.some(({ extension }) => extension === format)) return null
  const alike = Object.values(known.named).find(
    (other) =>
      other.format === format &&
      isDeepStrictEqual({ ...other, format: null, quality: null }, { ...wanted, format: null, quality: null }),
  )
  return alike ? madeBy(known, alike) : null
}

function pictureOf({ clientId, sha256 }: Known, made: Made): StoredPicture {
  const { bytes, contentType } = made
  const key = renditionKey(clientId, sha256!, made.hash, made.extension)
  return { key, bytes, contentType, etag: `"${made.fileSha256}"` }
}
