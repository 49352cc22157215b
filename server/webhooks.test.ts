import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createClient } from './clients.ts'
import { createKey } from './keys.ts'
import { forgetJobs, jobsOf, type VerbHouse, verbHouse } from './testing.ts'
import { deliveryBody, listDeliveries } from './webhook-views.ts'
import {
  announceByWebhook,
  dueDelivery,
  type Outcome,
  receiverOf,
  recordOutcome,
  replayDelivery,
  replayFailed,
  sweepWebhooks,
} from './webhooks.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
beforeEach(() => forgetJobs(house))
afterAll(() => house?.dispose())

async function aReceiver() {
  const { id: clientId } = await createClient(house, 'test', { name: randomUUID() })
  const { id: keyId } = await createKey(house, 'test', { clientId, scopes: ['upload'], name: 'Shop' })
  return { clientId, keyId, url: 'https://shop.example/hook' }
}

const payload = { type: 'job.completed', timestamp: '2026-11-22T10:00:00.000Z', status: 'completed' }
const announce = (to: Awaited<ReturnType<typeof aReceiver>>) => announceByWebhook(house.db, house, { ...to, payload })
const ends = async (id: string, outcome: Outcome) =>
  recordOutcome(house.db, house, (await dueDelivery(house, id))!, outcome)
const taken: Outcome = { milliseconds: 12.4, status: 200, response: 'ok', retryAfterSeconds: null }
const gone: Outcome = { ...taken, status: 410, response: 'no more' }
const away: Outcome = { milliseconds: 1, status: null, code: 'unreachable' }
const deliveryIds = async () =>
  (await jobsOf(house, 'deliver-webhook')).map(({ data }) => (data as { deliveryId?: string }).deliveryId)

test('a message is entered with the transaction of what it tells, or not at all', async () => {
  const to = await aReceiver()
  await house.db
    .transaction(async (tx) => {
      await announceByWebhook(tx, house, { ...to, payload })
      throw new Error('rolled back')
    })
    .catch(() => {})
  expect((await listDeliveries(house, { clientId: to.clientId })).deliveries).toEqual([])
  expect(await deliveryIds()).toEqual([])
})

test.each([
  ['nothing', ''],
  ['no address', 'hook'],
  ['a file', 'file:///etc/passwd'],
  ['user information', 'https://a:b@shop.example/'],
  ['a private address', 'https://192.168.1.1/'],
  ['loopback', 'http://127.0.0.1:8080/'],
  ['loopback as a number', 'http://2130706433/'],
  ['metadata', 'http://169.254.169.254/'],
  ['another protocol’s port', 'https://shop.example:25/'],
  ['2,049 characters', `https://shop.example/${'x'.repeat(2049 - 21)}`],
])('%s is no receiver, and the refusal says nothing more', (_, url) => {
  expect(() => receiverOf(house, url)).toThrow(
    expect.objectContaining({ code: 'url_not_allowed', status: 422, message: 'This address cannot be used.' }),
  )
})

test('a public address is a receiver, as it is then kept', () => {
  expect(receiverOf(house, 'HTTPS://Shop.Example/hook?a=b')).toBe('https://shop.example/hook?a=b')
})

describe('the sweep', () => {
  test('makes the jobs that were lost, of messages that are due, once', async () => {
    const to = await aReceiver()
    const [due, later, settled] = [await announce(to), await announce(to), await announce(to)]
    await ends(later, away)
    await ends(settled, taken)
    await forgetJobs(house)
    await sweepWebhooks(house)
    expect(await deliveryIds()).toEqual([due])
    expect(await sweepWebhooks(house)).toBe(0)
  })

  test('forgets what was settled a month ago, and nothing that still waits', async () => {
    const to = await aReceiver()
    const [old, young, waiting] = [await announce(to), await announce(to), await announce(to)]
    await ends(old, taken)
    await ends(young, taken)
    const age = (id: string, days: number) =>
      house.pool.query(`update webhook_deliveries set created_at = now() - $2 * interval '1 day' where id = $1`, [
        id,
        days,
      ])
    await age(old, 31)
    await age(young, 29)
    await age(waiting, 31)
    await sweepWebhooks(house)
    const { deliveries } = await listDeliveries(house, { clientId: to.clientId })
    expect(deliveries.map(({ id }) => id)).toEqual([young, waiting])
  })
})

test('an outcome that comes after another one of the same try changes nothing', async () => {
  const to = await aReceiver()
  const id = await announce(to)
  const delivery = (await dueDelivery(house, id))!
  await recordOutcome(house.db, house, delivery, away)
  await forgetJobs(house)
  await recordOutcome(house.db, house, delivery, taken)
  const [row] = (await listDeliveries(house, { clientId: to.clientId })).deliveries
  expect(row).toMatchObject({ state: 'waiting', attempts: 1, lastCode: 'unreachable' })
  expect(await deliveryIds()).toEqual([])
})

test('the log tells of each message what became of it, newest first, page by page, and of no other client', async () => {
  const to = await aReceiver()
  await announce(await aReceiver())
  const ids = [await announce(to), await announce(to), await announce(to)]
  await ends(ids[0]!, taken)
  await ends(ids[1]!, gone)
  const first = await listDeliveries(house, { clientId: to.clientId, limit: 2 })
  expect(first.counts).toEqual({ delivered: 1, failed: 1, waiting: 1 })
  const second = await listDeliveries(house, { clientId: to.clientId, limit: 2, cursor: first.nextCursor })
  expect(second.nextCursor).toBeNull()
  expect([...first.deliveries, ...second.deliveries].map(({ id }) => id)).toEqual(ids.toReversed())
  expect(second.deliveries[0]).toMatchObject({
    ...{ key: { id: to.keyId, name: 'Shop' }, url: to.url, type: 'job.completed', state: 'delivered', attempts: 1 },
    ...{ nextTryAt: null, lastStatus: 200, lastCode: null, lastResponse: 'ok', lastMilliseconds: 12 },
  })
  const failed = await listDeliveries(house, { clientId: to.clientId, state: 'failed' })
  expect(failed.deliveries.map(({ id }) => id)).toEqual([ids[1]])
  expect(JSON.parse(await deliveryBody(house, ids[0]!))).toEqual(payload)
})

test('of everybody, each message says whose it is, and what is not delivered is counted', async () => {
  await house.pool.query('delete from webhook_deliveries')
  const [one, other] = [await aReceiver(), await aReceiver()]
  const ids = [await announce(one), await announce(other), await announce(one)]
  await ends(ids[0]!, taken)
  await ends(ids[1]!, gone)
  const first = await listDeliveries(house, { limit: 2 })
  expect(first.counts).toEqual({ delivered: null, failed: 1, waiting: 1 })
  const second = await listDeliveries(house, { limit: 2, cursor: first.nextCursor })
  const all = [...first.deliveries, ...second.deliveries]
  expect(all.map(({ id }) => id)).toEqual(ids.toReversed())
  expect(all.map(({ client }) => client.id)).toEqual([one.clientId, other.clientId, one.clientId])
  expect((await listDeliveries(house, { state: 'failed' })).deliveries.map(({ id }) => id)).toEqual([ids[1]])
  expect(await replayFailed(house, 'olga@pass.test', null)).toEqual({ replayed: 1 })
  expect((await listDeliveries(house, {})).counts).toEqual({ delivered: null, failed: 0, waiting: 2 })
})

describe('sending anew', () => {
  test('one message, whatever became of it, begins its tries again and is in the audit', async () => {
    const to = await aReceiver()
    const id = await announce(to)
    await ends(id, taken)
    await forgetJobs(house)
    await replayDelivery(house, 'anna@pass.test', id)
    expect(await dueDelivery(house, id)).toMatchObject({ id, attempts: 0 })
    expect(await deliveryIds()).toEqual([id])
    const { rows } = await house.pool.query(
      'select actor, act, client_id as "clientId" from audit where subject = $1',
      [id],
    )
    expect(rows).toEqual([{ actor: 'anna@pass.test', act: 'webhook.replay', clientId: to.clientId }])
    await expect(replayDelivery(house, 'test', randomUUID())).rejects.toMatchObject({ code: 'not_found' })
  })

  test('all that failed of one client, and nothing else', async () => {
    const to = await aReceiver()
    const other = await aReceiver()
    const [failed, also, delivered, theirs] = [
      await announce(to),
      await announce(to),
      await announce(to),
      await announce(other),
    ]
    for (const id of [failed, also, theirs]) await ends(id, gone)
    await ends(delivered, taken)
    await forgetJobs(house)
    expect(await replayFailed(house, 'test', to.clientId)).toEqual({ replayed: 2 })
    expect((await deliveryIds()).toSorted()).toEqual([failed, also].toSorted())
    expect(await replayFailed(house, 'test', to.clientId)).toEqual({ replayed: 0 })
  })
})
