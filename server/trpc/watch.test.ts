import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sessions } from '#db/schema.ts'
import { createUser } from '#server/accounts.ts'
import { announceExport } from '#server/live.ts'
import { type VerbHouse, verbHouse } from '#server/testing.ts'
import { watch } from './watch.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house.dispose())

it('ends when a file is written that whoever looks has asked for, and for nobody else’s', async () => {
  const keeper = await signedIn('lena@pass.test')
  const runId = randomUUID()
  const views = watch(house, keeper, runId, undefined, async () => 'as it is')
  await views.next()
  await expect.poll(listening).toBe(1)
  await views.next() // the listener has begun: everybody looks
  await announceExport(house, 'tom@pass.test')
  await house.pool.query("select pg_notify('pass_run', $1)", [runId])
  expect(await views.next()).toEqual({ done: false, value: 'as it is' })
  await announceExport(house, keeper.email)
  expect(await views.next()).toEqual({ done: true, value: undefined })
})

async function signedIn(email: string) {
  await createUser(house, { email, role: 'staff' })
  const { rows } = await house.pool.query<{ id: string }>('select id from users where email = $1', [email])
  const sessionId = randomUUID()
  await house.db
    .insert(sessions)
    .values({ id: sessionId, token: sessionId, userId: rows[0]!.id, expiresAt: new Date(Date.now() + 60_000) })
  return { sessionId, email }
}

async function listening(): Promise<number> {
  const { rows } = await house.pool.query<{ n: number }>(
    "select count(*)::int as n from pg_stat_activity where datname = current_database() and application_name = 'pass-live' and query ilike 'listen%'",
  )
  return rows[0]!.n
}
