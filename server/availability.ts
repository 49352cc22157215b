// Whether what everything stands on answers: the database and the object store.
import pg from 'pg'
import type { House } from './house.ts'

/** Resolves once both have answered; rejects with what the one that did not answer threw. */
export async function answers(house: Pick<House, 'pool' | 'store'>): Promise<void> {
  await Promise.all([house.pool.query('select 1'), house.store.head('health')])
}

/** True where a query failed because Postgres is away, going away, coming up or full: the same query may work soon. */
export function databaseIsAway(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof pg.DatabaseError) return awayStates.test(cause.code ?? '')
    if (connectionFaults.has((cause as NodeJS.ErrnoException).code ?? '')) return true
    if (cause.cause === undefined && wordless.has(cause.message)) return true
  }
  return false
}

// SQLSTATE classes 08 (connection), 53 (resources), and 57P01 to 57P03 (shut down, crashed, starting).
const awayStates = /^(08|53|57P0[123])/
const connectionFaults = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
])
// pg throws these without class or code; there is nothing else to tell them by.
const wordless = new Set([
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
  'Connection terminated',
  'timeout exceeded when trying to connect',
  'Query read timeout',
  'Client has encountered a connection error and is not queryable',
])
