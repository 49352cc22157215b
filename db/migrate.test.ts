import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { expect, inject, it } from 'vitest'
import { DatabaseNewer, migrate } from './migrate.ts'
import { testDatabase } from './testing.ts'

it('applies each migration once when 20 processes start together', async () => {
  const { url, drop } = await emptyDatabase()
  await Promise.all(Array.from({ length: 20 }, () => migrate(url)))
  await migrate(url)
  const { rows } = await ask(
    url,
    'SELECT count(*)::int AS n, count(DISTINCT hash)::int AS once FROM drizzle.__drizzle_migrations',
  )
  expect(rows[0].n).toBeGreaterThan(0)
  expect(rows[0].n).toBe(rows[0].once)
  await drop()
})

it('refuses a database that a newer version brought up, and changes nothing', async () => {
  const { url, pool, drop } = await testDatabase()
  const later = Date.UTC(2999, 0)
  await pool.query('INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ($1, $2)', ['later', later])
  await expect(migrate(url)).rejects.toBeInstanceOf(DatabaseNewer)
  await drop()
})

it('says that nobody answers instead of waiting without end', async () => {
  await expect(migrate('postgresql://pass@127.0.0.1:1/pass')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

async function emptyDatabase() {
  const administration = new URL('/postgres', inject('templateUrl')).href
  const name = `empty_${randomBytes(6).toString('hex')}`
  await ask(administration, `CREATE DATABASE ${name}`)
  const drop = () => ask(administration, `DROP DATABASE ${name} WITH (FORCE)`)
  return { url: new URL(`/${name}`, administration).href, drop }
}

async function ask(url: string, statement: string) {
  const client = new Client({ connectionString: url })
  try {
    await client.connect()
    return await client.query(statement)
  } finally {
    await client.end()
  }
}
