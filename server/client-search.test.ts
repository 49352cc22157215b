import { afterAll, beforeAll, expect, test } from 'vitest'
import { searchClients } from './client-search.ts'
import { createClient } from './clients.ts'
import { aMovingRun, aSource, type VerbHouse, verbHouse } from './testing.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

test('pages by name hold each client once, whatever case their names are in', async () => {
  for (let n = 0; n < 25; n++) await createClient(house, 'test', { name: `${n % 2 ? 'page' : 'PAGE'} ${n}` })
  const seen: string[] = []
  let cursor: string | null = null
  do {
    const page = await searchClients(house, { text: 'page' }, { cursor, limit: 10 })
    expect(page.counts?.all ?? null).toBe(cursor === null ? 25 : null)
    seen.push(...page.clients.map(({ name }) => name))
    cursor = page.nextCursor
  } while (cursor)
  expect(new Set(seen).size).toBe(25)
  expect(seen.map((name) => name.toLowerCase())).toEqual(seen.map((name) => name.toLowerCase()).toSorted())
})

test('a client is found by a part of its name or e-mail, signs of patterns included', async () => {
  await createClient(house, 'test', { name: 'Fifty % Studio', email: 'fifty@percent.example' })
  const namesBy = async (text: string) => (await searchClients(house, { text })).clients.map(({ name }) => name)
  expect(await namesBy('fifty %')).toEqual(['Fifty % Studio'])
  expect(await namesBy('percent.ex')).toEqual(['Fifty % Studio'])
  expect(await namesBy('% %')).toEqual([])
})

test('tabs tell who needs somebody, whose pictures move, and who has no run yet', async () => {
  const none = await aSource(house)
  const moving = await aMovingRun(house)
  const refused = await aMovingRun(house)
  await house.pool.query("update sources set health = 'refused' where id = $1", [refused.sourceId])
  const waiting = await aMovingRun(house)
  await house.pool.query("update runs set state = 'blocked', resume_to = 'running' where id = $1", [waiting.id])
  const ids = async (tab: 'attention' | 'moving' | 'none') =>
    (await searchClients(house, { tab, text: 'anna-' })).clients.map(({ id }) => id).toSorted()
  expect(await ids('attention')).toEqual([refused.clientId, waiting.clientId].toSorted())
  expect(await ids('moving')).toEqual([moving.clientId, refused.clientId].toSorted())
  expect(await ids('none')).toEqual([none.clientId])
  const { counts, clients } = await searchClients(house, { text: 'anna-' })
  expect(counts).toEqual({ all: 4, attention: 2, moving: 2, none: 1 })
  expect(clients.find(({ id }) => id === waiting.clientId)).toMatchObject({
    needsYou: true,
    runs: 1,
    sources: 1,
    lastRun: { id: waiting.id, state: 'blocked', at: expect.any(Date) },
  })
})
