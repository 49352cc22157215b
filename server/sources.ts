// One client's account at a provider: credentials (sealed, never shown), the session all workers share, its health.
import { createHash, createHmac } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { recordAudit } from './audit.ts'
import type { Actor, House } from './house.ts'
import { jsonb } from './jsonb.ts'
import { announce } from './live.ts'
import { type ProviderId, providers } from './providers.ts'
import { notFound, Refusal } from './refusal.ts'
import { seal } from './sealing.ts'
import { wantsSession } from './standing.ts'

export type Health = 'untested' | 'ok' | 'refused' | 'challenge' | 'unreachable'

export interface SourceView {
  id: string
  clientId: string
  provider: ProviderId
  title: string
  health: Health
  /** One sentence that says what a person has to do. */
  todo: string | null
  checkedAt: Date | null
  /** When a session that only a person can renew ends. */
  sessionEndsAt: Date | null
  hasCredentials: boolean
  /** When these credentials were given. */
  givenAt: Date | null
  /** Others were handed over meanwhile; they take over once a worker has signed in with them. */
  offered: boolean
  /** The provider's own id of the account, once signed in. */
  accountRef: string | null
  endpoints: Record<string, string>
}

export interface NewSource {
  clientId: string
  provider: string
  title?: string
  credentials: unknown
  /** Overrides by endpoint name; the others are the provider's own. */
  endpoints?: Record<string, string>
}

/** The same account at the same endpoints is the same source. Throws Refusal `unknown_provider`, `invalid_credentials`, `unknown_endpoint`, `invalid_endpoint`, `not_found`. */
export async function addSource(
  house: House,
  actor: Actor,
  input: NewSource,
): Promise<{ id: string; existed: boolean }> {
  const provider = providerOf(input.provider)
  const credentials = credentialsOf(provider, input.credentials)
  const endpoints = endpointsOf(provider, input.endpoints ?? {})
  const accountKey = accountKeyOf(credentials, endpoints)
  const account = credentials.loginName ?? credentials.email
  return house.db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ id: string; existed: boolean }>(sql`
      insert into sources (client_id, provider, account_key, title, endpoints)
      select id, ${provider}, ${accountKey}, ${input.title || account || providers[provider].title}, ${jsonb(endpoints)}::jsonb
      from clients where id = ${input.clientId}
      on conflict (client_id, provider, account_key) do update set endpoints = excluded.endpoints
      returning id, (xmax <> 0) as existed`)
    if (!rows[0]) throw notFound('client')
    const { id, existed } = rows[0]
    if (existed && (await areKept(tx, house, id, credentials))) return { id, existed }
    await keepCredentials(tx, house, input.clientId, id, credentials)
    await recordAudit(tx, actor, existed ? 'source.credentials' : 'source.create', id, { provider }, input.clientId)
    return { id, existed }
  })
}

/** The same credentials again leave the session alone: who is signed in goes on. */
async function areKept(tx: Tx, house: House, sourceId: string, given: Record<string, string>): Promise<boolean> {
  const { rows } = await tx.execute<{ kept: boolean; hash: string | null; health: Health }>(
    sql`select credentials is not null as kept, given_hash as hash, health from sources where id = ${sourceId} for update`,
  )
  const { kept, hash, health } = rows[0]!
  return kept && health !== 'refused' && health !== 'challenge' && hash === givenHash(house, sourceId, given)
}

/** Those kept may have been rotated since they were given, so they are not compared. */
function givenHash(house: House, sourceId: string, given: Record<string, string>): string {
  return createHmac('sha256', house.secretKey)
    .update(jsonb([sourceId, Object.entries(given).sort()]))
    .digest('hex')
}

/**
 * New credentials, or a new session, of a known account. Where the old ones work they go on until a worker has signed in
 * with the new ones (`offered`: that is enqueued here); else these are used with the next request.
 */
export async function replaceCredentials(
  house: House,
  actor: Actor,
  sourceId: string,
  given: unknown,
): Promise<{ offered: boolean }> {
  const source = await sourceRow(house, sourceId)
  const credentials = credentialsOf(source.provider, given)
  const { clientId, provider } = source
  const offered = await house.db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ works: boolean }>(sql`
      select session is not null and health not in ('refused', 'challenge') and coalesce(session_ends_at > now(), true)
        and not exists (select from runs r where r.source_id = sources.id and ${sql.raw(wantsSession('r'))}) as works
      from sources where id = ${sourceId} for update`)
    const { works } = rows[0]!
    if (works) {
      const sealed = seal(house.secretKey, credentials, [clientId, sourceId, 'credentials'])
      await tx.execute(sql`
        update sources set offered = ${sealed}, offered_hash = ${givenHash(house, sourceId, credentials)}, todo = null, checked_at = null where id = ${sourceId}`)
      await house.queues.enqueue(tx, 'test-source', [{ payload: { sourceId } }])
    } else await keepCredentials(tx, house, clientId, sourceId, credentials)
    await recordAudit(tx, actor, 'source.credentials', sourceId, { provider, offered: works }, clientId)
    return works
  })
  await announceRuns(house, sourceId)
  return { offered }
}

/** The same, tried at once: what comes of it appears as the source's health, and a run that waited for it goes on. */
export async function handOver(house: House, actor: Actor, sourceId: string, given: unknown): Promise<void> {
  const { offered } = await replaceCredentials(house, actor, sourceId, given)
  if (!offered) await testSource(house, actor, sourceId)
}

/** Asks a worker to sign in and look; the answer appears as the source's health. */
export async function testSource(house: House, actor: Actor, sourceId: string): Promise<{ jobId: string }> {
  const source = await sourceRow(house, sourceId)
  const tested = await house.db.transaction(async (tx) => {
    await tx.execute(sql`update sources set health = 'untested', todo = null, checked_at = null where id = ${sourceId}`)
    const [jobId] = await house.queues.enqueue(tx, 'test-source', [{ payload: { sourceId } }])
    await recordAudit(tx, actor, 'source.test', sourceId, {}, source.clientId)
    return { jobId: jobId! }
  })
  await announceRuns(house, sourceId)
  return tested
}

/** Whoever looks at a run of this source sees what becomes of its sign-in. */
export async function announceRuns(house: House, sourceId: string): Promise<void> {
  const { rows } = await house.pool.query<{ id: string }>(
    'select id from runs where source_id = $1 and finished_at is null',
    [sourceId],
  )
  for (const { id } of rows) announce(house, id)
}

export async function listSources(house: House, clientId: string): Promise<SourceView[]> {
  const { rows } = await house.pool.query<SourceView>(`${sourceRows} where client_id = $1 order by created_at`, [
    clientId,
  ])
  return rows
}

export async function sourceRow(house: House, sourceId: string): Promise<SourceView> {
  const { rows } = await house.pool.query<SourceView>(`${sourceRows} where id = $1`, [sourceId])
  if (!rows[0]) throw notFound('source')
  return rows[0]
}

const sourceRows = `
  select id, client_id as "clientId", provider, title, health, todo, checked_at as "checkedAt", session_ends_at as "sessionEndsAt",
    credentials is not null as "hasCredentials", given_at as "givenAt", offered is not null as offered, account_ref as "accountRef", endpoints
  from sources`

export async function recordHealth(
  house: House,
  sourceId: string,
  health: Health,
  todo: string | null,
  account: { name?: string; ref?: string | null } = {},
): Promise<void> {
  await house.db.execute(sql`
    update sources set health = ${health}, todo = ${todo}, checked_at = now(), title = coalesce(${account.name ?? null}, title),
      account_ref = coalesce(account_ref, ${account.ref ?? null}) where id = ${sourceId}`)
  await announceRuns(house, sourceId)
}

/** A refusal that the session of `generation` met; false, and nothing recorded, where there is a later one or others were handed over. */
export async function recordRefusal(
  house: House,
  sourceId: string,
  generation: number,
  health: 'refused' | 'challenge',
  todo: string,
): Promise<boolean> {
  const { rowCount } = await house.db.execute(sql`
    update sources set health = ${health}, todo = ${todo}, checked_at = now()
    where id = ${sourceId} and session_generation = ${generation}`)
  if (!rowCount) return false
  await announceRuns(house, sourceId)
  return true
}

/** Long enough to retry what failed, short enough that nobody's password lies about. */
const keptDays = 7

/** Credentials and sessions of sources whose last run ended a week ago are forgotten; returns how many. */
export async function forgetCredentials(house: Pick<House, 'pool'>): Promise<number> {
  const { rowCount } = await house.pool.query(
    `update sources s set credentials = null, offered = null, session = null, session_generation = session_generation + 1
     where credentials is not null
       and exists (select from runs r where r.source_id = s.id)
       and not exists (select from runs r where r.source_id = s.id
         and (r.finished_at is null or r.finished_at > now() - make_interval(days => $1)))`,
    [keptDays],
  )
  return rowCount ?? 0
}

async function keepCredentials(
  tx: Tx,
  house: House,
  clientId: string,
  sourceId: string,
  credentials: Record<string, string>,
): Promise<void> {
  const sealed = seal(house.secretKey, credentials, [clientId, sourceId, 'credentials'])
  await tx.execute(sql`
    update sources set credentials = ${sealed}, given_hash = ${givenHash(house, sourceId, credentials)}, given_at = now(),
      offered = null, session = null, session_ends_at = null, session_generation = session_generation + 1,
      health = 'untested', todo = null, checked_at = null where id = ${sourceId}`)
}

export function providerOf(id: string): ProviderId {
  if (Object.hasOwn(providers, id)) return id as ProviderId
  throw new Refusal(
    'unknown_provider',
    422,
    `There is no provider “${id}”; known are ${Object.keys(providers).join(', ')}.`,
  )
}

export function credentialsOf(provider: ProviderId, given: unknown): Record<string, string> {
  const parsed = providers[provider].credentials.safeParse(given)
  if (parsed.success) return parsed.data
  throw new Refusal(
    'invalid_credentials',
    422,
    `These are not the credentials that ${providers[provider].title} takes.`,
  )
}

export function endpointsOf(provider: ProviderId, given: Record<string, string>): Record<string, string> {
  const known: Record<string, string> = providers[provider].endpoints
  for (const [name, url] of Object.entries(given)) {
    if (!Object.hasOwn(known, name))
      throw new Refusal(
        'unknown_endpoint',
        422,
        `${providers[provider].title} has no endpoint “${name}”; it has ${Object.keys(known).join(', ')}.`,
      )
    // One that is found at sign-in is empty as long as nobody names it.
    const usual = url === known[name]
    if (!usual && (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)))
      throw new Refusal('invalid_endpoint', 422, `The endpoint “${name}” is not an http(s) address.`)
  }
  return { ...known, ...given }
}

function accountKeyOf(credentials: Record<string, string>, endpoints: Record<string, string>): string {
  const account = (credentials.loginName ?? credentials.email)?.toLowerCase() ?? Object.values(credentials).join('\n')
  return createHash('sha256')
    .update(jsonb([account, Object.entries(endpoints).sort()]))
    .digest('hex')
}
