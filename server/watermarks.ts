// A client's own pictures for watermarks. Instructions name one (`logo.png`) as they come in and hold the very picture
// from then on, so that a picture put in its place makes other renditions and never changes those that are there.
import { createHash } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { recordAudit } from './audit.ts'
import type { Actor, House } from './house.ts'
import type { Instructions } from './instructions.ts'
import { notFound, Refusal } from './refusal.ts'
import { completeness, sniff } from './sniff.ts'
import { watermarkKey } from './store/store.ts'

export const largestWatermarkBytes = 2_000_000
const largestPixels = 25e6 // what the drawing of watermarks takes

export interface WatermarkRow {
  name: string
  bytes: number
  width: number
  height: number
  addedBy: string
  addedAt: Date
}

/** Those that a name means now, by name. */
export async function listWatermarks(house: Pick<House, 'pool'>, clientId: string): Promise<WatermarkRow[]> {
  const { rows } = await house.pool.query<WatermarkRow>(
    `select name, bytes, width, height, added_by as "addedBy", added_at as "addedAt" from watermarks
     where client_id = $1 and replaced_at is null order by name limit 1000`,
    [clientId],
  )
  return rows
}

/**
 * Under a new name, or in place of the picture that had it. A PNG, which can be transparent.
 * Throws Refusal `invalid_name`, `invalid_watermark`, `file_too_large`, `not_found`.
 */
export async function putWatermark(
  house: House,
  actor: Actor,
  { clientId, name, bytes }: { clientId: string; name: string; bytes: Buffer },
): Promise<void> {
  if (!namePattern.test(name) || stored.test(name))
    throw new Refusal('invalid_name', 422, 'A name is 1 to 100 characters without slashes, such as logo.png.')
  const { width, height } = await sizeOf(bytes)
  const sha256 = createHash('sha256').update(bytes).digest()
  const client = await house.pool.query('select from clients where id = $1', [clientId])
  if (client.rowCount === 0) throw notFound('client')
  await house.store.put(keyOf(clientId, sha256), bytes, {
    sha256: sha256.toString('hex'),
    bytes: bytes.length,
    contentType: 'image/png',
    proven: true,
  })
  await house.db.transaction(async (tx) => {
    await tx.execute(sql`select from clients where id = ${clientId} for no key update`)
    await tx.execute(sql`
      update watermarks set replaced_at = now()
      where client_id = ${clientId} and name = ${name} and replaced_at is null and sha256 <> ${sha256}`)
    await tx.execute(sql`
      insert into watermarks (client_id, name, sha256, bytes, content_type, width, height, added_by)
      values (${clientId}, ${name}, ${sha256}, ${bytes.length}, 'image/png', ${width}, ${height}, ${actor})
      on conflict (client_id, name, sha256) do update set replaced_at = null, added_by = excluded.added_by, added_at = now()`)
    await recordAudit(tx, actor, 'watermark.put', name, { sha256: sha256.toString('hex') }, clientId)
  })
}

/** Nothing can name it any more; renditions made with it stay. Throws Refusal `not_found`. */
export async function removeWatermark(house: House, actor: Actor, clientId: string, name: string): Promise<void> {
  await house.db.transaction(async (tx) => {
    const { rows } = await tx.execute(sql`
      update watermarks set replaced_at = now()
      where client_id = ${clientId} and name = ${name} and replaced_at is null returning name`)
    if (rows.length === 0) throw notFound('watermark')
    await recordAudit(tx, actor, 'watermark.remove', name, {}, clientId)
  })
}

/** The picture that a name means now, as PNG. Throws Refusal `not_found`. */
export async function readWatermark(house: House, clientId: string, name: string): Promise<Buffer> {
  const sha256 = await currentPicture(house.db, clientId, name)
  if (!sha256) throw notFound('watermark')
  return buffer((await house.store.get(keyOf(clientId, sha256))).stream)
}

/**
 * The same instructions with the picture itself in place of its name; those that hold one already stay as they are.
 * Throws Refusal `invalid_watermark` where the client has no such picture.
 */
export async function withPicture(tx: Tx, clientId: string, instructions: Instructions): Promise<Instructions> {
  const { watermark } = instructions
  if (!watermark || !('picture' in watermark)) return instructions
  const [, hex] = stored.exec(watermark.picture) ?? []
  const sha256 = hex
    ? await knownPicture(tx, clientId, Buffer.from(hex, 'hex'))
    : await currentPicture(tx, clientId, watermark.picture)
  if (!sha256)
    throw new Refusal('invalid_watermark', 422, 'This client has no watermark picture of that name: add it first.')
  return { ...instructions, watermark: { ...watermark, picture: pictureOf(sha256) } }
}

/** Removes pictures that no name has meant for a month, of clients without an open run that could still ask for one. */
export async function sweepWatermarks(house: House): Promise<number> {
  const { rows } = await house.pool.query<{ clientId: string; sha256: Buffer }>(
    `select client_id as "clientId", sha256 from watermarks w where not exists (
       select 1 from runs r where r.client_id = w.client_id and r.state in ('surveying', 'planned', 'running', 'paused', 'blocked'))
     group by client_id, sha256 having bool_and(coalesce(replaced_at, now()) < now() - interval '30 days')`,
  )
  for (const { clientId, sha256 } of rows) {
    await house.store.remove([keyOf(clientId, sha256)])
    await house.pool.query('delete from watermarks where client_id = $1 and sha256 = $2', [clientId, sha256])
  }
  return rows.length
}

const namePattern = /^[^\p{Cc}\p{Cs}/\\]{1,100}$/u
/** A picture itself, as instructions hold it. */
const stored = /^sha256:([0-9a-f]{64})$/

const pictureOf = (sha256: Buffer) => `sha256:${sha256.toString('hex')}`
const keyOf = (clientId: string, sha256: Buffer) => watermarkKey(clientId, pictureOf(sha256))

async function currentPicture(tx: Tx, clientId: string, name: string): Promise<Buffer | null> {
  const { rows } = await tx.execute<{ sha256: Buffer }>(sql`
    select sha256 from watermarks where client_id = ${clientId} and name = ${name} and replaced_at is null`)
  return rows[0]?.sha256 ?? null
}

async function knownPicture(tx: Tx, clientId: string, sha256: Buffer): Promise<Buffer | null> {
  const { rows } = await tx.execute(
    sql`select from watermarks where client_id = ${clientId} and sha256 = ${sha256} limit 1`,
  )
  return rows.length > 0 ? sha256 : null
}

/** In pixels, from the header of a PNG that is all there. */
async function sizeOf(bytes: Buffer): Promise<{ width: number; height: number }> {
  if (bytes.length > largestWatermarkBytes)
    throw new Refusal('file_too_large', 413, `A watermark has at most ${largestWatermarkBytes / 1e6} MB.`)
  const { contentType } = await sniff(bytes)
  if (contentType !== 'image/png' || bytes.length < 33)
    throw new Refusal('invalid_watermark', 422, 'A watermark is a PNG picture, which can be transparent.')
  if (completeness(contentType, bytes, bytes, bytes.length) === 'truncated')
    throw new Refusal('invalid_watermark', 422, 'This PNG is cut off: its end is missing.')
  // IHDR comes first, behind 8 bytes of signature and 8 of its own length and name.
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)]
  if (width === 0 || height === 0 || width * height > largestPixels)
    throw new Refusal('invalid_watermark', 422, 'A watermark has at most 25 million pixels.')
  return { width, height }
}
