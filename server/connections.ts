// OAuth's code flow as the console sees it: somebody goes to the provider's own page, says yes there and comes back with
// a code. The console itself asks the provider nothing; a worker turns the code into a session.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { recordAudit } from './audit.ts'
import type { Actor, House } from './house.ts'
import { jsonb } from './jsonb.ts'
import { entryOf, type ProviderId } from './providers.ts'
import { notFound, Refusal } from './refusal.ts'
import { addSource, endpointsOf, handOver, providerOf, sourceRow, testSource } from './sources.ts'

/** Where providers send people back to; registered with them. */
export const redirectPath = '/sources/oauth'

/** So long a person may take at the provider. */
const minutes = 10

/** Whoever asks: the console's session and what goes to the audit. */
export interface Asker {
  sessionId: string
  actor: Actor
}

export interface NewConnection {
  clientId: string
  provider: string
  /** A known source gets a new sign-in; absent: a new source. */
  sourceId?: string
  /** Our client id at the provider. */
  appId: string
  endpoints?: Record<string, string>
}

/** The address at the provider to go to. Throws Refusal `no_oauth`, `not_found`, `unknown_endpoint`, `invalid_endpoint`. */
export async function beginConnection(house: House, asker: Asker, wanted: NewConnection): Promise<{ url: string }> {
  const provider = providerOf(wanted.provider)
  const { oauth, title } = entryOf(provider)
  const source = wanted.sourceId ? await sourceRow(house, wanted.sourceId) : null
  if (source && (source.clientId !== wanted.clientId || source.provider !== provider)) throw notFound('source')
  if (!oauth) throw new Refusal('no_oauth', 422, `${title} has no page where an account could be connected.`)
  const endpoints = source?.endpoints ?? endpointsOf(provider, wanted.endpoints ?? {})
  const redirectUri = new URL(redirectPath, house.env.CONSOLE_URL).href
  const connection = await house.db.transaction(async (tx) => {
    await tx.execute(sql`delete from connections where created_at < now() - interval '1 day'`)
    const { rows } = await tx.execute<Signed>(sql`
      insert into connections (session_id, client_id, source_id, provider, endpoints, app_id, redirect_uri)
      select ${asker.sessionId}, id, ${source?.id ?? null}::uuid, ${provider}, ${jsonb(endpoints)}::jsonb, ${wanted.appId}, ${redirectUri}
      from clients where id = ${wanted.clientId}
      returning id, session_id as "sessionId", client_id as "clientId", source_id as "sourceId"`)
    if (!rows[0]) throw notFound('client')
    await recordAudit(tx, asker.actor, 'source.connect', source?.id ?? rows[0].id, { provider }, wanted.clientId)
    return rows[0]
  })
  const state = stateOf(house.secretKey, connection)
  return { url: oauth.authorizeUrl(endpoints, { clientId: wanted.appId, redirectUri, state }) }
}

export interface Awaited {
  client: { id: string; name: string }
  provider: ProviderId
  /** The known source that gets a new sign-in. */
  source: { id: string; title: string } | null
  /** The provider said for which connection this is: nobody needs to be asked. */
  certain: boolean
}

/**
 * Whom somebody came back for. Some providers do not give the state back: then it is the only one that this session
 * waits for. Throws Refusal `connection_unknown`, `connection_used`, `connection_expired`, `connection_ambiguous`.
 */
export async function awaitedConnection(house: House, asker: Asker, state: string | null): Promise<Awaited> {
  const { clientId, clientName, provider, sourceId, sourceTitle } = await find(house, asker, state)
  return {
    client: { id: clientId, name: clientName },
    provider,
    source: sourceId && sourceTitle !== null ? { id: sourceId, title: sourceTitle } : null,
    certain: state !== null,
  }
}

/** Keeps the code, sealed, and has a worker sign in with it at once. Single use. Throws as `awaitedConnection`. */
export async function finishConnection(
  house: House,
  asker: Asker,
  came: { state: string | null; code: string },
): Promise<{ clientId: string; sourceId: string; runId: string | null }> {
  const { id, clientId, sourceId, provider, endpoints, appId, redirectUri } = await find(house, asker, came.state)
  const { rowCount } = await house.pool.query(
    'update connections set used_at = now() where id = $1 and used_at is null',
    [id],
  )
  if (rowCount === 0) throw usedAlready()
  const credentials = { clientId: appId, code: came.code, redirectUri }
  if (sourceId) {
    await handOver(house, asker.actor, sourceId, credentials)
    return { clientId, sourceId, runId: await openRun(house, sourceId) }
  }
  const source = await addSource(house, asker.actor, { clientId, provider, credentials, endpoints })
  await testSource(house, asker.actor, source.id)
  return { clientId, sourceId: source.id, runId: null }
}

interface Signed extends Record<string, unknown> {
  id: string
  sessionId: string
  clientId: string
  sourceId: string | null
}

interface Found extends Signed {
  clientName: string
  sourceTitle: string | null
  provider: ProviderId
  endpoints: Record<string, string>
  appId: string
  redirectUri: string
  used: boolean
  expired: boolean
}

async function find(house: House, asker: Asker, state: string | null): Promise<Found> {
  const id = state === null ? null : idIn(state)
  const { rows } = await house.pool.query<Found>(
    `select c.id, c.session_id as "sessionId", c.client_id as "clientId", c.source_id as "sourceId", k.name as "clientName",
       s.title as "sourceTitle", c.provider, c.endpoints, c.app_id as "appId", c.redirect_uri as "redirectUri",
       c.used_at is not null as used, c.created_at < now() - make_interval(mins => $3) as expired
     from connections c join clients k on k.id = c.client_id left join sources s on s.id = c.source_id
     where c.session_id = $1 and case when $2::uuid is null then c.used_at is null and c.created_at >= now() - make_interval(mins => $3) else c.id = $2 end`,
    [asker.sessionId, id, minutes],
  )
  if (state === null && rows.length > 1)
    throw new Refusal(
      'connection_ambiguous',
      409,
      'The provider did not say which account this is for, and you began to connect more than one: wait ten minutes, then begin one again.',
    )
  const found = rows[0]
  if (!found || (state !== null && !isSigned(house.secretKey, found, state)))
    throw new Refusal(
      'connection_unknown',
      409,
      'No connection that you began in this browser waits for this answer: begin it again.',
    )
  if (found.used) throw usedAlready()
  if (found.expired)
    throw new Refusal('connection_expired', 409, 'That took longer than ten minutes: begin the connection again.')
  return found
}

const usedAlready = () =>
  new Refusal('connection_used', 409, 'This answer was used already: begin the connection again if it did not work.')

async function openRun(house: House, sourceId: string): Promise<string | null> {
  const { rows } = await house.pool.query<{ id: string }>(
    `select id from runs where source_id = $1 and finished_at is null order by created_at desc limit 1`,
    [sourceId],
  )
  return rows[0]?.id ?? null
}

/** The row's id, and a signature that binds it to who began it and for what. */
function stateOf(key: Buffer, { id, sessionId, clientId, sourceId }: Signed): string {
  const bound = JSON.stringify(['connection', id, sessionId, clientId, sourceId])
  return `${id}.${createHmac('sha256', key).update(bound).digest('base64url')}`
}

function idIn(state: string): string {
  // What is no id of ours finds nothing.
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=\.)/.exec(state)?.[0] ?? '00000000-0000-0000-0000-000000000000'
}

function isSigned(key: Buffer, connection: Signed, state: string): boolean {
  const [given, right] = [Buffer.from(state), Buffer.from(stateOf(key, connection))]
  return given.length === right.length && timingSafeEqual(given, right)
}
