// Keys of the media API: made for a client, known to nobody here once they are told, and good until they expire or are
// revoked.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { recordAudit } from './audit.ts'
import type { Actor, House } from './house.ts'
import { storable } from './jsonb.ts'
import { log } from './log.ts'
import { notFound, Refusal } from './refusal.ts'
import { open, seal } from './sealing.ts'

/** What a key may: send pictures, look at them and at their state, have renditions made of those already here. */
export const scopes = ['upload', 'read', 'process'] as const
export type Scope = (typeof scopes)[number]

/** Who asks the media API. */
export interface Caller {
  keyId: string
  clientId: string
  /** Of the key, as staff call it. */
  name: string
  scopes: Set<Scope>
  /** Its pictures of a day are counted. */
  isCounted: boolean
}

export interface NewKey {
  clientId: string
  /** What staff call it; the key's first characters where absent. */
  name?: string
  scopes: Scope[]
  expiresAt?: Date | null
  /** Requests a minute; absent: the house's default. */
  perMinute?: number | null
  /** Pictures a UTC day; absent: no end. */
  perDay?: number | null
}

export interface MadeKey {
  id: string
  /** Told this once. */
  key: string
  /** `whsec_…`; told this once. */
  webhookSecret: string
}

/** Throws Refusal `not_found`, `invalid_scope`, `invalid_expiry`, `invalid_name`. */
export async function createKey(house: House, actor: Actor, input: NewKey): Promise<MadeKey> {
  const granted = scopes.filter((scope) => input.scopes.includes(scope))
  if (granted.length === 0)
    throw new Refusal('invalid_scope', 422, `A key needs a scope; there are ${scopes.join(', ')}.`)
  if (input.expiresAt && !(input.expiresAt.getTime() > Date.now()))
    throw new Refusal('invalid_expiry', 422, 'A key cannot expire before it is made.')
  const key = `${keyBegin}${randomBytes(32).toString('base64url')}`
  const prefix = key.slice(0, prefixLength)
  const name = storable(input.name?.trim() || prefix)
  if (name.length > 100) throw new Refusal('invalid_name', 422, 'The name of a key has at most 100 characters.')
  const id = randomUUID()
  const webhookSecret = `whsec_${randomBytes(32).toString('base64')}`
  const sealed = seal(house.secretKey, { webhookSecret }, boundTo(input.clientId, id))
  await house.db.transaction(async (tx) => {
    const client = await tx.execute(
      sql`select from clients where id = ${input.clientId} and deletion_id is null for key share`,
    )
    if (client.rows.length === 0) throw notFound('client')
    await tx.execute(sql`
      insert into api_keys (id, client_id, name, prefix, hash, scopes, webhook_secret, per_minute, per_day, created_by, expires_at)
      values (${id}, ${input.clientId}, ${name}, ${prefix}, ${hashOf(key)}, ${sql.param(granted)}::text[], ${sealed},
        ${input.perMinute ?? null}, ${input.perDay ?? null}, ${actor}, ${input.expiresAt?.toISOString() ?? null})`)
    const facts = { name, prefix, scopes: granted, expiresAt: input.expiresAt?.toISOString() ?? null }
    await recordAudit(tx, actor, 'key.create', id, facts, input.clientId)
  })
  return { id, key, webhookSecret }
}

export type KeyState = 'active' | 'expired' | 'revoked'

export interface KeyRow {
  id: string
  client: { id: string; name: string }
  name: string
  /** The key's first characters. */
  prefix: string
  scopes: Scope[]
  state: KeyState
  perMinute: number | null
  perDay: number | null
  createdBy: string
  createdAt: Date
  expiresAt: Date | null
  /** Up to a minute old. */
  lastUsedAt: Date | null
  revokedAt: Date | null
  revokedBy: string | null
}

/** Of one client, or all; those that work first, then the newest; at most 1,000. */
export async function listKeys(house: Pick<House, 'pool'>, clientId?: string): Promise<KeyRow[]> {
  const { rows } = await house.pool.query<KeyRow>(
    `select k.id, json_build_object('id', c.id, 'name', c.name) as client, k.name, k.prefix, k.scopes, ${state} as state,
       k.per_minute as "perMinute", k.per_day as "perDay", k.created_by as "createdBy", k.created_at as "createdAt",
       k.expires_at as "expiresAt", k.last_used_at as "lastUsedAt", k.revoked_at as "revokedAt", k.revoked_by as "revokedBy"
     from api_keys k join clients c on c.id = k.client_id
     where $1::uuid is null or k.client_id = $1
     order by ${state} <> 'active', k.created_at desc, k.id limit 1000`,
    [clientId ?? null],
  )
  return rows
}

/** At once and for good; one that is revoked already stays as it is. Throws Refusal `not_found`. */
export async function revokeKey(house: House, actor: Actor, keyId: string): Promise<void> {
  await house.db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ clientId: string; prefix: string; revoked: boolean }>(sql`
      select client_id as "clientId", prefix, revoked_at is not null as revoked from api_keys where id = ${keyId} for update`)
    const key = rows[0]
    if (!key) throw notFound('key')
    if (key.revoked) return
    await tx.execute(sql`update api_keys set revoked_at = now(), revoked_by = ${actor} where id = ${keyId}`)
    await recordAudit(tx, actor, 'key.revoke', keyId, { prefix: key.prefix }, key.clientId)
  })
}

/** By its id, or by the first characters that are shown of it. Throws Refusal `not_found`, `ambiguous_key`. */
export async function findKey(house: Pick<House, 'pool'>, named: string): Promise<{ id: string }> {
  const { rows } = await house.pool.query<{ id: string }>(
    `select id from api_keys where id::text = $1 or prefix = $1 limit 2`,
    [named],
  )
  if (rows.length > 1) throw new Refusal('ambiguous_key', 409, `Two keys begin with “${named}”: name one by its id.`)
  if (!rows[0]) throw notFound('key')
  return rows[0]
}

/** Whose `Authorization: Bearer <key>` it is; null for none, an unknown, an expired or a revoked one. */
export async function callerOf(
  house: Pick<House, 'pool'>,
  authorization: string | null | undefined,
): Promise<Caller | null> {
  const [, key] = /^Bearer +(\S+) *$/i.exec(authorization ?? '') ?? []
  if (key?.length !== keyLength) return null
  const { rows } = await house.pool.query<Omit<Caller, 'scopes'> & { scopes: Scope[]; seen: boolean }>(
    `select id as "keyId", client_id as "clientId", name, scopes, per_day is not null as "isCounted", coalesce(last_used_at > now() - ${useGrain}, false) as seen
     from api_keys k where hash = $1 and ${state} = 'active'
       and not exists (select from clients c where c.id = k.client_id and c.deletion_id is not null)`,
    [hashOf(key)],
  )
  if (!rows[0]) return null
  const { seen, ...caller } = rows[0]
  if (!seen) noteUse(house, caller.keyId)
  return { ...caller, scopes: new Set(caller.scopes) }
}

/** The secret that signs what is told to this key's receivers. Throws Refusal `not_found`, SealBroken. */
export async function webhookSecretOf(house: Pick<House, 'pool' | 'secretKey'>, keyId: string): Promise<string> {
  const { rows } = await house.pool.query<{ clientId: string; sealed: Buffer }>(
    'select client_id as "clientId", webhook_secret as sealed from api_keys where id = $1',
    [keyId],
  )
  if (!rows[0]) throw notFound('key')
  const opened = open(house.secretKey, rows[0].sealed, boundTo(rows[0].clientId, keyId))
  return (opened as { webhookSecret: string }).webhookSecret
}

const keyBegin = 'pass_'
const keyLength = keyBegin.length + 43 // 32 bytes in base64url
const prefixLength = keyBegin.length + 8

const state = `case when k.revoked_at is not null then 'revoked' when k.expires_at <= now() then 'expired' else 'active' end`

/** How exactly the last use is kept: a busy key is not a busy row. */
const useGrain = `interval '1 minute'`

/** Nobody waits for it: the answer does not depend on it. */
function noteUse(house: Pick<House, 'pool'>, keyId: string): void {
  house.pool
    .query(
      `update api_keys set last_used_at = now() where id = $1 and (last_used_at is null or last_used_at <= now() - ${useGrain})`,
      [keyId],
    )
    .catch((error: Error) => log.warn({ err: error.message }, 'keys: last use'))
}

function hashOf(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

function boundTo(clientId: string, keyId: string): string[] {
  return [clientId, keyId, 'webhook secret']
}
