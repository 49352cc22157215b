import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClient } from '#server/clients.ts'
import { beginConnection, finishConnection } from '#server/connections.ts'
import { openCredentials } from '#server/sign-ins.ts'
import { sourceRow } from '#server/sources.ts'
import { type StandIn, startStandIn, type TestHouse } from './testing.ts'
import { ownHouse, sized } from './testing-house.ts'

let house: TestHouse
/** The owner's own e-mail address and password, and what our client id is there: of the same account. */
let owner: StandIn
let clientId: string

beforeAll(async () => {
  house = await ownHouse()
  await house.startWorker('scrape')
  const account = sized(1, 1)
  const app = await startStandIn('shootproof', account)
  clientId = app.credentials.clientId!
  await app.stop()
  owner = await startStandIn('shootproof', [...account, '--sign-in', 'password'])
})
afterAll(async () => {
  await owner?.stop()
  await house?.dispose()
})

test('an owner who says yes on the provider’s own page is connected: the code becomes a session at once', async () => {
  const client = await createClient(house, 'test', { name: 'Anna Weber' })
  const asker = { sessionId: randomUUID(), actor: 'lena@pass.test' }
  const { url } = await beginConnection(house, asker, {
    clientId: client.id,
    provider: 'shootproof',
    appId: clientId,
    endpoints: owner.endpoints,
  })
  const said = await fetch(url, { method: 'POST', body: new URLSearchParams(owner.credentials), redirect: 'manual' })
  const back = new URL(said.headers.get('location')!)
  expect(back.origin + back.pathname).toBe(`${new URL(house.env.CONSOLE_URL).origin}/sources/oauth`)
  const came = { state: back.searchParams.get('state'), code: back.searchParams.get('code')! }
  const { sourceId } = await finishConnection(house, asker, came)
  await expect.poll(() => sourceRow(house, sourceId), { timeout: 30_000 }).toMatchObject({ health: 'ok', todo: null })
  const kept = await openCredentials(house, { id: sourceId, clientId: client.id })
  expect(Object.keys(kept).toSorted()).toEqual(['clientId', 'refreshToken'])
  expect(await owner.requests()).toMatchObject({ unknown: [] })
}, 60_000)
