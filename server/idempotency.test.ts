import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClient } from './clients.ts'
import { type Answer, once, sweepIdempotency } from './idempotency.ts'
import { createKey } from './keys.ts'
import { Refusal } from './refusal.ts'
import { type VerbHouse, verbHouse } from './testing.ts'

let house: VerbHouse
let caller: { keyId: string }
beforeAll(async () => {
  house = await verbHouse()
  caller = await aCaller()
})
afterAll(() => house?.dispose())

async function aCaller() {
  const { id: clientId } = await createClient(house, 'test', { name: randomUUID() })
  return { keyId: (await createKey(house, 'test', { clientId, scopes: ['upload'] })).id }
}

/** Work that counts itself and may be told how to end. */
function work(end: (n: number) => Answer = (n) => ({ status: 200, body: { image: n } })) {
  const ids: string[] = []
  return {
    ids,
    do: async (id: string) => end(ids.push(id)),
  }
}

/** As a process leaves it that was killed in the middle. */
async function dies(key: string, fingerprint: string, of = caller): Promise<string> {
  let id = ''
  void once(house, of, key, fingerprint, (requestId) => {
    id = requestId
    return new Promise(() => {})
  })
  await expect.poll(() => id).not.toBe('')
  return id
}
const lapse = (key: string) =>
  house.pool.query(`update idempotent_requests set held_until = now() - interval '1 second' where key = $1`, [key])

test('later, the same request gets the same answer and is not done again', async () => {
  const key = randomUUID()
  const made = work((n) => ({ status: 202, body: { image: n, nothing: null, text: 'a \u0000 b' } }))
  const first = await once(house, caller, key, 'f', made.do)
  const second = await once(house, caller, key, 'f', made.do)
  expect(second).toEqual({ status: 202, body: { image: 1, nothing: null, text: 'a \uFFFD b' } })
  expect(second.status).toBe(first.status)
  expect(made.ids).toHaveLength(1)
})

test('in parallel, one of twenty does it and the others are told that it is in progress', async () => {
  const key = randomUUID()
  const done = Promise.withResolvers<void>()
  const made = work()
  const all = Array.from({ length: 20 }, () =>
    once(house, caller, key, 'f', async (id) => {
      const answer = await made.do(id)
      await done.promise
      return answer
    }).catch((error: Refusal) => {
      if (++refused === 19) done.resolve()
      return error
    }),
  )
  let refused = 0
  const ends = await Promise.all(all)
  expect(made.ids).toHaveLength(1)
  const refusals = ends.filter((end) => end instanceof Refusal)
  expect(refusals).toHaveLength(19)
  for (const refusal of refusals) expect(refusal).toMatchObject({ code: 'request_in_progress', status: 409 })
})

test('with another body it is refused, while the first is in progress and afterwards', async () => {
  const key = randomUUID()
  const made = work()
  const reused = { code: 'idempotency_key_reused', status: 422 }
  await dies(key, 'one')
  await expect(once(house, caller, key, 'two', made.do)).rejects.toMatchObject(reused)
  await lapse(key)
  await once(house, caller, key, 'one', made.do)
  await expect(once(house, caller, key, 'two', made.do)).rejects.toMatchObject(reused)
  expect(made.ids).toHaveLength(1)
})

test('another caller’s request of the same key is another request', async () => {
  const key = randomUUID()
  await once(house, caller, key, 'f', work().do)
  const made = work()
  await once(house, await aCaller(), key, 'g', made.do)
  expect(made.ids).toHaveLength(1)
})

test.each([
  ['nothing', ''],
  ['an empty string', '""'],
  ['256 characters', 'x'.repeat(256)],
  ['a space inside', 'a b'],
  ['a letter outside ASCII', 'schlüssel'],
  ['a control character', 'a\u0007b'],
])('a key of %s is refused and nothing is done', async (_, key) => {
  const made = work()
  await expect(once(house, caller, key, 'f', made.do)).rejects.toMatchObject({
    code: 'idempotency_key_invalid',
    status: 400,
  })
  expect(made.ids).toHaveLength(0)
})

test('a key is the same bare and in quotes', async () => {
  const key = randomUUID()
  const made = work()
  await once(house, caller, key, 'f', made.do)
  await once(house, caller, `"${key}"`, 'f', made.do)
  expect(made.ids).toHaveLength(1)
})

test('without a key every request is done', async () => {
  const made = work()
  await once(house, caller, undefined, 'f', made.do)
  await once(house, caller, undefined, 'f', made.do)
  expect(new Set(made.ids).size).toBe(2)
})

test('a process that dies in the middle holds the key no longer than its hold, and its successor works under the same id', async () => {
  const key = randomUUID()
  const id = await dies(key, 'f')
  const made = work()
  await expect(once(house, caller, key, 'f', made.do)).rejects.toMatchObject({ code: 'request_in_progress' })
  await lapse(key)
  expect(await once(house, caller, key, 'f', made.do)).toEqual({ status: 200, body: { image: 1 } })
  expect(made.ids).toEqual([id])
})

test('work that takes longer than a hold keeps it', async () => {
  const key = randomUUID()
  const done = Promise.withResolvers<void>()
  const heldUntil = async () =>
    (await house.pool.query<{ at: Date }>('select held_until as at from idempotent_requests where key = $1', [key]))
      .rows[0]?.at
  const first = once(
    house,
    caller,
    key,
    'f',
    async () => {
      const before = await heldUntil()
      await expect.poll(heldUntil).not.toEqual(before)
      await done.promise
      return { status: 200, body: 1 }
    },
    { holdSeconds: 0.6 },
  )
  const begun = await expect.poll(heldUntil).toBeDefined().then(heldUntil)
  await expect.poll(async () => (await heldUntil())! > begun!).toBe(true)
  done.resolve()
  expect(await first).toEqual({ status: 200, body: 1 })
})

test('a refusal frees the key: the request may be mended and sent again', async () => {
  const key = randomUUID()
  const refused = work(() => {
    throw new Refusal('empty_file', 422, 'It is empty.')
  })
  await expect(once(house, caller, key, 'f', refused.do)).rejects.toMatchObject({ code: 'empty_file' })
  const answered = work(() => ({ status: 422, body: null }))
  expect(await once(house, caller, key, 'g', answered.do)).toMatchObject({ status: 422 })
  const made = work()
  expect(await once(house, caller, key, 'h', made.do)).toMatchObject({ status: 200 })
})

test.each([
  ['thrown', () => Promise.reject(new Error('away'))],
  ['answered', () => Promise.resolve({ status: 503, body: null })],
])(
  'after a failure of ours that was %s the next try works at once, under the same id, for the same request only',
  async (_, fails) => {
    const key = randomUUID()
    const ids: string[] = []
    await once(house, caller, key, 'f', (id) => {
      ids.push(id)
      return fails()
    }).catch(() => {})
    const made = work()
    await expect(once(house, caller, key, 'g', made.do)).rejects.toMatchObject({ code: 'idempotency_key_reused' })
    expect(await once(house, caller, key, 'f', made.do)).toMatchObject({ status: 200 })
    expect(made.ids).toEqual(ids)
  },
)

test('who lost its hold does not overwrite the answer of who took over', async () => {
  const key = randomUUID()
  const slow = Promise.withResolvers<Answer>()
  let begun = false
  const first = once(house, caller, key, 'f', () => {
    begun = true
    return slow.promise
  })
  await expect.poll(() => begun).toBe(true)
  await lapse(key)
  await once(house, caller, key, 'f', work().do)
  slow.resolve({ status: 200, body: 'late' })
  await first
  expect(await once(house, caller, key, 'f', work().do)).toEqual({ status: 200, body: { image: 1 } })
})

test('after a day a key is as new, swept or not, and the sweep leaves what is in progress and what is younger', async () => {
  const age = (key: string, interval: string) =>
    house.pool.query(`update idempotent_requests set created_at = now() - $2::interval where key = $1`, [key, interval])
  const [old, older, young, open] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()]
  for (const key of [old, older, young]) await once(house, caller, key, 'f', work().do)
  await dies(open, 'f')
  await age(old, '25 hours')
  const made = work()
  await once(house, caller, old, 'another', made.do)
  expect(made.ids).toHaveLength(1)
  await age(older, '25 hours')
  await age(young, '23 hours')
  await age(open, '25 hours')
  expect(await sweepIdempotency(house)).toBe(1)
  const { rows } = await house.pool.query<{ key: string }>('select key from idempotent_requests where key = any($1)', [
    [old, older, young, open],
  ])
  expect(rows.map(({ key }) => key).toSorted()).toEqual([old, young, open].toSorted())
})
