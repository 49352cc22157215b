// A request that is sent again is answered again, not done again. Its row is taken before the work begins and holds the
// answer afterwards; who dies in between loses it when its hold runs out.
import { randomUUID } from 'node:crypto'
import type { House } from './house.ts'
import { jsonb } from './jsonb.ts'
import type { Caller } from './keys.ts'
import { log } from './log.ts'
import { Refusal } from './refusal.ts'

export interface Answer {
  status: number
  /** Kept as JSON. */
  body: unknown
}

export interface OnceOptions {
  /** A process that shows no sign for this long has lost the request. */
  holdSeconds?: number
}

/**
 * `fingerprint` says what is asked: method, path and body, hashed. `key` is the Idempotency-Key header; without one the
 * work is simply done. Answers below 400 are kept for a day; a refusal made nothing and frees the key.
 * `work` is given an id that is the same at every try of the request: what it makes under that id is found again by who
 * takes over after a crash. Throws Refusal `idempotency_key_invalid` 400, `request_in_progress` 409,
 * `idempotency_key_reused` 422, and what `work` throws.
 */
export async function once(
  house: Pick<House, 'pool'>,
  caller: Pick<Caller, 'keyId'>,
  key: string | undefined,
  fingerprint: string,
  work: (requestId: string) => Promise<Answer>,
  { holdSeconds = 30 }: OnceOptions = {},
): Promise<Answer> {
  if (key === undefined) return work(randomUUID())
  const request: Request = { keyId: caller.keyId, key: keyOf(key), holder: randomUUID() }
  const taken = await take(house, request, fingerprint, holdSeconds)
  if ('answer' in taken) return taken.answer
  const hold = setInterval(() => void holdOn(house, request, holdSeconds), (holdSeconds * 1000) / 3)
  hold.unref()
  try {
    const answer = await work(taken.requestId)
    if (answer.status < 400) await keep(house, request, answer)
    else await release(house, request, answer.status < 500)
    return answer
  } catch (error) {
    // Where even this fails the hold runs out by itself.
    await release(house, request, error instanceof Refusal && error.status < 500).catch(() => {})
    throw error
  } finally {
    clearInterval(hold)
  }
}

/** Forgets requests older than a day. Returns how many. */
export async function sweepIdempotency(house: Pick<House, 'pool'>): Promise<number> {
  const { rowCount } = await house.pool.query(
    `delete from idempotent_requests where created_at < now() - ${kept} and (status is not null or held_until < now())`,
  )
  return rowCount ?? 0
}

interface Request {
  keyId: string
  key: string
  holder: string
}

const kept = `interval '24 hours'`

/** As the header's draft writes it (a quoted string), or bare. */
function keyOf(header: string): string {
  const trimmed = header.trim()
  const key = /^"(.*)"$/.exec(trimmed)?.[1] ?? trimmed
  if (/^[\x21\x23-\x7e]{1,255}$/.test(key)) return key
  throw new Refusal(
    'idempotency_key_invalid',
    400,
    'An Idempotency-Key is 1 to 255 visible ASCII characters, such as a UUID.',
  )
}

async function take(
  house: Pick<House, 'pool'>,
  { keyId, key, holder }: Request,
  fingerprint: string,
  holdSeconds: number,
): Promise<{ requestId: string } | { answer: Answer }> {
  // The row is ours if it is new, older than a day, or left by a process that is gone and asks for the same.
  const { rows } = await house.pool.query<{ requestId: string }>(
    `insert into idempotent_requests as r (key_id, key, fingerprint, holder, held_until)
     values ($1, $2, $3, $4, now() + $5 * interval '1 second')
     on conflict (key_id, key) do update set
       holder = excluded.holder, held_until = excluded.held_until, fingerprint = excluded.fingerprint,
       request_id = case when r.created_at < now() - ${kept} then excluded.request_id else r.request_id end,
       created_at = case when r.created_at < now() - ${kept} then excluded.created_at else r.created_at end,
       status = null, body = null
     where case when r.created_at < now() - ${kept} then r.status is not null or r.held_until < now()
       else r.status is null and r.held_until < now() and r.fingerprint = excluded.fingerprint end
     returning request_id as "requestId"`,
    [keyId, key, fingerprint, holder, holdSeconds],
  )
  if (rows[0]) return rows[0]
  const known = await house.pool.query<{ fingerprint: string; status: number | null; body: unknown }>(
    'select fingerprint, status, body from idempotent_requests where key_id = $1 and key = $2',
    [keyId, key],
  )
  const request = known.rows[0]
  if (request && request.fingerprint !== fingerprint)
    throw new Refusal('idempotency_key_reused', 422, 'This Idempotency-Key came with another request before.')
  if (request && request.status !== null) return { answer: { status: request.status, body: request.body } }
  throw new Refusal('request_in_progress', 409, 'The same request is being worked on: ask again when it has ended.')
}

async function holdOn(house: Pick<House, 'pool'>, { keyId, key, holder }: Request, seconds: number): Promise<void> {
  const text = `update idempotent_requests set held_until = now() + $4 * interval '1 second' where ${mine}`
  await house.pool
    .query(text, [keyId, key, holder, seconds])
    .catch((error: Error) => log.warn({ err: error.message }, 'idempotency: hold'))
}

/** Somebody who took it over meanwhile keeps what they answer. */
async function keep(house: Pick<House, 'pool'>, { keyId, key, holder }: Request, answer: Answer): Promise<void> {
  const text = `update idempotent_requests set status = $4, body = $5::jsonb where ${mine} and status is null`
  await house.pool.query(text, [keyId, key, holder, answer.status, jsonb(answer.body ?? null)])
}

/** `whole`: nothing was made, so the key may be used anew. Else it stays with its id, for the same request. */
async function release(house: Pick<House, 'pool'>, { keyId, key, holder }: Request, whole: boolean): Promise<void> {
  const text = whole
    ? `delete from idempotent_requests where ${mine} and status is null`
    : `update idempotent_requests set held_until = now() where ${mine} and status is null`
  await house.pool.query(text, [keyId, key, holder])
}

const mine = 'key_id = $1 and key = $2 and holder = $3'
