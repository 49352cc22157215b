// Brings a database to the tables of `schema.ts`. Generated with drizzle-kit into `sql/`.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate as apply } from 'drizzle-orm/node-postgres/migrator'
import { Client } from 'pg'

/** The database was brought up by a newer version of this program; nothing was changed. */
export class DatabaseNewer extends Error {
  override name = 'DatabaseNewer'
}

const migrationsFolder = join(import.meta.dirname, 'sql')
const lock = 7_277_001 // any number that nobody else locks

/** Applies what is missing. Many processes at once are harmless: one works, the others wait. Throws `DatabaseNewer`. */
export async function migrate(url: string): Promise<void> {
  const client = new Client({ connectionString: url, application_name: 'migrate', connectionTimeoutMillis: 10_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    // Of the session, and so gone with it.
    await client.query('SELECT pg_advisory_lock($1)', [lock])
    await refuseNewer(client)
    await apply(drizzle(client), { migrationsFolder })
  } finally {
    await client.end().catch(() => {})
  }
}

async function refuseNewer(client: Client): Promise<void> {
  const { rows: found } = await client.query<{ is: boolean }>(
    `SELECT to_regclass('drizzle.__drizzle_migrations') IS NOT NULL AS is`,
  )
  if (!found[0]?.is) return
  const { rows } = await client.query<{ last: string | null }>(
    'SELECT max(created_at)::text AS last FROM drizzle.__drizzle_migrations',
  )
  const journal = JSON.parse(await readFile(join(migrationsFolder, 'meta/_journal.json'), 'utf8')) as {
    entries: { when: number }[]
  }
  const newest = Math.max(0, ...journal.entries.map((entry) => entry.when))
  if (Number(rows[0]?.last ?? 0) > newest) {
    throw new DatabaseNewer('the database belongs to a newer version of this program: update, or use its own data')
  }
}
