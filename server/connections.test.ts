import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Asker, awaitedConnection, beginConnection, finishConnection } from './connections.ts'
import { openCredentials, renewSession } from './sign-ins.ts'
import { addSource, listSources, recordHealth } from './sources.ts'
import { aSource, forgetJobs, jobsOf, type VerbHouse, verbHouse } from './testing.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())
beforeEach(() => forgetJobs(house))

const anyone = (): Asker => ({ sessionId: randomUUID(), actor: 'lena@pass.test' })
const appId = 'studio-app'
const newClient = async () => (await aSource(house)).clientId

async function begun(asker: Asker, more: { clientId?: string; sourceId?: string } = {}) {
  const clientId = more.clientId ?? (await newClient())
  const { url } = await beginConnection(house, asker, { clientId, provider: 'shootproof', appId, ...more })
  const query = new URL(url).searchParams
  return { clientId, url: new URL(url), state: query.get('state')!, redirectUri: query.get('redirect_uri')! }
}

test('the address leads to the provider’s own page, with our client id and the way back, and nothing is asked of it', async () => {
  const { url, redirectUri } = await begun(anyone())
  expect(url.origin + url.pathname).toBe('https://auth.shootproof.com/oauth2/authorization/new')
  expect(url.searchParams.get('client_id')).toBe(appId)
  expect(redirectUri).toBe(`${new URL(house.env.CONSOLE_URL).origin}/sources/oauth`)
})

test('the code becomes a source of the client it was begun for, sealed, and is tried at once', async () => {
  const asker = anyone()
  const { clientId, state, redirectUri } = await begun(asker)
  expect(await awaitedConnection(house, asker, state)).toMatchObject({
    client: { id: clientId },
    provider: 'shootproof',
    source: null,
    certain: true,
  })
  const { sourceId } = await finishConnection(house, asker, { state, code: 'the-code' })
  expect(await openCredentials(house, { id: sourceId, clientId })).toEqual({
    clientId: appId,
    code: 'the-code',
    redirectUri,
  })
  expect((await jobsOf(house, 'test-source')).map(({ data }) => data)).toEqual([{ sourceId }])
  const { rows } = await house.pool.query('select data from audit where client_id = $1', [clientId])
  const { rows: kept } = await house.pool.query('select to_jsonb(c) as row from connections c')
  expect(JSON.stringify([rows, kept])).not.toContain('the-code')
})

test('a known source gets a new sign-in; one that works goes on until the new one is proven', async () => {
  const asker = anyone()
  const clientId = await newClient()
  const credentials = { accessToken: 'old' }
  const { id } = await addSource(house, 'test', { clientId, provider: 'shootproof', credentials })
  await renewSession(house, { id, clientId }, 0, async () => ({ kept: {}, endsAt: null }))
  await recordHealth(house, id, 'ok', null)
  const { state } = await begun(asker, { clientId, sourceId: id })
  const done = await finishConnection(house, asker, { state, code: 'c' })
  expect(done).toEqual({ clientId, sourceId: id, runId: null })
  expect(await openCredentials(house, { id, clientId })).toEqual(credentials)
  expect((await listSources(house, clientId)).find((each) => each.id === id)).toMatchObject({ offered: true })
})

test('an answer counts once, also when it comes twice at once', async () => {
  const asker = anyone()
  const { state } = await begun(asker)
  const twice = await Promise.allSettled([1, 2].map(() => finishConnection(house, asker, { state, code: 'c' })))
  expect(twice.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  await expect(finishConnection(house, asker, { state, code: 'c' })).rejects.toMatchObject({ code: 'connection_used' })
})

test('an answer counts for ten minutes', async () => {
  const asker = anyone()
  const { state } = await begun(asker)
  await house.pool.query("update connections set created_at = now() - interval '11 minutes' where session_id = $1", [
    asker.sessionId,
  ])
  for (const said of [state, null])
    await expect(finishConnection(house, asker, { state: said, code: 'c' })).rejects.toMatchObject({
      code: said ? 'connection_expired' : 'connection_unknown',
      status: 409,
    })
})

test('another person’s session, a changed state or a made-up one finds nothing', async () => {
  const asker = anyone()
  const { state } = await begun(asker)
  const [id, signature] = state.split('.') as [string, string]
  const other = await begun(asker)
  const strange = [
    [anyone(), state],
    [asker, `${id}.${signature.slice(0, -2)}AA`],
    [asker, `${other.state.split('.')[0]}.${signature}`],
    [asker, `${randomUUID()}.${signature}`],
    [asker, id],
    [asker, 'nonsense'],
  ] as const
  for (const [who, what] of strange)
    await expect(finishConnection(house, who, { state: what, code: 'c' })).rejects.toMatchObject({
      name: 'Refusal',
      code: 'connection_unknown',
    })
})

test('without a state only the one connection counts that this session waits for, and a person is asked', async () => {
  const asker = anyone()
  await begun(anyone())
  await expect(awaitedConnection(house, asker, null)).rejects.toMatchObject({ code: 'connection_unknown' })
  const { clientId } = await begun(asker)
  expect(await awaitedConnection(house, asker, null)).toMatchObject({ client: { id: clientId }, certain: false })
  expect(await finishConnection(house, asker, { state: null, code: 'c' })).toMatchObject({ clientId })
  await expect(awaitedConnection(house, asker, null)).rejects.toMatchObject({ code: 'connection_unknown' })
  await begun(asker)
  await begun(asker)
  await expect(awaitedConnection(house, asker, null)).rejects.toMatchObject({ code: 'connection_ambiguous' })
})

test('a provider without such a page, a client that is not there, a source of somebody else are refused', async () => {
  const clientId = await newClient()
  const mine = await aSource(house)
  const wanted = { clientId, provider: 'shootproof', appId }
  const refused = [
    [{ ...wanted, provider: 'zenfolio' }, 'no_oauth'],
    [{ ...wanted, clientId: randomUUID() }, 'not_found'],
    [{ ...wanted, sourceId: mine.sourceId }, 'not_found'],
    [{ ...wanted, endpoints: { auth: 'javascript:alert(1)' } }, 'invalid_endpoint'],
  ] as const
  for (const [what, code] of refused)
    await expect(beginConnection(house, anyone(), what)).rejects.toMatchObject({ name: 'Refusal', code })
})
