import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClient } from './clients.ts'
import { announceFiles, completeManifest } from './manifests/announce.ts'
import { createUpload } from './manifests/create.ts'
import { houseRetention, setRetention } from './retention.ts'
import { endUnfinished } from './retention-unfinished.ts'
import { pauseRun } from './runs.ts'
import { sampleRuns } from './samples.ts'
import { snapshot } from './snapshots.ts'
import { countedAndRecounted, type VerbHouse, verbHouse } from './testing.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

const files = ['a.jpg', 'b.jpg'].map((path) => ({ path, bytes: 1000, modified: 0 }))
const page = { from: 0, files, add: true, replace: false }

/** Two files announced, none sent. */
async function announced({ complete = true, clientId = '' } = {}): Promise<string> {
  const client = clientId || (await createClient(house, 'a', { name: randomUUID() })).id
  const layout = { into: 'gallery', title: 'Wedding', root: null } as const
  const { id } = await createUpload(house, 'a', { clientId: client, renditions: ['none'], layout })
  await announceFiles(house, 'a', id, page)
  if (complete) await completeManifest(house, 'a', id, files.length)
  return id
}

const daysAgo = (id: string, days: number) =>
  house.pool.query(`update runs set state_at = now() - $2 * interval '1 day' where id = $1`, [id, days])

/** Files that count as never sent, once who shows no sign has been looked for. */
async function leftOutOf(id: string): Promise<number> {
  await endUnfinished(house)
  return (await snapshot(house, id)).totals.skipped
}

const stateOf = async (id: string) => (await snapshot(house, id)).state

test('an upload without a sign for its client’s days ends with what is here; announced again, it goes on', async () => {
  const id = await announced()
  await daysAgo(id, houseRetention.unfinishedAfter - 0.1)
  expect(await leftOutOf(id)).toBe(0)
  await daysAgo(id, houseRetention.unfinishedAfter + 0.1)
  expect(await leftOutOf(id)).toBe(2)
  expect((await snapshot(house, id)).totals).toMatchObject({ found: 2, skipped: 2 })
  const { rows } = await house.pool.query('select state, code from photos where run_id = $1', [id])
  expect(rows).toEqual([1, 2].map(() => ({ state: 'skipped', code: 'not_sent' })))
  const { counted, recounted } = await countedAndRecounted(house, id)
  expect(counted).toEqual(recounted)
  expect((await announceFiles(house, 'a', id, page)).lacking).toEqual([0, 1])
})

test('each client has days of its own', async () => {
  const { id: clientId } = await createClient(house, 'a', { name: randomUUID() })
  await setRetention(house, 'a', clientId, { ...houseRetention, unfinishedAfter: 30 })
  const id = await announced({ clientId })
  await daysAgo(id, 29)
  expect(await leftOutOf(id)).toBe(0)
  await daysAgo(id, 31)
  expect(await leftOutOf(id)).toBe(2)
})

test('a list that was never finished is cancelled', async () => {
  const id = await announced({ complete: false })
  await daysAgo(id, 8)
  await endUnfinished(house)
  expect(await stateOf(id)).toBe('cancelled')
})

test('one of which something came in these days stays, and so does one that a person has paused', async () => {
  const [moving, paused] = [await announced(), await announced()]
  await sampleRuns(house)
  await house.pool.query(
    `insert into samples (run_id, at, found, stored, rendered, settled, bytes)
     select run_id, now() - interval '1 hour', found, stored + 1, rendered, settled, bytes from samples where run_id = $1`,
    [moving],
  )
  await pauseRun(house, 'a', paused)
  await daysAgo(moving, 8)
  await daysAgo(paused, 8)
  expect([await leftOutOf(moving), await leftOutOf(paused)]).toEqual([0, 0])
  expect([await stateOf(moving), await stateOf(paused)]).toEqual(['running', 'paused'])
  await house.pool.query(`update samples set at = now() - interval '8 days' where run_id = $1 and stored > 0`, [moving])
  expect(await leftOutOf(moving)).toBe(2)
})
