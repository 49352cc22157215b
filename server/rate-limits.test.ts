import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect } from '#db/client.ts'
import { createClient } from './clients.ts'
import { createKey } from './keys.ts'
import { limitHeaders, requestsPerMinute, takePictures, takeRequest } from './rate-limits.ts'
import { type VerbHouse, verbHouse } from './testing.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

async function aKey(limits: { perMinute?: number; perDay?: number } = {}): Promise<string> {
  const { id: clientId } = await createClient(house, 'test', { name: randomUUID() })
  return (await createKey(house, 'test', { clientId, scopes: ['upload'], ...limits })).id
}

const many = (n: number, keyId: string, of: Parameters<typeof takeRequest>[0] = house) =>
  Promise.all(Array.from({ length: n }, () => takeRequest(of, keyId)))

/** As time goes by for the database; a process forgets what it knew when it is another one. */
const minuteIsOver = (keyId: string) => house.pool.query('update key_minutes set expire = 1 where key = $1', [keyId])

async function anotherProcess<T>(use: (of: Pick<VerbHouse, 'pool'>) => Promise<T>): Promise<T> {
  const { pool, close } = connect(house.env.DATABASE_URL!, { applicationName: 'another' })
  try {
    return await use({ pool })
  } finally {
    await close()
  }
}

describe('requests', () => {
  test('of a key are taken up to its limit, and told what is left and for how long', async () => {
    const keyId = await aKey({ perMinute: 6 })
    const taken = []
    for (let n = 0; n < 7; n++) taken.push(await takeRequest(house, keyId))
    expect(taken.map(({ allowed }) => allowed)).toEqual([true, true, true, true, true, true, false])
    expect(taken.map(({ remaining }) => remaining)).toEqual([5, 4, 3, 2, 1, 0, 0])
    expect(taken[0]).toMatchObject({ limit: 6, resetSeconds: 60, retryAfterSeconds: 0 })
    const refused = taken[6]!
    expect(refused.retryAfterSeconds).toBeGreaterThan(50)
    expect(refused.retryAfterSeconds).toBeLessThanOrEqual(60)
    expect(limitHeaders(refused)).toEqual({
      'RateLimit-Limit': '6',
      'RateLimit-Remaining': '0',
      'RateLimit-Reset': `${refused.resetSeconds}`,
      'Retry-After': `${refused.retryAfterSeconds}`,
    })
    expect(limitHeaders(taken[0]!)).not.toHaveProperty('Retry-After')
  })

  test('beyond the limit are taken again when the minute is over', async () => {
    const keyId = await aKey({ perMinute: 3 })
    await many(5, keyId)
    expect((await takeRequest(house, keyId)).allowed).toBe(false)
    await minuteIsOver(keyId)
    const again = await anotherProcess((of) => many(4, keyId, of))
    expect(again.filter(({ allowed }) => allowed)).toHaveLength(3)
  })

  test('of one key are counted together whichever process takes them', async () => {
    const keyId = await aKey({ perMinute: 40 })
    const taken = await anotherProcess((of) => Promise.all([many(40, keyId), many(40, keyId, of)]))
    expect(taken.flat().filter(({ allowed }) => allowed)).toHaveLength(40)
  })

  test('of a key with a limit that slices do not divide evenly are all given out', async () => {
    const keyId = await aKey({ perMinute: 1000 })
    const taken = await anotherProcess((of) => Promise.all([many(1001, keyId), many(1001, keyId, of)]))
    expect(taken.flat().filter(({ allowed }) => allowed)).toHaveLength(1000)
  })

  test('of another key are not touched', async () => {
    const [busy, calm] = [await aKey({ perMinute: 1 }), await aKey({ perMinute: 1 })]
    await many(5, busy)
    expect((await takeRequest(house, calm)).allowed).toBe(true)
  })

  test('of a key without a limit of its own have the house’s, and a burst asks the database seldom', async () => {
    const keyId = await aKey()
    let asked = 0
    const counting = {
      query(...args: [string, unknown[]]) {
        asked++
        return house.pool.query(...args)
      },
    }
    const taken = await many(1000, keyId, { pool: counting as unknown as VerbHouse['pool'] })
    expect(taken.every(({ allowed }) => allowed)).toBe(true)
    expect(taken[0]!.limit).toBe(requestsPerMinute)
    expect(asked).toBeLessThan(50)
  })

  test('of a key that is not there are refused', async () => {
    await expect(takeRequest(house, randomUUID())).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('pictures of a day', () => {
  const evening = new Date('2026-11-22T23:59:00Z')

  test('are taken all or none, and the refusal says when the next day begins', async () => {
    const counted = { keyId: await aKey({ perDay: 10 }), isCounted: true }
    await takePictures(house, counted, 9, evening)
    await expect(takePictures(house, counted, 2, evening)).rejects.toMatchObject({
      ...{ code: 'quota_exceeded', status: 429, retryAfterSeconds: 60 },
    })
    await takePictures(house, counted, 1, evening)
    await expect(takePictures(house, counted, 1, evening)).rejects.toMatchObject({ code: 'quota_exceeded' })
    await takePictures(house, counted, 10, new Date('2026-11-23T00:00:00Z'))
  })

  test('more than a day’s are refused at the first request too', async () => {
    const counted = { keyId: await aKey({ perDay: 10 }), isCounted: true }
    await expect(takePictures(house, counted, 11)).rejects.toMatchObject({ code: 'quota_exceeded' })
  })

  test('are not counted twice over by requests in parallel', async () => {
    const counted = { keyId: await aKey({ perDay: 10 }), isCounted: true }
    const ends = await Promise.allSettled(Array.from({ length: 20 }, () => takePictures(house, counted, 1, evening)))
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(10)
  })

  test('have no end where the key has none', async () => {
    await takePictures(house, { keyId: await aKey(), isCounted: false }, 1_000_000)
  })
})
