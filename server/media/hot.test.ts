import { afterAll, beforeAll, expect, test } from 'vitest'
import * as tables from '#db/schema.ts'
import type { House } from '#server/house.ts'
import type { Image } from '#server/images.ts'
import { type VerbHouse, verbHouse } from '#server/testing.ts'
import { aPicture } from '#server/testing-pictures.ts'
import { hotImages } from './hot.ts'

let house: VerbHouse

beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house.dispose())

/** The house with its queries and its reads counted. */
function counted() {
  const counts = { queries: 0, reads: 0 }
  const pool = new Proxy(house.pool, {
    get(target, name) {
      if (name === 'query') counts.queries += 1
      const value = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const get: House['store']['get'] = (key, range) => {
    counts.reads += 1
    return house.store.get(key, range)
  }
  const store = { ...house.store, path: () => null, get }
  return { counts, house: { pool, store } }
}

test('what is asked for again at once costs no query and is answered at once', async () => {
  const { counts, house: seen } = counted()
  const hot = hotImages(seen)
  const { id } = await aPicture(house)
  const first = await hot.find(id, 'web')
  counts.queries = 0
  for (let i = 0; i < 1000; i++) expect(hot.find(id, 'web')).toBe(first)
  expect(counts.queries).toBe(0)
})

test('a thousand pictures asked for together cost a few queries, each its own answer', async () => {
  const { counts, house: seen } = counted()
  const hot = hotImages(seen)
  const pictures = await Promise.all(Array.from({ length: 20 }, () => aPicture(house)))
  const asked = Array.from({ length: 1000 }, (_, i) => ({ ...pictures[i % 20]!, name: i % 2 === 0 ? 'web' : null }))
  const found = await Promise.all(asked.map(({ id, name }) => hot.find(id, name)))
  for (const [i, { keys, sha256, name }] of asked.entries()) {
    const key = (found[i] as Image).key
    if (name === 'web') expect(key).toBe(keys.web)
    else expect(key).toMatch(new RegExp(`/${sha256}$`))
  }
  expect(counts.queries).toBeLessThan(10)
})

test('what does not exist is asked for each time: it may be made meanwhile', async () => {
  const { house: seen } = counted()
  const hot = hotImages(seen)
  const { id, photoId } = await aPicture(house)
  expect(await hot.find(id, 'later')).toBeNull()
  const [row] = await house.db.select().from(tables.renditions).limit(1)
  const { rows } = await house.pool.query<{ renditions: { web: unknown } }>(
    'select renditions from runs join photos on photos.run_id = runs.id where photos.id = $1',
    [photoId],
  )
  const instructions = rows[0]!.renditions.web as Record<string, unknown>
  await house.db
    .insert(tables.wantedRenditions)
    .values({ photoId, name: 'later', instructions, hash: row!.hash, code: 'ok' })
  expect(await hot.find(id, 'later')).toMatchObject({ contentType: 'image/webp' })
})

test('a query that fails fails those who wait for it, and the next one is asked', async () => {
  const { pool } = house
  let fails = true
  const query = (...asked: unknown[]) =>
    fails ? Promise.reject(new Error('away')) : (pool.query as (...asked: unknown[]) => unknown)(...asked)
  const hot = hotImages({ store: house.store, pool: Object.assign(Object.create(pool), { query }) })
  const { id } = await aPicture(house)
  const both = await Promise.allSettled([hot.find(id, 'web'), hot.find(id, null)])
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  fails = false
  expect(await hot.find(id, 'web')).toMatchObject({ contentType: 'image/webp' })
})

test('the bytes of a hot picture are read once, also when many ask at the same time', async () => {
  const { counts, house: seen } = counted()
  const hot = hotImages(seen)
  const { id, made } = await aPicture(house)
  const image = (await hot.find(id, 'web')) as Image
  const bodies = await Promise.all(Array.from({ length: 50 }, () => hot.read(image)))
  for (const body of bodies) expect(body).toEqual(made.web)
  expect(hot.read(image)).toBe(bodies[0])
  expect(counts.reads).toBe(1)
})

test('what was not read is read again when it is asked for again', async () => {
  const { house: seen } = counted()
  const hot = hotImages(seen)
  const { id, keys, made } = await aPicture(house)
  const image = (await hot.find(id, 'web')) as Image
  await expect(hot.read({ ...image, key: `${image.key}x` })).rejects.toThrow()
  expect(await hot.read(image)).toEqual(made.web)
  expect(image.key).toBe(keys.web)
})

test('memory is bounded: what was hot long ago is read again', async () => {
  const { counts, house: seen } = counted()
  const hot = hotImages(seen, 2000)
  const pictures = await Promise.all(Array.from({ length: 10 }, () => aPicture(house)))
  for (let round = 0; round < 2; round++) {
    for (const { id } of pictures) await hot.read((await hot.find(id, 'web')) as Image)
  }
  expect(counts.reads).toBe(20)
})

test('what is too large is not kept', async () => {
  const hot = hotImages(counted().house)
  const { id } = await aPicture(house, { bytes: 1_100_000 })
  expect(hot.read((await hot.find(id, null)) as Image)).toBeNull()
})
