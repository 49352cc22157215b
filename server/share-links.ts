// Links that show a client its own page without signing in: 32 random bytes that nobody here knows once they are told.
import { createHash, randomBytes } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { recordAudit } from './audit.ts'
import type { Actor, House } from './house.ts'
import { log } from './log.ts'
import { notFound, Refusal } from './refusal.ts'

export const longestLinkDays = 365

export interface MadeLink {
  id: string
  /** Told this once. */
  url: string
  expiresAt: Date
}

/** Throws Refusal `not_found`, `invalid_expiry`. */
export async function createShareLink(
  house: Pick<House, 'db' | 'env'>,
  actor: Actor,
  input: { clientId: string; days: number },
): Promise<MadeLink> {
  const { clientId, days } = input
  if (!(days >= 1 && days <= longestLinkDays))
    throw new Refusal('invalid_expiry', 422, `A link works for 1 to ${longestLinkDays} days.`)
  const token = randomBytes(32).toString('base64url')
  return house.db.transaction(async (tx) => {
    const client = await tx.execute(
      sql`select from clients where id = ${clientId} and deletion_id is null for key share`,
    )
    if (client.rows.length === 0) throw notFound('client')
    const { rows } = await tx.execute<{ id: string; expiresAt: string }>(sql`
      insert into share_links (client_id, hash, created_by, expires_at)
      values (${clientId}, ${hashOf(token)}, ${actor}, now() + ${days} * interval '1 day')
      returning id, expires_at as "expiresAt"`)
    const { id } = rows[0]!
    const expiresAt = new Date(rows[0]!.expiresAt)
    await recordAudit(tx, actor, 'link.create', id, { expiresAt: expiresAt.toISOString() }, clientId)
    return { id, url: `${house.env.CONSOLE_URL}/p/${token}`, expiresAt }
  })
}

export interface ShareLinkRow {
  id: string
  state: 'active' | 'expired' | 'revoked'
  createdBy: string
  createdAt: Date
  expiresAt: Date
  /** Up to a minute old. */
  lastUsedAt: Date | null
  revokedAt: Date | null
  revokedBy: string | null
}

/** Those that work first, then the newest; at most 200. */
export async function listShareLinks(house: Pick<House, 'pool'>, clientId: string): Promise<ShareLinkRow[]> {
  const { rows } = await house.pool.query<ShareLinkRow>(
    `select l.id, ${state} as state, l.created_by as "createdBy", l.created_at as "createdAt", l.expires_at as "expiresAt",
       l.last_used_at as "lastUsedAt", l.revoked_at as "revokedAt", l.revoked_by as "revokedBy"
     from share_links l where l.client_id = $1 order by ${state} <> 'active', l.created_at desc, l.id limit 200`,
    [clientId],
  )
  return rows
}

/** At once and for good; pages that are open by it close within a second. Throws Refusal `not_found`. */
export async function revokeShareLink(house: Pick<House, 'db'>, actor: Actor, id: string): Promise<void> {
  await house.db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ clientId: string; revoked: boolean }>(sql`
      select client_id as "clientId", revoked_at is not null as revoked from share_links where id = ${id} for update`)
    if (!rows[0]) throw notFound('link')
    if (rows[0].revoked) return
    await tx.execute(sql`update share_links set revoked_at = now(), revoked_by = ${actor} where id = ${id}`)
    await recordAudit(tx, actor, 'link.revoke', id, {}, rows[0].clientId)
  })
}

/** Whose page it opens; null for one that is unknown, expired, revoked, or of a client that is to be removed. */
export async function openShareLink(
  house: Pick<House, 'pool'>,
  token: string,
): Promise<{ id: string; clientId: string } | null> {
  if (token.length !== tokenLength) return null
  const { rows } = await house.pool.query<{ id: string; clientId: string; seen: boolean }>(
    `select l.id, l.client_id as "clientId", coalesce(l.last_used_at > now() - ${useGrain}, false) as seen
     from share_links l join clients c on c.id = l.client_id
     where l.hash = $1 and ${state} = 'active' and c.deletion_id is null`,
    [hashOf(token)],
  )
  if (!rows[0]) return null
  const { seen, ...link } = rows[0]
  if (!seen) noteUse(house, link.id)
  return link
}

/** Which of these links still work. */
export async function livingLinks(house: Pick<House, 'pool'>, ids: string[]): Promise<Set<string>> {
  const { rows } = await house.pool.query<{ id: string }>(
    `select l.id from share_links l where l.id = any($1::uuid[]) and ${state} = 'active'`,
    [ids],
  )
  return new Set(rows.map((row) => row.id))
}

const tokenLength = 43 // 32 bytes in base64url

const state = `case when l.revoked_at is not null then 'revoked' when l.expires_at <= now() then 'expired' else 'active' end`

/** How exactly the last use is kept: a busy link is not a busy row. */
const useGrain = `interval '1 minute'`

/** Nobody waits for it: the answer does not depend on it. */
function noteUse(house: Pick<House, 'pool'>, id: string): void {
  house.pool
    .query('update share_links set last_used_at = now() where id = $1', [id])
    .catch((error: Error) => log.warn({ err: error.message }, 'share links: last use'))
}

/** 32 random bytes cannot be guessed, so nothing slower is needed. */
function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
