// What a newcomer finds: an administrator who can sign in, and a demo to look at.
import { sql } from 'drizzle-orm'
import { firstAdministrator } from '#server/accounts.ts'
import { findOrCreateClient } from '#server/clients.ts'
import type { House } from '#server/house.ts'
import { createMigration } from '#server/runs.ts'
import { addSource } from '#server/sources.ts'

/** Makes the first administrator where there is nobody; says how to sign in, in one sentence. */
export async function howToSignIn(house: House): Promise<string> {
  const first = await firstAdministrator(house)
  if (first) return `Sign in as ${first.email} with the password ${first.password} (shown this once).`
  return 'Sign in as before; `npm run -s pass -- user add <email> --role admin` adds somebody.'
}

/** Nobody has been onboarded yet. */
export async function isEmpty(house: House): Promise<boolean> {
  const { rows } = await house.db.execute(sql`select from clients limit 1`)
  return rows.length === 0
}

export interface DemoSource {
  provider: string
  endpoints: Record<string, string>
  credentials: Record<string, string>
}

/** A photographer whose account lies in the sandbox, and a migration of it under way. Again: the same client, source and run. */
export async function startDemo(house: House, { provider, endpoints, credentials }: DemoSource): Promise<void> {
  const client = await findOrCreateClient(house, 'demo', 'Demo Studio')
  const source = await addSource(house, 'demo', { clientId: client.id, provider, endpoints, credentials })
  await createMigration(house, 'demo', { sourceId: source.id, renditions: ['thumb', 'web'], autoStart: true })
}
