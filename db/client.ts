// The one way to the database. Nothing here is global: whoever connects, closes.
import { hash } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import { Client, Pool, types } from 'pg'
import * as schema from './schema.ts'

// Ids, counts and bytes stay far below 2^53; pg would give them as text.
types.setTypeParser(types.builtins.INT8, Number)

export type Db = NodePgDatabase<typeof schema>
/** What verbs that belong into a caller's transaction take; a `Db` will do where there is none. */
export type Tx = Db | Parameters<Parameters<Db['transaction']>[0]>[0]

export interface Connection {
  db: Db
  pool: Pool
  /** Waits for queries in flight. */
  close(): Promise<void>
}

export interface ConnectOptions {
  /** Connections at most; default 10. */
  max?: number
  /** Seen in `pg_stat_activity`: `console`, `media`, `worker scrape`, … */
  applicationName: string
  /** A connection was lost while idle. The pool makes a new one when asked; this is for the log. */
  onLost?: (error: Error) => void
}

/** Connects lazily: the first query fails when nobody answers, and a later one succeeds when somebody does again. */
export function connect(url: string, { max = 10, applicationName, onLost = () => {} }: ConnectOptions): Connection {
  const pool = new Pool({
    Client: PlanningClient,
    connectionString: url,
    max,
    application_name: applicationName,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    statement_timeout: 60_000,
    lock_timeout: 30_000,
    idle_in_transaction_session_timeout: 60_000,
    query_timeout: 75_000, // a half-open connection never sends the server's own timeout
  })
  // Without listeners a database that goes away would take the process with it: the pool's hears of idle connections,
  // the client's own of one that is in the middle of a transaction (whose query rejects as well).
  pool.on('error', onLost)
  pool.on('connect', (client) => client.on('error', () => {}))
  return { db: drizzle(pool, { schema }), pool, close: () => pool.end() }
}

const mark = '/* planned once */'

/**
 * Begins a statement that is long and always the same, and asked for all the time: parsing and planning it would take as
 * long as what it does. Not for one whose text depends on how many values there are: each text stays with its connection.
 */
export const plannedOnce = sql.raw(`${mark} `)

const names = new Map<string, string>()

class PlanningClient extends Client {
  // biome-ignore lint/suspicious/noExplicitAny: `query` has nine signatures, and this hands on whichever was meant
  override query(...[config, ...rest]: any[]): any {
    const { text } = config as { text?: string }
    // biome-ignore lint/suspicious/noExplicitAny: as above
    const ask = super.query as (...args: any[]) => any
    if (!text?.startsWith(mark)) return ask.call(this, config, ...rest)
    const name = names.get(text) ?? hash('sha1', text)
    names.set(text, name)
    return ask.call(this, { ...config, name }, ...rest)
  }
}
