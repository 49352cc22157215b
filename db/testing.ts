// A database of one's own for a test: a clone of the migrated template that `scripts/test-postgres.ts` made for this run.
import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { inject } from 'vitest'
import { type Connection, connect } from './client.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the template database; nobody connects to it. */
    templateUrl: string
  }
}

export interface TestDatabase extends Omit<Connection, 'close'> {
  url: string
  /** Closes the pool and drops the database, whoever else is still connected. */
  drop(): Promise<void>
}

/** Takes about 50 ms. Call it per test, or per file where every test makes its own rows. */
export async function testDatabase(): Promise<TestDatabase> {
  const template = new URL(inject('templateUrl'))
  const name = `test_${randomBytes(6).toString('hex')}`
  await asAdministrator(`CREATE DATABASE ${name} TEMPLATE ${template.pathname.slice(1)} STRATEGY FILE_COPY`)
  const url = new URL(`/${name}`, template).href
  const { db, pool, close } = connect(url, { max: 10, applicationName: 'test' })
  const drop = async () => {
    await close()
    await asAdministrator(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
  }
  return { url, db, pool, drop }
}

async function asAdministrator(statement: string): Promise<void> {
  const client = new Client({ connectionString: new URL('/postgres', inject('templateUrl')).href })
  try {
    await client.connect()
    await client.query(statement)
  } finally {
    await client.end().catch(() => {})
  }
}
