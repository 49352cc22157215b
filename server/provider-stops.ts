// The switch of a provider: nothing is asked of it, neither pages nor pictures nor a sign-in, until it is let again.
import { sql } from 'drizzle-orm'
import { recordAudit } from './audit.ts'
import type { Actor, House } from './house.ts'
import type { ProviderId } from './providers.ts'

export interface ProviderStop {
  by: string
  at: Date
  note: string | null
}

/** In force for every worker within five seconds; what is on its way comes to its end. Costs no photo an attempt. */
export async function stopProvider(house: House, actor: Actor, provider: ProviderId, note?: string): Promise<void> {
  await house.db.transaction(async (tx) => {
    const { rowCount } = await tx.execute(sql`
      insert into provider_stops (provider, by, note) values (${provider}, ${actor}, ${note ?? null}) on conflict do nothing`)
    if (rowCount) await recordAudit(tx, actor, 'provider.stop', provider, note ? { note } : {})
  })
}

/** Work that was sent away meanwhile comes back within a minute. */
export async function letProvider(house: House, actor: Actor, provider: ProviderId): Promise<void> {
  await house.db.transaction(async (tx) => {
    const { rowCount } = await tx.execute(sql`delete from provider_stops where provider = ${provider}`)
    if (rowCount) await recordAudit(tx, actor, 'provider.let', provider)
  })
}

/** By provider. */
export async function providerStops(house: Pick<House, 'pool'>): Promise<Map<string, ProviderStop>> {
  const { rows } = await house.pool.query<ProviderStop & { provider: string }>(
    'select provider, by, at, note from provider_stops',
  )
  return new Map(rows.map(({ provider, ...stop }) => [provider, stop]))
}
