// One client's account at a provider: credentials (sealed, never shown), the session all workers share, its health.
import { createHash, createHmac } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { recordAudit } from './audit.ts'
import type { Actor, House } from './house.ts'
import { jsonb } from './jsonb.ts'
import { type ProviderId, providers } from './providers.ts'
import { notFound, Refusal } from './refusal.ts'
import { open, seal } from './sealing.ts'

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

/** New credentials or a new session for a source that waits for a person; what was signed in before is dropped. */
export async function replaceCredentials(house: House, actor: Actor, sourceId: string, given: unknown): Promise<void> {
  const source = await sourceRow(house, sourceId)
  const credentials = credentialsOf(source.provider, given)
  await house.db.transaction(async (tx) => {
    await keepCredentials(tx, house, source.clientId, sourceId, credentials)
    await recordAudit(tx, actor, 'source.credentials', sourceId, { provider: source.provider }, source.clientId)
  })
}

/** Asks a worker to sign in and look; the answer appears as the source's health. */
export async function testSource(house: House, actor: Actor, sourceId: string): Promise<{ jobId: string }> {
  const source = await sourceRow(house, sourceId)
  return house.db.transaction(async (tx) => {
    await tx.execute(sql`update sources set health = 'untested', todo = null, checked_at = null where id = ${sourceId}`)
    const [jobId] = await house.queues.enqueue(tx, 'test-source', [{ payload: { sourceId } }])
    await recordAudit(tx, actor, 'source.test', sourceId, {}, source.clientId)
    return { jobId: jobId! }
  })
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
    credentials is not null as "hasCredentials", endpoints
  from sources`

export async function recordHealth(
  house: House,
  sourceId: string,
  health: Health,
  todo: string | null,
  title?: string,
): Promise<void> {
  await house.db.execute(sql`
    update sources set health = ${health}, todo = ${todo}, checked_at = now(), title = coalesce(${title ?? null}, title) where id = ${sourceId}`)
}

/** For workers only. Throws Refusal `credentials_missing` where they were forgotten. */
export async function openCredentials(
  house: House,
  source: { id: string; clientId: string },
): Promise<Record<string, string>> {
  const { rows } = await house.pool.query<{ credentials: Buffer | null }>(
    'select credentials from sources where id = $1',
    [source.id],
  )
  const sealed = rows[0]?.credentials
  if (!sealed)
    throw new Refusal(
      'credentials_missing',
      409,
      'The credentials of this source are not kept any more: enter them again.',
    )
  return open(house.secretKey, sealed, [source.clientId, source.id, 'credentials']) as Record<string, string>
}

/** Credentials that the provider has replaced: whoever signs in next gets these. For workers only. */
export async function rotateCredentials(
  house: House,
  source: { id: string; clientId: string },
  credentials: Record<string, string>,
): Promise<void> {
  const sealed = seal(house.secretKey, credentials, [source.clientId, source.id, 'credentials'])
  await house.pool.query('update sources set credentials = $2 where id = $1', [source.id, sealed])
}

/** Long enough to retry what failed, short enough that nobody's password lies about. */
const keptDays = 7

/** Credentials and sessions of sources whose last run ended a week ago are forgotten; returns how many. */
export async function forgetCredentials(house: Pick<House, 'pool'>): Promise<number> {
  const { rowCount } = await house.pool.query(
    `update sources s set credentials = null, session = null, session_generation = session_generation + 1
     where credentials is not null
       and exists (select from runs r where r.source_id = s.id)
       and not exists (select from runs r where r.source_id = s.id
         and (r.finished_at is null or r.finished_at > now() - make_interval(days => $1)))`,
    [keptDays],
  )
  return rowCount ?? 0
}

/** What all workers go on with: the session kept last and how many sign-ins there were. */
export async function keptSession(
  house: House,
  source: { id: string; clientId: string },
): Promise<{ generation: number; kept: unknown }> {
  const { rows } = await house.pool.query<{ session: Buffer | null; generation: number }>(
    'select session, session_generation as generation from sources where id = $1',
    [source.id],
  )
  if (!rows[0]) throw notFound('source')
  const { session, generation } = rows[0]
  return {
    generation,
    kept: session ? open(house.secretKey, session, [source.clientId, source.id, 'session']) : undefined,
  }
}

/**
 * Signs in once for all workers: whoever comes second waits and takes what the first one got. `seen` is the
 * generation the caller found expired.
 */
export async function renewSession(
  house: House,
  source: { id: string; clientId: string },
  seen: number,
  signIn: () => Promise<{ kept: unknown; endsAt: Date | null }>,
): Promise<{ generation: number; kept: unknown }> {
  const client = await house.pool.connect()
  const lock = `session:${source.id}`
  let broken: Error | undefined
  try {
    await client.query('select pg_advisory_lock(hashtextextended($1, 0))', [lock])
    const current = await keptSession(house, source)
    if (current.generation > seen && current.kept !== undefined) return current
    const { kept, endsAt } = await signIn()
    const sealed = seal(house.secretKey, kept as object, [source.clientId, source.id, 'session'])
    const { rows } = await client.query<{ generation: number }>(
      'update sources set session = $2, session_generation = session_generation + 1, session_ends_at = $3 where id = $1 returning session_generation as generation',
      [source.id, sealed, endsAt],
    )
    return { generation: rows[0]!.generation, kept }
  } finally {
    await client.query('select pg_advisory_unlock(hashtextextended($1, 0))', [lock]).catch((error: Error) => {
      broken = error
    })
    client.release(broken)
  }
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
    update sources set credentials = ${sealed}, given_hash = ${givenHash(house, sourceId, credentials)}, session = null,
      session_ends_at = null, session_generation = session_generation + 1,
      health = 'untested', todo = null where id = ${sourceId}`)
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

function endpointsOf(provider: ProviderId, given: Record<string, string>): Record<string, string> {
  const known: Record<string, string> = providers[provider].endpoints
  for (const [name, url] of Object.entries(given)) {
    if (!Object.hasOwn(known, name))
      throw new Refusal(
        'unknown_endpoint',
        422,
        `${providers[provider].title} has no endpoint “${name}”; it has ${Object.keys(known).join(', ')}.`,
      )
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
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
