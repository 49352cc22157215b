// One picture as the world may ask for it: an original, or a rendition by the name its run gave it.
import { and, eq } from 'drizzle-orm'
import { assets, photos, renditions, runs } from '#db/schema.ts'
import type { House } from './house.ts'
import { type Instructions, instructionsHash } from './instructions.ts'
import { originalKey, renditionKey } from './store/store.ts'

export interface Image {
  /** Where its bytes are in the store. */
  key: string
  bytes: number
  contentType: string
  /** Strong, quoted, the same for the same bytes. */
  etag: string
  /** What to call it when it is saved; as the provider named it. */
  filename: string | null
  /** `private` needs a signed address. */
  access: 'private'
}

/** null where there is no such photo, its bytes are not here (yet), or it has no rendition of that name. */
export async function findImage(
  house: Pick<House, 'db'>,
  publicId: string,
  rendition: string | null,
): Promise<Image | null> {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(publicId)) return null
  const rows = await house.db
    .select({
      clientId: photos.clientId,
      sha256: photos.sha256,
      filename: photos.filename,
      bytes: assets.bytes,
      contentType: assets.contentType,
      named: runs.renditions,
      made: {
        hash: renditions.hash,
        extension: renditions.extension,
        contentType: renditions.contentType,
        bytes: renditions.bytes,
      },
    })
    .from(photos)
    .innerJoin(runs, eq(runs.id, photos.runId))
    .innerJoin(assets, and(eq(assets.clientId, photos.clientId), eq(assets.sha256, photos.sha256)))
    .leftJoin(renditions, and(eq(renditions.clientId, photos.clientId), eq(renditions.sha256, photos.sha256)))
    .where(eq(photos.publicId, publicId))
  const photo = rows[0]
  if (!photo?.sha256) return null
  const { clientId, filename } = photo
  const sha256 = photo.sha256.toString('hex')
  const common = { filename, access: 'private' as const }
  if (rendition === null) {
    const { bytes, contentType } = photo
    return { ...common, key: originalKey(clientId, sha256), bytes, contentType, etag: `"${sha256}"` }
  }
  if (!Object.hasOwn(photo.named, rendition)) return null
  const hash = instructionsHash(photo.named[rendition] as Instructions)
  const made = rows.find((row) => row.made?.hash === hash)?.made
  if (!made) return null
  const key = renditionKey(clientId, sha256, hash, made.extension)
  return { ...common, key, bytes: made.bytes, contentType: made.contentType, etag: `"${sha256}-${hash}"` }
}
