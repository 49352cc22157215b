// How much one key may ask: requests a minute, shared by all media processes, and pictures a day. A process takes its
// requests from the database in slices, so that a burst costs it five questions a second and not one a request.
import type pg from 'pg'
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible'
import type { House } from './house.ts'
import type { Caller } from './keys.ts'
import { notFound, Refusal } from './refusal.ts'

/** Where a key states no limit of its own: twice what a sender of 10,000 pictures a minute asks. */
export const requestsPerMinute = 20_000
const slicesPerMinute = 300 // of 200 ms

/** How a key stands after a request. Times are whole seconds. */
export interface Allowance {
  allowed: boolean
  /** A minute, which begins with its first request. */
  limit: number
  remaining: number
  /** Until all of it is there again. */
  resetSeconds: number
  /** Until the next request is taken; 0 where this one was. */
  retryAfterSeconds: number
}

/** Counts one request of a key; never waits. */
export async function takeRequest(house: Pick<House, 'pool'>, keyId: string): Promise<Allowance> {
  const slice = sliceOf(house.pool, keyId)
  while (slice.tokens < 1) {
    if (slice.blockedUntil > performance.now()) return allowanceOf(slice, false)
    slice.pending ??= refill(house.pool, keyId, slice).finally(() => {
      slice.pending = undefined
    })
    await slice.pending
  }
  slice.tokens--
  return allowanceOf(slice, true)
}

/** The fields of draft-ietf-httpapi-ratelimit-headers, and Retry-After (RFC 9110) where the request was refused. */
export function limitHeaders({ allowed, limit, remaining, resetSeconds, retryAfterSeconds }: Allowance) {
  return {
    'RateLimit-Limit': `${limit}`,
    'RateLimit-Remaining': `${remaining}`,
    'RateLimit-Reset': `${resetSeconds}`,
    ...(allowed ? {} : { 'Retry-After': `${retryAfterSeconds}` }),
  }
}

/** The day's pictures of a key are used up. */
export class QuotaExceeded extends Refusal {
  override name = 'QuotaExceeded'
  /** Until the next day begins (UTC). */
  readonly retryAfterSeconds: number
  constructor(retryAfterSeconds: number) {
    super('quota_exceeded', 429, 'This key has sent as many pictures as it may in a day (UTC).')
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** Counts pictures that are about to be accepted, all or none of them. Throws QuotaExceeded. */
export async function takePictures(
  house: Pick<House, 'pool'>,
  { keyId, isCounted }: Pick<Caller, 'keyId' | 'isCounted'>,
  pictures: number,
  now = new Date(),
): Promise<void> {
  if (!isCounted) return
  const taken = await house.pool.query(
    `insert into key_budgets as b (key_id, day, pictures) select id, $2, $3 from api_keys where id = $1 and $3 <= per_day
     on conflict (key_id) do update set day = $2, pictures = case when b.day = $2 then b.pictures else 0 end + $3
     where case when b.day = $2 then b.pictures else 0 end + $3 <= (select per_day from api_keys where id = $1)
     returning 1`,
    [keyId, now.toISOString().slice(0, 10), pictures],
  )
  if (taken.rowCount === 0) throw new QuotaExceeded(secondsLeftOfDay(now))
}

/** What this process may give out, and how the key stood when it was taken. Times as `performance.now()`. */
interface Slice {
  tokens: number
  limit: number
  left: number
  resetAt: number
  blockedUntil: number
  pending: Promise<void> | undefined
}

interface Counting {
  slices: Map<string, Slice>
  /** By limit: the library's limiters have one each. */
  limiters: Map<number, RateLimiterPostgres>
}

const countings = new WeakMap<pg.Pool, Counting>()

function countingOf(pool: pg.Pool): Counting {
  const counting = countings.get(pool) ?? { slices: new Map(), limiters: new Map() }
  countings.set(pool, counting)
  return counting
}

function sliceOf(pool: pg.Pool, keyId: string): Slice {
  const { slices } = countingOf(pool)
  const slice = slices.get(keyId) ?? { tokens: 0, limit: 0, left: 0, resetAt: 0, blockedUntil: 0, pending: undefined }
  slices.set(keyId, slice)
  return slice
}

function allowanceOf({ tokens, left, limit, resetAt }: Slice, allowed: boolean): Allowance {
  const resetSeconds = Math.max(0, Math.ceil((resetAt - performance.now()) / 1000))
  const remaining = allowed ? tokens + left : 0
  return { allowed, limit, remaining, resetSeconds, retryAfterSeconds: allowed ? 0 : Math.max(1, resetSeconds) }
}

async function refill(pool: pg.Pool, keyId: string, slice: Slice): Promise<void> {
  const { rows } = await pool.query<{ limit: number }>(
    'select coalesce(per_minute, $2) as "limit" from api_keys where id = $1',
    [keyId, requestsPerMinute],
  )
  if (!rows[0]) throw notFound('key')
  slice.limit = rows[0].limit
  const wanted = Math.max(1, Math.floor(slice.limit / slicesPerMinute))
  const taken = await limiterOf(pool, slice.limit).consume(keyId, wanted).catch(refusalOnly)
  slice.resetAt = performance.now() + taken.msBeforeNext
  slice.left = taken.remainingPoints
  // The library counts what it refuses too: of the last slice the part below the limit is there.
  const granted = wanted - Math.max(0, taken.consumedPoints - slice.limit)
  if (granted > 0) slice.tokens += granted
  else slice.blockedUntil = slice.resetAt
}

function limiterOf(pool: pg.Pool, limit: number): RateLimiterPostgres {
  const { limiters } = countingOf(pool)
  const limiter =
    limiters.get(limit) ??
    new RateLimiterPostgres({
      ...{ storeClient: pool, storeType: 'pool', tableName: 'key_minutes', tableCreated: true },
      // One row a key, written over when its minute is over.
      ...{ keyPrefix: '', clearExpiredByTimeout: false, points: limit, duration: 60 },
    })
  limiters.set(limit, limiter)
  return limiter
}

/** The library rejects with how the key stands; anything else is a failure. */
function refusalOnly(rejected: unknown): RateLimiterRes {
  if (rejected instanceof RateLimiterRes) return rejected
  throw rejected
}

function secondsLeftOfDay(now: Date): number {
  const next = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1)
  return Math.max(1, Math.ceil((next - now.getTime()) / 1000))
}
