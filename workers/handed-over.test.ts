import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { handOver, sourceRow } from '#server/sources.ts'
import { runDetail } from '#server/views.ts'
import { handOverAnew, migrateAll, reached, type StandIn, type TestHouse } from './testing.ts'
import { type HouseWithAccount, houseWithAccount, hurryingHouse, sized } from './testing-house.ts'

let place: HouseWithAccount
let house: TestHouse
let standIn: StandIn

beforeAll(async () => {
  place = await houseWithAccount('pixieset', sized(6, 40), hurryingHouse)
  ;({ house, standIn } = place)
})
afterAll(() => place?.dispose())

beforeEach(() => standIn.faults({ reset: true }))

test('while a run waits for its next session what is copied is rendered, and with the session it goes on by itself', async () => {
  await standIn.faults({ expireTokenEvery: 120 })
  const run = await migrateAll(house, standIn, { client: 'Interrupted' })
  const waiting = await reached(house, run, ({ state, totals }) => state === 'blocked' && totals.stored === 0)
  expect(waiting.code).toMatch(/^(challenge|sign_in_refused)$/)
  expect(waiting.todo).toMatch(/\w/)
  expect(waiting.session).toMatchObject({ trying: false, todo: waiting.todo })
  expect(waiting.totals.rendered + waiting.totals.published).toBeGreaterThan(0)
  expect(waiting.clock.waitsSince).not.toBeNull()
  const { plan } = await runDetail(house, run)
  expect(plan).toMatchObject({ handedOver: { hours: 3.5 } })
  await standIn.faults({ reset: true })
  await handOverAnew(house, run, standIn)
  const end = await reached(house, run)
  expect(end).toMatchObject({ state: 'done', todo: null })
  expect(end.clock.waitedSeconds).toBeGreaterThan(0)
}, 180_000)

test('a session that could not be tried, for the provider did not answer, is gone on with', async () => {
  await standIn.faults({ expireTokenEvery: 120 })
  const run = await migrateAll(house, standIn, { client: 'Unanswered' })
  await reached(house, run, ({ state }) => state === 'blocked')
  await standIn.faults({ reset: true, rate5xx: 1 })
  await handOverAnew(house, run, standIn)
  await standIn.faults({ reset: true })
  expect(await reached(house, run)).toMatchObject({ state: 'done', todo: null })
}, 180_000)

test('the next session handed over in time takes over without a break', async () => {
  const credentials = await standIn.handedOver()
  const run = await migrateAll(house, { ...standIn, credentials }, { client: 'In time' })
  const { sourceId } = await runDetail(house, run)
  const moving = await reached(house, run, ({ state, totals }) => state === 'running' && totals.copied > 0)
  expect(Date.parse(moving.session!.endsAt!)).toBeGreaterThan(Date.now() + 3 * 3_600_000)
  await handOver(house, 'test', sourceId!, await standIn.handedOver())
  const taken = await reached(house, run, ({ session }) => session?.trying === false)
  expect(taken.session).toMatchObject({ health: 'ok', todo: null })
  expect(await sourceRow(house, sourceId!)).toMatchObject({ offered: false })
  const end = await reached(house, run)
  expect(end.state).toBe('done')
  const { events } = await runDetail(house, run)
  expect(events.map(({ kind }) => kind)).not.toContain('blocked')
}, 180_000)
