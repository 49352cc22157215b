// The scenes beside one migration that really takes place, arranged once for each system.
import { expect, type Page, request } from '@playwright/test'
import { sql } from 'drizzle-orm'
import type { Places } from './every-page.ts'
import { runState } from './ledger.ts'
import { arrangeEvidence, arrangePeople } from './people-scenes.ts'
import { arrange, oddTiles } from './scenes.ts'
import type { System } from './system.ts'

const arranged = new WeakMap<System, Promise<Places>>()

export function placesOf(system: System): Promise<Places> {
  const places = arranged.get(system) ?? arrangeAll(system)
  arranged.set(system, places)
  return places
}

async function arrangeAll(system: System): Promise<Places> {
  const { database, standIn, url, admin } = system
  const scenes = await arrange(database.db)
  const api = await request.newContext({ extraHTTPHeaders: { origin: url } })
  await api.post(`${url}/api/auth/sign-in/email`, { data: admin })
  const call = async (name: string, json: unknown) => {
    const answer = await api.post(`${url}/api/trpc/${name}`, { data: { json } })
    return (await answer.json()).result.data.json
  }
  const { id: clientId } = await call('clients.create', { name: 'Gut Sonnenhof Studio' })
  const { endpoints, credentials } = standIn
  const { id: sourceId } = await call('sources.add', { clientId, provider: 'zenfolio', credentials, endpoints })
  const { id: runId } = await call('runs.create', { sourceId, renditions: ['thumb', 'web'], autoStart: true })
  await expect.poll(async () => (await runState(database.db, runId)).state, { timeout: 180_000 }).toBe('done')
  const { rows } = await database.db.execute<{ publicId: string }>(
    sql`select public_id as "publicId" from galleries where run_id = ${runId} order by ordinal limit 1`,
  )
  const odd = await oddTiles(database.db, runId)
  const { url: link } = await call('share.createLink', { clientId, days: 7 })
  const { rows: owners } = await database.db.execute<{ id: string; client: string }>(sql`
    select id, client_id as client from runs`)
  const share = async (run: string) => {
    const { client } = owners.find(({ id }) => id === run)!
    const link = await call('share.createLink', { clientId: client, days: 7 })
    return link.url.split('/').at(-1) as string
  }
  const shared = {
    looking: await share(scenes.planned),
    moving: await share(scenes.running),
    held: await share(scenes.blocked),
    all: await share(scenes.done),
  }
  const people = await arrangePeople(system, clientId)
  const evidence = await arrangeEvidence(system, scenes.troubled)
  await api.dispose()
  const gallery = rows[0]!.publicId
  return { ...scenes, migrated: runId, gallery, odd, shareToken: link.split('/').at(-1), shared, people, evidence }
}

export async function signIn(page: Page, { url }: System, data: { email: string; password: string }): Promise<void> {
  await page.context().clearCookies()
  const answer = await page.request.post(`${url}/api/auth/sign-in/email`, { data, headers: { origin: url } })
  expect(answer.status()).toBe(200)
}
