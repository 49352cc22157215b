// Users and their sessions: who there is, what they may, where they are signed in.
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import type { Role } from './accounts.ts'
import { recordAudit } from './audit.ts'
import type { Actor, House } from './house.ts'
import { notFound, Refusal } from './refusal.ts'

export interface UserRow {
  id: string
  name: string
  email: string
  role: Role
  client: { id: string; name: string } | null
  secondFactor: boolean
  /** Up to a minute old. */
  seenAt: Date | null
  createdAt: Date
  disabledAt: Date | null
  sessions: number
}

/** By name; at most 1,000. */
export async function listUsers(house: Pick<House, 'pool'>): Promise<UserRow[]> {
  const { rows } = await house.pool.query<UserRow>(
    `select u.id, u.name, u.email, u.role, case when c.id is not null then json_build_object('id', c.id, 'name', c.name) end as client,
       u.two_factor_enabled as "secondFactor", u.seen_at as "seenAt", u.created_at as "createdAt", u.disabled_at as "disabledAt",
       (select count(*)::int from sessions s where s.user_id = u.id and s.expires_at > now()) as sessions
     from users u left join clients c on c.id = u.client_id order by lower(u.name), u.email limit 1000`,
  )
  return rows
}

/**
 * Another role, or none at all while disabled; all their sessions end. Throws Refusal `not_found`, `last_administrator`,
 * `client_needed`.
 */
export async function changeUser(
  house: Pick<House, 'db'>,
  actor: Actor,
  userId: string,
  change: { role?: Role; disabled?: boolean },
): Promise<void> {
  await house.db.transaction(async (tx) => {
    // Two administrators who disable each other wait here.
    await tx.execute(sql`select pg_advisory_xact_lock(hashtext('administrators'))`)
    const { rows } = await tx.execute<{ role: Role; disabled: boolean; clientId: string | null }>(sql`
      select role, disabled_at is not null as disabled, client_id as "clientId" from users where id = ${userId} for update`)
    const was = rows[0]
    if (!was) throw notFound('user')
    const { role = was.role, disabled = was.disabled } = change
    if (role === 'photographer' && !was.clientId)
      throw new Refusal('client_needed', 422, 'A photographer belongs to a client: invite them as one.')
    if (was.role === 'admin' && !was.disabled && (role !== 'admin' || disabled)) await keepAnAdministrator(tx, userId)
    await tx.execute(sql`
      update users set role = ${role}, disabled_at = case when ${disabled} then coalesce(disabled_at, now()) end, updated_at = now()
      where id = ${userId}`)
    if (role !== was.role || disabled) await tx.execute(sql`delete from sessions where user_id = ${userId}`)
    await recordAudit(tx, actor, 'user.change', userId, { role, disabled })
  })
}

async function keepAnAdministrator(tx: Tx, userId: string): Promise<void> {
  const { rows } = await tx.execute(sql`
    select from users where role = 'admin' and disabled_at is null and id <> ${userId} limit 1`)
  if (rows.length === 0) throw new Refusal('last_administrator', 409, 'There has to be an administrator.')
}

export interface SessionRow {
  id: string
  createdAt: Date
  /** Up to a minute old. */
  seenAt: Date | null
  /** The browser as it calls itself. */
  userAgent: string | null
}

export async function sessionsOf(house: Pick<House, 'pool'>, userId: string): Promise<SessionRow[]> {
  const { rows } = await house.pool.query<SessionRow>(
    `select id, created_at as "createdAt", seen_at as "seenAt", user_agent as "userAgent" from sessions
     where user_id = $1 and expires_at > now() order by coalesce(seen_at, created_at) desc limit 200`,
    [userId],
  )
  return rows
}

/** One session of a user, or all but `except`; what is open in it closes within a second. Throws Refusal `not_found`. */
export async function endSessions(
  house: Pick<House, 'db'>,
  actor: Actor,
  userId: string,
  which: { id: string } | { except: string | null },
): Promise<{ ended: number }> {
  return house.db.transaction(async (tx) => {
    const condition = 'id' in which ? sql`id = ${which.id}` : sql`id is distinct from ${which.except}`
    const { rows } = await tx.execute(sql`delete from sessions where user_id = ${userId} and ${condition} returning id`)
    if ('id' in which && rows.length === 0) throw notFound('session')
    await recordAudit(tx, actor, 'session.end', userId, { sessions: rows.length })
    return { ended: rows.length }
  })
}

/** For somebody who has lost it: they sign in with their password and set up another. Throws Refusal `not_found`. */
export async function dropSecondFactor(house: Pick<House, 'db'>, actor: Actor, userId: string): Promise<void> {
  await house.db.transaction(async (tx) => {
    const { rows } = await tx.execute(sql`
      update users set two_factor_enabled = false, updated_at = now() where id = ${userId} returning id`)
    if (rows.length === 0) throw notFound('user')
    await tx.execute(sql`delete from two_factors where user_id = ${userId}`)
    await tx.execute(sql`delete from sessions where user_id = ${userId}`)
    await recordAudit(tx, actor, 'user.drop_second_factor', userId)
  })
}
