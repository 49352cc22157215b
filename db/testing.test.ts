import { Client } from 'pg'
import { expect, it } from 'vitest'
import { testDatabase } from './testing.ts'

it('gives every caller a migrated database in which only its own rows are seen', async () => {
  const [one, other] = await Promise.all([testDatabase(), testDatabase()])
  const rows = async (pool: typeof one.pool) => (await pool.query('SELECT FROM clients')).rowCount
  const before = await rows(one.pool)
  await one.pool.query(`CREATE TABLE mine AS SELECT 1 AS n`)
  expect(before).toBe(0)
  await expect(other.pool.query('SELECT FROM mine')).rejects.toMatchObject({ code: '42P01' })
  await Promise.all([one.drop(), other.drop()])
})

it('drops the database although somebody is still connected', async () => {
  const database = await testDatabase()
  const stranger = new Client({ connectionString: database.url })
  const thrownOut = new Promise<Error>((resolve) => stranger.on('error', resolve))
  await stranger.connect()
  await database.drop()
  expect(await thrownOut).toMatchObject({ code: '57P01' })
  const gone = new Client({ connectionString: database.url })
  await expect(gone.connect()).rejects.toMatchObject({ code: '3D000' })
})
