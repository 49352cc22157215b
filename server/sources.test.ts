import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClient } from './clients.ts'
import { SealBroken } from './sealing.ts'
import { keptSession, openCredentials, renewSession } from './sign-ins.ts'
import {
  addSource,
  forgetCredentials,
  listSources,
  recordHealth,
  replaceCredentials,
  sourceRow,
  testSource,
} from './sources.ts'
import { aSource, forgetJobs, jobsOf, type VerbHouse, verbHouse } from './testing.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

const credentials = { loginName: 'anna', password: 'very-secret' }
const newClient = () => createClient(house, 'test', { name: randomUUID() })
const add = (clientId: string, more: object = {}) =>
  addSource(house, 'test', { clientId, provider: 'zenfolio', credentials, ...more })
const source = async () => {
  const { clientId, sourceId } = await aSource(house)
  return { id: sourceId, clientId }
}

const aSession = (cookie: string) => ({ kept: { cookie }, endsAt: null })

test('the same account at the same endpoints is one source, however its name is written and however often at once', async () => {
  const { id: clientId } = await newClient()
  const made = await Promise.all([
    add(clientId),
    add(clientId, { credentials: { loginName: 'ANNA', password: 'newer' } }),
    add(clientId, { credentials: { ...credentials, loginName: 'Anna' } }),
  ])
  expect(new Set(made.map((one) => one.id)).size).toBe(1)
  expect(made.filter((one) => !one.existed).length).toBe(1)
})

test('an endpoint that is found at sign-in is empty as long as nobody names it', async () => {
  const { id: clientId } = await newClient()
  const given = { provider: 'pic-time', credentials: { email: 'anna@example.com', password: 'very-secret' } }
  const made = await add(clientId, { ...given, endpoints: { base: '' } })
  expect((await sourceRow(house, made.id)).endpoints).toEqual({ login: 'https://us.pic-time.com', base: '' })
  await expect(add(clientId, { ...given, endpoints: { login: '' } })).rejects.toMatchObject({
    code: 'invalid_endpoint',
  })
})

test('other endpoints, another account or another client make another source', async () => {
  const { id: clientId } = await newClient()
  const other = await newClient()
  const made = await Promise.all([
    add(clientId),
    add(clientId, { endpoints: { api: 'https://elsewhere.test/zfapi.asmx' } }),
    add(clientId, { credentials: { ...credentials, loginName: 'berta' } }),
    add(clientId, { credentials: { token: 'abc' } }),
    add(other.id),
  ])
  expect(new Set(made.map((one) => one.id)).size).toBe(5)
})

test.each([
  ['unknown_provider', { provider: 'flickr' }],
  ['invalid_credentials', { credentials: { loginName: 'anna' } }],
  ['invalid_credentials', { credentials: { ...credentials, more: 'keys' } }],
  ['unknown_endpoint', { endpoints: { cdn: 'https://x.test' } }],
  ['invalid_endpoint', { endpoints: { api: 'file:///etc/passwd' } }],
])('refuses with %s what it cannot use: %j', async (code, input) => {
  const { id } = await newClient()
  await expect(add(id, input)).rejects.toMatchObject({ name: 'Refusal', code, status: 422 })
  expect(await listSources(house, id)).toEqual([])
})

test('no view and no audit row shows a credential', async () => {
  const { id: clientId } = await newClient()
  const { id } = await add(clientId)
  const views = [await listSources(house, clientId), await sourceRow(house, id)]
  expect(views).toMatchObject([[{ hasCredentials: true, title: 'anna', health: 'untested' }], { id }])
  const { rows } = await house.pool.query('select * from audit where client_id = $1', [clientId])
  const { rows: kept } = await house.pool.query('select encode(credentials, $2) as bytes from sources where id = $1', [
    id,
    'escape',
  ])
  expect(JSON.stringify([views, rows, kept])).not.toContain('very-secret')
  expect(await openCredentials(house, { id, clientId })).toEqual(credentials)
})

test('credentials that were moved to another client do not open', async () => {
  const { id: mine } = await newClient()
  const { id: theirs } = await newClient()
  const { id } = await add(mine)
  await expect(openCredentials(house, { id, clientId: theirs })).rejects.toBeInstanceOf(SealBroken)
  const copy = await add(theirs)
  await house.pool.query(
    'update sources set credentials = (select credentials from sources where id = $1) where id = $2',
    [id, copy.id],
  )
  await expect(openCredentials(house, { id: copy.id, clientId: theirs })).rejects.toBeInstanceOf(SealBroken)
})

test('credentials that are not kept any more are asked for', async () => {
  const one = await source()
  await house.pool.query('update sources set credentials = null where id = $1', [one.id])
  await expect(openCredentials(house, one)).rejects.toMatchObject({ code: 'credentials_missing', status: 409 })
  expect(await sourceRow(house, one.id)).toMatchObject({ hasCredentials: false })
})

test('new credentials drop the session, so that every worker signs in anew, and the health of the old ones', async () => {
  const one = await source()
  const { generation } = await renewSession(house, one, 0, async () => aSession('old'))
  await recordHealth(house, one.id, 'refused', 'Enter the password again.')
  await replaceCredentials(house, 'test', one.id, { token: 'new' })
  const now = await keptSession(house, one)
  expect(now.kept).toBeUndefined()
  expect(now.generation).toBeGreaterThan(generation)
  expect(await openCredentials(house, one)).toEqual({ token: 'new' })
  expect(await sourceRow(house, one.id)).toMatchObject({ health: 'untested', todo: null })
})

test('of many that found the same session expired one signs in and the others take what it got', async () => {
  const one = await source()
  const { generation: expired } = await renewSession(house, one, 0, async () => aSession('first'))
  let signIns = 0
  const renewed = await Promise.all(
    Array.from({ length: 5 }, () => renewSession(house, one, expired, async () => aSession(`after ${++signIns}`))),
  )
  expect(signIns).toBe(1)
  expect(new Set(renewed.map((session) => JSON.stringify(session)))).toEqual(
    new Set([JSON.stringify({ generation: expired + 1, kept: { cookie: 'after 1' } })]),
  )
})

test('a sign-in that fails keeps nothing and lets the next one try', async () => {
  const one = await source()
  const before = await keptSession(house, one)
  const failing = renewSession(house, one, before.generation, async () => {
    throw new Error('refused')
  })
  await expect(failing).rejects.toThrow('refused')
  expect(await keptSession(house, one)).toEqual(before)
  const { kept } = await renewSession(house, one, before.generation, async () => aSession('now'))
  expect(kept).toEqual({ cookie: 'now' })
})

test('a test of the source is a job for a worker, and its health is unknown until then', async () => {
  await forgetJobs(house)
  const one = await source()
  await recordHealth(house, one.id, 'ok', null, { name: 'Anna Weber' })
  const { jobId } = await testSource(house, 'test', one.id)
  expect(await jobsOf(house, 'test-source')).toMatchObject([{ id: jobId, data: { sourceId: one.id } }])
  expect(await sourceRow(house, one.id)).toMatchObject({ health: 'untested', checkedAt: null, title: 'Anna Weber' })
})

test('a source that is not there is not found', async () => {
  const missing = { code: 'not_found', status: 404 }
  await expect(sourceRow(house, randomUUID())).rejects.toMatchObject(missing)
  await expect(testSource(house, 'test', randomUUID())).rejects.toMatchObject(missing)
  await expect(replaceCredentials(house, 'test', randomUUID(), credentials)).rejects.toMatchObject(missing)
  await expect(add(randomUUID())).rejects.toMatchObject(missing)
})

test('credentials are forgotten a week after the last run of a source ended, and not while one is open', async () => {
  const runOf = async (finished: string | null) => {
    const { id: clientId } = await newClient()
    const { id } = await add(clientId)
    await house.pool.query(
      `insert into runs (client_id, source_id, kind, state, renditions, created_by, finished_at)
       values ($1, $2, 'migration', $3, '{}', 'test', now() - $4::interval)`,
      [clientId, id, finished ? 'done' : 'running', finished],
    )
    return id
  }
  const [open, lately, long] = [await runOf(null), await runOf('6 days'), await runOf('8 days')]
  expect(await forgetCredentials(house)).toBe(1)
  const kept = await Promise.all([open, lately, long].map(async (id) => (await sourceRow(house, id)).hasCredentials))
  expect(kept).toEqual([true, true, false])
})
