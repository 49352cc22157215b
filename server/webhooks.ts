// What a client's own systems are told when something they sent is ready, after the Standard Webhooks specification
// (https://www.standardwebhooks.com). Every message is a row with its fate; it is tried for a day and may be sent anew.
import { createHmac } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { AddressNotAllowed, allowedUrl } from './addresses.ts'
import { recordAudit } from './audit.ts'
import type { Actor, House } from './house.ts'
import { jsonb, storable } from './jsonb.ts'
import { webhookSecretOf } from './keys.ts'
import { notFound, Refusal } from './refusal.ts'

export interface Announcement {
  clientId: string
  /** Whose secret signs it. */
  keyId: string
  /** As `receiverOf` gave it back. */
  url: string
  /** Sent as JSON, as it is: `type` and `timestamp` (ISO 8601, of the event) beside what the receiver wants to know. */
  payload: { type: string; timestamp: string } & Record<string, unknown>
}

/** Enters the message and its job in the caller's transaction. Returns the delivery's id. */
export async function announceByWebhook(tx: Tx, house: Pick<House, 'queues'>, message: Announcement): Promise<string> {
  const { rows } = await tx.execute<{ id: string }>(sql`
    insert into webhook_deliveries (client_id, key_id, url, body, next_try_at)
    values (${message.clientId}, ${message.keyId}, ${message.url}, ${jsonb(message.payload)}, now()) returning id`)
  const { id } = rows[0]!
  await enqueue(tx, house, [{ id, keyId: message.keyId }])
  return id
}

/**
 * An address that may be told something, as it is kept. A name is judged when it is resolved, at every delivery.
 * Throws Refusal `url_not_allowed`, in one text whatever is wrong.
 */
export function receiverOf(house: Pick<House, 'env'>, url: string): string {
  try {
    const { href } = allowedUrl(url, { allowLocal: house.env.ALLOW_LOCAL_SOURCES })
    if (href.length <= longestUrl) return href
  } catch (error) {
    if (!(error instanceof AddressNotAllowed)) throw error
  }
  throw new Refusal('url_not_allowed', 422, 'This address cannot be used.')
}

export interface Delivery {
  id: string
  clientId: string
  keyId: string
  url: string
  body: string
  /** Tries before this one. */
  attempts: number
}

/** What is to be sent now; null where it is settled, not due yet, or not there. */
export async function dueDelivery(house: Pick<House, 'pool'>, id: string): Promise<Delivery | null> {
  const { rows } = await house.pool.query<Delivery>(
    `select id, client_id as "clientId", key_id as "keyId", url, body, attempts from webhook_deliveries
     where id = $1 and state = 'waiting' and next_try_at <= now() + interval '1 second'`,
    [id],
  )
  return rows[0] ?? null
}

/** The three headers of the specification, signed with the secret of the delivery's key at that moment. */
export async function signedHeaders(
  house: Pick<House, 'pool' | 'secretKey'>,
  { id, keyId, body }: Pick<Delivery, 'id' | 'keyId' | 'body'>,
  now = new Date(),
): Promise<Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>> {
  const secret = Buffer.from((await webhookSecretOf(house, keyId)).replace(/^whsec_/, ''), 'base64')
  const message = `msg_${id.replaceAll('-', '')}`
  const timestamp = `${Math.floor(now.getTime() / 1000)}`
  const signature = createHmac('sha256', secret).update(`${message}.${timestamp}.${body}`).digest('base64')
  return { 'webhook-id': message, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}

/** The receiver's answer, or why there was none. */
export type Outcome = { milliseconds: number } & (
  | { status: number; response: string; retryAfterSeconds: number | null }
  | { status: null; code: 'url_not_allowed' | 'timeout' | 'unreachable' | 'secret_unreadable' }
)

/** Settles the delivery, or enters its next try and the job of it; an outcome of an earlier try changes nothing. */
export async function recordOutcome(
  tx: Tx,
  house: Pick<House, 'queues'>,
  delivery: Pick<Delivery, 'id' | 'keyId' | 'attempts'>,
  outcome: Outcome,
): Promise<void> {
  const code = codeOf(outcome)
  const wait = code === null || final.has(code) ? null : secondsUntilNext(delivery.attempts, outcome)
  const state = code === null ? 'delivered' : wait === null ? 'failed' : 'waiting'
  const response = outcome.status === null ? null : storable(outcome.response)
  const { rows } = await tx.execute(sql`
    update webhook_deliveries set state = ${state}, attempts = attempts + 1,
      next_try_at = now() + ${wait}::float8 * interval '1 second', last_at = now(), last_status = ${outcome.status},
      last_code = ${code}, last_response = ${response}, last_milliseconds = ${Math.round(outcome.milliseconds)}
    where id = ${delivery.id} and state = 'waiting' and attempts = ${delivery.attempts} returning id`)
  if (rows.length > 0 && wait !== null) await enqueue(tx, house, [delivery], wait)
}

/** Every message whose try is due and whose job is gone gets another; those settled a month ago are forgotten. */
export async function sweepWebhooks(house: House): Promise<number> {
  await house.pool.query(
    `delete from webhook_deliveries where state <> 'waiting' and created_at < now() - interval '30 days'`,
  )
  return house.db.transaction(async (tx) => {
    const free = await tx.execute<{ free: boolean }>(
      sql`select pg_try_advisory_xact_lock(hashtextextended('sweep:webhooks', 0)) as free`,
    )
    if (!free.rows[0]!.free) return 0
    const { rows } = await tx.execute<{ id: string; keyId: string }>(sql`
      select id, key_id as "keyId" from webhook_deliveries
      where state = 'waiting' and next_try_at <= now() and id::text not in (
        select data->>'deliveryId' from pgboss.job where name = 'deliver-webhook' and state < 'completed')
      order by next_try_at limit ${atOnce} for update skip locked`)
    await enqueue(tx, house, rows)
    return rows.length
  })
}

/** Sends one message anew, whatever became of it, under the same id; its tries begin again. Throws Refusal `not_found`. */
export async function replayDelivery(house: House, actor: Actor, id: string): Promise<void> {
  await house.db.transaction(async (tx) => {
    const rows = await sendAnew(tx, house, sql`id = ${id}`)
    if (!rows[0]) throw notFound('message')
    await recordAudit(tx, actor, 'webhook.replay', id, {}, rows[0].clientId)
  })
}

/** Sends every message anew that has failed, of one client or (null) of all, at most 10,000 at once. */
export async function replayFailed(house: House, actor: Actor, clientId: string | null): Promise<{ replayed: number }> {
  return house.db.transaction(async (tx) => {
    const rows = await sendAnew(
      tx,
      house,
      sql`id in (select id from webhook_deliveries where ${clientId ? sql`client_id = ${clientId} and` : sql``} state = 'failed'
        order by created_at, id limit ${atOnce} for update)`,
    )
    if (rows.length > 0)
      await recordAudit(tx, actor, 'webhook.replay', clientId ?? 'all clients', { messages: rows.length }, clientId)
    return { replayed: rows.length }
  })
}

async function sendAnew(tx: Tx, house: Pick<House, 'queues'>, which: ReturnType<typeof sql>) {
  const { rows } = await tx.execute<{ id: string; keyId: string; clientId: string }>(sql`
    update webhook_deliveries set state = 'waiting', attempts = 0, next_try_at = now() where ${which}
    returning id, key_id as "keyId", client_id as "clientId"`)
  await enqueue(tx, house, rows)
  return rows
}

/** Keys take turns, as runs do: a receiver that is slow does not hold up the others. */
async function enqueue(
  tx: Tx,
  house: Pick<House, 'queues'>,
  deliveries: { id: string; keyId: string }[],
  startAfterSeconds?: number,
): Promise<void> {
  await house.queues.enqueue(
    tx,
    'deliver-webhook',
    deliveries.map(({ id, keyId }) => ({
      runId: keyId,
      payload: { deliveryId: id },
      ...(startAfterSeconds === undefined ? {} : { startAfterSeconds: Math.ceil(startAfterSeconds) }),
    })),
  )
}

const longestUrl = 2048
const atOnce = 10_000

/** Codes after which no try follows: the receiver wants no more, may not be spoken to, or cannot be signed for. */
const final = new Set<string>(['gone', 'url_not_allowed', 'secret_unreadable'])

function codeOf(outcome: Outcome): string | null {
  if (outcome.status === null) return outcome.code
  if (outcome.status >= 200 && outcome.status < 300) return null
  if (outcome.status === 410) return 'gone'
  return outcome.status >= 300 && outcome.status < 400 ? 'redirected' : 'not_accepted'
}

const minutes = 60
const hours = 3600
/** Seconds between the tries: a passing fault costs seconds, an outage of a day is outlasted. */
const delays = [5, minutes, 5 * minutes, 30 * minutes, hours, 2 * hours, 4 * hours, 7 * hours, 9.5 * hours]

/** With a tenth of chance, so that a receiver which comes back is not met by all at once; null: it was the last. */
function secondsUntilNext(attempts: number, outcome: Outcome): number | null {
  const delay = delays[attempts]
  if (delay === undefined) return null
  const asked = outcome.status === null ? null : outcome.retryAfterSeconds
  return Math.max(delay * (0.9 + Math.random() * 0.2), Math.min(asked ?? 0, longestAsked))
}

/** A receiver may ask for a rest, but not make us forget it. */
const longestAsked = 8 * hours
