import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findOrCreateClient } from '../clients.ts'
import { originalKey } from '../store/store.ts'
import { type VerbHouse, verbHouse } from '../testing.ts'
import { entered, type Holdings, HoldLost, openHoldings, sweepLoose } from './loose.ts'

let house: VerbHouse
let holdings: Holdings
let clientId: string
beforeAll(async () => {
  house = await verbHouse()
  holdings = openHoldings(house)
  clientId = (await findOrCreateClient(house, 'test', 'Anna')).id
})
afterAll(async () => {
  holdings.close()
  await house.dispose()
})

/** An object that was put under a hold. */
async function held(bytes = randomBytes(100)) {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const id = await holdings.hold(clientId, sha256)
  await house.store.put(originalKey(clientId, sha256), bytes, {
    sha256,
    bytes: bytes.length,
    contentType: 'image/jpeg',
  })
  return { id, sha256, bytes, isThere: async () => (await house.store.head(originalKey(clientId, sha256))) !== null }
}
const forgotten = (id: number) => house.pool.query('update loose_objects set held_until = now() where id = $1', [id])
const enter = (sha256: string) =>
  house.pool.query(
    `insert into assets (client_id, sha256, bytes, content_type) values ($1, decode($2, 'hex'), 100, 'image/jpeg')`,
    [clientId, sha256],
  )

test('what somebody holds stays, what nobody holds any more goes', async () => {
  const [kept, lost] = [await held(), await held()]
  await forgotten(lost.id)
  expect(await sweepLoose(house)).toBe(1)
  expect(await kept.isThere()).toBe(true)
  expect(await lost.isThere()).toBe(false)
  await holdings.drop([kept.id])
  expect(await kept.isThere()).toBe(false)
})

test('an object that another sender holds, or that is entered, stays', async () => {
  const first = await held()
  const second = await held(first.bytes)
  await holdings.drop([first.id])
  expect(await first.isThere()).toBe(true)
  await enter(first.sha256)
  await holdings.drop([second.id])
  expect(await first.isThere()).toBe(true)
})

test('one whose original was removed by a rule goes', async () => {
  const one = await held()
  await enter(one.sha256)
  await house.pool.query(`update assets set removed_at = now() where sha256 = decode($1, 'hex')`, [one.sha256])
  await holdings.drop([one.id])
  expect(await one.isThere()).toBe(false)
})

test('who has lost the hold cannot enter, and enters nothing of what goes with it', async () => {
  const [kept, lost] = [await held(), await held()]
  await forgotten(lost.id)
  await sweepLoose(house)
  const both = house.db.transaction((tx) => entered(tx, [kept.id, lost.id]))
  await expect(both).rejects.toThrow(HoldLost)
  await house.db.transaction((tx) => entered(tx, [kept.id]))
  expect(await kept.isThere()).toBe(true)
})

test('the sweep waits for an entry under way, and leaves what it entered', async () => {
  const one = await held()
  await forgotten(one.id)
  const underWay = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  const entering = house.db.transaction(async (tx) => {
    await entered(tx, [one.id])
    underWay.resolve()
    await go.promise
  })
  await underWay.promise
  const swept = sweepLoose(house)
  await waitingFor('loose_objects')
  await enter(one.sha256)
  go.resolve()
  await entering
  expect(await swept).toBe(0)
  expect(await one.isThere()).toBe(true)
})

/** Until somebody waits for a lock in a statement about this table. */
async function waitingFor(table: string): Promise<void> {
  for (;;) {
    const { rows } = await house.pool.query(
      `select from pg_stat_activity where wait_event_type = 'Lock' and query like $1 and datname = current_database()`,
      [`%${table}%`],
    )
    if (rows.length > 0) return
  }
}
