// What receivers were told and what they said to that, to look at; `webhooks.ts` sends it.
import type { House } from './house.ts'
import { notFound } from './refusal.ts'

export interface DeliveryRow {
  id: string
  client: { id: string; name: string }
  key: { id: string; name: string }
  url: string
  /** The payload's own `type`. */
  type: string | null
  state: 'waiting' | 'delivered' | 'failed'
  attempts: number
  nextTryAt: Date | null
  lastAt: Date | null
  lastStatus: number | null
  /** Why the last try did not count; null where it did, or there was none. */
  lastCode: string | null
  lastResponse: string | null
  lastMilliseconds: number | null
  createdAt: Date
}

export interface DeliveryFilter {
  /** Of everybody where absent. */
  clientId?: string
  state?: DeliveryRow['state']
  cursor?: string | null
  limit?: number
}

export interface DeliveryPage {
  deliveries: DeliveryRow[]
  nextCursor: string | null
  /** Of everybody's only those that are not delivered, up to `countedAtMost`: a month of them is many. */
  counts: Record<'waiting' | 'failed', number> & { delivered: number | null }
}

const countedAtMost = 10_000

/** Newest first, with how many there are of each state. */
export async function listDeliveries(house: Pick<House, 'pool'>, filter: DeliveryFilter): Promise<DeliveryPage> {
  const { clientId, state, cursor, limit = 50 } = filter
  const [before, beforeId] = cursor?.split('|') ?? []
  const values: unknown[] = [limit + 1]
  // Only what is asked for stands in the statement, so that each filter has its own index.
  const given = (part: (...places: string[]) => string, ...params: unknown[]) =>
    params[0] === undefined ? '' : `and ${part(...params.map((value) => `$${values.push(value)}`))}`
  const conditions = [
    given((place) => `d.client_id = ${place}::uuid`, clientId),
    given((place) => `d.state = ${place}`, state),
    given((at, id) => `(d.created_at, d.id) < (${at}::timestamptz, ${id}::uuid)`, before, beforeId),
  ]
  const [{ rows }, counts] = await Promise.all([
    house.pool.query<DeliveryRow & { place: string }>(
      `select d.id, json_build_object('id', c.id, 'name', c.name) as client, json_build_object('id', k.id, 'name', k.name) as key,
         d.url, d.body::jsonb->>'type' as type, d.state, d.attempts,
         d.next_try_at as "nextTryAt", d.last_at as "lastAt", d.last_status as "lastStatus", d.last_code as "lastCode",
         d.last_response as "lastResponse", d.last_milliseconds as "lastMilliseconds", d.created_at as "createdAt",
         d.created_at::text || '|' || d.id as place
       from webhook_deliveries d join api_keys k on k.id = d.key_id join clients c on c.id = d.client_id
       where true ${conditions.join(' ')}
       order by d.created_at desc, d.id desc limit $1`,
      values,
    ),
    clientId ? countsOf(house, clientId) : countsOfAll(house),
  ])
  const shown = rows.slice(0, limit)
  return {
    deliveries: shown.map(({ place: _, ...row }) => row),
    nextCursor: rows.length > limit ? shown.at(-1)!.place : null,
    counts,
  }
}

async function countsOf(house: Pick<House, 'pool'>, clientId: string): Promise<DeliveryPage['counts']> {
  const { rows } = await house.pool.query<{ state: DeliveryRow['state']; n: number }>(
    'select state, count(*)::int as n from webhook_deliveries where client_id = $1 group by state',
    [clientId],
  )
  return { waiting: 0, delivered: 0, failed: 0, ...Object.fromEntries(rows.map(({ state, n }) => [state, n])) }
}

async function countsOfAll(house: Pick<House, 'pool'>): Promise<DeliveryPage['counts']> {
  const upTo = (state: string) =>
    `(select count(*)::int from (select from webhook_deliveries where state = '${state}' limit ${countedAtMost}) first_ones)`
  const { rows } = await house.pool.query<DeliveryPage['counts']>(
    `select ${upTo('waiting')} as waiting, ${upTo('failed')} as failed, null as delivered`,
  )
  return rows[0]!
}

/** The body of one message, to look at. Throws Refusal `not_found`. */
export async function deliveryBody(house: Pick<House, 'pool'>, id: string): Promise<string> {
  const { rows } = await house.pool.query<{ body: string }>('select body from webhook_deliveries where id = $1', [id])
  if (!rows[0]) throw notFound('message')
  return rows[0].body
}
