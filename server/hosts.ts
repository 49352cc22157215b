// The budgets of all hosts as people see and set them; `server/pacing.ts` spends them.
import { sql } from 'drizzle-orm'
import { recordAudit } from './audit.ts'
import type { Actor, House } from './house.ts'
import { notFound, Refusal } from './refusal.ts'

export interface HostBudget {
  /** With the port where it is not the default one. */
  host: string
  lane: string
  /** Requests a second, now, at the least, at the most. */
  rate: number
  least: number
  most: number
  blockedUntil: Date | null
  paused: boolean
  /** Status of the last complaint; null where there was none. */
  reason: string | null
  /** When `reason` came about. */
  updatedAt: Date
  provider: string | null
  /** Who changed it by hand last, and when. */
  setBy: string | null
  setAt: Date | null
}

/** Every host that was ever asked, by provider and name; its lanes beside each other. */
export async function listHosts(house: Pick<House, 'pool'>): Promise<HostBudget[]> {
  const { rows } = await house.pool.query<HostBudget>(`
    select host, lane, rate, "least", most, case when blocked_until > now() then blocked_until end as "blockedUntil", paused, reason,
      updated_at as "updatedAt", provider, set_by as "setBy", set_at as "setAt"
    from host_budgets order by provider nulls last, host, lane desc`)
  return rows
}

export interface HostChange {
  /** All lanes where absent. */
  lane?: 'page' | 'bytes'
  /** Requests a second. */
  rate?: number
  least?: number
  most?: number
  paused?: boolean
}

/** In force for every worker within five seconds. Throws Refusal `not_found`, `invalid_bounds`. */
export async function setHost(house: House, actor: Actor, host: string, change: HostChange): Promise<void> {
  const { lane, rate, least, most, paused } = change
  await house.db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ least: number; most: number }>(sql`
      select "least", most from host_budgets where host = ${host} and (${lane ?? null}::text is null or lane = ${lane ?? null}) for update`)
    if (rows.length === 0) throw notFound('host')
    for (const now of rows) {
      if ((least ?? now.least) > (most ?? now.most))
        throw new Refusal('invalid_bounds', 422, 'The least cannot be above the most.')
    }
    await tx.execute(sql`
      update host_budgets set
        "least" = coalesce(${least ?? null}::float8, "least"), most = coalesce(${most ?? null}::float8, most),
        rate = greatest(coalesce(${least ?? null}::float8, "least"), least(coalesce(${most ?? null}::float8, most), coalesce(${rate ?? null}::float8, rate))),
        paused = coalesce(${paused ?? null}::boolean, paused),
        set_by = ${actor}, set_at = now()
      where host = ${host} and (${lane ?? null}::text is null or lane = ${lane ?? null})`)
    await recordAudit(tx, actor, 'host.set', host, { ...change })
  })
}
