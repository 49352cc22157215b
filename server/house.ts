// What every verb is given: the ledger, the queues, the object store and the key.
import type pg from 'pg'
import { connect, type Db } from '#db/client.ts'
import type { Env } from './env.ts'
import { stopListening } from './live.ts'
import { log } from './log.ts'
import { openQueues, type Queues } from './queues.ts'
import { openStore } from './store/open.ts'
import type { Store } from './store/store.ts'

export interface House {
  db: Db
  pool: pg.Pool
  queues: Queues
  store: Store
  /** 32 bytes; seals credentials and signs addresses. */
  secretKey: Buffer
  env: Env
  close(): Promise<void>
}

/** Who does it: `cli`, `worker`, or the e-mail of the person signed in. Goes to events and audit. */
export type Actor = string

/** Needs DATABASE_URL and PASS_SECRET_KEY in `env`; the schema is migrated already. Throws where either is missing. */
export async function openHouse(
  env: Env,
  options: { supervise?: boolean; applicationName?: string; connections?: number } = {},
): Promise<House> {
  if (!env.DATABASE_URL) throw new Error('DATABASE_URL is not set: start with `npm start` or `pass`, or set it.')
  if (!env.PASS_SECRET_KEY) throw new Error('PASS_SECRET_KEY is not set: it must be the one the data was sealed with.')
  const { db, pool, close } = connect(env.DATABASE_URL, {
    max: options.connections ?? 10,
    applicationName: options.applicationName ?? 'pass',
  })
  const queues = await openQueues({
    url: env.DATABASE_URL,
    supervise: options.supervise ?? false,
    onError: (error) => log.warn({ err: error.message }, 'queues'),
  })
  const store = await openStore(env)
  return {
    db,
    pool,
    queues,
    store,
    secretKey: Buffer.from(env.PASS_SECRET_KEY, 'base64'),
    env,
    async close() {
      await stopListening(pool)
      await queues.close()
      await store.close()
      await close()
    },
  }
}
