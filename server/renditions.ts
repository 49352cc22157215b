// What was made of each original, once per client and instructions.
import { sql } from 'drizzle-orm'
import type { House } from './house.ts'
import { jsonb } from './jsonb.ts'

export interface MadeRendition {
  /** Hash of the instructions. */
  hash: string
  extension: string
  contentType: string
  bytes: number
  /** Of the rendition itself, hex. */
  fileSha256: string
  width: number
  height: number
  level: string
}

/** Pixels as displayed and the outcome code of an original that has all of these already; null where one is missing. */
export async function renditionsOf(
  house: House,
  clientId: string,
  sha256: string,
  hashes: string[],
): Promise<{ code: string; width: number | null; height: number | null } | null> {
  const { rows } = await house.pool.query<{
    made: number
    code: string | null
    width: number | null
    height: number | null
  }>(
    `select (select count(*)::int from renditions r where r.client_id = a.client_id and r.sha256 = a.sha256 and r.hash = any($3)) as made,
       a.rendition_code as code, a.width, a.height
     from assets a where a.client_id = $1 and a.sha256 = decode($2, 'hex')`,
    [clientId, sha256, hashes],
  )
  const asset = rows[0]
  return asset?.code && asset.made === hashes.length
    ? { code: asset.code, width: asset.width, height: asset.height }
    : null
}

export async function recordRenditions(
  house: House,
  clientId: string,
  sha256: string,
  asset: { width: number | null; height: number | null; code: string },
  made: MadeRendition[],
): Promise<void> {
  await house.db.execute(sql`
    with kept as (
      insert into renditions (client_id, sha256, hash, extension, content_type, bytes, file_sha256, width, height, level)
      select ${clientId}::uuid, decode(${sha256}, 'hex'), r.hash, r.extension, r."contentType", r.bytes, decode(r."fileSha256", 'hex'), r.width, r.height, r.level
      from jsonb_to_recordset(${jsonb(made)}::jsonb) as r(hash text, extension text, "contentType" text, bytes int4, "fileSha256" text, width int4, height int4, level text)
      on conflict (client_id, sha256, hash) do update set bytes = excluded.bytes, file_sha256 = excluded.file_sha256, level = excluded.level
    )
    update assets set width = ${asset.width}, height = ${asset.height}, rendition_code = ${asset.code}
    where client_id = ${clientId} and sha256 = decode(${sha256}, 'hex')`)
}
