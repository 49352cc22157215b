import { sql } from 'drizzle-orm'
import { expect, it } from 'vitest'
import { connect } from './client.ts'
import { testDatabase } from './testing.ts'

it('outlives the loss of every connection and answers the next query', async () => {
  const database = await testDatabase()
  const lost = Promise.withResolvers<Error>()
  const { db, close } = connect(database.url, { applicationName: 'victim', onLost: lost.resolve })
  await db.execute(sql`SELECT 1`)
  await database.pool.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim'`)
  expect(await lost.promise).toBeInstanceOf(Error)
  const { rows } = await db.execute(sql`SELECT 2 AS n`)
  expect(rows).toEqual([{ n: 2 }])
  await close()
  await database.drop()
})

it('outlives the loss of a connection in the middle of a transaction, whose query rejects', async () => {
  const database = await testDatabase()
  const { db, close } = connect(database.url, { applicationName: 'victim' })
  const cut = db.transaction(async (tx) => {
    await tx.execute(sql`SELECT 1`)
    await database.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim'`,
    )
    await tx.execute(sql`SELECT pg_sleep(60)`)
  })
  await expect(cut).rejects.toBeInstanceOf(Error)
  const { rows } = await db.execute(sql`SELECT 2 AS n`)
  expect(rows).toEqual([{ n: 2 }])
  await close()
  await database.drop()
})

it('lets no statement, lock or idle transaction hold others up without end', async () => {
  const database = await testDatabase()
  const settings = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout']
  for (const setting of settings) {
    const { rows } = await database.pool.query(`SELECT setting::int AS ms FROM pg_settings WHERE name = $1`, [setting])
    expect(rows[0].ms).toBeGreaterThan(0)
  }
  await database.drop()
})
