import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { auditBreaks } from './audit.ts'
import { createClient } from './clients.ts'
import { callerOf, createKey, findKey, listKeys, revokeKey, type Scope, webhookSecretOf } from './keys.ts'
import { SealBroken } from './sealing.ts'
import { type VerbHouse, verbHouse } from './testing.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

let clients = 0
async function aKey(more: Partial<Parameters<typeof createKey>[2]> = {}) {
  const { id: clientId } = await createClient(house, 'test', { name: `client ${++clients}` })
  return { clientId, ...(await createKey(house, 'anna@pass.test', { clientId, scopes: ['upload', 'read'], ...more })) }
}

const auditOf = async (subject: string) =>
  (
    await house.pool.query(
      'select actor, act, client_id as "clientId", data from audit where subject = $1 order by id',
      [subject],
    )
  ).rows

describe('a key', () => {
  test('tells whose it is, what it may and what staff call it', async () => {
    const { id, key, clientId } = await aKey({ name: 'Shop' })
    expect(await callerOf(house, `Bearer ${key}`)).toEqual({
      keyId: id,
      clientId,
      name: 'Shop',
      isCounted: false,
      scopes: new Set(['upload', 'read']),
    })
  })

  test('is 32 random bytes that are found nowhere in the database, and shows its first characters', async () => {
    const { id, key, webhookSecret, clientId } = await aKey()
    expect(key).toMatch(/^pass_[A-Za-z0-9_-]{43}$/)
    expect(Buffer.from(webhookSecret.replace(/^whsec_/, ''), 'base64')).toHaveLength(32)
    const [row] = await listKeys(house, clientId)
    expect(row).toMatchObject({ id, prefix: key.slice(0, 13), name: key.slice(0, 13), state: 'active' })
    const { rows } = await house.pool.query(
      'select k::text || (select string_agg(a::text, $2) from audit a) as all from api_keys k where id = $1',
      [id, ' '],
    )
    expect(rows[0].all).not.toContain(key.slice(13))
    expect(rows[0].all).not.toContain(webhookSecret.slice(6))
    expect(rows[0].all).not.toContain(Buffer.from(webhookSecret.slice(6), 'base64').toString('hex'))
  })

  test.each([
    ['no header', () => undefined],
    ['an empty header', () => ''],
    ['another scheme', (key: string) => `Basic ${key}`],
    ['the key alone', (key: string) => key],
    ['one letter altered', (key: string) => `Bearer ${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`],
    ['something behind it', (key: string) => `Bearer ${key} x`],
    ['only what is shown of it', (key: string) => `Bearer ${key.slice(0, 13)}`],
  ])('is not taken with %s', async (_, header) => {
    const { key } = await aKey()
    expect(await callerOf(house, header(key))).toBeNull()
  })

  test('is taken whatever case the scheme is written in', async () => {
    const { id, key } = await aKey()
    expect(await callerOf(house, `bearer  ${key} `)).toMatchObject({ keyId: id })
  })

  test('ends when it expires', async () => {
    const { id, key, clientId } = await aKey({ expiresAt: new Date(Date.now() + 3_600_000) })
    expect(await callerOf(house, `Bearer ${key}`)).not.toBeNull()
    await house.pool.query(`update api_keys set expires_at = now() where id = $1`, [id])
    expect(await callerOf(house, `Bearer ${key}`)).toBeNull()
    expect((await listKeys(house, clientId))[0]!.state).toBe('expired')
  })

  test('ends at once when it is revoked, once, and both acts are in the audit', async () => {
    const { id, key, clientId } = await aKey()
    await revokeKey(house, 'otto@pass.test', id)
    await revokeKey(house, 'anna@pass.test', id)
    expect(await callerOf(house, `Bearer ${key}`)).toBeNull()
    expect((await listKeys(house, clientId))[0]).toMatchObject({ state: 'revoked', revokedBy: 'otto@pass.test' })
    expect(await auditOf(id)).toEqual([
      {
        actor: 'anna@pass.test',
        act: 'key.create',
        clientId,
        data: expect.objectContaining({ scopes: ['upload', 'read'] }),
      },
      { actor: 'otto@pass.test', act: 'key.revoke', clientId, data: { prefix: key.slice(0, 13) } },
    ])
    expect(await auditBreaks(house.db)).toEqual([])
  })

  test('keeps its last use, written at most once a minute', async () => {
    const { id, key } = await aKey()
    const used = async () =>
      (await house.pool.query<{ at: Date | null }>('select last_used_at as at from api_keys where id = $1', [id]))
        .rows[0]!.at
    expect(await used()).toBeNull()
    await callerOf(house, `Bearer ${key}`)
    await expect.poll(used).not.toBeNull()
    await house.pool.query(`update api_keys set last_used_at = now() - interval '50 seconds' where id = $1`, [id])
    const before = await used()
    await Promise.all(Array.from({ length: 5 }, () => callerOf(house, `Bearer ${key}`)))
    expect(await used()).toEqual(before)
    await house.pool.query(`update api_keys set last_used_at = now() - interval '70 seconds' where id = $1`, [id])
    await callerOf(house, `Bearer ${key}`)
    await expect.poll(async () => Date.now() - (await used())!.getTime()).toBeLessThan(60_000)
  })

  test.each([
    ['no scope', { scopes: [] }, 'invalid_scope'],
    ['an unknown scope', { scopes: ['admin' as Scope] }, 'invalid_scope'],
    ['an expiry that is over', { expiresAt: new Date(Date.now() - 1000) }, 'invalid_expiry'],
    ['an expiry that is none', { expiresAt: new Date(Number.NaN) }, 'invalid_expiry'],
    ['a name of 101 characters', { name: 'x'.repeat(101) }, 'invalid_name'],
    ['an unknown client', { clientId: crypto.randomUUID() }, 'not_found'],
  ])('is not made with %s', async (_, wrong, code) => {
    await expect(aKey(wrong)).rejects.toMatchObject({ code })
  })

  test('is found by its id and by what is shown of it', async () => {
    const { id, key } = await aKey()
    expect(await findKey(house, id)).toEqual({ id })
    expect(await findKey(house, key.slice(0, 13))).toEqual({ id })
    await expect(findKey(house, 'pass_')).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('the webhook secret of a key', () => {
  test('opens for its key and for no other', async () => {
    const one = await aKey()
    const other = await aKey()
    expect(await webhookSecretOf(house, one.id)).toBe(one.webhookSecret)
    await house.pool.query(
      'update api_keys set webhook_secret = (select webhook_secret from api_keys where id = $2) where id = $1',
      [one.id, other.id],
    )
    await expect(webhookSecretOf(house, one.id)).rejects.toThrow(SealBroken)
  })
})

test('a client sees only its own keys, those that work first', async () => {
  const { clientId, id } = await aKey({ name: 'old' })
  await aKey()
  const second = await createKey(house, 'test', { clientId, scopes: ['process'], name: 'new' })
  expect((await listKeys(house, clientId)).map(({ name }) => name)).toEqual(['new', 'old'])
  await revokeKey(house, 'test', second.id)
  expect((await listKeys(house, clientId)).map((key) => key.id)).toEqual([id, second.id])
})
